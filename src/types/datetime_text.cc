// Dates, times and timestamps as text: the forms of Spark's DateTimeUtils and of its ISO formatters.
#include "types/datetime_text.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace sluice::types {
namespace {

constexpr int64_t kMaxYear = 999'999'999;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0); }

bool IsSpaceOrControl(char c) {
  auto u = static_cast<unsigned char>(c);
  return u <= 0x20 || u == 0x7f;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpaceOrControl(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpaceOrControl(text.back())) text.remove_suffix(1);
  return text;
}

bool IsDate(int64_t year, int month, int day) {
  return year >= -kMaxYear && year <= kMaxYear && month >= 1 && month <= 12 && day >= 1 &&
         day <= DaysInMonth(year, month);
}

// The parts that a timestamp text names; see SparkDateTimeUtils.parseTimestampString.
struct Parts {
  std::array<int, 9> segments = {1, 1, 1, 0, 0, 0, 0, 0, 0};
  bool just_time = false;
  std::optional<std::string_view> zone;
};

class PartsParser {
 public:
  explicit PartsParser(std::string_view text) : text_(Trim(text)) {}

  bool Parse(Parts* parts) {
    if (text_.empty()) return false;
    size_t at = 0;
    int sign = 0;
    if (text_[0] == '-' || text_[0] == '+') {
      sign = text_[0] == '-' ? -1 : 1;
      at = 1;
    }
    for (; at < text_.size(); ++at) {
      char c = text_[at];
      if (c < '0' || c > '9') {
        if (!Separator(at, sign != 0, parts)) return false;
        if (parts->zone) break;
      } else {
        if (segment_ == 6) ++fraction_digits_;
        if (digits_ == 9 && segment_ != 6) return false;
        if (segment_ != 6 || digits_ < 6) value_ = value_ * 10 + (c - '0');
        ++digits_;
      }
    }
    if (!Valid(segment_, digits_)) return false;
    parts->segments[segment_] = value_;
    for (; fraction_digits_ < 6; ++fraction_digits_) parts->segments[6] *= 10;
    if (sign != 0) parts->segments[0] *= sign;
    return true;
  }

 private:
  static bool Valid(int segment, int digits) {
    if (segment == 6) return true;
    if (segment == 0) return digits >= 4 && digits <= 6;
    if (segment == 7) return digits <= 2;
    return digits > 0 && digits <= 2;
  }

  bool Close(Parts* parts, int segment, int next) {
    if (!Valid(segment, digits_)) return false;
    parts->segments[segment] = value_;
    value_ = 0;
    digits_ = 0;
    segment_ = next;
    return true;
  }

  bool Separator(size_t at, bool signed_year, Parts* parts) {
    char c = text_[at];
    if (at == 0 && c == 'T') {
      parts->just_time = true;
      segment_ += 3;
      return true;
    }
    if (segment_ < 2) {
      if (c == '-') return Close(parts, segment_, segment_ + 1);
      if (segment_ == 0 && c == ':' && !signed_year) {
        parts->just_time = true;
        return Close(parts, 3, 4);
      }
      return false;
    }
    if (segment_ == 2) return (c == ' ' || c == 'T') && Close(parts, 2, 3);
    if (segment_ == 3 || segment_ == 4) return c == ':' && Close(parts, segment_, segment_ + 1);
    if (c == '.' && segment_ == 5) return Close(parts, 5, 6);
    parts->zone = Trim(text_.substr(at));
    return Close(parts, segment_, 7);
  }

  std::string_view text_;
  int segment_ = 0;
  int value_ = 0;
  int digits_ = 0;
  int fraction_digits_ = 0;
};

bool ToMicrosOfDay(const Parts& parts, int64_t* micros) {
  const auto& s = parts.segments;
  if (s[3] > 23 || s[4] > 59 || s[5] > 59) return false;
  *micros = ((s[3] * 60LL + s[4]) * 60 + s[5]) * kMicrosPerSecond + s[6];
  return true;
}

bool ToLocalMicros(const Parts& parts, std::optional<int32_t> today, int64_t* micros) {
  if (!ToMicrosOfDay(parts, micros)) return false;
  int64_t days = 0;
  if (parts.just_time) {
    if (!today) return false;
    days = *today;
  } else {
    const auto& s = parts.segments;
    if (!IsDate(s[0], s[1], s[2])) return false;
    days = FromCivil({s[0], s[1], s[2]});
  }
  int64_t day_micros = 0;
  return !__builtin_mul_overflow(days, kMicrosPerDay, &day_micros) &&
         !__builtin_add_overflow(day_micros, *micros, micros);
}

