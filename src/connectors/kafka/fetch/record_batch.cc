// The layout of a record batch: 61 bytes of head, then records with lengths of variable size.
#include "connectors/kafka/fetch/record_batch.h"

#include "connectors/kafka/fetch/crc32c.h"
#include "connectors/kafka/fetch/decompress.h"

namespace sluice::connectors::kafka {
namespace {

// Offset and length come before what the length counts; the checksum is of all that is behind it.
constexpr size_t kBeforeLength = 12, kMagicAt = 16, kHead = 61, kChecksumAt = 17, kCheckedAt = 21;
constexpr int kLogAppendTime = 0x08;

}  // namespace

BatchFound NextBatch(std::string_view* bytes, RecordBatchHead* head) {
  if (bytes->size() <= kMagicAt) return BatchFound::kPartial;
  auto length = FromBigEndian<int32_t>(bytes->data() + 8);
  if (length < static_cast<int32_t>(kMagicAt - kBeforeLength + 1)) return BatchFound::kBroken;
  size_t size = kBeforeLength + static_cast<size_t>(length);
  if ((*bytes)[kMagicAt] != 2) return (*bytes)[kMagicAt] < 2 ? BatchFound::kOldFormat : BatchFound::kBroken;
  if (bytes->size() < size) return BatchFound::kPartial;
  if (size < kHead) return BatchFound::kBroken;
  std::string_view batch = bytes->substr(0, size);
  bytes->remove_prefix(size);

  WireReader reader(batch);
  head->base_offset = reader.Integer<int64_t>();
  reader.Take(4 + 4 + 1);  // length, leader epoch, magic
  head->checksum = reader.Integer<uint32_t>();
  head->checked = batch.substr(kCheckedAt);
  head->attributes = reader.Integer<int16_t>();
  auto last_delta = reader.Integer<int32_t>();
  head->last_offset = head->base_offset + last_delta;
  head->base_timestamp = reader.Integer<int64_t>();
  head->max_timestamp = reader.Integer<int64_t>();
  head->producer_id = reader.Integer<int64_t>();
  reader.Take(2 + 4);  // producer epoch, base sequence
  head->count = reader.Integer<int32_t>();
  head->records = batch.substr(kHead);
  return last_delta < 0 || head->count < 0 || head->base_offset < 0 ? BatchFound::kBroken : BatchFound::kWhole;
}

void RecordBatchReader::Open(const RecordBatchHead& head, bool check_crc) {
  if (check_crc && Crc32c(head.checked) != head.checksum) throw DamagedBatch("its checksum is wrong");
  head_ = head;
  read_ = 0;
  std::string_view records = head.records;
  if (head.is_compressed()) {
    Decompress(head.attributes & 7, records, &decompressed_);
    records = decompressed_;
  }
  reader_ = WireReader(records);
}

bool RecordBatchReader::Next(RecordView* record) {
  if (read_ == head_.count) return false;
  ++read_;
  WireReader body(reader_.Take(reader_.Varint()));
  body.Integer<int8_t>();  // attributes, none is in use
  int64_t timestamp_delta = body.Varint();
  int64_t offset_delta = body.Varint();
  record->key = body.RecordBytes();
  record->value = body.RecordBytes();
  record->headers = {body.at(), body.left()};
  if (record->headers == std::string_view("\0", 1)) record->headers = {};
  if (!reader_.ok() || !body.ok() || offset_delta < 0 || offset_delta > head_.last_offset - head_.base_offset) {
    throw DamagedBatch("a record in it is longer than the batch");
  }
  record->offset = head_.base_offset + offset_delta;
  bool by_broker = (head_.attributes & kLogAppendTime) != 0;
  // The sum may overflow with damaged deltas; what is out of range is found where it becomes a timestamp.
  record->timestamp_ms =
      by_broker
          ? head_.max_timestamp
          : static_cast<int64_t>(static_cast<uint64_t>(head_.base_timestamp) + static_cast<uint64_t>(timestamp_delta));
  record->timestamp_type = by_broker ? TimestampType::kLogAppendTime : TimestampType::kCreateTime;
  return true;
}

int16_t RecordBatchReader::ControlType(const RecordView& marker) {
  if (marker.key.size < 4) throw DamagedBatch("a transaction's marker in it is too short");
  return FromBigEndian<int16_t>(marker.key.data + 2);
}

}  // namespace sluice::connectors::kafka
