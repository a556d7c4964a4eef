// Physical operators: built once per plan, opened per execution and partition, giving Arrow batches.
#pragma once

#include <arrow/record_batch.h>

#include <any>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/sql_conf.h"
#include "base/thread_pool.h"
#include "connectors/spi/stream.h"
#include "logical/plan.h"

namespace sluice::exec {

/// Gives the rows of one partition. Not thread safe; used by one thread at a time.
class BatchIterator {
 public:
  virtual ~BatchIterator() = default;
  /// The next batch with the operator's schema; null at the end, and then never called again. Batches may be empty.
  virtual std::shared_ptr<arrow::RecordBatch> Next() = 0;
};
using BatchIteratorPtr = std::unique_ptr<BatchIterator>;

class StateContext;  // exec/stateful

/// Event times that a Watermark operator saw in one execution, in milliseconds (progress' eventTime, and what the next
/// batch's watermark comes from).
struct EventTimeStats {
  int64_t count = 0, min = 0, max = 0;
  double average = 0;
  void Merge(const EventTimeStats& other);
};

/// The range of one stream source in a micro-batch.
struct SourceRange {
  connectors::StreamSource* source = nullptr;
  std::optional<connectors::Offset> start;
  connectors::Offset end;
  bool empty = true;  ///< nothing new: the scan gives no rows
  connectors::DeadLetterWriter* dead_letters = nullptr;
};

/// One execution: a batch query, or one micro-batch of a stream. Shared by all partitions' threads.
class ExecContext {
 public:
  logical::EvalContext eval;  ///< template for each task; partition_id is set per task
  std::shared_ptr<const base::SqlConf> conf;
  base::CancellationPtr cancellation = std::make_shared<base::CancellationToken>();
  base::ThreadPool* pool = &base::ThreadPool::Default();
  int parallelism = 2;
  /// Of a micro-batch: ranges by StreamHandle, and the state. Null/empty in batch queries.
  std::map<const logical::StreamHandle*, SourceRange> sources;
  StateContext* state = nullptr;
  /// Rows read per stream source, for progress.
  std::map<const logical::StreamHandle*, std::atomic<int64_t>*> rows_read;
  /// df.observe results of this execution: name → one row.
  std::mutex metrics_mutex;
  std::map<std::string, std::shared_ptr<arrow::RecordBatch>> observed;
  /// What the Watermark operators of the plan saw, by the id of their event-time attribute; under metrics_mutex.
  std::map<logical::ExprId, EventTimeStats> event_times;

  /// Registers what Run, RunInOrder and Collect do when all rows were given, once per owner.
  void AtEnd(const void* owner, std::function<void()> action);
  /// While one lives, a run is going on; the end actions belong to the outermost one.
  class RunScope {
   public:
    explicit RunScope(ExecContext& context) : context_(context) { ++context_.runs_; }
    ~RunScope() { --context_.runs_; }
    /// All rows were given.
    void Complete() {
      if (context_.runs_ == 1) context_.RunEndActions();
    }

   private:
    ExecContext& context_;
  };
  /// The evaluation context of one task.
  logical::EvalContext TaskEval(int partition) const {
    logical::EvalContext task = eval;
    task.partition_id = partition;
    return task;
  }

  /// The state that an operator's partitions share in this execution (hash tables, exchanged rows), made by `make` on
  /// first use; others wait for it.
  template <typename T>
  std::shared_ptr<T> Shared(const void* owner, const std::function<std::shared_ptr<T>()>& make) {
    std::shared_ptr<Slot> slot;
    {
      std::lock_guard lock(shared_mutex_);
      auto& found = shared_[owner];
      if (!found) found = std::make_shared<Slot>();
      slot = found;
    }
    std::lock_guard lock(slot->mutex);
    if (!slot->value.has_value()) slot->value = make();
    return std::any_cast<std::shared_ptr<T>>(slot->value);
  }

 private:
  void RunEndActions();
  struct Slot {
    std::mutex mutex;
    std::any value;
  };
  std::mutex shared_mutex_;
  std::map<const void*, std::shared_ptr<Slot>> shared_;
  std::map<const void*, std::function<void()>> end_actions_;
  std::atomic<int> runs_{0};
};

/// An immutable operator; everything that changes while running lives in its iterators or in ExecContext::Shared.
class Operator {
 public:
  explicit Operator(logical::Attributes output);
  virtual ~Operator() = default;

  const logical::Attributes& output() const { return output_; }
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// How many partitions this execution has; fixed for one context. Pipeline breakers run what is below them here, so
  /// that their stages follow one another on all threads; call it before Open, from the thread that drives the run.
  virtual int Partitions(ExecContext& context) const = 0;
  virtual BatchIteratorPtr Open(ExecContext& context, int partition) const = 0;
  /// One line for explain: "Filter (v#1 > 5)".
  virtual std::string Describe() const = 0;
  virtual std::vector<const Operator*> Children() const { return {}; }

 private:
  logical::Attributes output_;
  std::shared_ptr<arrow::Schema> schema_;
};
using OperatorPtr = std::shared_ptr<const Operator>;

/// Runs all partitions on the pool; `consume` is called from several threads, for one partition by one thread.
void Run(const Operator& root, ExecContext& context,
         const std::function<void(int partition, std::shared_ptr<arrow::RecordBatch>)>& consume);
/// Runs body(partition) for all partitions of `root` in parallel, without the end actions; for pipeline breakers.
void ForEachPartition(const Operator& root, ExecContext& context, const std::function<void(int partition)>& body);
/// All rows, in partition order.
std::vector<std::shared_ptr<arrow::RecordBatch>> Collect(const Operator& root, ExecContext& context);
/// Runs partitions in order and gives their batches to `consume` in order, without holding more than a few batches a
/// thread; `consume` returns false to stop early. For results streamed to a client.
void RunInOrder(const Operator& root, ExecContext& context,
                const std::function<bool(std::shared_ptr<arrow::RecordBatch>)>& consume);
/// "== Physical Plan ==\n" and the tree, as explain() prints.
std::string Explain(const Operator& root);

}  // namespace sluice::exec
