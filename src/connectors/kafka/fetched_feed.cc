// Goes through slices, their batches and their records; leaves out markers and what transactions gave up.
#include "connectors/kafka/fetched_feed.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {

FetchedFeed::FetchedFeed(std::shared_ptr<Fetcher> fetcher, TopicPartition partition, bool check_crc,
                         bool read_committed)
    : RecordFeed(std::move(partition)),
      fetcher_(std::move(fetcher)),
      check_crc_(check_crc),
      read_committed_(read_committed) {}

FetchedFeed::~FetchedFeed() { fetcher_->Stop(partition_); }

void FetchedFeed::Seek(int64_t offset) {
  if (running_ && offset == position_) return;
  position_ = passed_ = offset;
  lost_ = unsupported_ = in_batch_ = has_record_ = false;
  slice_ = {};
  rest_ = {};
  fetcher_->Start(partition_, offset);
  running_ = true;
}

// The views of one call are of one batch: the next one may be unpacked over it.
std::span<const RecordView> FetchedFeed::Take(int64_t until, size_t most, int wait_ms) {
  views_.clear();
  if (!has_record_) {
    if (!in_batch_ && rest_.empty()) NextSlice(wait_ms);
    NextRecord();
  }
  while (has_record_ && record_.offset < until && views_.size() < most) {
    views_.push_back(record_);
    has_record_ = false;
    passed_ = record_.offset + 1;
    if (in_batch_) NextRecord();
  }
  // What lies between is no record: a transaction's mark, an aborted record, or one that was compacted away.
  if (has_record_ && record_.offset >= until) passed_ = std::max(passed_, until);
  position_ = std::max(position_, std::min(passed_, until));
  return views_;
}

bool FetchedFeed::HasRecord() {
  while (!has_record_) {
    if (!NextRecord() && rest_.empty() && !NextSlice(0)) return false;
  }
  return true;
}

// Goes to the next record of the open batch or, if there is none, opens one more batch.
bool FetchedFeed::NextRecord() {
  try {
    if (!in_batch_ && (rest_.empty() || !OpenBatch())) return false;
    while (batch_.Next(&record_)) {
      // A batch is sent whole, with what lies before the offset that was asked for.
      if (record_.offset >= passed_) return has_record_ = true;
    }
  } catch (const DamagedBatch& damage) {
    throw BrokerError(fmt::format("Partition {} has a damaged record batch at offset {}: {}", partition_.ToString(),
                                  passed_, damage.what()));
  }
  in_batch_ = false;
  passed_ = std::max(passed_, batch_end_);
  return false;
}

bool FetchedFeed::NextSlice(int wait_ms) {
  FetchState state = FetchState::kFetching;
  std::optional<FetchedSlice> slice = fetcher_->Take(partition_, wait_ms, &state);
  if (!slice) {
    lost_ = state == FetchState::kLost;
    unsupported_ = state == FetchState::kOldFormat;
    if (lost_ || unsupported_) running_ = false;
    return false;
  }
  slice_ = std::move(*slice);
  rest_ = slice_.records;
  std::ranges::sort(slice_.aborted, {}, &AbortedTransaction::first_offset);
  aborted_read_ = 0;
  aborting_.clear();
  return true;
}

bool FetchedFeed::OpenBatch() {
  RecordBatchHead head;
  NextBatch(&rest_, &head);
  batch_end_ = head.last_offset + 1;
  if (!Counts(head)) {
    passed_ = std::max(passed_, batch_end_);
    return false;
  }
  batch_.Open(head, check_crc_);
  return in_batch_ = true;
}

bool FetchedFeed::Counts(const RecordBatchHead& head) {
  if (!read_committed_) return !head.is_control();
  for (; aborted_read_ < slice_.aborted.size() && slice_.aborted[aborted_read_].first_offset <= head.last_offset;
       ++aborted_read_) {
    aborting_.insert(slice_.aborted[aborted_read_].producer_id);
  }
  if (head.is_control()) ReadMarker(head);
  return !head.is_control() && !(head.is_transactional() && aborting_.contains(head.producer_id));
}

// A transaction that was given up ends with its marker: what the producer wrote afterwards counts.
void FetchedFeed::ReadMarker(const RecordBatchHead& head) {
  constexpr int16_t kAbort = 0;
  batch_.Open(head, check_crc_);
  RecordView marker;
  if (batch_.Next(&marker) && RecordBatchReader::ControlType(marker) == kAbort) aborting_.erase(head.producer_id);
}

}  // namespace sluice::connectors::kafka
