// Sets the offsets of a group without members through librdkafka's admin calls.
#include "connectors/kafka/group_commits.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

using std::chrono::milliseconds;

constexpr int kWaitMillis = 50;
constexpr int kAnswerMillis = 5000;  // longer than a dead coordinator is remembered
constexpr milliseconds kRetry{500}, kLastMoment{3000};

using Partitions = Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using Event = Handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using Queue = Handle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Options = Handle<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using Request = Handle<rd_kafka_AlterConsumerGroupOffsets_t, rd_kafka_AlterConsumerGroupOffsets_destroy>;

// The first thing that went wrong, of the request, the group or one of its partitions.
rd_kafka_resp_err_t ErrorOf(rd_kafka_event_t& event) {
  if (rd_kafka_resp_err_t error = rd_kafka_event_error(&event)) return error;
  size_t count = 0;
  const rd_kafka_group_result_t** groups =
      rd_kafka_AlterConsumerGroupOffsets_result_groups(rd_kafka_event_AlterConsumerGroupOffsets_result(&event), &count);
  for (size_t i = 0; i < count; ++i) {
    if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[i])) return rd_kafka_error_code(error);
    const rd_kafka_topic_partition_list_t* partitions = rd_kafka_group_result_partitions(groups[i]);
    for (int at = 0; partitions && at < partitions->cnt; ++at) {
      if (partitions->elems[at].err) return partitions->elems[at].err;
    }
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

Request MakeRequest(const std::string& group, const PartitionOffsets& offsets) {
  Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition)->offset = offset;
  }
  return Request(rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
}

}  // namespace

GroupCommits::GroupCommits(ConsumerPtr consumer, std::string group)
    : consumer_(std::move(consumer)), group_(std::move(group)), thread_([this] { Run(); }) {}

GroupCommits::~GroupCommits() {
  {
    std::lock_guard lock(mutex_);
    end_ = Clock::now() + kLastMoment;
  }
  changed_.notify_all();
  thread_.join();
}

void GroupCommits::Commit(PartitionOffsets offsets) {
  if (offsets.empty()) return;
  {
    std::lock_guard lock(mutex_);
    wanted_ = std::move(offsets);
  }
  changed_.notify_all();
}

void GroupCommits::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return wanted_ || end_; });
    if (!wanted_) return;
    PartitionOffsets offsets = std::move(*wanted_);
    wanted_.reset();
    lock.unlock();
    Failure failure = Send(offsets);
    Warn(failure.text);
    lock.lock();
    if (!failure.passes || (end_ && Clock::now() >= *end_)) continue;
    changed_.wait_for(lock, kRetry, [this] { return wanted_.has_value(); });
    if (!wanted_) wanted_ = std::move(offsets);
  }
}

bool GroupCommits::TimeIsUp() {
  std::lock_guard lock(mutex_);
  return end_ && Clock::now() >= *end_;
}

GroupCommits::Failure GroupCommits::Send(const PartitionOffsets& offsets) {
  rd_kafka_t* client = consumer_->client();
  Options options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS));
  char text[256];
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kAnswerMillis, text, sizeof(text));
  Queue queue(rd_kafka_queue_new(client));
  Request request = MakeRequest(group_, offsets);
  rd_kafka_AlterConsumerGroupOffsets_t* requests[] = {request.get()};
  rd_kafka_AlterConsumerGroupOffsets(client, requests, 1, options.get(), queue.get());
  for (;;) {
    if (Event event{rd_kafka_queue_poll(queue.get(), kWaitMillis)}) {
      rd_kafka_resp_err_t error = ErrorOf(*event);
      return error ? Failure{rd_kafka_err2str(error), IsCoordinatorTrouble(error)} : Failure{};
    }
    if (TimeIsUp()) return {"the brokers did not answer before the query's end"};
  }
}

// Not with every batch: what is the same as before is known.
void GroupCommits::Warn(const std::string& failure) {
  if (failure != warned_ && !failure.empty()) {
    spdlog::warn("The offsets of committed batches could not be told to the Kafka consumer group '{}': {}", group_,
                 failure);
  }
  warned_ = failure;
}

}  // namespace sluice::connectors::kafka
