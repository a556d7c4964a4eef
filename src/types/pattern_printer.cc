// Prints dates and times by the elements of a datetime pattern.
#include <fmt/format.h>

#include <cstdlib>

#include "base/error.h"
#include "types/pattern_items.h"

namespace sluice::types::pattern {
namespace {

constexpr std::string_view kFieldNames[kFieldCount] = {"Era",
                                                       "Year",
                                                       "YearOfEra",
                                                       "QuarterOfYear",
                                                       "MonthOfYear",
                                                       "DayOfMonth",
                                                       "DayOfYear",
                                                       "DayOfWeek",
                                                       "AlignedDayOfWeekInMonth",
                                                       "AmPmOfDay",
                                                       "HourOfDay",
                                                       "ClockHourOfDay",
                                                       "HourOfAmPm",
                                                       "ClockHourOfAmPm",
                                                       "MinuteOfHour",
                                                       "SecondOfMinute",
                                                       "NanoOfSecond"};

[[noreturn]] void ThrowUnsupportedField(std::string_view name) {
  throw base::Error::Plain(base::ErrorKind::kDateTime, fmt::format("Unsupported field: {}", name));
}

int64_t Value(const Fields& fields, Field field) {
  if (!fields.values[field]) ThrowUnsupportedField(kFieldNames[field]);
  return *fields.values[field];
}

void AppendNumber(const Item& item, int64_t value, std::string* out) {
  std::string digits = fmt::format("{}", value < 0 ? -value : value);
  int width = static_cast<int>(digits.size());
  if (width > item.max_width) {
    throw base::Error::Plain(
        base::ErrorKind::kDateTime,
        fmt::format("Field {} cannot be printed as the value {} exceeds the maximum print width of {}",
                    kFieldNames[item.field], value, item.max_width));
  }
  if (value < 0) {
    *out += '-';
  } else if (item.sign == Sign::kExceedsPad && item.min_width < 19 && width > item.min_width) {
    *out += '+';
  }
  if (width < item.min_width) out->append(item.min_width - width, '0');
  *out += digits;
}

void AppendOffset(const Item& item, int32_t offset, std::string* out) {
  std::string_view form = kOffsetForms[item.offset_type];
  int seconds = std::abs(offset);
  int parts[3] = {seconds / 3600, seconds / 60 % 60, seconds % 60};
  if (offset == 0) {
    *out += item.literal;
    return;
  }
  bool colon = form.find(':') != std::string_view::npos;
  *out += offset < 0 ? '-' : '+';
  *out += fmt::format("{:02}", parts[0]);
  bool minutes =
      form.find("MM") != std::string_view::npos || (form.find("mm") != std::string_view::npos && parts[1] > 0);
  bool seconds_shown =
      form.find("SS") != std::string_view::npos || (form.find("ss") != std::string_view::npos && parts[2] > 0);
  if (minutes || seconds_shown) *out += fmt::format("{}{:02}", colon ? ":" : "", parts[1]);
  if (seconds_shown) *out += fmt::format("{}{:02}", colon ? ":" : "", parts[2]);
}

void AppendLocalizedOffset(bool full, int32_t offset, std::string* out) {
  *out += "GMT";
  if (offset == 0) return;
  int seconds = std::abs(offset);
  *out += offset < 0 ? '-' : '+';
  *out += full ? fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60) : fmt::format("{}", seconds / 3600);
  if (!full && seconds % 3600 != 0) *out += fmt::format(":{:02}", seconds / 60 % 60);
  if (seconds % 60 != 0) *out += fmt::format(":{:02}", seconds % 60);
}

void AppendZoneName(const Item& item, const Fields& fields, int64_t utc_micros, std::string* out) {
  std::string id = fields.zone->Id();
  if (!item.full) {
    *out += fields.zone->Abbreviation(utc_micros);
  } else if (id == "UTC" || id == "Etc/UTC") {
    *out += "Coordinated Universal Time";
  } else if (fields.zone->is_fixed()) {
    *out += id;
  } else {
    throw base::Error::Unsupported("the long zone name 'zzzz' for " + id, "Use 'z', 'VV' or 'XXX'.");
  }
}

}  // namespace

void FormatItems(const std::vector<Item>& items, const Fields& fields, int64_t utc_micros, std::string* out) {
  for (const Item& item : items) {
    switch (item.kind) {
      case Kind::kLiteral:
        *out += item.literal;
        break;
      case Kind::kNumber:
        AppendNumber(item, Value(fields, item.field), out);
        break;
      case Kind::kReducedYear:
        *out += fmt::format("{:02}", std::abs(Value(fields, item.field) % 100));
        break;
      case Kind::kFraction:
        *out += fmt::format("{:09}", Value(fields, kNano)).substr(0, item.max_width);
        break;
      case Kind::kText: {
        int first = item.field == kAmPm || item.field == kEra ? 0 : 1;
        *out += TextsOf(item.field, item.full)[Value(fields, item.field) - first];
        break;
      }
      case Kind::kOffset:
      case Kind::kLocalizedOffset:
        if (!fields.offset) ThrowUnsupportedField("OffsetSeconds");
        if (item.kind == Kind::kOffset) {
          AppendOffset(item, *fields.offset, out);
        } else {
          AppendLocalizedOffset(item.full, *fields.offset, out);
        }
        break;
      case Kind::kZoneId:
      case Kind::kZoneName:
        if (!fields.zone) ThrowUnsupportedField("ZoneId");
        if (item.kind == Kind::kZoneId) {
          *out += fields.zone->Id();
        } else {
          AppendZoneName(item, fields, utc_micros, out);
        }
        break;
      case Kind::kOptional: {
        std::string part;
        try {
          FormatItems(item.inner, fields, utc_micros, &part);
        } catch (const base::Error&) {
          break;
        }
        *out += part;
        break;
      }
    }
  }
}

}  // namespace sluice::types::pattern
