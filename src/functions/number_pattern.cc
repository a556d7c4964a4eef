// Reading and writing numbers by pattern.
#include "functions/number_pattern.h"

#include <algorithm>

#include "base/error.h"
#include "functions/decimal_math.h"
#include "functions/number_parse.h"

namespace sluice::functions {
namespace {

base::Error BadFormat(const std::string& sub, std::string_view format, base::Error::Parameters parameters = {}) {
  parameters["format"] = "'" + std::string(format) + "'";
  return base::Error(base::ErrorKind::kAnalysis, "INVALID_FORMAT." + sub, std::move(parameters));
}

}  // namespace

NumberPattern::NumberPattern(std::string_view text) : text_(text) {
  if (text.empty()) throw BadFormat("EMPTY", text);
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  Tokenize(upper);
  Check();
}

void NumberPattern::Tokenize(std::string_view upper) {
  bool after_point = false, run = false, exact = false;
  for (size_t i = 0; i < upper.size(); ++i) {
    char c = upper[i];
    bool digit = c == '0' || c == '9';
    if (digit) {
      // A run of digits is exact if it starts with 0; separators don't end it.
      if (!run) exact = c == '0';
      run = true;
      parts_.push_back({Token::kDigit, c == '0', exact && !after_point});
      ++(after_point ? fraction_digits_ : whole_digits_);
    } else if (c == ',' || c == 'G') {
      if (after_point) throw BadFormat("THOUSANDS_SEPS_MUST_BEFORE_DEC", text_);
      parts_.push_back({Token::kGroup});
    } else if (c == '.' || c == 'D') {
      if (after_point) throw BadFormat("WRONG_NUM_TOKEN", text_, {{"token", "'.' or 'D'"}});
      after_point = true;
      run = false;
      parts_.push_back({Token::kPoint});
    } else if (c == '$') {
      parts_.push_back({Token::kDollar});
    } else if (c == 'S') {
      parts_.push_back({Token::kSign});
    } else if (c == 'M' && upper.substr(i, 2) == "MI") {
      parts_.push_back({Token::kMinus});
      ++i;
    } else if (c == 'P' && upper.substr(i, 2) == "PR") {
      parts_.push_back({Token::kBrackets});
      ++i;
    } else {
      throw BadFormat("UNEXPECTED_TOKEN", text_, {{"token", "character '" + std::string(1, text_[i]) + "'"}});
    }
  }
}

void NumberPattern::Check() const {
  if (precision() == 0) throw BadFormat("WRONG_NUM_DIGIT", text_);
  auto count = [&](Token token) {
    return std::count_if(parts_.begin(), parts_.end(), [&](const Part& part) { return part.token == token; });
  };
  if (count(Token::kDollar) > 1) throw BadFormat("WRONG_NUM_TOKEN", text_, {{"token", "'$'"}});
  if (count(Token::kSign) > 1) throw BadFormat("WRONG_NUM_TOKEN", text_, {{"token", "'S'"}});
  if (count(Token::kMinus) > 1) throw BadFormat("WRONG_NUM_TOKEN", text_, {{"token", "'MI'"}});
  if (count(Token::kBrackets) > 1) throw BadFormat("WRONG_NUM_TOKEN", text_, {{"token", "'PR'"}});
  for (size_t i = 0; i < parts_.size(); ++i) {
    Token token = parts_[i].token;
    bool sign = token == Token::kSign || token == Token::kMinus;
    bool edge = i == 0 || i + 1 == parts_.size();
    if (sign && !edge) throw BadFormat("UNEXPECTED_TOKEN", text_, {{"token", token == Token::kSign ? "'S'" : "'MI'"}});
    if (token == Token::kBrackets && i + 1 != parts_.size()) {
      throw BadFormat("UNEXPECTED_TOKEN", text_, {{"token", "'PR'"}});
    }
    if (token == Token::kGroup) {
      bool between = i > 0 && parts_[i - 1].token == Token::kDigit && i + 1 < parts_.size() &&
                     parts_[i + 1].token == Token::kDigit;
      if (!between) throw BadFormat("CONT_THOUSANDS_SEPS", text_);
    }
    if (token == Token::kDollar) {
      bool point_before = std::any_of(parts_.begin(), parts_.begin() + static_cast<ptrdiff_t>(i),
                                      [](const Part& part) { return part.token == Token::kPoint; });
      if (point_before) throw BadFormat("CUR_MUST_BEFORE_DEC", text_);
      bool digit_before = std::any_of(parts_.begin(), parts_.begin() + static_cast<ptrdiff_t>(i),
                                      [](const Part& part) { return part.token == Token::kDigit; });
      if (digit_before) throw BadFormat("CUR_MUST_BEFORE_DIGIT", text_);
    }
  }
}

std::optional<Int128> NumberPattern::Parse(std::string_view input) const {
  input = TrimAll(input);
  size_t at = 0;
  bool negative = false, bracket = false;
  auto next = [&]() { return at < input.size() ? input[at] : '\0'; };
  if (!parts_.empty() && parts_.back().token == Token::kBrackets && next() == '<') {
    bracket = true;
    ++at;
  }
  // The whole part is matched from its right end, as leading places of a run of 9 may be missing.
  std::string whole, fraction;
  size_t part = 0;
  auto take_sign = [&](Token token) {
    if (next() == '-') {
      negative = true;
      ++at;
    } else if (next() == '+' && token == Token::kSign) {
      ++at;
    }
  };
  for (; part < parts_.size() && parts_[part].token != Token::kDigit && parts_[part].token != Token::kPoint; ++part) {
    if (parts_[part].token == Token::kDollar) {
      if (next() != '$') return std::nullopt;
      ++at;
    } else if (parts_[part].token != Token::kBrackets) {
      take_sign(parts_[part].token);
    }
  }
  size_t whole_end = part;
  bool exact = false;
  while (whole_end < parts_.size() &&
         (parts_[whole_end].token == Token::kDigit || parts_[whole_end].token == Token::kGroup)) {
    exact = exact || parts_[whole_end].exact;
    ++whole_end;
  }
  size_t start = at;
  while ((next() >= '0' && next() <= '9') || next() == ',') ++at;
  std::string_view given = input.substr(start, at - start);
  size_t left = given.size();
  for (size_t i = whole_end; i-- > part && left > 0;) {
    char c = given[--left];
    bool group = parts_[i].token == Token::kGroup;
    if (group != (c == ',')) return std::nullopt;
    if (!group) whole.insert(whole.begin(), c);
  }
  if (left > 0) return std::nullopt;
  if (exact && static_cast<int>(whole.size()) != whole_digits_) return std::nullopt;
  if (!given.empty() && given.front() == ',') return std::nullopt;
  part = whole_end;
  if (part < parts_.size() && parts_[part].token == Token::kPoint) {
    ++part;
    if (next() == '.') {
      ++at;
      while (next() >= '0' && next() <= '9') fraction += input[at++];
    }
    while (part < parts_.size() && parts_[part].token == Token::kDigit) ++part;
  }
  if (static_cast<int>(fraction.size()) > fraction_digits_ || whole.size() + fraction.size() == 0) return std::nullopt;
  for (; part < parts_.size(); ++part) {
    if (parts_[part].token == Token::kSign || parts_[part].token == Token::kMinus) {
      take_sign(parts_[part].token);
    } else if (parts_[part].token == Token::kBrackets && bracket) {
      if (next() != '>') return std::nullopt;
      ++at;
      negative = true;
    }
  }
  if (at != input.size()) return std::nullopt;
  fraction.resize(fraction_digits_, '0');
  Int128 value;
  if (ParseDecimal(whole + fraction, kMaxDecimalDigits, 0, &value) != DecimalParse::kGood) return std::nullopt;
  return negative ? -value : value;
}

std::string NumberPattern::Overflow() const {
  std::string out;
  for (const Part& part : parts_) {
    if (part.token == Token::kDigit) out += '#';
    if (part.token == Token::kGroup) out += ',';
    if (part.token == Token::kPoint) out += '.';
    if (part.token == Token::kDollar) out += '$';
    if (part.token == Token::kSign || part.token == Token::kMinus) out += ' ';
  }
  return out;
}

std::string NumberPattern::Format(Int128 value, int scale) const {
  bool negative = value < 0;
  std::string plain = DecimalText(negative ? -value : value, scale);
  size_t point = plain.find('.');
  std::string whole = plain.substr(0, point), fraction = point == std::string::npos ? "" : plain.substr(point + 1);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  if (static_cast<int>(whole.size()) > whole_digits_ || static_cast<int>(fraction.size()) > fraction_digits_) {
    return Overflow();
  }
  whole.insert(0, whole_digits_ - whole.size(), ' ');
  fraction.resize(fraction_digits_, '0');
  std::string out;
  // A sign or currency mark stands right before the first digit, behind the padding.
  auto append_padding = [&] {
    size_t marks = out.find_last_not_of("+-$<");
    out.insert(marks == std::string::npos ? 0 : marks + 1, " ");
  };
  size_t taken = 0, taken_fraction = 0;
  bool after_point = false, has_digit = false;
  for (const Part& part : parts_) {
    switch (part.token) {
      case Token::kSign:
        out += negative ? '-' : '+';
        break;
      case Token::kMinus:
        out += negative ? '-' : ' ';
        break;
      case Token::kDollar:
        out += '$';
        break;
      case Token::kBrackets:
        if (negative) {
          out.insert(std::min(out.find_first_not_of(' '), out.size()), "<");
          out += '>';
        } else {
          out = " " + out + " ";
        }
        break;
      case Token::kGroup:
        if (has_digit) {
          out += ',';
        } else {
          append_padding();
        }
        break;
      case Token::kPoint:
        if (!has_digit && !out.empty() && out.back() == ' ') out.back() = '0';
        after_point = true;
        out += '.';
        break;
      case Token::kDigit: {
        char c = after_point ? fraction[taken_fraction++] : whole[taken++];
        if (c == ' ' && (part.zero || part.exact)) c = '0';
        if (c == ' ') {
          append_padding();
        } else {
          out += c;
          has_digit = true;
        }
        break;
      }
    }
  }
  return out;
}

}  // namespace sluice::functions
