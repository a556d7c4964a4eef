// LIMIT of a stream: the rows given so far are counted in the state (StreamingGlobalLimitExec).
#include <arrow/array/array_primitive.h>
#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "exec/stateful/partition_task.h"
#include "exec/stateful/planning.h"
#include "exec/stateful/stateful_operator.h"
#include "state/unsafe_row.h"

namespace sluice::exec {
namespace {

state::StoreSchema CounterSchema() {
  return {types::Struct({{"key", types::Null(), true, "{}"}}), types::Struct({{"value", types::Long(), true, "{}"}})};
}

// The one counter of a store.
class Counter {
 public:
  explicit Counter(state::StateStore& store) : store_(store) {
    state::UnsafeRowEncoder encoder(schema_.key);
    key_ = encoder.Encode({std::make_shared<arrow::NullArray>(1)}, 1);
  }
  int64_t Read() const {
    std::string_view value = store_.Get(key_[0]);
    if (!value.data()) return 0;
    auto columns = state::DecodeUnsafeRows(*schema_.value, {value});
    return static_cast<const arrow::Int64Array&>(*columns[0]).Value(0);
  }
  void Write(int64_t count) {
    auto column = std::make_shared<arrow::Int64Array>(1, arrow::Buffer::FromVector(std::vector<int64_t>{count}));
    store_.Put(key_[0], state::UnsafeRowEncoder(schema_.value).Encode({column}, 1)[0]);
  }

 private:
  const state::StoreSchema schema_ = CounterSchema();
  state::StateStore& store_;
  state::UnsafeRows key_;
};

// Reads all partitions of the child to their ends, also beyond the limit: what is below must see
// the whole batch.
class StreamingLimitIterator final : public BatchIterator {
 public:
  StreamingLimitIterator(const Operator& child, const state::OperatorInfo& info, int64_t limit, ExecContext& context)
      : child_(child),
        info_(info),
        context_(context),
        partitions_(child.Partitions(context)),
        store_(context.state->Open({info.id, 0, ""}, info.stores[0].schema)),
        counter_(*store_),
        before_(counter_.Read()),
        count_(before_),
        limit_(limit) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    while (auto batch = NextInput()) {
      int64_t rows = std::min(batch->num_rows(), limit_ - count_);
      if (rows <= 0) continue;
      count_ += rows;
      return batch->Slice(0, rows);
    }
    Finish();
    return nullptr;
  }

 private:
  std::shared_ptr<arrow::RecordBatch> NextInput() {
    while (true) {
      context_.cancellation->Check();
      if (!current_) {
        if (partition_ == partitions_) return nullptr;
        current_ = child_.Open(context_, partition_++);
      }
      if (auto batch = current_->Next()) return batch;
      current_.reset();
    }
  }

  void Finish() {
    if (!store_) return;
    if (count_ > before_) counter_.Write(count_);
    StateOperatorMetrics metrics;
    metrics.rows_updated = count_ > before_ ? 1 : 0;
    CommitPartition(*context_.state, info_, std::exchange(store_, nullptr), metrics);
  }

  const Operator& child_;
  const state::OperatorInfo& info_;
  ExecContext& context_;
  const int partitions_;
  int partition_ = 0;
  std::shared_ptr<state::StateStore> store_;
  Counter counter_;
  const int64_t before_;
  int64_t count_;
  const int64_t limit_;
  BatchIteratorPtr current_;
};

class StreamingLimitOperator final : public StatefulOperator {
 public:
  StreamingLimitOperator(OperatorPtr child, int64_t limit, const StatefulOptions& options)
      : StatefulOperator(child->output()),
        child_(std::move(child)),
        limit_(limit),
        has_watermark_(options.has_watermark) {
    info_.id = options.operator_id;
    info_.name = "globalLimit";
    info_.partitions = std::max(1, options.partitions);
    info_.stores.push_back({"default", CounterSchema(), 0});
  }

  const state::OperatorInfo& info() const override { return info_; }
  bool has_watermark() const override { return has_watermark_; }
  int Partitions(ExecContext& context) const override {
    child_->Partitions(context);
    return 1;
  }
  BatchIteratorPtr Open(ExecContext& context, int) const override {
    if (!context.state) throw base::Error::Internal("A stateful operator outside of a micro-batch");
    return std::make_unique<StreamingLimitIterator>(*child_, info_, limit_, context);
  }
  std::string Describe() const override {
    return fmt::format("StreamingGlobalLimit {}, state info [ opId = {}, numPartitions = {}]", limit_, info_.id,
                       info_.partitions);
  }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  int64_t limit_;
  bool has_watermark_;
  state::OperatorInfo info_;
};

}  // namespace

OperatorPtr MakeStreamingLimit(OperatorPtr child, int64_t limit, const StatefulOptions& options) {
  return std::make_shared<StreamingLimitOperator>(std::move(child), limit, options);
}

}  // namespace sluice::exec
