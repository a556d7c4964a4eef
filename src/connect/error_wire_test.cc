// Errors as the client gets them: class, message, parameters, the chain of causes.
#include "connect/error_wire.h"

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include "spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

using base::Error;
using base::ErrorKind;
using testing::Contains;
using testing::EndsWith;
using testing::Key;
using testing::Not;
using testing::Pair;

google::rpc::ErrorInfo InfoOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(status.details(0).UnpackTo(&info));
  return info;
}

size_t TrailerBytes(const google::rpc::Status& status) {
  size_t encoded = 0;
  for (unsigned char c : status.message()) encoded += c >= 0x20 && c <= 0x7e && c != '%' ? 1 : 3;
  return encoded + status.ByteSizeLong() * 4 / 3;
}

TEST(ErrorWire, NamedCondition) {
  Error error(ErrorKind::kNoSuchElement, "SQL_CONF_NOT_FOUND", {{"sqlConf", "\"a.b\""}});
  auto status = ToStatus(error, "id");
  EXPECT_EQ(status.code(), 13);
  EXPECT_EQ(status.message(), error.message());
  auto info = InfoOf(status);
  EXPECT_EQ(info.reason(), "org.apache.spark.SparkNoSuchElementException");
  EXPECT_THAT(info.metadata(), Contains(Pair("errorClass", "SQL_CONF_NOT_FOUND")));
  EXPECT_THAT(info.metadata(), Contains(Pair("sqlState", "42K0I")));
  EXPECT_THAT(info.metadata(), Contains(Pair("messageParameters", R"({"sqlConf":"\"a.b\""})")));
  EXPECT_THAT(info.metadata(), Not(Contains(Key("errorId"))));
}

TEST(ErrorWire, UnnamedErrorHasNoCondition) {
  auto info = InfoOf(ToStatus(Error::Plain(ErrorKind::kUnsupportedOperation, "no"), ""));
  EXPECT_EQ(info.reason(), "java.lang.UnsupportedOperationException");
  EXPECT_THAT(info.metadata(), Not(Contains(Key("errorClass"))));
  EXPECT_THAT(info.metadata(), Not(Contains(Key("messageParameters"))));
}

TEST(ErrorWire, LongMessagesFitIntoTrailers) {
  std::string ascii(100'000, 'x');
  std::string wide;
  for (int i = 0; i < 10'000; ++i) wide += "日本";
  for (const std::string& text : {ascii, wide, std::string(5000, '\n')}) {
    auto status = ToStatus(Error::Plain(ErrorKind::kSpark, text), "00112233-4455-6677-8899-aabbccddeeff");
    EXPECT_LT(TrailerBytes(status), 8000u);
    EXPECT_THAT(status.message(), EndsWith("..."));
    EXPECT_THAT(InfoOf(status).metadata(), Contains(Key("errorId")));
    EXPECT_EQ(ToDetails(Error::Plain(ErrorKind::kSpark, text)).errors(0).message(), text);
  }
}

TEST(ErrorWire, InvalidUtf8IsReplaced) {
  auto status = ToStatus(Error::Plain(ErrorKind::kSpark, "bad \xff\xfe byte"), "");
  google::rpc::Status copy;
  EXPECT_TRUE(copy.ParseFromString(status.SerializeAsString()));
  EXPECT_EQ(status.message(), "bad \xEF\xBF\xBD\xEF\xBF\xBD byte");
}

TEST(ErrorWire, CausesFormAChain) {
  Error error = Error::Plain(ErrorKind::kSpark, "top");
  error.WithCause("java.io.IOException: disk").WithCause("plain text");
  EXPECT_THAT(InfoOf(ToStatus(error, "id")).metadata(), Contains(Pair("errorId", "id")));
  auto details = ToDetails(error);
  ASSERT_EQ(details.errors_size(), 3);
  EXPECT_EQ(details.errors(0).cause_idx(), 1);
  EXPECT_EQ(details.errors(1).error_type_hierarchy(0), "java.io.IOException");
  EXPECT_EQ(details.errors(1).message(), "disk");
  EXPECT_EQ(details.errors(1).cause_idx(), 2);
  EXPECT_EQ(details.errors(2).message(), "plain text");
}

TEST(ErrorWire, AnythingThrownBecomesAnError) {
  auto thrown = std::make_exception_ptr(std::runtime_error("oops"));
  EXPECT_EQ(ToError(thrown).condition(), "INTERNAL_ERROR");
  EXPECT_EQ(ToError(std::make_exception_ptr(Error::Plain(ErrorKind::kParse, "p"))).kind(), ErrorKind::kParse);
}

}  // namespace
}  // namespace sluice::connect
