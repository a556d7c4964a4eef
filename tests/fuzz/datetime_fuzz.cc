// Patterns of dates and times, and texts read by them and without a pattern. The input is a pattern, a line end, a
// text.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "types/datetime_pattern.h"
#include "types/datetime_text.h"

namespace {

using sluice::types::DateTimePattern;
using sluice::types::TimeZone;

void Read(std::string_view text, const TimeZone& zone, const DateTimePattern& pattern) {
  std::string error;
  pattern.ParseTimestamp(text, zone, &error);
  pattern.ParseTimestampNtz(text, true, &error);
  pattern.ParseDate(text, &error);
  pattern.ParseTime(text, &error);
}

void Format(int64_t number, const TimeZone& zone, const DateTimePattern& pattern) {
  std::string out;
  pattern.FormatTimestamp(number, zone, &out);
  pattern.FormatTimestampNtz(number, &out);
}

void ReadPlain(std::string_view text, const TimeZone& zone) {
  sluice::types::ParseDate(text);
  sluice::types::ParseTimestamp(text, zone);
}

template <typename Body>
void Try(const Body& body) {
  try {
    body();
  } catch (const sluice::base::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t end = input.find('\n');
  std::string_view pattern = input.substr(0, end);
  std::string_view text = end == std::string_view::npos ? "" : input.substr(end + 1);
  static const TimeZone zone = TimeZone::Get("Europe/Berlin");
  Try([&] { ReadPlain(text, zone); });
  Try([&] { Read(text, zone, DateTimePattern(pattern, DateTimePattern::Use::kParse)); });
  Try([&] {
    DateTimePattern compiled(pattern, DateTimePattern::Use::kFormat);
    for (int64_t number : {0L, 1711848599123456L, -62135596800000001L}) {
      Try([&] { Format(number, zone, compiled); });
    }
  });
  return 0;
}
