// Avro schemas, and values on their way to columns and back.
#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/avro/avro_decoder.h"
#include "formats/avro/avro_encoder.h"
#include "formats/avro/avro_wire.h"
#include "formats/avro/java_map_order.h"

namespace sluice::formats {
namespace {

using std::string_literals::operator""s;

/// The value of one datum as Arrow prints it, "malformed" if it is none.
std::string Decode(const std::string& bytes, const std::string& writer, const std::string& reader = "") {
  AvroDocumentPtr written = AvroDocument::Parse(writer);
  auto read = std::make_shared<AvroReader>(reader.empty() ? written : AvroDocument::Parse(reader), AvroReadOptions{});
  AvroColumn column(read->type());
  if (!column.Append(AvroDecoder(read, written), bytes)) {
    EXPECT_EQ(column.length(), 0);
    return "malformed";
  }
  auto array = column.Finish();
  EXPECT_TRUE(array->ValidateFull().ok());
  return array->GetScalar(0).ValueOrDie()->ToString();
}

TEST(AvroSchemaTest, PrintsWhatItRead) {
  for (std::string text :
       {R"("int")", R"(["null","string"])", R"({"type":"array","items":{"type":"map","values":"bytes"}})",
        R"({"type":"record","name":"R","namespace":"a.b","fields":[{"name":"x","type":["null","R"],"default":null}]})",
        R"({"type":"enum","name":"E","symbols":["A","B"],"default":"B"})",
        R"({"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":9,"scale":2})"}) {
    EXPECT_EQ(AvroDocument::Parse(text)->ToString(), text);
  }
}

TEST(AvroSchemaTest, RefusesWhatIsNone) {
  for (std::string text : {"", "{", "7", "\"nope\"", "{\"type\":\"record\"}", "[[\"int\"]]", "[\"int\",\"int\"]",
                           "{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", "{\"type\":\"array\"}"}) {
    EXPECT_THROW(AvroDocument::Parse(text), base::Error) << text;
  }
  EXPECT_THROW(AvroDocument::Parse(std::string(100000, '[')), base::Error);
}

TEST(AvroDecoderTest, NumbersAtTheirEnds) {
  for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{63}, int64_t{64}, int64_t{INT32_MAX}, INT64_MAX, INT64_MIN}) {
    std::string bytes;
    AppendAvroLong(value, &bytes);
    EXPECT_EQ(Decode(bytes, "\"long\""), std::to_string(value));
  }
  EXPECT_EQ(Decode(std::string(10, '\xff'), "\"long\""), "malformed");
  EXPECT_EQ(Decode(std::string(5, '\x80'), "\"int\""), "malformed");
}

TEST(AvroDecoderTest, BlocksOfEitherForm) {
  EXPECT_EQ(Decode("\x04\x02\x04\x00"s, R"({"type":"array","items":"int"})"), "list<element: int32 not null>[1, 2]");
  EXPECT_EQ(Decode("\x03\x04\x02\x04\x00"s, R"({"type":"array","items":"int"})"),
            "list<element: int32 not null>[1, 2]");
  EXPECT_EQ(Decode("\x7e\x02"s, R"({"type":"array","items":"int"})"), "malformed");
}

TEST(AvroDecoderTest, ItemsWithoutBytesAreBounded) {
  std::string many;
  AppendAvroLong(int64_t{1} << 40, &many);
  EXPECT_EQ(Decode(many + '\0', R"({"type":"array","items":"null"})"), "malformed");
  std::string reader = R"({"type":"record","name":"R","fields":[]})";
  std::string writer = R"({"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"null"}}]})";
  EXPECT_NE(Decode(many + '\0', writer, reader), "malformed");
}

TEST(AvroDecoderTest, SkipsRecordsWithinThemselves) {
  std::string writer =
      R"({"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]},{"name":"a","type":"int"}]})";
  std::string reader = R"({"type":"record","name":"R","fields":[{"name":"a","type":"int"}]})";
  EXPECT_EQ(Decode("\x02\x02\x00\x02\x04\x06"s, writer, reader), "{a:int32 = 3}");
  EXPECT_EQ(Decode(std::string(100000, '\x02'), writer, reader), "malformed");
}

TEST(AvroDecoderTest, ABadRowLeavesTheColumnAsItWas) {
  AvroDocumentPtr schema = AvroDocument::Parse(
      R"({"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"string"}},)"
      R"({"name":"b","type":"long"}]})");
  auto reader = std::make_shared<AvroReader>(schema, AvroReadOptions{});
  AvroDecoder decoder(reader, schema);
  AvroColumn column(types::AsNullable(reader->type()));
  EXPECT_TRUE(column.Append(decoder, "\x02\x02x\x00\x02"s));
  EXPECT_FALSE(column.Append(decoder, "\x02\x02y\x00"s));
  column.AppendEmpty();
  EXPECT_TRUE(column.Append(decoder, "\x00\x04"s));
  auto array = column.Finish();
  ASSERT_TRUE(array->ValidateFull().ok());
  EXPECT_EQ(array->length(), 3);
  EXPECT_EQ(array->GetScalar(0).ValueOrDie()->ToString(),
            "{a:list<element: string> = list<element: string>[x], b:int64 = 1}");
  EXPECT_EQ(array->GetScalar(1).ValueOrDie()->ToString(), "{a:list<element: string> = null, b:int64 = null}");
}

TEST(JavaMapOrderTest, HashesAsJavaDoes) {
  EXPECT_EQ(JavaStringHash("Aa"), 2112);
  EXPECT_EQ(JavaStringHash("hello"), 99162322);
  EXPECT_EQ(JavaStringHash("\xf0\x9f\x99\x82"), 1772965);
  EXPECT_EQ(AvroTextHash("a"), 128);
  EXPECT_EQ(JavaBuckets(2, 0, 2), 4);
  EXPECT_EQ(JavaBuckets(6, 0, 6), 8);
  EXPECT_EQ(JavaBuckets(7, 0, 7), 16);
}

}  // namespace
}  // namespace sluice::formats
