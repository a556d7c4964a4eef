// Greenwald-Khanna summaries, with the buffer sizes that Spark uses so that results agree.
#include "functions/aggregate/quantile_summary.h"

#include <algorithm>
#include <cmath>

namespace sluice::functions {
namespace {

constexpr size_t kHeadSize = 50000;
constexpr size_t kCompressThreshold = 10000;

bool Less(double a, double b) { return a < b || (b != b && a == a); }

}  // namespace

void QuantileSummary::Insert(double value) {
  head_.push_back(value);
  if (head_.size() < kHeadSize) return;
  Flush();
  if (samples_.size() >= kCompressThreshold) Reduce(2 * error_ * static_cast<double>(count_));
}

/// Merges the sorted head into the samples.
void QuantileSummary::Flush() {
  if (head_.empty()) return;
  std::sort(head_.begin(), head_.end(), Less);
  std::vector<Sample> out;
  out.reserve(samples_.size() + head_.size());
  int64_t count = count_;
  size_t at = 0;
  for (size_t i = 0; i < head_.size(); ++i) {
    while (at < samples_.size() && !Less(head_[i], samples_[at].value)) out.push_back(samples_[at++]);
    ++count;
    bool edge = out.empty() || (at == samples_.size() && i + 1 == head_.size());
    int64_t delta = edge ? 0 : static_cast<int64_t>(std::floor(2 * error_ * static_cast<double>(count)));
    out.push_back({head_[i], 1, delta});
  }
  out.insert(out.end(), samples_.begin() + static_cast<ptrdiff_t>(at), samples_.end());
  samples_ = std::move(out);
  count_ = count;
  head_.clear();
}

/// Joins neighbours whose joint uncertainty stays below the threshold, from the end.
void QuantileSummary::Reduce(double threshold) {
  if (samples_.empty()) return;
  std::vector<Sample> out;
  Sample head = samples_.back();
  for (size_t i = samples_.size() - 1; i-- > 1;) {
    const Sample& sample = samples_[i];
    if (static_cast<double>(sample.g + head.g + head.delta) < threshold) {
      head.g += sample.g;
    } else {
      out.push_back(head);
      head = sample;
    }
  }
  out.push_back(head);
  // The least value is kept, so that the extremes stay exact.
  const Sample& first = samples_.front();
  if (first.value <= head.value && samples_.size() > 1) out.push_back(first);
  std::reverse(out.begin(), out.end());
  samples_ = std::move(out);
}

void QuantileSummary::Compress() {
  Flush();
  Reduce(2 * error_ * static_cast<double>(count_));
}

void QuantileSummary::Merge(const QuantileSummary& other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    samples_ = other.samples_;
    count_ = other.count_;
    return;
  }
  auto self_delta = static_cast<int64_t>(std::floor(2 * other.error_ * static_cast<double>(other.count_)));
  auto other_delta = static_cast<int64_t>(std::floor(2 * error_ * static_cast<double>(count_)));
  std::vector<Sample> out;
  size_t i = 0, j = 0;
  while (i < samples_.size() && j < other.samples_.size()) {
    bool self = Less(samples_[i].value, other.samples_[j].value);
    Sample next = self ? samples_[i++] : other.samples_[j++];
    // Between the other's samples a rank is uncertain by the other's error, too.
    if (self && j > 0) next.delta += self_delta;
    if (!self && i > 0) next.delta += other_delta;
    out.push_back(next);
  }
  out.insert(out.end(), samples_.begin() + static_cast<ptrdiff_t>(i), samples_.end());
  out.insert(out.end(), other.samples_.begin() + static_cast<ptrdiff_t>(j), other.samples_.end());
  samples_ = std::move(out);
  count_ += other.count_;
  Reduce(2 * std::max(error_, other.error_) * static_cast<double>(count_));
}

double QuantileSummary::Query(double share) const {
  if (share <= error_) return samples_.front().value;
  if (share >= 1 - error_) return samples_.back().value;
  int64_t widest = 0;
  for (const Sample& sample : samples_) widest = std::max(widest, sample.g + sample.delta);
  double allowed = static_cast<double>(widest) / 2;
  auto rank = std::ceil(share * static_cast<double>(count_));
  int64_t least = 0;
  for (const Sample& sample : samples_) {
    least += sample.g;
    auto most = static_cast<double>(least + sample.delta);
    if (most - allowed <= rank && rank <= static_cast<double>(least) + allowed) return sample.value;
  }
  return samples_.back().value;
}

int64_t QuantileSummary::MemoryUsed() const {
  return static_cast<int64_t>(samples_.capacity() * sizeof(Sample) + head_.capacity() * sizeof(double));
}

void QuantileSummary::Restore(std::vector<Sample> samples, int64_t count) {
  samples_ = std::move(samples);
  count_ = count;
}

}  // namespace sluice::functions
