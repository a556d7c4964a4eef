// INTERVAL constants in their forms: units, from-to and text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "sql/grammar.h"
#include "types/datetime_text.h"
#include "types/interval.h"

namespace sluice::sql {

using plan::ExpressionPtr;

namespace {

// Where a unit belongs: 0 … 3 day to second, 10 year, 11 month.
std::optional<int> UnitField(std::string unit) {
  static const std::map<std::string_view, int> kFields = {
      {"NANOSECOND", 3}, {"MICROSECOND", 3}, {"MILLISECOND", 3}, {"SECOND", 3}, {"MINUTE", 2},
      {"HOUR", 1},       {"DAY", 0},         {"WEEK", 0},        {"MONTH", 11}, {"YEAR", 10}};
  if (unit.ends_with('S')) unit.pop_back();
  auto found = kFields.find(unit);
  if (found == kFields.end()) return std::nullopt;
  return found->second;
}

bool IsNumberText(const std::string& text) {
  size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  bool has_digit = false, has_point = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !has_point) {
      has_point = true;
    } else if (text[at] >= '0' && text[at] <= '9') {
      has_digit = true;
    } else {
      return false;
    }
  }
  return has_digit;
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string Negated(const std::string& text) {
  if (text.starts_with('-')) return text.substr(1);
  return "-" + (text.starts_with('+') ? text.substr(1) : text);
}

// The unit words of "1 day 5 minutes", in upper case.
std::vector<std::string> UnitWords(const std::string& text) {
  std::vector<std::string> words(1);
  for (char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      words.emplace_back();
    } else {
      words.back() += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  std::erase_if(words, [](const std::string& word) { return !UnitField(word); });
  return words;
}

}  // namespace

bool Grammar::IsInterval() const {
  if (!tokens_.Is("INTERVAL")) return false;
  size_t at = tokens_.IsAny({"+", "-"}, 1) ? 2 : 1;
  TokenKind kind = tokens_.Peek(at).kind;
  if (kind == TokenKind::kString) return true;
  return (kind == TokenKind::kInteger || kind == TokenKind::kDecimal) && UnitField(tokens_.Peek(at + 1).upper);
}

ExpressionPtr Grammar::IntervalLiteral() {
  Token start = tokens_.Next();
  size_t at = tokens_.IsAny({"+", "-"}) ? 1 : 0;
  if (tokens_.Is("TO", at + 2) && UnitField(tokens_.Peek(at + 1).upper)) return Make(start, UnitToUnitInterval(start));
  if (UnitField(tokens_.Peek(at + 1).upper)) return Make(start, MultiUnitInterval(start));
  if (at == 1) throw tokens_.SyntaxError();
  return Make(start, IntervalText(start, tokens_.StringLiteral()));
}

types::Literal Grammar::IntervalText(const Token& start, const std::string& text) {
  types::Interval interval;
  try {
    interval = types::ParseInterval(text);
  } catch (const base::Error&) {
    throw ErrorFrom(start, "INVALID_TYPED_LITERAL", {{"valueType", "\"INTERVAL\""}, {"value", "'" + text + "'"}});
  }
  return OfUnits(start, interval, UnitWords(text));
}

types::Literal Grammar::MultiUnitInterval(const Token& start) {
  std::string text;
  std::vector<std::string> units;
  while (true) {
    size_t at = tokens_.IsAny({"+", "-"}) ? 1 : 0;
    TokenKind kind = tokens_.Peek(at).kind;
    bool is_value = kind == TokenKind::kString || kind == TokenKind::kInteger || kind == TokenKind::kDecimal;
    if (!is_value || !UnitField(tokens_.Peek(at + 1).upper)) break;
    bool from_to = tokens_.Is("TO", at + 2);
    bool negative = at == 1 && tokens_.Is("-");
    if (at == 1) tokens_.Next();
    std::string value = kind == TokenKind::kString ? tokens_.StringLiteral() : std::string(tokens_.Next().text);
    Token unit = tokens_.Next();
    if (from_to) throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0024");
    if (!IsNumberText(value)) throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0026", {{"value", value}});
    text += fmt::format(" {} {}", negative ? Negated(value) : value, unit.text);
    units.push_back(unit.upper);
  }
  return OfUnits(start, types::ParseInterval(text), units);
}

types::Literal Grammar::OfUnits(const Token& start, const types::Interval& interval,
                                const std::vector<std::string>& units) {
  constexpr int kYear = 10;
  int lowest = 20, highest = -1;
  for (const std::string& unit : units) {
    int field = UnitField(unit).value_or(0);
    lowest = std::min(lowest, field);
    highest = std::max(highest, field);
  }
  if (highest >= kYear && lowest < kYear) {
    throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0029", {{"literal", Context(start)->Fragment()}});
  }
  if (highest >= kYear) return types::Literal::YearMonthInterval(interval.months, {lowest - kYear, highest - kYear});
  int64_t micros = 0;
  if (__builtin_mul_overflow(static_cast<int64_t>(interval.days), types::kMicrosPerDay, &micros) ||
      __builtin_add_overflow(micros, interval.micros, &micros)) {
    throw base::Error::Plain(base::ErrorKind::kArithmetic, "long overflow");
  }
  return types::Literal::DayTimeInterval(micros, {lowest, highest});
}

types::Literal Grammar::UnitToUnitInterval(const Token& start) {
  bool negative = tokens_.Is("-");
  if (tokens_.IsAny({"+", "-"})) tokens_.Next();
  bool is_string = tokens_.Peek().kind == TokenKind::kString;
  std::string text = is_string ? tokens_.StringLiteral() : std::string(tokens_.Next().text);
  Token from = tokens_.Next();
  tokens_.Expect("TO");
  Token to = tokens_.Peek();
  bool known = to.upper == "SECOND" || to.upper == "MINUTE" || to.upper == "HOUR" || to.upper == "DAY" ||
               to.upper == "MONTH" || to.upper == "YEAR";
  if (!known) throw tokens_.SyntaxError();
  tokens_.Next();
  if (!is_string) throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0027");
  if (negative) text = Negated(text);
  int first = UnitField(from.upper).value_or(0), last = UnitField(to.upper).value_or(0);
  auto context = [&](base::Error error) { return error.WithQueryContext(Context(start)->Summary()); };
  constexpr auto kParse = base::ErrorKind::kParse;
  if (first == 10 && last == 11) {
    if (auto months = types::ParseYearMonthInterval(text, {0, 1})) return types::Literal::YearMonthInterval(*months);
    throw context(types::YearMonthIntervalError(kParse, text, {0, 1}));
  }
  if (first < last && last <= 3) {
    if (auto micros = types::ParseDayTimeInterval(text, {first, last})) {
      return types::Literal::DayTimeInterval(*micros, {first, last});
    }
    throw context(types::DayTimeIntervalError(kParse, text, {first, last}));
  }
  throw ErrorFrom(start, "INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION",
                  {{"input", text}, {"from", Lower(from.upper)}, {"to", Lower(to.upper)}});
}

}  // namespace sluice::sql