void AppendFraction(int64_t value, int width, std::string* out) {
  if (value == 0) return;
  std::string digits = fmt::format("{:0{}}", value, width);
  while (digits.back() == '0') digits.pop_back();
  *out += "." + digits;
}

}  // namespace

bool IsLeapYear(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// Both conversions count in eras of 400 years that begin on the first of March.
CivilDate ToCivil(int64_t days_since_epoch) {
  int64_t days = days_since_epoch + 719468;
  int64_t era = FloorDiv(days, 146097);
  int64_t day_of_era = days - era * 146097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2), month,
          static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1)};
}

int64_t FromCivil(const CivilDate& date) {
  int64_t year = date.year - (date.month <= 2);
  int64_t era = FloorDiv(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

std::string FormatDate(int64_t days_since_epoch) {
  CivilDate date = ToCivil(days_since_epoch);
  const char* sign = date.year > 9999 ? "+" : date.year < 0 ? "-" : "";
  return fmt::format("{}{:04}-{:02}-{:02}", sign, std::abs(date.year), date.month, date.day);
}

std::string FormatLocalTimestamp(int64_t micros) {
  int64_t days = FloorDiv(micros, kMicrosPerDay);
  int64_t rest = micros - days * kMicrosPerDay;
  int64_t seconds = rest / kMicrosPerSecond;
  std::string out =
      fmt::format("{} {:02}:{:02}:{:02}", FormatDate(days), seconds / 3600, seconds / 60 % 60, seconds % 60);
  AppendFraction(rest % kMicrosPerSecond, 6, &out);
  return out;
}

std::string FormatTimestamp(int64_t utc_micros, const TimeZone& zone) {
  return FormatLocalTimestamp(zone.ToLocal(utc_micros));
}

std::string FormatTime(int64_t nanos_of_day) {
  int64_t seconds = nanos_of_day / 1'000'000'000;
  std::string out = fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  AppendFraction(nanos_of_day % 1'000'000'000, 9, &out);
  return out;
}

std::optional<int32_t> ParseDate(std::string_view text) {
  text = Trim(text);
  if (text.empty()) return std::nullopt;
  int sign = 1;
  size_t at = 0;
  if (text[0] == '-' || text[0] == '+') {
    sign = text[0] == '-' ? -1 : 1;
    at = 1;
  }
  int64_t segments[3] = {1, 1, 1};
  int segment = 0, digits = 0;
  int64_t value = 0;
  auto valid = [&] { return segment == 0 ? digits >= 4 && digits <= 7 : digits > 0 && digits <= 2; };
  for (; at < text.size() && text[at] != ' ' && text[at] != 'T'; ++at) {
    char c = text[at];
    if (segment < 2 && c == '-') {
      if (!valid()) return std::nullopt;
      segments[segment++] = value;
      value = digits = 0;
    } else if (c >= '0' && c <= '9') {
      value = value * 10 + (c - '0');
      if (++digits > 7) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (!valid() || (segment < 2 && at < text.size())) return std::nullopt;
  segments[segment] = value;
  int64_t year = segments[0] * sign;
  int month = static_cast<int>(segments[1]), day = static_cast<int>(segments[2]);
  if (!IsDate(year, month, day)) return std::nullopt;
  int64_t days = FromCivil({year, month, day});
  if (days != static_cast<int32_t>(days)) return std::nullopt;
  return static_cast<int32_t>(days);
}

std::optional<int64_t> ParseTimestamp(std::string_view text, const TimeZone& zone, std::optional<int32_t> today) {
  Parts parts;
  int64_t local = 0;
  if (!PartsParser(text).Parse(&parts) || !ToLocalMicros(parts, today, &local)) return std::nullopt;
  if (!parts.zone) return zone.ToUtc(local);
  std::optional<TimeZone> own = TimeZone::Find(*parts.zone);
  if (!own) return std::nullopt;
  return own->ToUtc(local);
}

std::optional<int64_t> ParseTimestampNtz(std::string_view text, bool allow_zone) {
  Parts parts;
  int64_t local = 0;
  if (!PartsParser(text).Parse(&parts) || parts.just_time || !ToLocalMicros(parts, std::nullopt, &local)) {
    return std::nullopt;
  }
  if (parts.zone && (!allow_zone || !TimeZone::Find(*parts.zone))) return std::nullopt;
  return local;
}

std::optional<int64_t> ParseTime(std::string_view text) {
  Parts parts;
  int64_t micros = 0;
  if (!PartsParser(text).Parse(&parts) || !parts.just_time || parts.zone || !ToMicrosOfDay(parts, &micros)) {
    return std::nullopt;
  }
  return micros * 1000;
}

bool HasTimeZone(std::string_view text) {
  Parts parts;
  return PartsParser(text).Parse(&parts) && parts.zone.has_value();
}

}  // namespace sluice::types
