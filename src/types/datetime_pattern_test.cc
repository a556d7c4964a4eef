// Datetime patterns: compiled, parsed and printed as real Spark did.
#include "types/datetime_pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sluice::types {
namespace {

// 2024-03-05 00:07:08.012345 UTC
constexpr int64_t kMoment = 1709597228012345;

std::string Print(std::string_view pattern, const TimeZone& zone = TimeZone::Utc()) {
  std::string out;
  DateTimePattern(pattern, DateTimePattern::Use::kFormat).FormatTimestamp(kMoment, zone, &out);
  return out;
}

std::string Read(std::string_view pattern, std::string_view text) {
  std::string error;
  auto micros = DateTimePattern(pattern, DateTimePattern::Use::kParse).ParseTimestamp(text, TimeZone::Utc(), &error);
  return micros ? FormatTimestamp(*micros, TimeZone::Utc()) : error;
}

std::string Refusal(std::string_view pattern, DateTimePattern::Use use) {
  try {
    DateTimePattern compiled(pattern, use);
    return "none";
  } catch (const base::Error& error) {
    return error.condition();
  }
}

TEST(DateTimePattern, Prints) {
  EXPECT_EQ(Print("yyyy-MM-dd HH:mm:ss.SSSSSS"), "2024-03-05 00:07:08.012345");
  EXPECT_EQ(Print("VV z zzzz O X XXX x Z ZZZZ"), "UTC UTC Coordinated Universal Time GMT Z Z +00 +0000 GMT");
  EXPECT_EQ(Print("E EEEE F Q QQ QQQ QQQQ D DDD"), "Tue Tuesday 5 1 01 Q1 1st quarter 65 065");
  EXPECT_EQ(Print("G GGGG yy yyyyy MMM MMMM L k K h a"), "AD Anno Domini 24 02024 Mar March 3 24 0 12 AM");
  EXPECT_EQ(Print("'it''s' [yyyy"), "it's 2024");
  EXPECT_EQ(Print("HH:mm VV XXX O", TimeZone::Get("Europe/Berlin")), "01:07 Europe/Berlin +01:00 GMT+1");
}

TEST(DateTimePattern, Parses) {
  EXPECT_EQ(Read("yyyyMMddHHmmss", "20240305010203"), "2024-03-05 01:02:03");
  EXPECT_EQ(Read("yyyyMMddHHmmssSSS", "20240305010203123"), "Text '20240305010203123' could not be parsed at index 0");
  EXPECT_EQ(Read("hh:mm a", "12:20 pm"), "1970-01-01 12:20:00");
  EXPECT_EQ(Read("hh:mm", "12:20"), "1970-01-01 00:20:00");
  EXPECT_EQ(Read("yy/M/d", "24/3/5"), "2024-03-05 00:00:00");
  EXPECT_EQ(Read("MMM d yyyy", "mar 5 2024"), "2024-03-05 00:00:00");
  EXPECT_EQ(Read("D yyyy", "60 2024"), "2024-02-29 00:00:00");
  EXPECT_EQ(Read("yyyy-MM-dd HH:mm:ss.SSSSSS", "2024-01-01 00:00:00.1"), "2024-01-01 00:00:00.1");
  EXPECT_EQ(Read("yyyy-MM-dd'T'HH:mm:ssXXX", "2024-01-01T00:00:00+02:00"), "2023-12-31 22:00:00");
  EXPECT_EQ(Read("yyyy-MM-dd HH:mm:ss z", "2024-01-01 00:00:00 PST"), "2024-01-01 08:00:00");
  EXPECT_EQ(Read("yyyy-MM-dd HH:mm:ss VV", "2024-01-01 00:00:00 Europe/Berlin"), "2023-12-31 23:00:00");
  EXPECT_EQ(Read("yyyy-MM-dd[ HH:mm]", "2024-01-01"), "2024-01-01 00:00:00");
  EXPECT_EQ(Read("kk", "24"), "1970-01-01 00:00:00");
  EXPECT_EQ(Read("KK a", "11 PM"), "1970-01-01 23:00:00");
  EXPECT_EQ(Read("yyyy-MM-dd O", "2024-01-01 GMT+8"), "2023-12-31 16:00:00");
  EXPECT_EQ(Read("yyyy-MM-dd Z", "2024-01-01 -0800"), "2024-01-01 08:00:00");
}

TEST(DateTimePattern, RefusesTexts) {
  EXPECT_EQ(Read("yyyy-MM-dd", "12024-01-01"), "Text '12024-01-01' could not be parsed at index 0");
  EXPECT_EQ(Read("yyyy-MM-dd", "2024-1-1"), "Text '2024-1-1' could not be parsed at index 5");
  EXPECT_EQ(Read("yyyy-MM-dd", "2024-02-30"), "Text '2024-02-30' could not be parsed: Invalid date 'FEBRUARY 30'");
  EXPECT_EQ(Read("dd/MM/yyyy", "05/03/2024 "),
            "Text '05/03/2024 ' could not be parsed, unparsed text found at index 10");
}

TEST(DateTimePattern, RefusesPatterns) {
  using enum DateTimePattern::Use;
  const std::string changed = "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION";
  for (std::string_view text : {"YYYY", "ww", "uuuu", "MMMMM", "EEEEE", "yyyyyyyyyyy", "ddd", "HHH", "zzzzz", "aa", "]",
                                "{", "#", "SSSSSSSSSS", "W"}) {
    EXPECT_EQ(Refusal(text, kFormat), changed) << text;
  }
  for (std::string_view text : {"yyyy-MM-dd'T", "b", "V", "OO", "I"}) {
    EXPECT_EQ(Refusal(text, kFormat), "INVALID_DATETIME_PATTERN.WITH_SUGGESTION") << text;
  }
  EXPECT_EQ(Refusal("e", kFormat), "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN");
  EXPECT_EQ(Refusal("n", kFormat), "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER");
  EXPECT_EQ(Refusal("E yyyy", kParse), changed);
  EXPECT_EQ(Refusal("Q yyyy", kParse), "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER");
}

}  // namespace
}  // namespace sluice::types
