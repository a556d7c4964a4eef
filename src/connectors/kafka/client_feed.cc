// Takes records in batches from the client library's queue of a partition.
#include "connectors/kafka/partition_feed.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <algorithm>

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

}  // namespace

PartitionFeed::PartitionFeed(ConsumerPtr consumer, TopicPartition partition, std::function<void()> wake)
    : consumer_(std::move(consumer)),
      partition_(std::move(partition)),
      wake_(std::move(wake)),
      queue_(rd_kafka_queue_new(consumer_->client())),
      messages_(kFetchMost) {
  if (wake_) rd_kafka_queue_cb_event_enable(queue_, CallWake, &wake_);
}

PartitionFeed::~PartitionFeed() {
  if (wake_) rd_kafka_queue_cb_event_enable(queue_, nullptr, nullptr);
  Stop();
  rd_kafka_queue_destroy(queue_);
}

void PartitionFeed::Stop() {
  Release(ready_);
  taken_ = ready_ = 0;
  if (running_) rd_kafka_consume_stop(consumer_->Topic(partition_.topic), partition_.partition);
  running_ = false;
}

void PartitionFeed::Seek(int64_t offset) {
  if (running_ && offset == position_) return;
  Stop();
  lost_ = false;
  position_ = offset;
  rd_kafka_topic_t* topic = consumer_->Topic(partition_.topic);
  if (rd_kafka_consume_start_queue(topic, partition_.partition, offset, queue_) != 0) {
    throw BrokerError(fmt::format("Cannot read partition {} from offset {}: {}", partition_.ToString(), offset,
                                  rd_kafka_err2str(rd_kafka_last_error())));
  }
  running_ = true;
}

void PartitionFeed::Release(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (messages_[i]) rd_kafka_message_destroy(messages_[i]);
    messages_[i] = nullptr;
  }
}

void PartitionFeed::Refill(int wait_ms) {
  Release(ready_);
  taken_ = ready_ = 0;
  // A call for many waits until it has them all, so the first one is waited for alone.
  ssize_t count = rd_kafka_consume_batch_queue(queue_, 0, messages_.data(), messages_.size());
  ready_ = count > 0 ? static_cast<size_t>(count) : wait_ms > 0 ? Wait(wait_ms) : 0;
}

size_t PartitionFeed::Wait(int wait_ms) {
  const base::CancellationPtr& cancellation = consumer_->cancellation();
  int callback = cancellation ? cancellation->AddCallback([this] { rd_kafka_queue_yield(queue_); }) : 0;
  ssize_t count = rd_kafka_consume_batch_queue(queue_, wait_ms, messages_.data(), 1);
  if (cancellation) cancellation->RemoveCallback(callback);
  if (count <= 0) return 0;
  ssize_t more = rd_kafka_consume_batch_queue(queue_, 0, messages_.data() + 1, messages_.size() - 1);
  return static_cast<size_t>(count + std::max<ssize_t>(more, 0));
}

void PartitionFeed::Note(const rd_kafka_message_t& event) {
  if (event.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    position_ = std::max(position_, event.offset);
  } else if (MeansLost(event.err)) {
    lost_ = true;
    // The library has stopped fetching it.
    running_ = false;
    rd_kafka_consume_stop(consumer_->Topic(partition_.topic), partition_.partition);
  } else if (MeansRefused(event.err)) {
    throw BrokerError(fmt::format("Cannot read partition {} at offset {}: {}", partition_.ToString(), position_,
                                  rd_kafka_message_errstr(&event)));
  } else {
    spdlog::warn("Reading partition {} at offset {}: {}", partition_.ToString(), position_,
                 rd_kafka_message_errstr(&event));
  }
}

std::span<rd_kafka_message_t* const> PartitionFeed::Take(int64_t until, size_t most, int wait_ms) {
  if (taken_ == ready_) Refill(wait_ms);
  size_t begin = taken_;
  while (taken_ < ready_ && taken_ - begin < most && !lost_) {
    const rd_kafka_message_t& next = *messages_[taken_];
    if (next.err) {
      if (taken_ > begin) break;
      Note(next);
      begin = ++taken_;
      continue;
    }
    if (next.offset >= until) {
      // What lies between is no record: a transaction's mark, an aborted record, or one that was compacted away.
      position_ = std::max(position_, until);
      break;
    }
    position_ = next.offset + 1;
    ++taken_;
  }
  return {messages_.data() + begin, taken_ - begin};
}

bool PartitionFeed::HasRecord() {
  while (!lost_) {
    if (taken_ == ready_) Refill(0);
    if (taken_ == ready_) return false;
    if (!messages_[taken_]->err) return true;
    Note(*messages_[taken_++]);
  }
  return false;
}

}  // namespace sluice::connectors::kafka
