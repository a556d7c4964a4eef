// Parts of texts by position: substring, left, right, substring_index, split_part.
#include <fmt/format.h>

#include <limits>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using types::Binary;
using types::Integer;
using types::String;
using types::TypePtr;

namespace {

constexpr int32_t kMaxLength = std::numeric_limits<int32_t>::max();

/// ByteArray.subStringSQL
std::string_view SubBytes(std::string_view bytes, int32_t position, int32_t length) {
  auto size = static_cast<int64_t>(bytes.size());
  if (length <= 0 || position > size) return {};
  int64_t start = position > 0 ? position - 1 : position < 0 ? size + position : 0;
  int64_t end = std::min<int64_t>(start + length, size);
  start = std::max<int64_t>(start, 0);
  return start >= end ? std::string_view() : bytes.substr(start, end - start);
}

std::string_view Part(bool binary, std::string_view value, int32_t position, int32_t length) {
  return binary ? SubBytes(value, position, length) : SubstringSql(value, position, length);
}

logical::ScalarBindingPtr BindSubstring(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {Expected::OneOf({String(), Binary()}), Integer(), Integer()});
  bool binary = types[0]->Is(types::TypeId::kBinary);
  TypePtr type = binary ? Binary() : String();
  auto kernel = RowKernel<Text(std::string_view, int32_t, int32_t)>(
      type, [binary](TextWriter& out, std::string_view value, int32_t position, int32_t length) {
        out.Append(Part(binary, value, position, length));
      });
  auto binding =
      NewBinding(context, arguments, type, types, WithDefaults(3, {IntConstant(kMaxLength)}, std::move(kernel)));
  if (arguments.size() == 2) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return fmt::format("{}({}, {}, {})", name, texts[0], texts[1], kMaxLength);
    };
  }
  return binding;
}

logical::ScalarBindingPtr BindEnd(bool right, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  std::vector<Expected> expected = {right ? Expected(String()) : Expected::OneOf({String(), Binary()}), Integer()};
  auto types = Coerce(context, arguments, expected);
  bool binary = types[0]->Is(types::TypeId::kBinary);
  TypePtr type = binary ? Binary() : String();
  auto kernel = RowKernel<Text(std::string_view, int32_t)>(
      type, [binary, right](TextWriter& out, std::string_view value, int32_t length) {
        if (length > 0) out.Append(Part(binary, value, right ? -length : 1, right ? kMaxLength : length));
      });
  return NewBinding(context, arguments, type, types, std::move(kernel));
}

/// Everything before the count-th delimiter, or after it from the end for a negative count.
std::string_view SubstringIndex(std::string_view text, std::string_view delimiter, int32_t count) {
  if (delimiter.empty() || count == 0) return {};
  if (count > 0) {
    size_t at = 0;
    for (size_t from = 0; count > 0; --count, from = at + 1) {
      at = text.find(delimiter, from);
      if (at == std::string_view::npos) return text;
    }
    return text.substr(0, at);
  }
  size_t at = text.size();
  for (int64_t left = -int64_t{count}; left > 0; --left) {
    if (at == 0) return text;
    at = text.rfind(delimiter, at - 1);
    if (at == std::string_view::npos) return text;
  }
  return text.substr(at + delimiter.size());
}

/// The n-th piece from 1, from the end for a negative n; empty if there are fewer.
std::string_view SplitPart(std::string_view text, std::string_view delimiter, int32_t n) {
  if (n == 0) throw base::Error(base::ErrorKind::kRuntime, "INVALID_INDEX_OF_ZERO");
  if (delimiter.empty()) return n == 1 || n == -1 ? text : std::string_view();
  int64_t wanted = n;
  if (n < 0) {
    int64_t pieces = 1;
    for (size_t at = text.find(delimiter); at != std::string_view::npos;
         at = text.find(delimiter, at + delimiter.size())) {
      ++pieces;
    }
    wanted = pieces + n + 1;
  }
  if (wanted < 1) return {};
  size_t start = 0;
  for (; wanted > 1; --wanted) {
    size_t at = text.find(delimiter, start);
    if (at == std::string_view::npos) return {};
    start = at + delimiter.size();
  }
  size_t end = text.find(delimiter, start);
  return text.substr(start, end == std::string_view::npos ? end : end - start);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Substring) {
  registry.Add(
      {.name = "substring",
       .aliases = {"substr"},
       .usage = "The part of a text or binary that starts at a position (from 1, or from the end if negative).",
       .example = "SELECT substring('Spark SQL', 5, 1)",
       .since = "1.5.0",
       .bind = BindScalar(BindSubstring)});
  registry.Add({.name = "left",
                .usage = "The first characters of a text.",
                .example = "SELECT left('Spark SQL', 3)",
                .since = "2.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindEnd(false, context, arguments);
                })});
  registry.Add({.name = "right",
                .usage = "The last characters of a text.",
                .example = "SELECT right('Spark SQL', 3)",
                .since = "2.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindEnd(true, context, arguments);
                })});
  registry.Add({.name = "substring_index",
                .usage = "The text before the n-th occurrence of a delimiter; after it, counted from the end, if n is "
                         "negative.",
                .example = "SELECT substring_index('www.apache.org', '.', 2)",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String(), String(), Integer()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view, std::string_view, int32_t)>(
                                    String(), [](TextWriter& out, std::string_view text, std::string_view delimiter,
                                                 int32_t n) { out.Append(SubstringIndex(text, delimiter, n)); })})});
  registry.Add({.name = "split_part",
                .usage = "The n-th piece of a text split at a delimiter; an empty text if there is none.",
                .example = "SELECT split_part('11.12.13', '.', 3)",
                .since = "3.3.0",
                .bind = Simple({.parameters = {String(), String(), Integer()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view, std::string_view, int32_t)>(
                                    String(), [](TextWriter& out, std::string_view text, std::string_view delimiter,
                                                 int32_t n) { out.Append(SplitPart(text, delimiter, n)); })})});
}

}  // namespace sluice::functions
