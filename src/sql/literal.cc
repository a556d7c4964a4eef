// Constants: numbers, strings, dates and times, binary, parameters.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "sql/grammar.h"
#include "types/datetime_text.h"

namespace sluice::sql {

using plan::ExpressionPtr;

namespace {

constexpr int kMaxPrecision = 38;

std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

// Splits "-1.5e3" into its unscaled digits and scale.
void SplitDecimal(std::string_view text, std::string* digits, int64_t* scale) {
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  size_t mark = text.find_first_of("eE");
  int64_t exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view shown = text.substr(mark + 1);
    if (shown.starts_with('+')) shown.remove_prefix(1);
    // An exponent too large for 64 bits is out of range in any case.
    if (std::from_chars(shown.data(), shown.data() + shown.size(), exponent).ec != std::errc()) exponent = 1'000'000;
    text = text.substr(0, mark);
  }
  size_t point = text.find('.');
  *scale = (point == std::string_view::npos ? 0 : static_cast<int64_t>(text.size() - point - 1)) - exponent;
  for (char c : text) {
    if (c != '.' && !(digits->empty() && c == '0')) *digits += c;
  }
  if (digits->empty()) *digits = "0";
  if (negative) digits->insert(0, "-");
}

std::optional<std::string> DecodeHex(std::string text) {
  if (text.size() % 2 == 1) text.insert(0, "0");
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) {
    int value = 0;
    for (char c : {text[i], text[i + 1]}) {
      if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
      value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    out += static_cast<char>(value);
  }
  return out;
}

int64_t NowMicros() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

// The instants that Spark has names for, in local time: 'epoch', 'now', 'today', 'tomorrow', 'yesterday'.
std::optional<int64_t> SpecialInstant(std::string text, const types::TimeZone& zone) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(' ') - first + 1);
  int64_t now = zone.ToLocal(NowMicros());
  int64_t today = now - ((now % types::kMicrosPerDay) + types::kMicrosPerDay) % types::kMicrosPerDay;
  if (text == "epoch") return 0;
  if (text == "now") return now;
  if (text == "today") return today;
  if (text == "tomorrow") return today + types::kMicrosPerDay;
  if (text == "yesterday") return today - types::kMicrosPerDay;
  return std::nullopt;
}

}  // namespace

bool Grammar::IsLiteral() const {
  TokenKind kind = tokens_.Peek().kind;
  TokenKind next = tokens_.Peek(1).kind;
  auto is_number = [](TokenKind k) { return k >= TokenKind::kInteger && k <= TokenKind::kBigDecimal; };
  if (kind == TokenKind::kString || is_number(kind) || (tokens_.Is("-") && is_number(next))) return true;
  if (kind != TokenKind::kWord) return false;
  return tokens_.IsAny({"NULL", "TRUE", "FALSE"}) || IsInterval() || next == TokenKind::kString;
}

ExpressionPtr Grammar::Literal() {
  Token start = tokens_.Peek();
  if (start.kind == TokenKind::kString) return Make(start, types::Literal::String(Strings()));
  if (start.kind != TokenKind::kWord) return NumberLiteral();
  if (tokens_.Accept("NULL")) return Make(start, types::Literal::Null(types::Null()));
  if (tokens_.IsAny({"TRUE", "FALSE"})) return Make(start, types::Literal::Boolean(tokens_.Next().upper == "TRUE"));
  if (IsInterval()) return IntervalLiteral();
  return TypedLiteral();
}

std::string Grammar::Strings() {
  std::string text = tokens_.StringLiteral();
  while (tokens_.Peek().kind == TokenKind::kString) text += tokens_.StringLiteral();
  return text;
}

template <typename T>
types::Literal Grammar::WholeNumber(const Token& start, const std::string& digits, const char* type) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  using Limits = std::numeric_limits<T>;
  if (error != std::errc() || value < Limits::min() || value > Limits::max()) {
    throw ErrorFrom(start, "INVALID_NUMERIC_LITERAL_RANGE",
                    {{"rawStrippedQualifier", digits},
                     {"typeName", type},
                     {"minValue", std::to_string(Limits::min())},
                     {"maxValue", std::to_string(Limits::max())}});
  }
  if constexpr (sizeof(T) == 1) return types::Literal::Byte(static_cast<T>(value));
  if constexpr (sizeof(T) == 2) return types::Literal::Short(static_cast<T>(value));
  if constexpr (sizeof(T) == 8) return types::Literal::Long(value);
}

types::Literal Grammar::FloatNumber(const Token& start, const std::string& text, bool single) {
  double value = std::strtod(text.c_str(), nullptr);
  bool in_range = single ? std::fabs(value) <= std::numeric_limits<float>::max() : std::isfinite(value);
  if (!in_range) {
    const char* limit = single ? "3.4028234663852886E+38" : "1.7976931348623157E+308";
    throw ErrorFrom(start, "INVALID_NUMERIC_LITERAL_RANGE",
                    {{"rawStrippedQualifier", text},
                     {"typeName", single ? "float" : "double"},
                     {"minValue", std::string("-") + limit},
                     {"maxValue", limit}});
  }
  return single ? types::Literal::Float(std::strtof(text.c_str(), nullptr)) : types::Literal::Double(value);
}

