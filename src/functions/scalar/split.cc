// split and sentences: texts to arrays of texts.
#include <fmt/format.h>

#include "base/arrow_status.h"
#include "functions/java_regex.h"
#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Array;
using types::Integer;
using types::String;

namespace {

/// True if the pattern has no special characters, so that it can be searched for as it is.
bool IsPlain(std::string_view pattern) {
  return !pattern.empty() && pattern.find_first_of("\\[](){}.*+?^$|") == std::string_view::npos;
}

/// Pieces between matches; a limit above 0 leaves the rest in the last piece.
template <typename Find, typename Emit>
void Split(std::string_view text, int32_t limit, Find&& find, Emit&& emit) {
  size_t start = 0, from = 0;
  int32_t pieces = 1;
  size_t match_start = 0, match_end = 0;
  while ((limit <= 0 || pieces < limit) && from <= text.size() && find(from, &match_start, &match_end)) {
    if (match_end == match_start) {
      // An empty match splits between characters, not at the ends.
      if (match_start >= text.size()) break;
      from = match_end + CharSize(text[match_end]);
      if (match_start == 0) continue;
    } else {
      from = match_end;
    }
    emit(text.substr(start, match_start - start));
    ++pieces;
    start = match_end;
  }
  emit(text.substr(start));
}

arrow::Datum SplitKernel(EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t rows) {
  bool constant = AllConstant(arguments);
  int64_t count = constant ? 1 : rows;
  Column<std::string_view> text(arguments[0]), pattern(arguments[1]);
  Column<int32_t> limit(arguments[2]);
  auto validity = AndValidity({&text, &pattern, &limit}, count);
  ListWriter lists(count, validity);
  arrow::StringBuilder pieces;
  RegexCache cache("split");
  for (int64_t row = 0; row < count; ++row) {
    if (validity && !arrow::bit_util::GetBit(validity->data(), row)) {
      lists.Skip();
      continue;
    }
    std::string_view value = text[row], separator = pattern[row];
    auto emit = [&](std::string_view piece) { base::ThrowIfError(pieces.Append(piece)); };
    if (IsPlain(separator)) {
      Split(
          value, limit[row],
          [&](size_t from, size_t* start, size_t* end) {
            *start = value.find(separator, from);
            *end = *start + separator.size();
            return *start != std::string_view::npos;
          },
          emit);
    } else {
      JavaRegex& regex = cache.Get(separator);
      Split(
          value, limit[row],
          [&](size_t from, size_t* start, size_t* end) {
            if (!regex.Find(value, from)) return false;
            *start = regex.start();
            *end = regex.end();
            return true;
          },
          emit);
    }
    lists.EndRow(pieces.length());
  }
  std::shared_ptr<arrow::Array> child;
  base::ThrowIfError(pieces.Finish(&child));
  auto array = lists.Finish(types::ToArrow(Array(String(), false)), child);
  return constant ? AsScalar(array) : arrow::Datum(array);
}

logical::ScalarBindingPtr BindSplit(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {String(), String(), Integer()});
  auto binding =
      NewBinding(context, arguments, Array(String(), false), types, WithDefaults(3, {IntConstant(-1)}, SplitKernel));
  if (arguments.size() == 2) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return fmt::format("{}({}, {}, -1)", name, texts[0], texts[1]);
    };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Split) {
  registry.Add({.name = "split",
                .usage = "The pieces of a text between matches of a regular expression, at most `limit` of them.",
                .example = "SELECT split('oneAtwoBthreeC', '[ABC]')",
                .since = "1.5.0",
                .bind = BindScalar(BindSplit)});
}

}  // namespace sluice::functions
