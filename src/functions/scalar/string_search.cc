// Finding texts in texts.
#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using types::Binary;
using types::Boolean;
using types::Integer;
using types::String;
using types::TypePtr;

namespace {

template <typename F>
BindScalar TextTest(F test) {
  return [test](const BindContext& context, const Arguments& arguments) -> logical::ScalarBindingPtr {
    CheckCount(context, arguments, 2, 2);
    bool binary = arguments[0].type->Is(types::TypeId::kBinary) && arguments[1].type->Is(types::TypeId::kBinary);
    auto types = binary ? std::vector<TypePtr>{Binary(), Binary()} : Coerce(context, arguments, {String()});
    auto kernel = RowKernel<bool(std::string_view, std::string_view)>(Boolean(), test);
    auto binding = NewBinding(context, arguments, Boolean(), types, kernel);
    binding->can_fail = false;
    return binding;
  };
}

/// The position from 1, in characters, of the first match at or after character `from`; 0 if there is none.
int32_t Position(std::string_view part, std::string_view text, int32_t from) {
  if (from < 1) return 0;
  if (part.empty()) return 1;
  size_t start = ByteOffset(text, from - 1);
  size_t at = text.find(part, start);
  if (at == std::string_view::npos) return 0;
  return static_cast<int32_t>(CharCount(text.substr(0, at))) + 1;
}

/// Which element of a comma-separated list equals the text, from 1; 0 for none or a text with a comma.
int32_t FindInSet(std::string_view text, std::string_view list) {
  if (text.find(',') != std::string_view::npos) return 0;
  int32_t index = 1;
  for (size_t start = 0;; ++index) {
    size_t end = list.find(',', start);
    if (list.substr(start, end == std::string_view::npos ? end : end - start) == text) return index;
    if (end == std::string_view::npos) return 0;
    start = end + 1;
  }
}

/// Without a start the whole text is searched; a null start finds nothing.
logical::ScalarKernel LocateKernel() {
  using Start = std::optional<int32_t>;
  return WithDefaults(3, {IntConstant(1)},
                      RowKernel<int32_t(std::string_view, std::string_view, Start)>(
                          Integer(), [](std::string_view part, std::string_view text, Start from) {
                            return from ? Position(part, text, *from) : 0;
                          }));
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, StringSearch) {
  registry.Add({.name = "contains",
                .usage = "True if the second text occurs in the first.",
                .example = "SELECT contains('Spark SQL', 'Spark')",
                .since = "3.3.0",
                .bind = TextTest([](std::string_view text, std::string_view part) {
                  return text.find(part) != std::string_view::npos;
                })});
  registry.Add({.name = "startswith",
                .usage = "True if the first text starts with the second.",
                .example = "SELECT startswith('Spark SQL', 'Spark')",
                .since = "3.3.0",
                .bind = TextTest([](std::string_view text, std::string_view part) { return text.starts_with(part); })});
  registry.Add({.name = "endswith",
                .usage = "True if the first text ends with the second.",
                .example = "SELECT endswith('Spark SQL', 'SQL')",
                .since = "3.3.0",
                .bind = TextTest([](std::string_view text, std::string_view part) { return text.ends_with(part); })});
  registry.Add({.name = "instr",
                .usage = "The position, from 1, of the first occurrence of the second text in the first; 0 for none.",
                .example = "SELECT instr('SparkSQL', 'SQL')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String(), String()},
                                .type = Integer(),
                                .kernel = RowKernel<int32_t(std::string_view, std::string_view)>(
                                    Integer(), [](std::string_view text, std::string_view part) {
                                      return Position(part, text, 1);
                                    })})});
  registry.Add({.name = "locate",
                .aliases = {"position"},
                .usage = "The position of the first text in the second, at or after a start.",
                .example = "SELECT locate('bar', 'foobarbar', 5)",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  CheckCount(context, arguments, 2, 3);
                  auto types = Coerce(context, arguments, {String(), String(), Integer()});
                  auto binding = NewBinding(context, arguments, Integer(), types, LocateKernel());
                  if (arguments.size() == 2) {
                    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
                      return name + "(" + texts[0] + ", " + texts[1] + ", 1)";
                    };
                  }
                  return binding;
                })});
  registry.Add(
      {.name = "find_in_set",
       .usage = "The place, from 1, of a text in a comma-separated list; 0 if it is not there.",
       .example = "SELECT find_in_set('ab', 'abc,b,ab,c,def')",
       .since = "1.5.0",
       .bind = Simple({.parameters = {String(), String()},
                       .type = Integer(),
                       .kernel = RowKernel<int32_t(std::string_view, std::string_view)>(Integer(), FindInSet)})});
}

}  // namespace sluice::functions
