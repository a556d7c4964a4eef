// Offsets of a consumer group through librdkafka's admin and transaction calls.
#include "connectors/kafka/marker_group.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "connectors/kafka/client.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWaitMillis = 100;
// Between questions that are answered at once, while a transaction is being finished.
constexpr int kPendingMillis = 10;

using Partitions = Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using Event = Handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using Queue = Handle<rd_kafka_queue_t, rd_kafka_queue_destroy>;

/// One question for all offsets of the group.
class Question {
 public:
  Question(const Producer& producer, const std::string& group, std::chrono::milliseconds timeout)
      : producer_(producer),
        group_(group),
        end_(Clock::now() + timeout),
        // The library crashes when a producer asks for a group whose coordinator is not ready.
        client_(RD_KAFKA_CONSUMER, MakeConf(GroupReaderProperties(producer.options().client, group))),
        queue_(rd_kafka_queue_new(client_.get())) {}

  std::optional<BatchMarker> Answer() {
    for (;;) {
      Event event = Ask();
      rd_kafka_resp_err_t error = rd_kafka_event_error(event.get());
      if (!error) {
        if (auto marker = Newest(*event, &error); !error) return marker;
      }
      bool passes = error == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT || IsCoordinatorTrouble(error);
      if (Clock::now() >= end_ || !passes) throw Failure(rd_kafka_err2str(error));
      rd_kafka_poll(producer_.client(), kPendingMillis);
    }
  }

 private:
  base::Error Failure(const std::string& what) const {
    return BrokerError(fmt::format("Kafka ({}) did not tell the last committed batch in the consumer group '{}': {}",
                                   producer_.options().servers, group_, what));
  }

  Event Ask() {
    rd_kafka_t* client = client_.get();
    Handle<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy> options(
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS));
    // Without this an offset is told that a transaction being committed is about to replace.
    if (rd_kafka_error_t* error = rd_kafka_AdminOptions_set_require_stable_offsets(options.get(), 1)) {
      rd_kafka_error_destroy(error);
      throw Failure("the client library cannot ask for stable offsets");
    }
    Handle<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy> request(
        rd_kafka_ListConsumerGroupOffsets_new(group_.c_str(), nullptr));
    rd_kafka_ListConsumerGroupOffsets_t* requests[] = {request.get()};
    rd_kafka_ListConsumerGroupOffsets(client, requests, 1, options.get(), queue_.get());
    for (;;) {
      if (producer_.cancellation()) producer_.cancellation()->Check();
      if (Event event{rd_kafka_queue_poll(queue_.get(), kWaitMillis)}) return event;
      if (Clock::now() >= end_) throw Failure(rd_kafka_err2str(RD_KAFKA_RESP_ERR__TIMED_OUT));
    }
  }

  std::optional<BatchMarker> Newest(rd_kafka_event_t& event, rd_kafka_resp_err_t* error) const {
    std::optional<BatchMarker> newest;
    size_t count = 0;
    const rd_kafka_group_result_t** groups =
        rd_kafka_ListConsumerGroupOffsets_result_groups(rd_kafka_event_ListConsumerGroupOffsets_result(&event), &count);
    for (size_t i = 0; i < count && !*error; ++i) {
      if (const rd_kafka_error_t* failed = rd_kafka_group_result_error(groups[i])) *error = rd_kafka_error_code(failed);
      const rd_kafka_topic_partition_list_t* partitions = rd_kafka_group_result_partitions(groups[i]);
      for (int at = 0; partitions && at < partitions->cnt; ++at) {
        const rd_kafka_topic_partition_t& one = partitions->elems[at];
        if (one.err) *error = one.err;
        if (one.err || one.offset < 0) continue;
        BatchMarker marker = MarkerOf(one);
        if (!newest || marker.batch_id > newest->batch_id) newest = marker;
      }
    }
    return newest;
  }

  BatchMarker MarkerOf(const rd_kafka_topic_partition_t& one) const {
    std::string text(static_cast<const char*>(one.metadata), one.metadata ? one.metadata_size : 0);
    if (auto marker = ParseMarker(text)) return *marker;
    throw Failure(
        fmt::format("its offset of topic '{}' is not the sink's; the group must have no other users", one.topic));
  }

  const Producer& producer_;
  const std::string& group_;
  Clock::time_point end_;
  Client client_;
  Queue queue_;
};

}  // namespace

std::optional<BatchMarker> LastMarker(const Producer& producer, const std::string& group,
                                      std::chrono::milliseconds timeout) {
  return Question(producer, group, timeout).Answer();
}

rd_kafka_error_s* SendMarker(const Producer& producer, const std::string& group, const std::string& topic,
                             const BatchMarker& marker, int milliseconds) {
  Partitions offsets(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* offset = rd_kafka_topic_partition_list_add(offsets.get(), topic.c_str(), 0);
  std::string text = FormatMarker(marker);
  offset->offset = marker.batch_id + 1;
  offset->metadata = text.data();
  offset->metadata_size = text.size();
  Handle<rd_kafka_consumer_group_metadata_t, rd_kafka_consumer_group_metadata_destroy> members(
      rd_kafka_consumer_group_metadata_new(group.c_str()));
  rd_kafka_error_t* error =
      rd_kafka_send_offsets_to_transaction(producer.client(), offsets.get(), members.get(), milliseconds);
  offset->metadata = nullptr;  // the list would free it
  offset->metadata_size = 0;
  return error;
}

}  // namespace sluice::connectors::kafka
