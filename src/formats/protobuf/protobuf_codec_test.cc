// Protobuf messages on their way to columns and back.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "formats/protobuf/protobuf_decoder.h"
#include "formats/protobuf/protobuf_encoder.h"

namespace sluice::formats {
namespace {

using std::string_literals::operator""s;

std::string DescriptorSet(const std::string& file) {
  google::protobuf::FileDescriptorSet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString("file { " + file + " }", &set));
  return set.SerializeAsString();
}

/// message M { int32 a = 1; repeated int32 b = 2; M c = 3; string d = 4; }
ProtobufMessageTypePtr MessageM() {
  return std::make_shared<ProtobufMessageType>(DescriptorSet(R"(name: "m" syntax: "proto3" message_type { name: "M"
        field { name: "a" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 }
        field { name: "b" number: 2 label: LABEL_REPEATED type: TYPE_INT32 }
        field { name: "c" number: 3 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".M" }
        field { name: "d" number: 4 label: LABEL_OPTIONAL type: TYPE_STRING } })"),
                                               "M");
}

ProtobufOptions Twice() {
  ProtobufOptions options;
  options.max_recursion = 2;
  return options;
}

/// A message as Arrow prints it, "malformed" if it is none.
std::string Decode(const std::string& bytes) {
  ProtobufDecoder decoder(MessageM(), Twice());
  ProtobufColumn column(decoder);
  if (!column.Append(bytes)) {
    EXPECT_EQ(column.length(), 0);
    return "malformed";
  }
  auto array = column.Finish();
  EXPECT_TRUE(array->ValidateFull().ok());
  const auto& fields = static_cast<const arrow::StructArray&>(*array);
  std::string out;
  for (const auto& field : fields.fields())
    out += (out.empty() ? "" : " ") + field->GetScalar(0).ValueOrDie()->ToString();
  return out;
}

TEST(ProtobufDecoderTest, ReadsFieldsInAnyOrder) {
  EXPECT_EQ(Decode("\x22\x01x\x12\x02\x01\x02\x08\x05"s), "5 list<element: int32 not null>[1, 2] null x");
  EXPECT_EQ(Decode("\x08\x05\x10\x01\x08\x06\x10\x02"s), "6 list<element: int32 not null>[1, 2] null null");
  EXPECT_EQ(Decode(""), "null list<element: int32 not null>[] null null");
}

TEST(ProtobufDecoderTest, SkipsWhatItDoesNotKnow) {
  EXPECT_EQ(Decode("\x7b\x08\x01\x83\x01\x84\x01\x7c\x08\x05"s), "5 list<element: int32 not null>[] null null");
  EXPECT_EQ(Decode("\x7b\x08\x01\x84\x01"s), "malformed");
  EXPECT_EQ(Decode(std::string(300, '\x7b')), "malformed");
}

TEST(ProtobufDecoderTest, RefusesWhatIsNoMessage) {
  for (const std::string& bytes : {"\x08"s, "\x00\x00"s, "\x0f"s, "\x12\x05\x01"s, "\x12\x01\x80"s, "\x22\x01\xff"s,
                                   "\x0a\x00"s, "\x1a\x01\x08"s, std::string(20, '\xff')}) {
    EXPECT_EQ(Decode(bytes), "malformed");
  }
}

TEST(ProtobufDecoderTest, ABadRowLeavesTheColumnAsItWas) {
  ProtobufDecoder decoder(MessageM(), Twice());
  ProtobufColumn column(decoder);
  EXPECT_TRUE(column.Append("\x08\x01\x1a\x02\x08\x02"s));
  EXPECT_FALSE(column.Append("\x08\x01\x12\x02\x01\x02\x1a\x03\x08\x02\x08"s));
  column.AppendNull();
  EXPECT_TRUE(column.Append("\x22\x01y"s));
  auto array = column.Finish();
  ASSERT_TRUE(array->ValidateFull().ok());
  EXPECT_EQ(array->length(), 3);
  EXPECT_TRUE(array->IsNull(1));
}

TEST(ProtobufEncoderTest, WritesWhatItRead) {
  auto type = std::make_shared<ProtobufMessageType>(DescriptorSet(R"(name: "m" syntax: "proto3" message_type { name: "M"
        field { name: "a" number: 9 label: LABEL_OPTIONAL type: TYPE_SINT32 }
        field { name: "b" number: 2 label: LABEL_REPEATED type: TYPE_STRING } })"),
                                                    "M");
  ProtobufDecoder decoder(type, {});
  ProtobufColumn column(decoder);
  std::string bytes = "\x12\x01x\x12\x00\x48\x05"s;
  ASSERT_TRUE(column.Append(bytes));
  std::string out;
  ProtobufEncoder(decoder.type(), type, false).Append(*column.Finish()->data(), 0, &out);
  EXPECT_EQ(out, bytes);
}

TEST(ProtobufMessageTypeTest, RefusesDescriptorsThatAreNone) {
  EXPECT_THROW(ProtobufMessageType("\x0a\xff"s, "M"), base::Error);
  EXPECT_THROW(ProtobufMessageType(DescriptorSet("name: 'm' dependency: 'm'"), "M"), base::Error);
  EXPECT_THROW(ProtobufMessageType(DescriptorSet("name: 'm' message_type { name: 'N' }"), "M"), base::Error);
}

}  // namespace
}  // namespace sluice::formats
