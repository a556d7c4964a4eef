// Reads text by the elements of a datetime pattern.
#include <algorithm>
#include <cctype>
#include <limits>
#include <utility>

#include "types/pattern_items.h"

namespace sluice::types::pattern {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

// Zone abbreviations that java.time understands and the zone data does not name.
const std::pair<std::string_view, std::string_view> kZoneNames[] = {
    {"PST", "America/Los_Angeles"}, {"PDT", "America/Los_Angeles"}, {"MST", "America/Denver"},
    {"MDT", "America/Denver"},      {"CST", "America/Chicago"},     {"CDT", "America/Chicago"},
    {"EST", "America/New_York"},    {"EDT", "America/New_York"},    {"AKST", "America/Anchorage"},
    {"AKDT", "America/Anchorage"},  {"HST", "Pacific/Honolulu"},    {"CEST", "Europe/Paris"},
    {"CET", "Europe/Paris"},        {"EET", "Europe/Bucharest"},    {"EEST", "Europe/Bucharest"},
    {"WET", "Europe/Lisbon"},       {"WEST", "Europe/Lisbon"},      {"BST", "Europe/London"},
    {"MSK", "Europe/Moscow"},       {"JST", "Asia/Tokyo"},          {"KST", "Asia/Seoul"},
    {"IST", "Asia/Kolkata"},        {"SGT", "Asia/Singapore"},      {"AEST", "Australia/Sydney"},
    {"AEDT", "Australia/Sydney"},   {"NZST", "Pacific/Auckland"},   {"NZDT", "Pacific/Auckland"},
};

class Parser {
 public:
  Parser(std::string_view text, Fields* fields) : text_(text), fields_(fields) {}

  bool Run(const std::vector<Item>& items, size_t* position) {
    for (const Item& item : items) {
      size_t at = *position;
      if (item.kind == Kind::kOptional) {
        Fields saved = *fields_;
        if (Run(item.inner, &at)) {
          *position = at;
        } else {
          *fields_ = saved;
        }
        continue;
      }
      if (!Read(item, &at)) {
        *position = at;
        return false;
      }
      *position = at;
    }
    return true;
  }

 private:
  bool Read(const Item& item, size_t* at) {
    switch (item.kind) {
      case Kind::kLiteral:
        if (!EqualsIgnoreCase(text_.substr(*at, item.literal.size()), item.literal)) return false;
        *at += item.literal.size();
        return true;
      case Kind::kNumber:
      case Kind::kReducedYear:
        return ReadNumber(item, at);
      case Kind::kFraction:
        return ReadFraction(item, at);
      case Kind::kText:
        return ReadText(item, at);
      case Kind::kOffset:
        return ReadOffset(item.offset_type, item.literal, at);
      case Kind::kLocalizedOffset:
        return ReadLocalizedOffset(item.full, at);
      default:
        return ReadZone(item.kind == Kind::kZoneName, at);
    }
  }

  // A field that is named twice must have the same value.
  bool Set(Field field, int64_t value) {
    std::optional<int64_t>& old = fields_->values[field];
    if (old && *old != value) return false;
    old = value;
    return true;
  }

  bool ReadNumber(const Item& item, size_t* at) {
    size_t start = *at;
    size_t begin = start;
    bool fixed_width = item.min_width == item.max_width;
    bool negative = false;
    bool positive = false;
    if (begin < text_.size() && (text_[begin] == '-' || text_[begin] == '+')) {
      bool plus = text_[begin] == '+';
      if (item.sign == Sign::kNotNegative || (item.sign == Sign::kNormal && (plus || fixed_width)) ||
          (item.sign == Sign::kExceedsPad && plus && fixed_width)) {
        return false;
      }
      negative = !plus;
      positive = plus;
      ++begin;
    }
    size_t digits = 0;
    size_t limit = static_cast<size_t>(item.max_width + std::max(item.subsequent_width, 0));
    while (digits < limit && begin + digits < text_.size() && IsDigit(text_[begin + digits])) ++digits;
    if (item.subsequent_width > 0) {
      size_t subsequent = static_cast<size_t>(item.subsequent_width);
      size_t most = std::max<size_t>(item.min_width, digits > subsequent ? digits - subsequent : 0);
      digits = std::min(digits, most);
    }
    if (digits < static_cast<size_t>(item.min_width) || digits == 0 || digits > 18) return false;
    int64_t value = 0;
    for (size_t i = 0; i < digits; ++i) value = value * 10 + (text_[begin + i] - '0');
    if (negative) {
      if (value == 0) return false;
      value = -value;
    } else if (item.sign == Sign::kExceedsPad) {
      if (positive && digits <= static_cast<size_t>(item.min_width)) return false;
      if (!positive && digits > static_cast<size_t>(item.min_width)) return false;
    }
    if (item.kind == Kind::kReducedYear) value += 2000;
    if (!Set(item.field, value)) return false;
    *at = begin + digits;
    return true;
  }

