// The records that rows become, and that none comes twice.
#include "connectors/kafka/dead_letter_records.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace sluice::connectors::kafka {
namespace {

std::shared_ptr<arrow::RecordBatch> Rows(const std::string& json) {
  auto headers =
      arrow::list(arrow::struct_({arrow::field("key", arrow::utf8()), arrow::field("value", arrow::binary())}));
  auto type = arrow::struct_({arrow::field("key", arrow::binary()), arrow::field("value", arrow::binary()),
                              arrow::field("topic", arrow::utf8()), arrow::field("partition", arrow::int32()),
                              arrow::field("offset", arrow::int64()),
                              arrow::field("timestamp", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                              arrow::field("headers", headers), arrow::field("error", arrow::utf8())});
  return *arrow::RecordBatch::FromStructArray(*arrow::json::ArrayFromJSONString(type, json));
}

const char* const kRows = R"([
  ["k", "v", "t", 0, 5, 1700000000123456, [["a", null], ["sluice.error", "old"]], "first"],
  [null, "w", "t", 1, 5, -1000, null, "second"],
  ["", "x", "u", 0, 5, 0, [], "third"]])";

TEST(DeadLetterRecords, KeepTheRecordAndSayWhereItIs) {
  auto records = DeadLetterRecords(*Rows(kRows), {0, 1, 2});
  ASSERT_TRUE(records->ValidateFull().ok());
  EXPECT_EQ(records->num_columns(), 3);
  EXPECT_EQ(records->column(0)->ToString(), Rows(kRows)->column(0)->ToString());
  EXPECT_EQ(records->column(1)->ToString(), Rows(kRows)->column(1)->ToString());
  auto wanted = arrow::json::ArrayFromJSONString(records->column(2)->type(), R"([
      [["a", null], ["sluice.topic", "t"], ["sluice.partition", "0"], ["sluice.offset", "5"],
       ["sluice.timestamp", "1700000000123"], ["sluice.error", "first"]],
      [["sluice.topic", "t"], ["sluice.partition", "1"], ["sluice.offset", "5"], ["sluice.timestamp", "-1"],
       ["sluice.error", "second"]],
      [["sluice.topic", "u"], ["sluice.partition", "0"], ["sluice.offset", "5"], ["sluice.timestamp", "0"],
       ["sluice.error", "third"]]])");
  EXPECT_EQ(records->column(2)->ToString(), (*wanted)->ToString());
  EXPECT_EQ(DeadLetterRecords(*Rows(kRows), {1})->num_rows(), 1);
}

TEST(DeadLetterRecords, AreWrittenOnceABatch) {
  WrittenRecords written;
  auto rows = Rows(kRows);
  EXPECT_EQ(written.Add(*rows->Slice(1, 1)), std::vector<int64_t>{0});
  EXPECT_EQ(written.Add(*rows), (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(written.Add(*rows), std::vector<int64_t>());
  written.Clear();
  EXPECT_EQ(written.Add(*rows), (std::vector<int64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace sluice::connectors::kafka
