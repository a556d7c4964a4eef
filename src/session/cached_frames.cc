// Persisted frames by canonical plan text.
#include "session/cached_frames.h"

#include "session/plan_key.h"

namespace sluice::session {

struct CachedFrames::Frame : logical::BatchSource {
  Session::StorageLevel level;
  std::once_flag computed;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  std::vector<std::shared_ptr<arrow::RecordBatch>> Snapshot() const override { return batches; }
};

void CachedFrames::Persist(const logical::PlanPtr& plan, Session::StorageLevel level) {
  std::lock_guard lock(mutex_);
  auto& frame = frames_[PlanKey(plan)];
  if (frame) return;  // as in Spark, the first storage level stays
  frame = std::make_shared<Frame>();
  frame->level = level;
}

void CachedFrames::Unpersist(const logical::PlanPtr& plan) {
  std::lock_guard lock(mutex_);
  frames_.erase(PlanKey(plan));
}

void CachedFrames::Clear() {
  std::lock_guard lock(mutex_);
  frames_.clear();
}

Session::StorageLevel CachedFrames::Level(const logical::PlanPtr& plan) const {
  std::lock_guard lock(mutex_);
  auto found = frames_.find(PlanKey(plan));
  return found == frames_.end() ? Session::StorageLevel{} : found->second->level;
}

bool CachedFrames::empty() const {
  std::lock_guard lock(mutex_);
  return frames_.empty();
}

logical::PlanPtr CachedFrames::Substitute(const logical::PlanPtr& plan, const Compute& compute) {
  if (empty()) return plan;
  return Replace(plan, compute, false);
}

logical::PlanPtr CachedFrames::Replace(const logical::PlanPtr& node, const Compute& compute, bool is_root_of_compute) {
  if (node->is_streaming) return node;
  if (!is_root_of_compute) {
    std::shared_ptr<Frame> frame;
    {
      std::lock_guard lock(mutex_);
      auto found = frames_.find(PlanKey(node));
      if (found != frames_.end()) frame = found->second;
    }
    if (frame) {
      std::call_once(frame->computed, [&] { frame->batches = compute(Replace(node, compute, true)); });
      return std::make_shared<logical::InMemory>(node->output, frame, "cached frame");
    }
  }
  std::vector<logical::PlanPtr> children;
  bool changed = false;
  for (const logical::PlanPtr& child : node->children) {
    children.push_back(Replace(child, compute, false));
    changed |= children.back() != child;
  }
  return changed ? node->WithChildren(std::move(children)) : node;
}

}  // namespace sluice::session
