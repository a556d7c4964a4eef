// Responses are kept until released: replay, waiting for a slow reader, cancellation.
#include "server/response_buffer.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "server/rpc/message.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

using spark::connect::ExecutePlanResponse;

ExecutePlanResponse Numbered(int64_t number, size_t bytes = 0) {
  ExecutePlanResponse response;
  response.mutable_arrow_batch()->set_row_count(number);
  response.mutable_arrow_batch()->set_data(std::string(bytes, 'x'));
  return response;
}

class ResponseBufferTest : public testing::Test {
 protected:
  ExecutePlanResponse Take(ResponseBuffer& buffer, int64_t index) {
    grpc::ByteBuffer bytes;
    grpc::Status status;
    ExecutePlanResponse response;
    EXPECT_EQ(buffer.Take(index, &bytes, &status), ResponseBuffer::Next::kResponse);
    EXPECT_TRUE(Parse(bytes, &response));
    return response;
  }
  ResponseBuffer::Next Peek(ResponseBuffer& buffer, int64_t index, grpc::Status* status = nullptr) {
    grpc::ByteBuffer bytes;
    grpc::Status own;
    return buffer.Take(index, &bytes, status ? status : &own);
  }
  std::string TakeError(ResponseBuffer& buffer, int64_t index) {
    try {
      Peek(buffer, index);
    } catch (const base::Error& error) {
      return error.condition();
    }
    return "";
  }

  base::CancellationPtr cancellation_ = std::make_shared<base::CancellationToken>();
};

TEST_F(ResponseBufferTest, ReplaysUntilReleased) {
  ResponseBuffer buffer(true, cancellation_, {});
  buffer.Push(Numbered(1));
  buffer.Push(Numbered(2));
  EXPECT_EQ(Take(buffer, 1).arrow_batch().row_count(), 1);
  std::string id = Take(buffer, 2).response_id();
  EXPECT_EQ(Take(buffer, 1).arrow_batch().row_count(), 1);
  EXPECT_EQ(Peek(buffer, 3), ResponseBuffer::Next::kWait);
  EXPECT_EQ(buffer.Find(id), 2);
  buffer.ReleaseUntil(id);
  EXPECT_EQ(TakeError(buffer, 1), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
  EXPECT_EQ(buffer.Find(id), 2);  // a client may attach after the last response it released
  buffer.End(grpc::Status(grpc::StatusCode::INTERNAL, "why"));
  grpc::Status status;
  EXPECT_EQ(Peek(buffer, 3, &status), ResponseBuffer::Next::kEnd);
  EXPECT_EQ(status.error_message(), "why");
}

TEST_F(ResponseBufferTest, UnknownIdsAreRefused) {
  ResponseBuffer buffer(true, cancellation_, {});
  buffer.Push(Numbered(1));
  std::string id = Take(buffer, 1).response_id();
  for (const std::string& wrong : {std::string("zz"), std::string(), id + "0", id.substr(0, id.size() - 1)}) {
    EXPECT_THROW(buffer.Find(wrong), base::Error) << wrong;
    EXPECT_THROW(buffer.ReleaseUntil(wrong), base::Error) << wrong;
  }
}

TEST_F(ResponseBufferTest, ProducerWaitsForTheSender) {
  ResponseBuffer buffer(true, cancellation_, {.unsent_bytes = 1000, .retry_bytes = 1000});
  std::atomic<int> pushed = 0;
  std::thread producer([&] {
    for (int i = 1; i <= 10; ++i) {
      buffer.Push(Numbered(i, 600));
      pushed = i;
    }
  });
  for (int i = 1; i <= 10; ++i) {
    while (Peek(buffer, i) == ResponseBuffer::Next::kWait) std::this_thread::yield();
    EXPECT_LE(pushed, i + 2);
  }
  producer.join();
  // Sent responses beyond the limit are dropped even though nobody released them.
  EXPECT_EQ(TakeError(buffer, 1), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
  EXPECT_EQ(Take(buffer, 10).arrow_batch().row_count(), 10);
}

TEST_F(ResponseBufferTest, CancellationWakesTheProducer) {
  ResponseBuffer buffer(true, cancellation_, {.unsent_bytes = 10, .retry_bytes = 10});
  buffer.Push(Numbered(1, 100));
  std::thread canceller([&] { cancellation_->Cancel(); });
  EXPECT_THROW(buffer.Push(Numbered(2)), base::Error);
  canceller.join();
}

TEST_F(ResponseBufferTest, EventsNeverWait) {
  ResponseBuffer buffer(true, cancellation_, {.unsent_bytes = 10, .retry_bytes = 10});
  EXPECT_TRUE(buffer.TryPush(Numbered(1, 100)));
  EXPECT_FALSE(buffer.TryPush(Numbered(2)));
  buffer.EndWith(Numbered(3));
  EXPECT_EQ(Take(buffer, 2).arrow_batch().row_count(), 3);
  EXPECT_EQ(Peek(buffer, 3), ResponseBuffer::Next::kEnd);
}

TEST_F(ResponseBufferTest, NothingIsKeptIfNobodyCanAttach) {
  ResponseBuffer buffer(false, cancellation_, {});
  buffer.Push(Numbered(1));
  buffer.Push(Numbered(2));
  Take(buffer, 1);
  Take(buffer, 2);
  EXPECT_EQ(TakeError(buffer, 1), "INVALID_CURSOR.POSITION_NOT_AVAILABLE");
}

TEST_F(ResponseBufferTest, ListenerHearsOfEverything) {
  ResponseBuffer buffer(true, cancellation_, {});
  int calls = 0;
  buffer.SetListener([&] { ++calls; });
  buffer.Push(Numbered(1));
  buffer.End(grpc::Status::OK);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace sluice::server
