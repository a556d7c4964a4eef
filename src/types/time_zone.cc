// Time zones by Java's names, over the system's zone data.
#include <date/tz.h>
#include <fmt/format.h>

#include <cctype>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "types/datetime_text.h"

namespace sluice::types {
namespace {

constexpr int kMaxOffset = 18 * 3600;

// ZoneId.SHORT_IDS of java.time.
const std::map<std::string_view, std::string_view> kShortIds = {{"ACT", "Australia/Darwin"},
                                                                {"AET", "Australia/Sydney"},
                                                                {"AGT", "America/Argentina/Buenos_Aires"},
                                                                {"ART", "Africa/Cairo"},
                                                                {"AST", "America/Anchorage"},
                                                                {"BET", "America/Sao_Paulo"},
                                                                {"BST", "Asia/Dhaka"},
                                                                {"CAT", "Africa/Harare"},
                                                                {"CNT", "America/St_Johns"},
                                                                {"CST", "America/Chicago"},
                                                                {"CTT", "Asia/Shanghai"},
                                                                {"EAT", "Africa/Addis_Ababa"},
                                                                {"ECT", "Europe/Paris"},
                                                                {"IET", "America/Indiana/Indianapolis"},
                                                                {"IST", "Asia/Kolkata"},
                                                                {"JST", "Asia/Tokyo"},
                                                                {"MIT", "Pacific/Apia"},
                                                                {"NET", "Asia/Yerevan"},
                                                                {"NST", "Pacific/Auckland"},
                                                                {"PLT", "Asia/Karachi"},
                                                                {"PNT", "America/Phoenix"},
                                                                {"PRT", "America/Puerto_Rico"},
                                                                {"PST", "America/Los_Angeles"},
                                                                {"SST", "Pacific/Guadalcanal"},
                                                                {"VST", "Asia/Ho_Chi_Minh"},
                                                                {"EST", "-05:00"},
                                                                {"MST", "-07:00"},
                                                                {"HST", "-10:00"}};

// "+1", "+01", "+01:30", "+1:30", "+0130", "+01:30:15", "+013015", "+01:3" → seconds.
std::optional<int32_t> ParseOffset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int parts[3] = {0, 0, 0};
  bool colons = text.find(':') != std::string_view::npos;
  if (!colons && text.size() != 1 && text.size() != 2 && text.size() != 4 && text.size() != 6) return std::nullopt;
  int count = 0;
  while (!text.empty()) {
    if (count == 3) return std::nullopt;
    size_t digits = 0;
    while (digits < 2 && digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits]))) {
      parts[count] = parts[count] * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || (count == 2 && digits != 2)) return std::nullopt;
    text.remove_prefix(digits);
    ++count;
    if (text.empty()) break;
    if (colons) {
      if (text[0] != ':' || text.size() == 1) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  int seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (parts[1] > 59 || parts[2] > 59 || seconds > kMaxOffset) return std::nullopt;
  return sign * seconds;
}

const date::time_zone* FindRegion(std::string_view name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

// The zone data ends in 2037; later years follow the rules of the earlier year with the same calendar.
int64_t WithinZoneData(int64_t seconds) {
  constexpr int64_t kSecondsPerDay = 86'400;
  constexpr int64_t kStartOf2037 = 2'114'380'800;
  if (seconds < kStartOf2037) return seconds;
  int64_t days = seconds / kSecondsPerDay;
  int64_t year = ToCivil(days).year;
  int64_t first = FromCivil({year, 1, 1});
  for (int64_t candidate = 2036; candidate > 2000; --candidate) {
    int64_t start = FromCivil({candidate, 1, 1});
    if (IsLeapYear(candidate) == IsLeapYear(year) && (first - start) % 7 == 0) {
      return seconds - (first - start) * kSecondsPerDay;
    }
  }
  return seconds;
}

int64_t ToSeconds(int64_t micros) { return micros / kMicrosPerSecond - (micros % kMicrosPerSecond < 0); }

}  // namespace

std::optional<TimeZone> TimeZone::Find(std::string_view name) {
  if (auto found = kShortIds.find(name); found != kShortIds.end()) name = found->second;
  TimeZone zone;
  if (name == "Z" || name == "UTC" || name == "GMT" || name == "UT") return zone;
  for (std::string_view prefix : {"", "UTC", "GMT", "UT"}) {
    if (!name.starts_with(prefix)) continue;
    if (std::optional<int32_t> offset = ParseOffset(name.substr(prefix.size()))) {
      zone.offset_ = *offset;
      return zone;
    }
  }
  zone.zone_ = FindRegion(name);
  if (!zone.zone_) return std::nullopt;
  return zone;
}

TimeZone TimeZone::Get(std::string_view name) {
  std::optional<TimeZone> zone = Find(name);
  if (!zone) throw base::Error(base::ErrorKind::kDateTime, "INVALID_TIMEZONE", {{"timeZone", std::string(name)}});
  return *zone;
}

int32_t TimeZone::OffsetAt(int64_t utc_micros) const {
  if (!zone_) return offset_;
  date::sys_seconds instant{std::chrono::seconds(WithinZoneData(ToSeconds(utc_micros)))};
  return static_cast<int32_t>(static_cast<const date::time_zone*>(zone_)->get_info(instant).offset.count());
}

std::string TimeZone::Id() const {
  if (zone_) return static_cast<const date::time_zone*>(zone_)->name();
  if (offset_ == 0) return "UTC";
  int32_t seconds = std::abs(offset_);
  std::string id = fmt::format("{}{:02}:{:02}", offset_ < 0 ? '-' : '+', seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) id += fmt::format(":{:02}", seconds % 60);
  return id;
}

std::string TimeZone::Abbreviation(int64_t utc_micros) const {
  if (!zone_) return Id();
  date::sys_seconds instant{std::chrono::seconds(WithinZoneData(ToSeconds(utc_micros)))};
  return static_cast<const date::time_zone*>(zone_)->get_info(instant).abbrev;
}

int64_t TimeZone::ToUtc(int64_t local_micros) const {
  if (!zone_) return local_micros - offset_ * kMicrosPerSecond;
  date::local_seconds local{std::chrono::seconds(WithinZoneData(ToSeconds(local_micros)))};
  // `first` is the offset before a transition: it moves times in a gap forward and picks the earlier of two.
  auto info = static_cast<const date::time_zone*>(zone_)->get_info(local);
  return local_micros - info.first.offset.count() * kMicrosPerSecond;
}

}  // namespace sluice::types
