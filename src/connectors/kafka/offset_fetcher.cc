// Resolves starting and ending options against what the brokers have.
#include "connectors/kafka/offset_fetcher.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>

#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

using Kind = OffsetLimit::Kind;

bool GoesBack(const PartitionOffsets& known, const PartitionOffsets& fetched) {
  return std::ranges::any_of(fetched, [&](const auto& entry) {
    auto before = known.find(entry.first);
    return before != known.end() && entry.second < before->second;
  });
}

}  // namespace

void OffsetFetcher::ReportDataLoss(const base::Error& loss) const {
  if (options_.fail_on_data_loss) throw base::Error(loss);
  spdlog::warn("{}", loss.message());
}

PartitionOffsets OffsetFetcher::Starting() {
  return Resolve(options_.starting, consumer_->Assigned(options_.subscription), true);
}

PartitionOffsets OffsetFetcher::Earliest(const TopicPartitions& partitions) {
  return consumer_->OffsetsAt(partitions, kEarliestOffset);
}

PartitionOffsets OffsetFetcher::Latest(const PartitionOffsets& known) {
  for (int64_t attempt = 1;; ++attempt) {
    PartitionOffsets latest = consumer_->OffsetsAt(consumer_->Assigned(options_.subscription), kLatestOffset);
    if (attempt > options_.fetch_retries || !GoesBack(known, latest)) return latest;
    WaitForRetry();
  }
}

// Brokers that have just changed their leader may tell an old end for a moment.
void OffsetFetcher::WaitForRetry() {
  std::mutex mutex;
  std::condition_variable cancelled;
  const base::CancellationPtr& token = consumer_->cancellation();
  int callback = token ? token->AddCallback([&] {
    std::lock_guard lock(mutex);
    cancelled.notify_all();
  })
                       : 0;
  {
    std::unique_lock lock(mutex);
    cancelled.wait_for(lock, std::chrono::milliseconds(options_.fetch_retry_interval_ms),
                       [&] { return token && token->cancelled(); });
  }
  if (!token) return;
  token->RemoveCallback(callback);
  token->Check();
}

PartitionOffsets OffsetFetcher::Resolve(const OffsetLimit& limit, const TopicPartitions& assigned, bool starting) {
  switch (limit.kind) {
    case Kind::kEarliest:
      return consumer_->OffsetsAt(assigned, kEarliestOffset);
    case Kind::kLatest:
      return consumer_->OffsetsAt(assigned, kLatestOffset);
    case Kind::kOffsets:
      if (PartitionsOf(limit.values) != assigned) {
        throw options_.streaming ? StreamPartitionsDiffer(PartitionsOf(limit.values), assigned)
                                 : StartPartitionsDiffer(PartitionsOf(limit.values), assigned);
      }
      return ResolveOffsets(limit.values);
    case Kind::kTimestamp: {
      PartitionOffsets times;
      for (const TopicPartition& partition : assigned) times[partition] = limit.timestamp_ms;
      return ResolveTimes(times, limit, starting);
    }
    case Kind::kTimestamps:
      if (PartitionsOf(limit.values) != assigned) {
        throw TimestampPartitionsDiffer(starting ? "start" : "end", PartitionsOf(limit.values), assigned);
      }
      return ResolveTimes(limit.values, limit, starting);
  }
  return {};
}

PartitionOffsets OffsetFetcher::ResolveOffsets(const PartitionOffsets& given) {
  PartitionOffsets out = given, ends;
  for (const auto& [partition, offset] : out) {
    if (offset == kLatestOffset || offset == kEarliestOffset) ends[partition] = offset;
  }
  for (const auto& [partition, offset] : consumer_->OffsetsAt(ends)) out[partition] = offset;
  return out;
}

PartitionOffsets OffsetFetcher::ResolveTimes(const PartitionOffsets& times, const OffsetLimit& limit, bool starting) {
  PartitionOffsets out = consumer_->OffsetsAt(times);
  TopicPartitions without;
  for (const auto& [partition, offset] : out) {
    if (offset == kLatestOffset) without.insert(partition);
  }
  if (starting && !limit.latest_on_no_match && !without.empty()) {
    const TopicPartition& first = *without.begin();
    throw IllegalArgument(fmt::format("No offset matched from request of topic-partition {} and timestamp {}.",
                                      first.ToString(), times.at(first)));
  }
  for (const auto& [partition, offset] : consumer_->OffsetsAt(without, kLatestOffset)) out[partition] = offset;
  return out;
}

// What can be told wrong before the brokers are asked.
void OffsetFetcher::CheckUnresolved() const {
  const OffsetLimit &from = options_.starting, &until = options_.ending;
  if (from.kind == Kind::kTimestamp && until.kind == Kind::kTimestamp && from.timestamp_ms > until.timestamp_ms) {
    for (const TopicPartition& partition : consumer_->Assigned(options_.subscription)) {
      throw UnresolvedStartBeyondEnd("timestamp", partition, from.timestamp_ms, until.timestamp_ms);
    }
  }
  if (from.kind != until.kind || (from.kind != Kind::kOffsets && from.kind != Kind::kTimestamps)) return;
  for (const auto& [partition, start] : from.values) {
    auto end = until.values.find(partition);
    if (end == until.values.end() || start < 0 || end->second < 0 || start <= end->second) continue;
    throw UnresolvedStartBeyondEnd(from.kind == Kind::kOffsets ? "offset" : "timestamp", partition, start, end->second);
  }
}

std::vector<OffsetRange> OffsetFetcher::BatchRanges() {
  CheckUnresolved();
  TopicPartitions assigned = consumer_->Assigned(options_.subscription);
  PartitionOffsets from = Resolve(options_.starting, assigned, true), until = Resolve(options_.ending, assigned, false);
  std::vector<OffsetRange> ranges;
  for (const auto& [partition, end] : until) {
    auto start = from.find(partition);
    if (start == from.end()) continue;
    if (start->second > end) throw ResolvedStartBeyondEnd(partition, start->second, end);
    ranges.push_back({partition, start->second, end});
  }
  // Spark, too, leaves maxRecordsPerPartition to streams.
  return DivideRanges(ranges, options_.min_partitions, std::nullopt);
}

std::vector<OffsetRange> OffsetFetcher::StreamRanges(const PartitionOffsets& from, const PartitionOffsets& until) {
  TopicPartitions added, deleted;
  for (const auto& [partition, end] : until) {
    if (!from.contains(partition)) added.insert(partition);
  }
  for (const auto& [partition, start] : from) {
    if (!until.contains(partition)) deleted.insert(partition);
  }
  PartitionOffsets initial = added.empty() ? PartitionOffsets() : Earliest(added);
  for (const auto& [partition, offset] : initial) added.erase(partition);
  if (!added.empty()) ReportDataLoss(InitialOffsetNotFound(added));
  for (const auto& [partition, offset] : initial) {
    if (offset != 0) ReportDataLoss(AddedPartitionNotFromZero(partition, offset));
  }
  if (!deleted.empty()) ReportDataLoss(PartitionsDeleted(deleted));
  initial.insert(from.begin(), from.end());
  std::vector<OffsetRange> ranges;
  for (const auto& [partition, end] : until) {
    auto start = initial.find(partition);
    if (start == initial.end()) continue;
    if (end < start->second) ReportDataLoss(PartitionOffsetChanged(partition, start->second, end));
    ranges.push_back({partition, start->second, end});
  }
  return DivideRanges(ranges, options_.min_partitions, options_.max_records_per_partition);
}

}  // namespace sluice::connectors::kafka
