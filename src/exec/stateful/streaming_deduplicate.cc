// dropDuplicates of a stream: the keys that were seen lie in the state, until the watermark passes them.
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "exec/key_encoder.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/stateful/event_time_key.h"
#include "exec/stateful/partition_task.h"
#include "exec/stateful/planning.h"
#include "exec/stateful/stateful_operator.h"
#include "logical/watermark_metadata.h"
#include "state/unsafe_layout.h"
#include "state/unsafe_row.h"

namespace sluice::exec {
namespace {

// What both kinds of deduplication know of their rows and state.
struct DeduplicateShape {
  DeduplicateShape(const logical::Deduplicate& node, const logical::Attributes& input)
      : within_watermark(node.within_watermark), event_time(EventTimeKey::Find(input)) {
    std::vector<types::StructField> fields;
    for (const logical::AttributePtr& key : node.keys) {
      fields.push_back({key->name, key->type, key->nullable, key->metadata});
      for (size_t c = 0; c < input.size(); ++c) {
        if (input[c]->id != key->id) continue;
        key_columns.push_back(static_cast<int>(c));
        break;
      }
    }
    schema.key = types::Struct(std::move(fields));
    if (!within_watermark) {
      key_time = EventTimeKey::Find(node.keys);
      schema.value = types::Struct({{"__dummy__", types::Null(), true, "{}"}});
      return;
    }
    schema.value = types::Struct({{"expiresAtMicros", types::Long(), false, "{}"}});
    for (const logical::AttributePtr& attribute : input) {
      auto delay = logical::WatermarkDelayMs(attribute->metadata);
      if (!delay) continue;
      delay_us = *delay * 1000;
      time_is_window = attribute->type->Is(types::TypeId::kStruct);
      break;
    }
  }

  const bool within_watermark;
  std::vector<int> key_columns;
  state::StoreSchema schema;
  std::optional<EventTimeKey> event_time;  // in the input: late rows are judged by it
  std::optional<EventTimeKey> key_time;    // in the keys: state is evicted by it
  int64_t delay_us = 0;
  bool time_is_window = false;  // Spark reads a small number from it then: the key expires with the next watermark
};

// Works on one state partition: passes on the rows with a new key, then evicts and commits.
class StreamingDeduplicateIterator final : public BatchIterator {
 public:
  StreamingDeduplicateIterator(const DeduplicateShape& shape, const state::OperatorInfo& info, BatchIteratorPtr child,
                               ExecContext& context, int partition)
      : shape_(shape),
        info_(info),
        context_(context),
        watermarks_(*context.state, info.id),
        child_(std::move(child)),
        keys_(shape.schema.key),
        values_(shape.schema.value),
        store_(context.state->Open({info.id, partition, ""}, shape.schema)) {
    if (!shape.within_watermark) no_value_ = values_.Encode({std::make_shared<arrow::NullArray>(1)}, 1);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    while (auto batch = child_->Next()) {
      context_.cancellation->Check();
      if (batch->num_rows() == 0) continue;
      StepTimer timer(&update_time_);
      if (auto fresh = FirstOfKeys(InTime(batch))) return fresh;
    }
    Finish();
    return nullptr;
  }

 private:
  // The rows that are not late.
  std::shared_ptr<arrow::RecordBatch> InTime(const std::shared_ptr<arrow::RecordBatch>& batch) {
    if (!shape_.event_time || !watermarks_.late_ms) return batch;
    std::vector<bool> late = shape_.event_time->AtOrBefore(batch->columns(), batch->num_rows(), *watermarks_.late_ms);
    std::vector<int32_t> kept;
    for (size_t i = 0; i < late.size(); ++i) {
      if (!late[i]) kept.push_back(static_cast<int32_t>(i));
    }
    if (kept.size() == late.size()) return batch;
    metrics_.rows_dropped_by_watermark += static_cast<int64_t>(late.size() - kept.size());
    return TakeBatch(batch, RowNumbers(std::move(kept)));
  }

  // The rows whose key was not known; null if there are none.
  std::shared_ptr<arrow::RecordBatch> FirstOfKeys(const std::shared_ptr<arrow::RecordBatch>& batch) {
    int64_t rows = batch->num_rows();
    arrow::ArrayVector columns;
    for (int column : shape_.key_columns) columns.push_back(NormalizeFloats(batch->column(column)));
    state::UnsafeRows keys = keys_.Encode(columns, rows);
    state::UnsafeRows expiries;
    if (shape_.within_watermark) expiries = Expiries(*batch);
    std::vector<int32_t> fresh;
    for (int64_t i = 0; i < rows; ++i) {
      if (store_->Get(keys[i]).data()) continue;
      store_->Put(keys[i], shape_.within_watermark ? expiries[i] : no_value_[0]);
      fresh.push_back(static_cast<int32_t>(i));
    }
    auto kept = static_cast<int64_t>(fresh.size());
    metrics_.rows_updated += kept;
    duplicates_ += rows - kept;
    if (kept == rows) return rows > 0 ? batch : nullptr;
    return kept > 0 ? TakeBatch(batch, RowNumbers(std::move(fresh))) : nullptr;
  }

