// dropDuplicates of a batch: the first row of each key.
#include <numeric>

#include "exec/aggregation.h"
#include "exec/operators.h"
#include "exec/row_gather.h"

namespace sluice::exec {
namespace {

constexpr int64_t kBatchRows = 16384;

class SlicesIterator final : public BatchIterator {
 public:
  explicit SlicesIterator(std::shared_ptr<arrow::RecordBatch> rows) : rows_(std::move(rows)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (at_ >= rows_->num_rows()) return nullptr;
    auto slice = rows_->Slice(at_, kBatchRows);
    at_ += slice->num_rows();
    return slice;
  }

 private:
  std::shared_ptr<arrow::RecordBatch> rows_;
  int64_t at_ = 0;
};

class DeduplicateOperator final : public Operator {
 public:
  DeduplicateOperator(OperatorPtr child, const logical::Attributes& keys, int shuffle_partitions)
      : Operator(child->output()), child_(std::move(child)), shuffle_partitions_(std::max(1, shuffle_partitions)) {
    for (const auto& key : keys) {
      key_types_.push_back(types::ToArrow(key->type));
      for (size_t c = 0; c < output().size(); ++c) {
        if (output()[c]->id == key->id) columns_.push_back(static_cast<int>(c));
      }
    }
    text_ = "HashAggregate(keys=" + ListText(keys) + ", functions=[])";
  }

  int Partitions(ExecContext& context) const override {
    Rows(context);
    return 1;
  }
  BatchIteratorPtr Open(ExecContext& context, int) const override {
    return std::make_unique<SlicesIterator>(Rows(context));
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  // The rows of one or more partitions with a key that was not there before.
  class FirstRows {
   public:
    FirstRows(const DeduplicateOperator& node) : node_(node), table_(node.key_types_) {}
    void Add(const std::shared_ptr<arrow::RecordBatch>& batch) {
      int64_t rows = batch->num_rows(), before = table_.size();
      ids_.resize(rows);
      table_.Assign(node_.Keys(*batch), rows, ids_.data());
      if (table_.size() == before) return;
      std::vector<int32_t> added;
      auto next = static_cast<uint32_t>(before);
      for (int64_t i = 0; i < rows; ++i) {
        if (ids_[i] != next) continue;
        added.push_back(static_cast<int32_t>(i));
        ++next;
      }
      bool all = static_cast<int64_t>(added.size()) == rows;
      kept_.push_back(all ? batch : TakeBatch(batch, RowNumbers(std::move(added))));
    }
    std::vector<std::shared_ptr<arrow::RecordBatch>> Take() { return std::move(kept_); }

   private:
    const DeduplicateOperator& node_;
    GroupTable table_;
    std::vector<uint32_t> ids_;
    std::vector<std::shared_ptr<arrow::RecordBatch>> kept_;
  };

  arrow::ArrayVector Keys(const arrow::RecordBatch& batch) const {
    arrow::ArrayVector keys;
    for (int column : columns_) keys.push_back(batch.column(column));
    return keys;
  }

  std::shared_ptr<arrow::RecordBatch> Rows(ExecContext& context) const {
    return context.Shared<arrow::RecordBatch>(this, [&] { return Deduplicate(context); });
  }
  std::shared_ptr<arrow::RecordBatch> Deduplicate(ExecContext& context) const {
    std::vector<std::vector<std::shared_ptr<arrow::RecordBatch>>> parts(child_->Partitions(context));
    ForEachPartition(*child_, context, [&](int partition) {
      FirstRows first(*this);
      auto rows = child_->Open(context, partition);
      while (auto batch = rows->Next()) {
        context.cancellation->Check();
        if (batch->num_rows() > 0) first.Add(batch);
      }
      parts[partition] = first.Take();
    });
    std::erase_if(parts, [](const auto& part) { return part.empty(); });
    if (parts.size() > 1) {
      FirstRows first(*this);
      for (auto& part : parts) {
        for (auto& batch : part) first.Add(batch);
        part.clear();
      }
      parts = {first.Take()};
    }
    auto rows =
        ConcatenateBatches(schema(), parts.empty() ? std::vector<std::shared_ptr<arrow::RecordBatch>>{} : parts[0]);
    if (columns_.empty() || rows->num_rows() < 2) return rows;
    // As Spark's exchange leaves them: by shuffle partition, then by first appearance.
    auto places = HashPartitions(Keys(*rows), rows->num_rows(), shuffle_partitions_);
    return TakeBatch(rows, RowNumbers(OrderByPlace(places, shuffle_partitions_)));
  }

  OperatorPtr child_;
  int shuffle_partitions_;
  std::vector<std::shared_ptr<arrow::DataType>> key_types_;
  std::vector<int> columns_;
  std::string text_;
};

}  // namespace

OperatorPtr MakeDeduplicate(OperatorPtr child, const logical::Attributes& keys, int shuffle_partitions) {
  return std::make_shared<DeduplicateOperator>(std::move(child), keys, shuffle_partitions);
}

}  // namespace sluice::exec
