// to_number, to_char: numbers, dates and binaries as text by a format, and back.
#include <fmt/format.h>

#include <algorithm>

#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/number_pattern.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"
#include "types/datetime_pattern.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

/// The constant format; `what` names its parameter in messages.
std::string FormatLiteral(const BindContext& context, const Arguments& arguments) {
  const Argument& format = arguments[1];
  if (!format.literal) {
    throw TypeMismatch(context, arguments, "NON_FOLDABLE_INPUT",
                       {{"inputName", "`format`"}, {"inputType", "\"STRING\""}, {"inputExpr", QuotedSql(format.sql)}});
  }
  if (format.literal->is_null()) {
    throw TypeMismatch(context, arguments, "UNEXPECTED_NULL", {{"exprName", "format"}});
  }
  if (!format.type->IsStringLike()) throw UnexpectedInput(context, arguments, 1, "\"STRING\"");
  return StringLiteral(format);
}

ScalarBindingPtr BindToNumber(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {String()});
  auto pattern = std::make_shared<NumberPattern>(FormatLiteral(context, arguments));
  TypePtr type = types::Decimal(pattern->precision(), pattern->scale());
  auto parse =
      RowKernel<Int128(std::string_view)>(type, [pattern, is_try](std::string_view text) -> std::optional<Int128> {
        auto value = pattern->Parse(text);
        if (!value && !is_try) {
          throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_FORMAT.MISMATCH_INPUT",
                            {{"inputType", "\"STRING\""}, {"input", std::string(text)}, {"format", pattern->text()}});
        }
        return value;
      });
  auto kernel = [parse](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return parse(eval, {values[0]}, rows);
  };
  return NewBinding(context, arguments, type, types, kernel, is_try ? Nulls::kAlways : Nulls::kPropagate);
}

ScalarBindingPtr BindNumberToChar(const BindContext& context, const Arguments& arguments) {
  auto pattern = std::make_shared<NumberPattern>(FormatLiteral(context, arguments));
  TypePtr from = Expected::Decimal().ImplicitCast(arguments[0].type, context.ansi);
  if (!from) throw UnexpectedInput(context, arguments, 0, "\"DECIMAL\"");
  int scale = from->scale();
  auto format = RowKernel<Text(Int128)>(
      String(), [pattern, scale](TextWriter& out, Int128 value) { out.Append(pattern->Format(value, scale)); });
  auto kernel = [format](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return format(eval, {values[0]}, rows);
  };
  return NewBinding(context, arguments, String(), {from, String()}, kernel);
}

ScalarBindingPtr BindBinaryToChar(const FunctionRegistry& registry, const BindContext& context,
                                  const Arguments& arguments) {
  std::string format = FormatLiteral(context, arguments);
  std::string lower = format;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (lower == "utf-8") {
    Arguments decoded = arguments;
    return std::get<BindScalar>(registry.Find("decode")->bind)(context, decoded);
  }
  if (lower != "base64" && lower != "hex") {
    throw base::Error(base::ErrorKind::kAnalysis, "INVALID_PARAMETER_VALUE.BINARY_FORMAT",
                      {{"parameter", "`format`"},
                       {"functionName", QuotedName(context)},
                       {"invalidFormat", fmt::format("'{}'", format)}});
  }
  auto inner = std::get<BindScalar>(registry.Find(lower)->bind)(context, {arguments[0]});
  auto kernel = [one = inner->kernel](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    return one(eval, {values[0]}, rows);
  };
  return NewBinding(context, arguments, String(), {arguments[0].type, String()}, kernel);
}

ScalarBindingPtr BindToChar(const FunctionRegistry& registry, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  const types::DataType& type = *arguments[0].type;
  if (type.Is(TypeId::kDate) || type.IsTimestampLike()) {
    return std::get<BindScalar>(registry.Find("date_format")->bind)(context, arguments);
  }
  if (type.Is(TypeId::kBinary)) return BindBinaryToChar(registry, context, arguments);
  return BindNumberToChar(context, arguments);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ToNumber) {
  registry.Add({.name = "to_number",
                .usage = "A text as a decimal by a format such as '9,999.99'.",
                .example = "SELECT to_number('12,454', '99,999')",
                .since = "3.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToNumber(false, context, arguments);
                })});
  registry.Add({.name = "try_to_number",
                .usage = "Like to_number, but null for a text that does not match.",
                .example = "SELECT try_to_number('12,454', '99,999')",
                .since = "3.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindToNumber(true, context, arguments);
                })});
}

SLUICE_REGISTER(FunctionRegistry, ToChar) {
  registry.Add({.name = "to_char",
                .aliases = {"to_varchar"},
                .usage = "A number, date, timestamp or binary as text by a format.",
                .example = "SELECT to_char(454, '999')",
                .since = "3.4.0",
                .bind = BindScalar([&registry](const BindContext& context, const Arguments& arguments) {
                  return BindToChar(registry, context, arguments);
                })});
}

}  // namespace sluice::functions
