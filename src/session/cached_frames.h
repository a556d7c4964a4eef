// df.cache(): frames that were persisted, and their rows once something has computed them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "session/session.h"

namespace sluice::session {

/// Thread safe.
class CachedFrames {
 public:
  void Persist(const logical::PlanPtr& plan, Session::StorageLevel level);
  void Unpersist(const logical::PlanPtr& plan);
  void Clear();
  Session::StorageLevel Level(const logical::PlanPtr& plan) const;
  bool empty() const;

  using Compute = std::function<std::vector<std::shared_ptr<arrow::RecordBatch>>(const logical::PlanPtr&)>;
  /// The plan with every persisted sub-plan replaced by its rows, which `compute` makes at first use.
  logical::PlanPtr Substitute(const logical::PlanPtr& plan, const Compute& compute);

 private:
  struct Frame;
  logical::PlanPtr Replace(const logical::PlanPtr& node, const Compute& compute, bool is_root_of_compute);
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Frame>> frames_;
};

}  // namespace sluice::session
