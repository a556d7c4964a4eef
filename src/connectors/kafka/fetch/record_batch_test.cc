// Record batches and fetch answers made by hand here, and read by the decoders.
#include "connectors/kafka/fetch/record_batch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "connectors/kafka/fetch/crc32c.h"
#include "connectors/kafka/fetch/decompress.h"
#include "connectors/kafka/fetch/fetch_protocol.h"

namespace sluice::connectors::kafka {
namespace {

std::string Record(int64_t offset_delta, const std::string& value, bool null_key = true) {
  WireWriter body;
  body.Integer(int8_t{0}).Varint(offset_delta * 10).Varint(offset_delta);
  if (null_key) {
    body.Varint(-1);
  } else {
    body.Varint(1).Raw("k");
  }
  body.Varint(static_cast<int64_t>(value.size())).Raw(value).Varint(0);
  std::string bytes = body.Finish();
  return WireWriter().Varint(static_cast<int64_t>(bytes.size())).Raw(bytes).Finish();
}

std::string Batch(int64_t base_offset, const std::vector<std::string>& values, int16_t attributes = 0) {
  std::string records;
  for (size_t i = 0; i < values.size(); ++i) records += Record(static_cast<int64_t>(i), values[i], i % 2 == 0);
  auto count = static_cast<int32_t>(values.size());
  std::string checked = WireWriter()
                            .Integer(attributes)
                            .Integer(count - 1)
                            .Integer(int64_t{1000})
                            .Integer(int64_t{2000})
                            .Integer(int64_t{-1})
                            .Integer(int16_t{-1})
                            .Integer(int32_t{-1})
                            .Integer(count)
                            .Raw(records)
                            .Finish();
  return WireWriter()
      .Integer(base_offset)
      .Integer(static_cast<int32_t>(checked.size() + 9))
      .Integer(int32_t{0})
      .Integer(int8_t{2})
      .Integer(static_cast<int32_t>(Crc32c(checked)))
      .Raw(checked)
      .Finish();
}

std::vector<std::string> Read(std::string_view bytes) {
  std::vector<std::string> out;
  RecordBatchHead head;
  RecordBatchReader reader;
  while (NextBatch(&bytes, &head) == BatchFound::kWhole) {
    reader.Open(head, true);
    RecordView record;
    while (reader.Next(&record)) {
      out.push_back(std::to_string(record.offset) + "@" + std::to_string(record.timestamp_ms) + " " +
                    (record.key.data ? std::string(record.key.data, record.key.size) : "null") + "=" +
                    std::string(record.value.data, record.value.size));
    }
  }
  return out;
}

TEST(RecordBatch, GivesRecordsOfSeveralBatches) {
  std::string bytes = Batch(5, {"a", "bc"}) + Batch(9, {""}) + Batch(10, {"cut"}).substr(0, 70);
  EXPECT_EQ(Read(bytes), (std::vector<std::string>{"5@1000 null=a", "6@1010 k=bc", "9@1000 null="}));
}

TEST(RecordBatch, TakesTheBrokersTime) {
  EXPECT_EQ(Read(Batch(0, {"a"}, 0x08)), (std::vector<std::string>{"0@2000 null=a"}));
}

TEST(RecordBatch, FindsDamage) {
  std::string bytes = Batch(0, {"abc"});
  bytes[bytes.size() - 2] ^= 1;
  EXPECT_THROW(Read(bytes), DamagedBatch);
  RecordBatchHead head;
  std::string old = Batch(0, {"a"});
  old[16] = 1;
  std::string_view rest = old;
  EXPECT_EQ(NextBatch(&rest, &head), BatchFound::kOldFormat);
  EXPECT_EQ(rest.size(), old.size());
}

TEST(RecordBatch, KnowsOnlyFourCodecs) {
  std::string out;
  EXPECT_THROW(Decompress(5, "x", &out), DamagedBatch);
  for (int codec = 1; codec <= 4; ++codec) EXPECT_THROW(Decompress(codec, "damaged", &out), DamagedBatch) << codec;
}

TEST(RecordBatch, UndoesSnappyBlocks) {
  // snappy: the plain length, then literals.
  std::string block("\x03\x08xyz", 5);
  std::string out;
  Decompress(2, block, &out);
  EXPECT_EQ(out, "xyz");
  std::string framed("\x82SNAPPY\0\0\0\0\1\0\0\0\1", 16);
  framed += WireWriter().Integer(int32_t{5}).Raw(block).Integer(int32_t{5}).Raw(block).Finish();
  Decompress(2, framed, &out);
  EXPECT_EQ(out, "xyzxyz");
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(""), 0u);
  // Long enough for blocks beside each other: the checksum of a whole is that of its bytes one by one.
  std::string text;
  for (int i = 0; i < 10000; ++i) text += static_cast<char>(i * 7);
  uint32_t crc = ~0u;
  for (char c : text) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
  }
  EXPECT_EQ(Crc32c(text), ~crc);
}

TEST(FetchProtocol, ReadsAnAnswer) {
  std::string batch = Batch(3, {"v"});
  std::string answer = WireWriter()
                           .Integer(int32_t{7})
                           .Integer(int32_t{0})
                           .Integer(int32_t{1})
                           .String("topic")
                           .Integer(int32_t{1})
                           .Integer(int32_t{2})
                           .Integer(int16_t{0})
                           .Integer(int64_t{4})
                           .Integer(int64_t{4})
                           .Integer(int32_t{1})
                           .Integer(int64_t{11})
                           .Integer(int64_t{3})
                           .Integer(static_cast<int32_t>(batch.size()))
                           .Raw(batch)
                           .Finish();
  std::vector<FetchedPartition> fetched = DecodeFetchResponse(answer, 7);
  ASSERT_EQ(fetched.size(), 1u);
  EXPECT_EQ(fetched[0].partition, (TopicPartition{"topic", 2}));
  ASSERT_EQ(fetched[0].aborted.size(), 1u);
  EXPECT_EQ(fetched[0].aborted[0].producer_id, 11);
  EXPECT_EQ(fetched[0].records, batch);
  EXPECT_ANY_THROW(DecodeFetchResponse(answer, 8));
  for (size_t size = 0; size < answer.size(); ++size) {
    EXPECT_ANY_THROW(DecodeFetchResponse(std::string_view(answer).substr(0, size), 7)) << size;
  }
}

TEST(FetchProtocol, AsksTopicByTopic) {
  FetchRequest request;
  request.wanted = {{{"a", 0}, 5, 100}, {{"a", 1}, 6, 100}, {{"b", 0}, 7, 100}};
  std::string bytes = request.Encode();
  WireReader reader(bytes);
  EXPECT_EQ(reader.Integer<int32_t>(), static_cast<int32_t>(bytes.size()) - 4);
  EXPECT_EQ(reader.Integer<int16_t>(), 1);
  EXPECT_EQ(reader.Integer<int16_t>(), 4);
  reader.Take(4 + 2 + 4 + 4 + 4 + 4 + 1);
  EXPECT_EQ(reader.Integer<int32_t>(), 2);
  EXPECT_EQ(reader.String(), "a");
  EXPECT_EQ(reader.Integer<int32_t>(), 2);
}

}  // namespace
}  // namespace sluice::connectors::kafka
