// The error of a cancelled operation, and the callbacks of its blocking calls.
#include "base/cancellation.h"

#include "base/error.h"

namespace sluice::base {

void CancellationToken::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_.store(true, std::memory_order_relaxed);
  for (auto& [number, callback] : callbacks_) callback();
  callbacks_.clear();
}

void CancellationToken::Check() const {
  if (cancelled()) throw Error(ErrorKind::kSql, "OPERATION_CANCELED", {});
}

int CancellationToken::AddCallback(std::function<void()> callback) {
  std::lock_guard lock(mutex_);
  if (cancelled()) {
    callback();
    return -1;
  }
  callbacks_.emplace(next_, std::move(callback));
  return next_++;
}

void CancellationToken::RemoveCallback(int number) {
  std::lock_guard lock(mutex_);
  callbacks_.erase(number);
}

}  // namespace sluice::base
