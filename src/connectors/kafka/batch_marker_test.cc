// Tests of the marker's text and of what it tells of a batch.
#include "connectors/kafka/batch_marker.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace sluice::connectors::kafka {
namespace {

constexpr int64_t kNow = 1'700'000'000'000, kDay = 24 * 3600 * 1000;

TEST(BatchMarkerTest, ReadsWhatItWrites) {
  BatchMarker marker{"a-b", 5, kNow};
  EXPECT_EQ(FormatMarker(marker), R"({"queryId":"a-b","batchId":5,"timestampMs":1700000000000})");
  EXPECT_EQ(ParseMarker(FormatMarker(marker)), marker);
}

TEST(BatchMarkerTest, KnowsWhatIsNoMarker) {
  for (const char* text :
       {"", "{}", "[1]", "\"a\"", R"({"queryId":"a"})", R"({"queryId":1,"batchId":2,"timestampMs":3})",
        R"({"queryId":"a","batchId":"2","timestampMs":3})"}) {
    EXPECT_EQ(ParseMarker(text), std::nullopt) << text;
  }
}

TEST(BatchMarkerTest, TellsWhetherABatchIsCommitted) {
  BatchMarker batch{"q", 5, kNow};
  EXPECT_TRUE(IsCommitted(batch, batch, kNow + 9 * kDay));
  EXPECT_FALSE(IsCommitted(BatchMarker{"q", 4, kNow - 9 * kDay}, batch, kNow));
  EXPECT_FALSE(IsCommitted(BatchMarker{"q", 2, kNow}, batch, kNow + 9 * kDay));
  EXPECT_FALSE(IsCommitted(std::nullopt, batch, kNow + kDay));
}

TEST(BatchMarkerTest, RefusesContradictions) {
  BatchMarker batch{"q", 5, kNow};
  EXPECT_THROW(IsCommitted(BatchMarker{"q", 6, kNow}, batch, kNow), base::Error);
  EXPECT_THROW(IsCommitted(BatchMarker{"q", 5, kNow - 1}, batch, kNow), base::Error);
  EXPECT_THROW(IsCommitted(std::nullopt, batch, kNow + kDay + 1), base::Error);
}

}  // namespace
}  // namespace sluice::connectors::kafka
