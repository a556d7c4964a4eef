// Running operators: all partitions at once.
#include "exec/operator.h"

namespace sluice::exec {

void EventTimeStats::Merge(const EventTimeStats& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  average += (other.average - average) * static_cast<double>(other.count) / static_cast<double>(count + other.count);
  count += other.count;
}

void ExecContext::AtEnd(const void* owner, std::function<void()> action) {
  std::lock_guard lock(shared_mutex_);
  end_actions_[owner] = std::move(action);
}

void ExecContext::RunEndActions() {
  std::map<const void*, std::function<void()>> actions;
  {
    std::lock_guard lock(shared_mutex_);
    actions.swap(end_actions_);
  }
  for (auto& [owner, action] : actions) action();
}

Operator::Operator(logical::Attributes output) : output_(std::move(output)), schema_(logical::ArrowSchema(output_)) {}

void ForEachPartition(const Operator& root, ExecContext& context, const std::function<void(int)>& body) {
  int partitions = root.Partitions(context);
  context.pool->ParallelFor(partitions, [&](int partition) {
    context.cancellation->Check();
    body(partition);
  });
}

namespace {

void Drain(const Operator& root, ExecContext& context, int partition,
           const std::function<void(int, std::shared_ptr<arrow::RecordBatch>)>& consume) {
  BatchIteratorPtr iterator = root.Open(context, partition);
  while (auto batch = iterator->Next()) {
    context.cancellation->Check();
    consume(partition, std::move(batch));
  }
}

}  // namespace

void Run(const Operator& root, ExecContext& context,
         const std::function<void(int, std::shared_ptr<arrow::RecordBatch>)>& consume) {
  ExecContext::RunScope scope(context);
  ForEachPartition(root, context, [&](int partition) { Drain(root, context, partition, consume); });
  scope.Complete();
}

std::vector<std::shared_ptr<arrow::RecordBatch>> Collect(const Operator& root, ExecContext& context) {
  ExecContext::RunScope scope(context);
  std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>> parts(root.Partitions(context));
  Run(root, context, [&](int partition, std::shared_ptr<arrow::RecordBatch> batch) {
    if (batch->num_rows() > 0) parts[partition].push_back(std::move(batch));
  });
  scope.Complete();
  std::vector<std::shared_ptr<arrow::RecordBatch>> all;
  for (auto& part : parts) {
    for (auto& batch : part) all.push_back(std::move(batch));
  }
  return all;
}

}  // namespace sluice::exec
