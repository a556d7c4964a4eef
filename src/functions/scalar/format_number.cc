// format_number: numbers with grouped digits.
#include <fmt/format.h>

#include <cmath>

#include "functions/decimal_digits.h"
#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"
#include "types/number_text.h"

namespace sluice::functions {

using logical::ScalarBindingPtr;
using types::Integer;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

/// What a DecimalFormat pattern such as "##,##0.0#" asks for.
struct NumberPattern {
  int least_whole = 1, least_fraction = 0, most_fraction = 0, group = 0;
  std::string prefix, suffix;
};

std::optional<NumberPattern> ParsePattern(std::string_view text) {
  NumberPattern out;
  size_t start = text.find_first_of("#0,.");
  if (start == std::string_view::npos) return std::nullopt;
  size_t end = text.find_last_of("#0,.") + 1;
  out.prefix = text.substr(0, start);
  out.suffix = text.substr(end);
  for (char c : out.prefix + out.suffix) {
    if (c == '%' || c == 'E' || c == '\'' || c == ';') return std::nullopt;
  }
  std::string_view body = text.substr(start, end - start);
  size_t point = body.find('.');
  std::string_view whole = body.substr(0, point);
  out.least_whole = 0;
  for (char c : whole) {
    if (c != '#' && c != '0' && c != ',') return std::nullopt;
    out.least_whole += c == '0';
  }
  size_t comma = whole.rfind(',');
  if (comma != std::string_view::npos) out.group = static_cast<int>(whole.size() - comma - 1);
  if (point != std::string_view::npos) {
    for (char c : body.substr(point + 1)) {
      if (c != '#' && c != '0') return std::nullopt;
      ++out.most_fraction;
      out.least_fraction += c == '0';
    }
  }
  return out;
}

std::string Format(DecimalDigits number, const NumberPattern& pattern) {
  number.RoundToPlaces(pattern.most_fraction, DecimalDigits::Half::kEven);
  std::string whole = number.Whole();
  if (whole == "0") whole.clear();
  if (static_cast<int>(whole.size()) < pattern.least_whole) whole.insert(0, pattern.least_whole - whole.size(), '0');
  if (pattern.group > 0) whole = Grouped(whole, pattern.group);
  std::string fraction = number.Fraction(pattern.most_fraction);
  while (static_cast<int>(fraction.size()) > pattern.least_fraction && fraction.back() == '0') fraction.pop_back();
  std::string out = number.negative ? "-" : "";
  out += pattern.prefix + whole;
  if (!fraction.empty()) out += "." + fraction;
  return out + pattern.suffix;
}

/// A double's digits after DecimalFormat's rounding, which looks at the exact binary value.
DecimalDigits ExactlyRounded(double value, int places) {
  std::string text = fmt::format("{:.{}f}", std::abs(value), places);
  DecimalDigits out;
  out.negative = std::signbit(value);
  size_t point = text.find('.');
  out.digits = text.substr(0, point);
  out.exponent = static_cast<int>(out.digits.size());
  if (point != std::string::npos) out.digits += text.substr(point + 1);
  size_t zeros = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, zeros);
  out.exponent -= static_cast<int>(zeros);
  return out;
}

template <typename T>
std::string FormatValue(T value, int scale, const NumberPattern& pattern) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-∞" : "∞";
    return Format(ExactlyRounded(value, pattern.most_fraction), pattern);
  } else {
    return Format(DecimalDigits::Of(static_cast<Int128>(value), scale), pattern);
  }
}

ScalarBindingPtr BindFormatNumber(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {Expected::Numeric(), Expected::OneOf({Integer(), String()})});
  int scale = types[0]->Is(TypeId::kDecimal) ? types[0]->scale() : 0;
  bool by_pattern = types[1]->IsStringLike();
  auto kernel = WithNumber(*types[0], [&](auto tag) -> logical::ScalarKernel {
    using T = typename decltype(tag)::type;
    if (by_pattern) {
      return RowKernel<Text(T, std::string_view)>(String(), [scale](TextWriter& out, T value, std::string_view text) {
        NumberPattern pattern;
        if (text.empty()) {
          pattern.group = 3;
        } else if (auto parsed = ParsePattern(text)) {
          pattern = *parsed;
        } else {
          throw base::Error::Unsupported(fmt::format("The number pattern '{}' of format_number", text));
        }
        out.Append(FormatValue(value, scale, pattern));
      });
    }
    return RowKernel<Text(T, int32_t)>(String(), [scale](TextWriter& out, T value, int32_t places) {
      if (places < 0) return false;
      NumberPattern pattern;
      pattern.group = 3;
      pattern.least_fraction = pattern.most_fraction = places;
      out.Append(FormatValue(value, scale, pattern));
      return true;
    });
  });
  return NewBinding(context, arguments, String(), types, kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, FormatNumber) {
  registry.Add({.name = "format_number",
                .usage = "A number with grouped digits and a number of decimal places, or by a pattern like '#,##0.0'.",
                .example = "SELECT format_number(12332.123456, 4)",
                .since = "1.5.0",
                .bind = BindScalar(BindFormatNumber)});
}

}  // namespace sluice::functions
