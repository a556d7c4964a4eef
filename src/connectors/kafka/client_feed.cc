// Takes records in batches from the client library's queue of a partition.
#include "connectors/kafka/client_feed.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "connectors/kafka/fetch/wire.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

constexpr size_t kFetchMost = 2048;

void CallWake(rd_kafka_t*, void* wake) { (*static_cast<std::function<void()>*>(wake))(); }

bool MeansLost(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE ||
         error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

bool MeansRefused(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || error == RD_KAFKA_RESP_ERR__BAD_MSG ||
         error == RD_KAFKA_RESP_ERR__FATAL || error == RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
}

// In the form that they have in a record batch.
std::string HeaderBytes(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return "";
  WireWriter out;
  out.Varint(static_cast<int64_t>(rd_kafka_header_cnt(headers)));
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    std::string_view text(name);
    out.Varint(static_cast<int64_t>(text.size())).Raw(text).Varint(value ? static_cast<int64_t>(size) : -1);
    if (value) out.Raw({static_cast<const char*>(value), size});
  }
  return rd_kafka_header_cnt(headers) > 0 ? out.Finish() : "";
}

}  // namespace

// Without a callback for errors the library logs them; what ends the reading comes with the records.
ClientPtr ClientFeed::MakeClient(const ClientProperties& properties) {
  return std::make_shared<Client>(RD_KAFKA_CONSUMER, MakeConf(properties));
}

ClientFeed::ClientFeed(ClientPtr client, base::CancellationPtr cancellation, TopicPartition partition,
                       bool with_headers, std::function<void()> wake)
    : RecordFeed(std::move(partition)),
      client_(std::move(client)),
      cancellation_(std::move(cancellation)),
      with_headers_(with_headers),
      wake_(std::move(wake)),
      queue_(rd_kafka_queue_new(client_->get())),
      messages_(kFetchMost) {
  if (wake_) rd_kafka_queue_cb_event_enable(queue_, CallWake, &wake_);
}

ClientFeed::~ClientFeed() {
  if (wake_) rd_kafka_queue_cb_event_enable(queue_, nullptr, nullptr);
  Stop();
  rd_kafka_queue_destroy(queue_);
}

void ClientFeed::Stop() {
  Release(ready_);
  taken_ = ready_ = 0;
  if (running_) rd_kafka_consume_stop(client_->Topic(partition_.topic), partition_.partition);
  running_ = false;
}

void ClientFeed::Seek(int64_t offset) {
  if (running_ && offset == position_) return;
  Stop();
  lost_ = false;
  position_ = offset;
  rd_kafka_topic_t* topic = client_->Topic(partition_.topic);
  if (rd_kafka_consume_start_queue(topic, partition_.partition, offset, queue_) != 0) {
    throw BrokerError(fmt::format("Cannot read partition {} from offset {}: {}", partition_.ToString(), offset,
                                  rd_kafka_err2str(rd_kafka_last_error())));
  }
  running_ = true;
}

void ClientFeed::Release(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (messages_[i]) rd_kafka_message_destroy(messages_[i]);
    messages_[i] = nullptr;
  }
}

void ClientFeed::Refill(int wait_ms) {
  Release(ready_);
  taken_ = ready_ = 0;
  // A call for many waits until it has them all, so the first one is waited for alone.
  ssize_t count = rd_kafka_consume_batch_queue(queue_, 0, messages_.data(), messages_.size());
  ready_ = count > 0 ? static_cast<size_t>(count) : wait_ms > 0 ? Wait(wait_ms) : 0;
}

size_t ClientFeed::Wait(int wait_ms) {
  int callback = cancellation_ ? cancellation_->AddCallback([this] { rd_kafka_queue_yield(queue_); }) : 0;
  ssize_t count = rd_kafka_consume_batch_queue(queue_, wait_ms, messages_.data(), 1);
  if (cancellation_) cancellation_->RemoveCallback(callback);
  if (count <= 0) return 0;
  ssize_t more = rd_kafka_consume_batch_queue(queue_, 0, messages_.data() + 1, messages_.size() - 1);
  return static_cast<size_t>(count + std::max<ssize_t>(more, 0));
}

void ClientFeed::Note(const rd_kafka_message_t& event) {
  if (event.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    position_ = std::max(position_, event.offset);
  } else if (MeansLost(event.err)) {
    lost_ = true;
    // The library has stopped fetching it.
    running_ = false;
    rd_kafka_consume_stop(client_->Topic(partition_.topic), partition_.partition);
  } else if (MeansRefused(event.err)) {
    throw BrokerError(fmt::format("Cannot read partition {} at offset {}: {}", partition_.ToString(), position_,
                                  rd_kafka_message_errstr(&event)));
  } else {
    spdlog::warn("Reading partition {} at offset {}: {}", partition_.ToString(), position_,
                 rd_kafka_message_errstr(&event));
  }
}

std::span<const RecordView> ClientFeed::Take(int64_t until, size_t most, int wait_ms) {
  if (taken_ == ready_) Refill(wait_ms);
  views_.clear();
  headers_.clear();
  while (taken_ < ready_ && views_.size() < most && !lost_) {
    const rd_kafka_message_t& next = *messages_[taken_];
    if (next.err) {
      if (!views_.empty()) break;
      Note(next);
      ++taken_;
      continue;
    }
    if (next.offset >= until) {
      // What lies between is no record: a transaction's mark, an aborted record, or one that was compacted away.
      position_ = std::max(position_, until);
      break;
    }
    position_ = next.offset + 1;
    views_.push_back(View(next));
    ++taken_;
  }
  return views_;
}

RecordView ClientFeed::View(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  RecordView view;
  view.offset = message.offset;
  view.timestamp_ms = rd_kafka_message_timestamp(&message, &type);
  // Java counts from -1 (none), the library from 0.
  view.timestamp_type = static_cast<TimestampType>(static_cast<int32_t>(type) - 1);
  view.key = {static_cast<const char*>(message.key), static_cast<int32_t>(message.key_len)};
  view.value = {static_cast<const char*>(message.payload), static_cast<int32_t>(message.len)};
  if (with_headers_) {
    headers_.push_back(HeaderBytes(message));
    view.headers = headers_.back();
  }
  return view;
}

bool ClientFeed::HasRecord() {
  while (!lost_) {
    if (taken_ == ready_) Refill(0);
    if (taken_ == ready_) return false;
    if (!messages_[taken_]->err) return true;
    Note(*messages_[taken_++]);
  }
  return false;
}

}  // namespace sluice::connectors::kafka
