// Dates and times of text formats, with short ways for the usual forms.
#include "formats/datetime_values.h"

#include <fmt/format.h>

#include <chrono>

namespace sluice::formats {
namespace {

using types::DateTimePattern;
using types::kMicrosPerSecond;

constexpr int64_t kMicrosPerQuarter = 900 * kMicrosPerSecond;
// From 1973 on zone transitions fall on quarter hours.
constexpr int64_t kModernMicros = 94'694'400 * kMicrosPerSecond;

std::shared_ptr<const DateTimePattern> Pattern(const OptionReader& options, std::string_view name,
                                               DateTimePattern::Use use) {
  auto text = options.Find(name);
  if (!text) return nullptr;
  return std::make_shared<const DateTimePattern>(*text, use, options.Get("locale", "en-US"));
}

bool Fallback(const OptionReader& options, bool has_pattern) {
  if (auto given = options.Find("enableDateTimeParsingFallback"))
    return options.GetBoolean("enableDateTimeParsingFallback", false);
  return !has_pattern;
}

// Two ASCII digits at `p`; bad digits make the result large.
inline unsigned Two(const char* p) {
  unsigned a = static_cast<unsigned char>(p[0]) - '0';
  unsigned b = static_cast<unsigned char>(p[1]) - '0';
  return a > 9 || b > 9 ? 1000 : a * 10 + b;
}

// Days since the epoch of a civil date with a year from 0 on.
inline int64_t DaysOf(unsigned year, unsigned month, unsigned day) {
  unsigned y = year - (month <= 2) + 400;
  unsigned era_day = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return static_cast<int64_t>(365 * y + y / 4 - y / 100 + y / 400 + era_day) - 719468 - 146097;
}

inline bool YearMonthDay(const char* p, int64_t* days) {
  unsigned year = Two(p) * 100 + Two(p + 2);
  unsigned month = Two(p + 5);
  unsigned day = Two(p + 8);
  if (p[4] != '-' || p[7] != '-' || year > 9999 || month - 1 > 11 || day - 1 > 30) return false;
  if (day > 28 && static_cast<int>(day) > types::DaysInMonth(year, static_cast<int>(month))) return false;
  *days = DaysOf(year, month, day);
  return true;
}

void AppendDigits(int64_t value, int width, std::string* out) {
  char digits[20];
  for (int i = width - 1; i >= 0; --i) {
    digits[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out->append(digits, width);
}

void AppendIsoDate(int64_t days, std::string* out) {
  types::CivilDate date = types::ToCivil(days);
  if (date.year < 0 || date.year > 9999) {
    *out += types::FormatDate(days);
    return;
  }
  AppendDigits(date.year, 4, out);
  *out += '-';
  AppendDigits(date.month, 2, out);
  *out += '-';
  AppendDigits(date.day, 2, out);
}

// "yyyy-MM-dd'T'HH:mm:ss.SSS"
void AppendIsoMillis(int64_t local, std::string* out) {
  int64_t days = local / types::kMicrosPerDay - (local % types::kMicrosPerDay < 0);
  int64_t micros = local - days * types::kMicrosPerDay;
  AppendIsoDate(days, out);
  *out += 'T';
  int64_t seconds = micros / kMicrosPerSecond;
  AppendDigits(seconds / 3600, 2, out);
  *out += ':';
  AppendDigits(seconds / 60 % 60, 2, out);
  *out += ':';
  AppendDigits(seconds % 60, 2, out);
  *out += '.';
  AppendDigits(micros / 1000 % 1000, 3, out);
}

}  // namespace

types::TimeZone ZoneOf(const OptionReader& options) {
  return types::TimeZone::Get(options.Get("timeZone", options.Conf("spark.sql.session.timeZone", "UTC")));
}

DateTimeReader::DateTimeReader(const OptionReader& options) : zone_(ZoneOf(options)) {
  constexpr auto kParse = DateTimePattern::Use::kParse;
  date_pattern_ = Pattern(options, "dateFormat", kParse);
  timestamp_pattern_ = Pattern(options, "timestampFormat", kParse);
  ntz_pattern_ = Pattern(options, "timestampNTZFormat", kParse);
  time_pattern_ = Pattern(options, "timeFormat", kParse);
  date_fallback_ = Fallback(options, date_pattern_ != nullptr);
  timestamp_fallback_ = Fallback(options, timestamp_pattern_ != nullptr);
  fixed_zone_ = zone_.is_fixed();
  if (fixed_zone_) fixed_offset_ = zone_.OffsetAt(0) * kMicrosPerSecond;
  int64_t now =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  int64_t local = zone_.ToLocal(now);
  today_ = static_cast<int32_t>(local / types::kMicrosPerDay);
}

int64_t DateTimeReader::ToUtc(int64_t local) const {
  if (fixed_zone_) return local - fixed_offset_;
  if (local < kModernMicros) return zone_.ToUtc(local);
  int64_t quarter = local / kMicrosPerQuarter;
  if (quarter != last_quarter_) {
    last_offset_ = local - zone_.ToUtc(local);
    last_quarter_ = quarter;
  }
  return local - last_offset_;
}

bool DateTimeReader::IsoTimestamp(std::string_view text, int64_t* local_micros) {
  const char* p = text.data();
  if (text.size() < 19 || text.size() > 26 || (p[10] != ' ' && p[10] != 'T')) return false;
  int64_t days;
  unsigned hour = Two(p + 11);
  unsigned minute = Two(p + 14);
  unsigned second = Two(p + 17);
  if (!YearMonthDay(p, &days) || p[13] != ':' || p[16] != ':' || hour > 23 || minute > 59 || second > 59) return false;
  int64_t micros = 0;
  if (text.size() > 19) {
    static constexpr int64_t kScale[] = {0, 100'000, 10'000, 1000, 100, 10, 1};
    if (p[19] != '.' || text.size() == 20) return false;
    for (size_t i = 20; i < text.size(); ++i) {
      unsigned digit = static_cast<unsigned char>(p[i]) - '0';
      if (digit > 9) return false;
      micros = micros * 10 + digit;
    }
    micros *= kScale[text.size() - 20];
  }
  *local_micros = ((days * 24 + hour) * 60 + minute) * 60 * kMicrosPerSecond + second * kMicrosPerSecond + micros;
  return true;
}

bool DateTimeReader::IsoDate(std::string_view text, int32_t* days) {
  int64_t wide;
  if (text.size() != 10 || !YearMonthDay(text.data(), &wide)) return false;
  *days = static_cast<int32_t>(wide);
  return true;
}

bool DateTimeReader::Date(std::string_view text, int32_t* days) const {
  if (!date_pattern_ && IsoDate(text, days)) return true;
  std::optional<int32_t> value;
  if (date_pattern_) value = date_pattern_->ParseDate(text);
  if (!value && (!date_pattern_ || date_fallback_)) value = types::ParseDate(text);
  if (value) *days = *value;
  return value.has_value();
}

bool DateTimeReader::TimestampSlowly(std::string_view text, int64_t* micros) const {
  std::optional<int64_t> value;
  if (timestamp_pattern_) value = timestamp_pattern_->ParseTimestamp(text, zone_);
  if (!value && (!timestamp_pattern_ || timestamp_fallback_)) value = types::ParseTimestamp(text, zone_, today_);
  if (value) *micros = *value;
  return value.has_value();
}

bool DateTimeReader::TimestampNtz(std::string_view text, int64_t* micros) const {
  if (!ntz_pattern_ && IsoTimestamp(text, micros)) return true;
  auto value = ntz_pattern_ ? ntz_pattern_->ParseTimestampNtz(text, false) : types::ParseTimestampNtz(text, false);
  if (value) *micros = *value;
  return value.has_value();
}

bool DateTimeReader::Time(std::string_view text, int64_t* nanos) const {
  auto value = time_pattern_ ? time_pattern_->ParseTime(text) : types::ParseTime(text);
  if (value) *nanos = *value;
  return value.has_value();
}

DateTimeWriter::DateTimeWriter(const OptionReader& options) : zone_(ZoneOf(options)) {
  constexpr auto kFormat = DateTimePattern::Use::kFormat;
  date_pattern_ = Pattern(options, "dateFormat", kFormat);
  timestamp_pattern_ = Pattern(options, "timestampFormat", kFormat);
  ntz_pattern_ = Pattern(options, "timestampNTZFormat", kFormat);
  time_pattern_ = Pattern(options, "timeFormat", kFormat);
}

void DateTimeWriter::Date(int32_t days, std::string* out) const {
  if (date_pattern_) {
    date_pattern_->FormatDate(days, out);
  } else {
    AppendIsoDate(days, out);
  }
}

void DateTimeWriter::Timestamp(int64_t micros, std::string* out) const {
  if (timestamp_pattern_) {
    timestamp_pattern_->FormatTimestamp(micros, zone_, out);
    return;
  }
  int32_t offset = zone_.OffsetAt(micros);
  AppendIsoMillis(micros + offset * kMicrosPerSecond, out);
  if (offset == 0) {
    *out += 'Z';
    return;
  }
  int32_t seconds = offset < 0 ? -offset : offset;
  *out += offset < 0 ? '-' : '+';
  AppendDigits(seconds / 3600, 2, out);
  *out += ':';
  AppendDigits(seconds / 60 % 60, 2, out);
  if (seconds % 60 == 0) return;
  *out += ':';
  AppendDigits(seconds % 60, 2, out);
}

void DateTimeWriter::TimestampNtz(int64_t micros, std::string* out) const {
  if (ntz_pattern_) {
    ntz_pattern_->FormatTimestampNtz(micros, out);
  } else {
    AppendIsoMillis(micros, out);
  }
}

void DateTimeWriter::Time(int64_t nanos, std::string* out) const {
  if (time_pattern_) {
    time_pattern_->FormatTime(nanos, out);
  } else {
    *out += types::FormatTime(nanos);
  }
}

}  // namespace sluice::formats
