// Interval texts: parsing as IntervalUtils.stringToInterval does, and Spark's printed forms.
#include "types/interval.h"

#include <fmt/format.h>

#include <cctype>
#include <limits>

#include "base/error.h"
#include "types/datetime_text.h"

namespace sluice::types {
namespace {

constexpr int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr int kFirstFractionScale = 100'000'000;

bool IsSpace(char c) {
  auto u = static_cast<unsigned char>(c);
  return u == ' ' || (u >= 0x09 && u <= 0x0d) || (u >= 0x1c && u <= 0x1f);
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class IntervalParser {
 public:
  explicit IntervalParser(std::string_view input) : input_(input) {
    while (!input.empty() && static_cast<unsigned char>(input.front()) <= 0x20) input.remove_prefix(1);
    while (!input.empty() && static_cast<unsigned char>(input.back()) <= 0x20) input.remove_suffix(1);
    for (char c : input) text_ += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }

  Interval Parse() {
    if (text_.empty()) throw Fail("INPUT_IS_EMPTY");
    SkipPrefix();
    while (SkipSpace()) ParsePart();
    return result_;
  }

 private:
  base::Error Fail(const char* sub_condition, const char* parameter = nullptr) const {
    base::Error::Parameters parameters = {{"input", std::string(input_)}};
    if (parameter) parameters[parameter] = CurrentWord();
    return base::Error(base::ErrorKind::kIllegalArgument, std::string("INVALID_INTERVAL_FORMAT.") + sub_condition,
                       std::move(parameters));
  }

  // The word around the current place; at the end of the text the last word.
  std::string CurrentWord() const {
    size_t at = std::min(at_, text_.size() - 1);
    size_t start = at, end = at;
    while (start > 0 && !IsSpace(text_[start - 1])) --start;
    while (end < text_.size() && !IsSpace(text_[end])) ++end;
    return text_.substr(start, end - start);
  }

  bool SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
    return at_ < text_.size();
  }

  void SkipPrefix() {
    constexpr std::string_view kPrefix = "interval";
    if (!text_.starts_with(kPrefix)) return;
    if (text_.size() == kPrefix.size()) throw Fail("INPUT_IS_EMPTY");
    if (!IsSpace(text_[kPrefix.size()])) throw Fail("INVALID_PREFIX", "prefix");
    at_ = kPrefix.size();
  }

  void ParsePart() {
    bool negative = text_[at_] == '-';
    has_fraction_ = false;
    value_ = fraction_ = 0;
    if (text_[at_] == '.') {
      ++at_;
      ParseFraction(/*point_first=*/true);
    } else {
      if (negative || text_[at_] == '+') {
        ++at_;
      } else if (!IsDigit(text_[at_])) {
        throw Fail("UNRECOGNIZED_NUMBER", "number");
      }
      if (!SkipSpace()) throw Fail("MISSING_NUMBER", "word");
      ParseValue();
    }
    if (!SkipSpace()) throw Fail("MISSING_UNIT", "word");
    if (text_[at_] != 's' && has_fraction_) throw Fail("INVALID_FRACTION", "unit");
    if (negative) {
      value_ = -value_;
      fraction_ = -fraction_;
    }
    ApplyUnit();
    if (at_ < text_.size() && text_[at_] == 's') ++at_;
    if (at_ < text_.size() && !IsSpace(text_[at_])) throw Fail("INVALID_UNIT", "unit");
  }

  void ParseValue() {
    for (; at_ < text_.size() && !IsSpace(text_[at_]); ++at_) {
      if (text_[at_] == '.') {
        ++at_;
        ParseFraction(/*point_first=*/false);
        return;
      }
      if (!IsDigit(text_[at_])) throw Fail("INVALID_VALUE", "value");
      if (__builtin_mul_overflow(value_, int64_t{10}, &value_) ||
          __builtin_add_overflow(value_, int64_t{text_[at_] - '0'}, &value_)) {
        throw Fail("ARITHMETIC_EXCEPTION");
      }
    }
    if (at_ == text_.size()) throw Fail("MISSING_UNIT", "word");
  }

  void ParseFraction(bool point_first) {
    has_fraction_ = true;
    int scale = kFirstFractionScale;
    for (; at_ < text_.size() && IsDigit(text_[at_]); ++at_) {
      if (scale == 0) throw Fail("INVALID_PRECISION", "value");
      fraction_ += (text_[at_] - '0') * scale;
      scale /= 10;
    }
    if (at_ == text_.size()) throw Fail("MISSING_UNIT", "word");
    if (!IsSpace(text_[at_]) || (point_first && scale == kFirstFractionScale)) throw Fail("INVALID_VALUE", "value");
    fraction_ /= 1000;
  }

  bool Take(std::string_view unit) {
    if (!std::string_view(text_).substr(at_).starts_with(unit)) return false;
    at_ += unit.size();
    return true;
  }

  template <typename T>
  void Add(int64_t factor, T* target) {
    int64_t amount = 0, sum = 0;
    if (__builtin_mul_overflow(value_, factor, &amount) ||
        __builtin_add_overflow(amount, static_cast<int64_t>(*target), &sum) || sum > std::numeric_limits<T>::max() ||
        sum < std::numeric_limits<T>::min()) {
      throw Fail("ARITHMETIC_EXCEPTION");
    }
    *target = static_cast<T>(sum);
  }

  void ApplyUnit() {
    if (Take("year")) return Add(12, &result_.months);
    if (Take("week")) return Add(7, &result_.days);
    if (Take("day")) return Add(1, &result_.days);
    if (Take("hour")) return Add(kMicrosPerHour, &result_.micros);
    if (Take("second")) {
      Add(kMicrosPerSecond, &result_.micros);
      if (__builtin_add_overflow(result_.micros, fraction_, &result_.micros)) throw Fail("ARITHMETIC_EXCEPTION");
      return;
    }
    if (Take("month")) return Add(1, &result_.months);
    if (Take("minute")) return Add(kMicrosPerMinute, &result_.micros);
    if (Take("millisecond")) return Add(1000, &result_.micros);
    if (Take("microsecond")) return Add(1, &result_.micros);
    throw Fail("INVALID_UNIT", "unit");
  }

  std::string_view input_;
  std::string text_;
  size_t at_ = 0;
  int64_t value_ = 0;
  int64_t fraction_ = 0;
  bool has_fraction_ = false;
  Interval result_;
};

std::string Seconds(uint64_t micros, bool two_digits) {
  std::string out = fmt::format(fmt::runtime(two_digits ? "{:02}" : "{}"), micros / kMicrosPerSecond);
  if (uint64_t rest = micros % kMicrosPerSecond; rest != 0) {
    std::string digits = fmt::format("{:06}", rest);
    while (digits.back() == '0') digits.pop_back();
    out += "." + digits;
  }
  return out;
}

}  // namespace

Interval ParseInterval(std::string_view text) { return IntervalParser(text).Parse(); }

std::string ToString(const Interval& interval) {
  std::string out;
  auto append = [&](int64_t value, const char* unit) {
    if (value != 0) out += fmt::format("{}{} {}", out.empty() ? "" : " ", value, unit);
  };
  append(interval.months / 12, "years");
  append(interval.months % 12, "months");
  append(interval.days, "days");
  append(interval.micros / kMicrosPerHour, "hours");
  append(interval.micros % kMicrosPerHour / kMicrosPerMinute, "minutes");
  if (int64_t rest = interval.micros % kMicrosPerMinute; rest != 0) {
    out += fmt::format("{}{}{} seconds", out.empty() ? "" : " ", rest < 0 ? "-" : "", Seconds(std::abs(rest), false));
  }
  return out.empty() ? "0 seconds" : out;
}

}  // namespace sluice::types
