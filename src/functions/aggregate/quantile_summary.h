// A summary of numbers from which quantiles within a relative error can be asked (Greenwald and Khanna).
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::functions {

class QuantileSummary {
 public:
  explicit QuantileSummary(double relative_error) : error_(relative_error) {}
  void Insert(double value);
  /// Brings everything inserted into the summary; needed before Merge, Query and Samples.
  void Compress();
  void Merge(const QuantileSummary& other);
  int64_t count() const { return count_; }
  /// The value at a share of the sorted values; the summary must not be empty.
  double Query(double share) const;
  int64_t MemoryUsed() const;

  /// A value that stands for `g` values and whose rank is uncertain by `delta`.
  struct Sample {
    double value;
    int64_t g, delta;
  };
  const std::vector<Sample>& samples() const { return samples_; }
  void Restore(std::vector<Sample> samples, int64_t count);

 private:
  void Flush();
  void Reduce(double threshold);
  double error_;
  int64_t count_ = 0;
  std::vector<Sample> samples_;
  std::vector<double> head_;
};

}  // namespace sluice::functions