  state::UnsafeRows Expiries(const arrow::RecordBatch& batch) const {
    std::vector<int64_t> expiries(batch.num_rows());
    if (!shape_.time_is_window) expiries = shape_.event_time->Micros(batch.columns(), batch.num_rows());
    for (int64_t& expiry : expiries) expiry += shape_.delay_us;
    auto column = std::make_shared<arrow::Int64Array>(batch.num_rows(), arrow::Buffer::FromVector(std::move(expiries)));
    return values_.Encode({column}, batch.num_rows());
  }

  void Finish() {
    if (!store_) return;
    StepTimer::Duration removal_time{};
    {
      StepTimer timer(&removal_time);
      if (watermarks_.evict_ms) Evict(*watermarks_.evict_ms * 1000);
    }
    metrics_.updates_ms = MillisOf(update_time_);
    metrics_.removals_ms = MillisOf(removal_time);
    metrics_.custom["numDroppedDuplicateRows"] = duplicates_;
    CommitPartition(*context_.state, info_, std::exchange(store_, nullptr), metrics_);
  }

  void Evict(int64_t watermark_us) {
    if (!shape_.within_watermark && (!shape_.key_time || !watermarks_.evict_anew_ms)) return;
    store_->RemoveIf([&](std::string_view key, std::string_view value) {
      std::optional<int64_t> time = shape_.within_watermark ? state::Load<int64_t>(value.data() + state::BitsetBytes(1))
                                                            : shape_.key_time->OfRow(key);
      bool passed = time && *time <= watermark_us;
      metrics_.rows_removed += passed ? 1 : 0;
      return passed;
    });
  }

  const DeduplicateShape& shape_;
  const state::OperatorInfo& info_;
  ExecContext& context_;
  const TaskWatermarks watermarks_;
  BatchIteratorPtr child_;
  const state::UnsafeRowEncoder keys_, values_;
  std::shared_ptr<state::StateStore> store_;
  state::UnsafeRows no_value_;
  StepTimer::Duration update_time_{};
  int64_t duplicates_ = 0;
  StateOperatorMetrics metrics_;
};

class StreamingDeduplicateOperator final : public StatefulOperator {
 public:
  StreamingDeduplicateOperator(OperatorPtr child, const logical::Deduplicate& node, const StatefulOptions& options)
      : StatefulOperator(child->output()), shape_(node, child->output()), has_watermark_(options.has_watermark) {
    info_.id = options.operator_id;
    info_.name = node.within_watermark ? "dedupeWithinWatermark" : "dedupe";
    info_.partitions = std::max(1, options.partitions);
    info_.stores.push_back({"default", shape_.schema, 0});
    text_ =
        fmt::format("StreamingDeduplicate{} {}, state info [ opId = {}, numPartitions = {}]",
                    node.within_watermark ? "WithinWatermark" : "", ListText(node.keys), info_.id, info_.partitions);
    std::vector<logical::ExprPtr> keys(node.keys.begin(), node.keys.end());
    partitions_ = keys.empty() ? 1 : info_.partitions;
    child_ = MakeExchange(std::move(child), partitions_, keys);
  }

  const state::OperatorInfo& info() const override { return info_; }
  bool has_watermark() const override { return has_watermark_; }
  bool NeedsBatchWithoutData(int64_t previous_ms, int64_t watermark_ms) const override {
    return has_watermark_ && watermark_ms > previous_ms;
  }
  int Partitions(ExecContext& context) const override { return child_->Partitions(context); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    if (!context.state) throw base::Error::Internal("A stateful operator outside of a micro-batch");
    return std::make_unique<StreamingDeduplicateIterator>(shape_, info_, child_->Open(context, partition), context,
                                                          partition);
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  const DeduplicateShape shape_;
  const bool has_watermark_;
  int partitions_ = 1;
  state::OperatorInfo info_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeStreamingDeduplicate(OperatorPtr child, const logical::Deduplicate& node,
                                     const StatefulOptions& options) {
  return std::make_shared<StreamingDeduplicateOperator>(std::move(child), node, options);
}

}  // namespace sluice::exec
