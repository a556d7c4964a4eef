// A flag that asks running work to end; operators look at it once a batch.
#pragma once

#include <atomic>
#include <memory>

namespace sluice::base {

class CancellationToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  /// Throws OPERATION_CANCELED once cancelled.
  void Check() const;

 private:
  std::atomic<bool> cancelled_{false};
};
using CancellationPtr = std::shared_ptr<CancellationToken>;

}  // namespace sluice::base
