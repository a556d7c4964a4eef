// Spark's arithmetic of maxOffsetsPerTrigger, minPartitions and maxRecordsPerPartition.
#include "connectors/kafka/offset_ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::connectors::kafka {
namespace {

void CutRange(const OffsetRange& range, int64_t parts, std::vector<OffsetRange>* out) {
  int64_t left = range.size(), from = range.from;
  for (int64_t part = 0; part < parts; ++part) {
    int64_t size = left / (parts - part);
    left -= size;
    int64_t until = std::min(from + size, range.until);
    out->push_back({range.partition, from, until});
    from = until;
  }
}

int64_t PartCount(int64_t size, int64_t total, int64_t parts) {
  double share = static_cast<double>(size) / static_cast<double>(total) * static_cast<double>(parts);
  return std::max<int64_t>(static_cast<int64_t>(std::floor(share + 0.5)), 1);
}

std::vector<OffsetRange> CutLongRanges(const std::vector<OffsetRange>& ranges, int64_t most_records) {
  std::vector<OffsetRange> out;
  for (const OffsetRange& range : ranges) {
    CutRange(range, (range.size() + most_records - 1) / most_records, &out);
  }
  return out;
}

// The small ranges that stay whole don't count for the shares of the others.
std::vector<OffsetRange> CutByShare(const std::vector<OffsetRange>& ranges, int64_t least) {
  int64_t total = 0, whole_total = 0, whole = 0;
  for (const OffsetRange& range : ranges) total += range.size();
  auto stays_whole = [&](const OffsetRange& range) { return PartCount(range.size(), total, least) == 1; };
  for (const OffsetRange& range : ranges) {
    if (!stays_whole(range)) continue;
    whole_total += range.size();
    ++whole;
  }
  std::vector<OffsetRange> out;
  for (const OffsetRange& range : ranges) {
    if (stays_whole(range)) {
      out.push_back(range);
    } else {
      CutRange(range, PartCount(range.size(), total - whole_total, std::max<int64_t>(least - whole, 1)), &out);
    }
  }
  return out;
}

}  // namespace

PartitionOffsets LimitOffsets(int64_t most, const PartitionOffsets& from, const PartitionOffsets& until) {
  double total = 0;
  for (const auto& [partition, end] : until) {
    auto begin = from.find(partition);
    if (begin != from.end()) total += static_cast<double>(std::max<int64_t>(end - begin->second, 0));
  }
  if (total < 1) return until;
  PartitionOffsets out = until;
  for (auto& [partition, end] : out) {
    auto begin = from.find(partition);
    if (begin == from.end() || end <= begin->second) continue;
    double share = static_cast<double>(most) * (static_cast<double>(end - begin->second) / total);
    // A small partition always gets something.
    double taken = share < 1 ? std::ceil(share) : std::floor(share);
    auto room = static_cast<double>(std::numeric_limits<int64_t>::max() - begin->second);
    if (taken < room) end = std::min(end, begin->second + static_cast<int64_t>(taken));
  }
  return out;
}

double CountOffsets(const PartitionOffsets& from, const PartitionOffsets& until) {
  double count = 0;
  for (const auto& [partition, end] : until) {
    auto begin = from.find(partition);
    count += static_cast<double>(end - (begin == from.end() ? 0 : begin->second));
  }
  return count;
}

std::vector<OffsetRange> DivideRanges(const std::vector<OffsetRange>& ranges, std::optional<int64_t> least_partitions,
                                      std::optional<int64_t> most_records) {
  std::vector<OffsetRange> out = ranges;
  std::erase_if(out, [](const OffsetRange& range) { return range.size() <= 0; });
  if (most_records) out = CutLongRanges(out, *most_records);
  if (least_partitions && *least_partitions > static_cast<int64_t>(out.size()))
    out = CutByShare(out, *least_partitions);
  return out;
}

}  // namespace sluice::connectors::kafka
