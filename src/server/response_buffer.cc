// Keeps the responses of an execution until they are sent and released.
#include "server/response_buffer.h"

#include <charconv>

#include "base/error.h"
#include "base/uuid.h"
#include "server/rpc/message.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

base::Error InvalidCursor(const std::string& sub, base::Error::Parameters parameters) {
  return base::Error(base::ErrorKind::kSql, "INVALID_CURSOR." + sub, std::move(parameters));
}

}  // namespace

ResponseBuffer::ResponseBuffer(bool keep_sent, base::CancellationPtr cancellation, Limits limits)
    : keep_sent_(keep_sent), cancellation_(std::move(cancellation)), limits_(limits), name_(base::NewUuid()) {
  cancel_callback_ = cancellation_->AddCallback([this] {
    std::lock_guard lock(mutex_);
    room_.notify_all();
  });
}

ResponseBuffer::~ResponseBuffer() { cancellation_->RemoveCallback(cancel_callback_); }

void ResponseBuffer::Push(spark::connect::ExecutePlanResponse response) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return unsent_bytes_ < limits_.unsent_bytes || end_ || cancellation_->cancelled(); });
    if (end_) return;
  }
  cancellation_->Check();
  Add(std::move(response));
}

bool ResponseBuffer::TryPush(spark::connect::ExecutePlanResponse response) {
  {
    std::lock_guard lock(mutex_);
    if (end_ || unsent_bytes_ >= limits_.unsent_bytes) return false;
  }
  Add(std::move(response));
  return true;
}

void ResponseBuffer::Add(spark::connect::ExecutePlanResponse response) {
  std::lock_guard one(add_mutex_);
  {
    std::lock_guard lock(mutex_);
    response.set_response_id(Id(first_ + static_cast<int64_t>(responses_.size())));
  }
  Response added{Serialize(response), 0};
  added.size = added.bytes.Length();
  {
    std::lock_guard lock(mutex_);
    if (end_) return;
    unsent_bytes_ += added.size;
    responses_.push_back(std::move(added));
  }
  Wake();
}

void ResponseBuffer::End(const grpc::Status& status) {
  {
    std::lock_guard lock(mutex_);
    if (end_) return;
    end_ = status;
    room_.notify_all();
  }
  Wake();
}

void ResponseBuffer::EndWith(spark::connect::ExecutePlanResponse response) {
  Add(std::move(response));
  End(grpc::Status::OK);
}

bool ResponseBuffer::ended() const {
  std::lock_guard lock(mutex_);
  return end_.has_value();
}

ResponseBuffer::Next ResponseBuffer::Take(int64_t index, grpc::ByteBuffer* response, grpc::Status* status) {
  std::lock_guard lock(mutex_);
  if (index < first_) {
    throw InvalidCursor("POSITION_NOT_AVAILABLE", {{"index", std::to_string(index)}, {"responseId", Id(index)}});
  }
  int64_t past = first_ + static_cast<int64_t>(responses_.size());
  if (index >= past) {
    if (!end_) return Next::kWait;
    *status = *end_;
    return Next::kEnd;
  }
  Response& found = responses_[static_cast<size_t>(index - first_)];
  *response = found.bytes;
  if (index > sent_) {
    sent_ = index;
    unsent_bytes_ -= found.size;
    sent_bytes_ += found.size;
    room_.notify_all();
    DropSent();
  }
  return Next::kResponse;
}

// Like Spark, old responses go when the kept ones exceed the limit, even if the client did not release them; the one
// just taken stays.
void ResponseBuffer::DropSent() {
  while (first_ < sent_ && (!keep_sent_ || sent_bytes_ > limits_.retry_bytes)) {
    sent_bytes_ -= responses_.front().size;
    responses_.pop_front();
    ++first_;
  }
}

void ResponseBuffer::SetListener(std::function<void()> listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void ResponseBuffer::Wake() {
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_();
}

int64_t ResponseBuffer::Find(const std::string& response_id) const {
  std::lock_guard lock(mutex_);
  return FindLocked(response_id);
}

int64_t ResponseBuffer::FindLocked(const std::string& response_id) const {
  int64_t index = 0;
  if (response_id.starts_with(name_ + "-")) {
    const char* digits = response_id.data() + name_.size() + 1;
    const char* end = response_id.data() + response_id.size();
    if (auto parsed = std::from_chars(digits, end, index); parsed.ec != std::errc() || parsed.ptr != end) index = 0;
  }
  if (index < 1 || index >= first_ + static_cast<int64_t>(responses_.size())) {
    throw InvalidCursor("POSITION_NOT_FOUND", {{"responseId", response_id}});
  }
  return index;
}

void ResponseBuffer::ReleaseUntil(const std::string& response_id) {
  std::lock_guard lock(mutex_);
  int64_t index = FindLocked(response_id);
  while (first_ <= index && first_ <= sent_) {
    sent_bytes_ -= responses_.front().size;
    responses_.pop_front();
    ++first_;
  }
}

}  // namespace sluice::server