  bool ReadFraction(const Item& item, size_t* at) {
    int digits = 0;
    int64_t value = 0;
    while (digits < item.max_width && *at + digits < text_.size() && IsDigit(text_[*at + digits])) {
      value = value * 10 + (text_[*at + digits++] - '0');
    }
    if (digits < item.min_width) return false;
    *at += digits;
    for (; digits < 9; ++digits) value *= 10;
    return Set(kNano, value);
  }

  bool ReadText(const Item& item, size_t* at) {
    const auto& texts = TextsOf(item.field, item.full);
    int first = item.field == kAmPm || item.field == kEra ? 0 : 1;
    for (size_t i = 0; i < texts.size(); ++i) {
      if (EqualsIgnoreCase(text_.substr(*at, texts[i].size()), texts[i])) {
        if (!Set(item.field, static_cast<int64_t>(i) + first)) return false;
        *at += texts[i].size();
        return true;
      }
    }
    return false;
  }

  bool TwoDigits(size_t at, int* value) const {
    if (at + 2 > text_.size() || !IsDigit(text_[at]) || !IsDigit(text_[at + 1])) return false;
    *value = (text_[at] - '0') * 10 + (text_[at + 1] - '0');
    return true;
  }

  // The minutes or seconds of an offset; `colon` says whether one must stand in front.
  bool OffsetPart(bool colon, size_t* at, int* value) const {
    size_t from = *at;
    if (colon) {
      if (from >= text_.size() || text_[from] != ':') return false;
      ++from;
    }
    if (!TwoDigits(from, value) || *value > 59) return false;
    *at = from + 2;
    return true;
  }

  bool ReadOffset(int type, std::string_view zero, size_t* at) {
    std::string_view form = kOffsetForms[type];
    bool colon = form.find(':') != std::string_view::npos;
    size_t from = *at;
    if (from < text_.size() && (text_[from] == '+' || text_[from] == '-')) {
      int sign = text_[from] == '-' ? -1 : 1;
      int parts[3] = {0, 0, 0};
      ++from;
      if (TwoDigits(from, &parts[0])) {
        from += 2;
        bool minutes_required = form.find("MM") != std::string_view::npos;
        bool minutes_allowed = minutes_required || form.find("mm") != std::string_view::npos;
        bool seconds_allowed = form.find("ss") != std::string_view::npos || form.find("SS") != std::string_view::npos;
        bool minutes = minutes_allowed && OffsetPart(colon, &from, &parts[1]);
        if (minutes && seconds_allowed) OffsetPart(colon, &from, &parts[2]);
        int seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
        if ((minutes || !minutes_required) && seconds <= 18 * 3600) {
          fields_->offset = sign * seconds;
          *at = from;
          return true;
        }
      }
    }
    if (EqualsIgnoreCase(text_.substr(*at, zero.size()), zero)) {
      fields_->offset = 0;
      *at += zero.size();
      return true;
    }
    return false;
  }

  bool ReadLocalizedOffset(bool full, size_t* at) {
    if (!EqualsIgnoreCase(text_.substr(*at, 3), "GMT")) return false;
    size_t from = *at + 3;
    if (from == text_.size() || (text_[from] != '+' && text_[from] != '-')) {
      fields_->offset = 0;
      *at = from;
      return true;
    }
    int sign = text_[from++] == '-' ? -1 : 1;
    int hours = 0;
    int digits = 0;
    while (digits < 2 && from < text_.size() && IsDigit(text_[from])) {
      hours = hours * 10 + (text_[from++] - '0');
      ++digits;
    }
    if (digits == 0 || (full && digits != 2)) return false;
    int minutes = 0;
    int seconds = 0;
    bool has_minutes = OffsetPart(true, &from, &minutes);
    if (full && !has_minutes) return false;
    if (has_minutes) OffsetPart(true, &from, &seconds);
    fields_->offset = sign * (hours * 3600 + minutes * 60 + seconds);
    *at = from;
    return true;
  }

  bool ReadZone(bool names, size_t* at) {
    size_t end = *at;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) ||
                                  std::string_view("/_+-:~").find(text_[end]) != std::string_view::npos)) {
      ++end;
    }
    for (; end > *at; --end) {
      std::string_view name = text_.substr(*at, end - *at);
      std::optional<TimeZone> zone;
      for (const auto& [short_name, region] : kZoneNames) {
        if (names && EqualsIgnoreCase(name, short_name)) zone = TimeZone::Find(region);
      }
      if (!zone) zone = TimeZone::Find(name);
      if (zone) {
        fields_->zone = zone;
        *at = end;
        return true;
      }
    }
    return false;
  }

  std::string_view text_;
  Fields* fields_;
};

}  // namespace

bool ParseItems(const std::vector<Item>& items, std::string_view text, size_t* position, Fields* fields) {
  return Parser(text, fields).Run(items, position);
}

}  // namespace sluice::types::pattern
