// Field by field, as the protocol guide lists them.
#include "connectors/kafka/fetch/fetch_protocol.h"

#include "connectors/kafka/fetch/wire.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

constexpr int16_t kFetch = 1, kVersion = 4;
constexpr int32_t kNoReplica = -1;

std::vector<AbortedTransaction> ReadAborted(WireReader& reader) {
  std::vector<AbortedTransaction> out;
  auto count = reader.Integer<int32_t>();  // -1: none
  for (int32_t i = 0; i < count && reader.ok(); ++i) {
    auto producer = reader.Integer<int64_t>();
    out.push_back({producer, reader.Integer<int64_t>()});
  }
  return out;
}

FetchedPartition ReadPartition(WireReader& reader, std::string_view topic) {
  FetchedPartition out;
  out.partition = {std::string(topic), reader.Integer<int32_t>()};
  out.error = reader.Integer<int16_t>();
  out.high_watermark = reader.Integer<int64_t>();
  out.last_stable_offset = reader.Integer<int64_t>();
  out.aborted = ReadAborted(reader);
  auto size = reader.Integer<int32_t>();
  if (size > 0) out.records = reader.Take(size);
  return out;
}

}  // namespace

std::string FetchRequest::Encode() const {
  WireWriter out;
  out.Integer(kFetch).Integer(kVersion).Integer(correlation_id).String(client_id);
  out.Integer(kNoReplica).Integer(max_wait_ms).Integer(min_bytes).Integer(max_bytes);
  out.Integer(static_cast<int8_t>(read_committed ? 1 : 0));
  WireWriter topics;
  int32_t count = 0;
  for (size_t begin = 0, end = 0; begin < wanted.size(); begin = end) {
    const std::string& topic = wanted[begin].partition.topic;
    while (end < wanted.size() && wanted[end].partition.topic == topic) ++end;
    ++count;
    topics.String(topic).Integer(static_cast<int32_t>(end - begin));
    for (size_t i = begin; i < end; ++i) {
      topics.Integer(wanted[i].partition.partition).Integer(wanted[i].offset).Integer(wanted[i].max_bytes);
    }
  }
  out.Integer(count).Raw(topics.Finish());
  return out.FinishFrame();
}

std::vector<FetchedPartition> DecodeFetchResponse(std::string_view bytes, int32_t correlation_id) {
  WireReader reader(bytes);
  auto answered = reader.Integer<int32_t>();
  reader.Integer<int32_t>();  // throttle time: the broker itself waits
  std::vector<FetchedPartition> out;
  auto topics = reader.Integer<int32_t>();
  for (int32_t topic = 0; topic < topics && reader.ok(); ++topic) {
    std::string_view name = reader.String();
    auto partitions = reader.Integer<int32_t>();
    for (int32_t i = 0; i < partitions && reader.ok(); ++i) out.push_back(ReadPartition(reader, name));
  }
  if (!reader.ok() || answered != correlation_id)
    throw BrokerError("A broker sent a malformed answer to a Fetch request");
  return out;
}

}  // namespace sluice::connectors::kafka