types::Literal Grammar::DecimalNumber(const Token& start, const std::string& text) {
  std::string digits;
  int64_t scale = 0;
  SplitDecimal(text, &digits, &scale);
  bool negative = digits[0] == '-';
  int64_t precision = static_cast<int64_t>(digits.size()) - negative - std::min<int64_t>(scale, 0);
  precision = std::max(precision, scale);
  if (precision > kMaxPrecision) {
    base::Error::Parameters parameters = {{"precision", std::to_string(precision)},
                                          {"maxPrecision", std::to_string(kMaxPrecision)}};
    bool suffixed = std::toupper(static_cast<unsigned char>(tokens_.Previous().text.back())) == 'D';
    if (suffixed) throw ErrorFrom(start, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", std::move(parameters));
    throw base::Error(base::ErrorKind::kArithmetic, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", std::move(parameters));
  }
  for (; scale < 0; ++scale) digits += '0';
  auto value = arrow::Decimal128::FromString(digits).ValueOrDie();
  return types::Literal::Decimal(value, static_cast<int>(precision), static_cast<int>(scale));
}

ExpressionPtr Grammar::NumberLiteral() {
  Token start = tokens_.Peek();
  std::string text = tokens_.Accept("-") ? "-" : "";
  Token number = tokens_.Next();
  text += number.text;
  std::string body = text.substr(0, text.size() - 1);
  switch (number.kind) {
    case TokenKind::kByte:
      return Make(start, WholeNumber<int8_t>(start, body, "tinyint"));
    case TokenKind::kShort:
      return Make(start, WholeNumber<int16_t>(start, body, "smallint"));
    case TokenKind::kLong:
      return Make(start, WholeNumber<int64_t>(start, body, "bigint"));
    case TokenKind::kFloat:
      return Make(start, FloatNumber(start, body, /*single=*/true));
    case TokenKind::kDouble:
      return Make(start, FloatNumber(start, body, /*single=*/false));
    case TokenKind::kExponent:
      return Make(start, FloatNumber(start, text, /*single=*/false));
    case TokenKind::kBigDecimal:
      return Make(start, DecimalNumber(start, body.substr(0, body.size() - 1)));
    case TokenKind::kDecimal:
      return Make(start, DecimalNumber(start, text));
    default:
      break;
  }
  int64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) {
    return Make(start, DecimalNumber(start, text));
  }
  bool is_int = value == static_cast<int32_t>(value);
  return Make(start, is_int ? types::Literal::Integer(static_cast<int32_t>(value)) : types::Literal::Long(value));
}

ExpressionPtr Grammar::TypedLiteral() {
  Token start = tokens_.Next();
  std::string text = tokens_.StringLiteral();
  return Make(start, DateTimeLiteral(start, start.upper, text));
}

types::Literal Grammar::DateTimeLiteral(const Token& start, const std::string& type, const std::string& text) {
  types::TimeZone zone = types::TimeZone::Get(options_.time_zone);
  if (type == "DATE") {
    if (auto local = SpecialInstant(text, zone)) {
      int64_t day = *local / types::kMicrosPerDay - (*local % types::kMicrosPerDay < 0);
      return types::Literal::Date(static_cast<int32_t>(day));
    }
    if (auto days = types::ParseDate(text)) return types::Literal::Date(*days);
  } else if (type == "TIMESTAMP" || type == "TIMESTAMP_LTZ" || type == "TIMESTAMP_NTZ") {
    bool ntz = type == "TIMESTAMP_NTZ" || (type == "TIMESTAMP" && options_.timestamp_ntz && !types::HasTimeZone(text));
    if (auto local = SpecialInstant(text, zone)) {
      if (ntz) return types::Literal::TimestampNtz(*local);
      bool is_epoch = *local == 0;
      return types::Literal::Timestamp(is_epoch ? 0 : zone.ToUtc(*local));
    }
    if (ntz) {
      if (auto local = types::ParseTimestampNtz(text)) return types::Literal::TimestampNtz(*local);
    } else if (auto micros = types::ParseTimestamp(text, zone)) {
      return types::Literal::Timestamp(*micros);
    }
  } else if (type == "TIME") {
    if (auto nanos = types::ParseTime(text)) return types::Literal::Time(*nanos);
  } else if (type == "X") {
    if (auto bytes = DecodeHex(text)) return types::Literal::Binary(std::move(*bytes));
  } else if (type == "INTERVAL") {
    return IntervalText(start, text);
  } else {
    throw ErrorFrom(
        start, "UNSUPPORTED_TYPED_LITERAL",
        {{"unsupportedType", Quoted(type)},
         {"supportedTypes", R"("DATE", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "TIMESTAMP", "INTERVAL", "X", "TIME")"}});
  }
  throw ErrorFrom(start, "INVALID_TYPED_LITERAL", {{"valueType", Quoted(type)}, {"value", "'" + text + "'"}});
}

ExpressionPtr Grammar::Parameter() {
  Token start = tokens_.Next();
  plan::ParameterMark mark;
  mark.position = static_cast<int>(start.offset);
  if (start.upper == ":") mark.name = tokens_.Identifier();
  return Make(start, std::move(mark));
}

}  // namespace sluice::sql
