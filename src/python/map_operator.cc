// Python functions over whole batches of rows: by partition, by group, or by pairs of groups.
#include "python/map_operator.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/table.h>

#include <algorithm>
#include <numeric>

#include "base/arrow_kernel.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "python/arrow_exchange.h"
#include "python/grouped_rows.h"
#include "python/task.h"

namespace sluice::python {
namespace {

// The rows as one struct column `_0`, as the map functions take them.
std::shared_ptr<arrow::RecordBatch> AsStructBatch(const std::shared_ptr<arrow::RecordBatch>& batch) {
  auto column = std::make_shared<arrow::StructArray>(arrow::struct_(batch->schema()->fields()), batch->num_rows(),
                                                     batch->columns());
  auto schema = arrow::schema({arrow::field("_0", column->type())});
  return arrow::RecordBatch::Make(schema, batch->num_rows(), {column});
}

class ResultIterator : public exec::BatchIterator {
 public:
  ResultIterator(std::unique_ptr<Task> task, logical::Attributes output, std::shared_ptr<arrow::Schema> schema)
      : output_(std::move(output)), schema_(std::move(schema)), task_(std::move(task)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto results = task_->NextBatch();
    return results ? FromStructBatch(*results, output_, schema_) : nullptr;
  }

 private:
  logical::Attributes output_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<Task> task_;
};

class MapOperator : public exec::Operator {
 public:
  MapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child, const logical::MapPartitions& node)
      : Operator(node.output), pool_(std::move(pool)), child_(std::move(child)), function_(node.function) {
    if (function_->eval_type != kMapPandasIterUdf && function_->eval_type != kMapArrowIterUdf) {
      throw base::Error::Unsupported("Python map functions of another kind than mapInPandas and mapInArrow");
    }
  }
  int Partitions(exec::ExecContext& context) const override { return child_->Partitions(context); }
  exec::BatchIteratorPtr Open(exec::ExecContext& context, int partition) const override {
    TaskSpec spec;
    spec.eval_type = function_->eval_type;
    spec.functions = {{{{"", 0}}, {function_->command}}};
    spec.partition_id = partition;
    spec.runner_conf = RunnerConf(*context.conf);
    std::shared_ptr<exec::BatchIterator> child = child_->Open(context, partition);
    std::string time_zone = context.eval.time_zone;
    auto schema = WorkerSchema(child_->output(), time_zone);
    auto write = [this, child, schema, time_zone](SocketStream& socket) {
      auto empty = base::ValueOrThrow(arrow::RecordBatch::MakeEmpty(schema));
      ArrowStreamWriter writer(socket, AsStructBatch(empty)->schema());
      while (auto batch = child->Next()) {
        if (batch->num_rows() == 0) continue;
        writer.Write(*AsStructBatch(ToWorkerBatch(*batch, child_->output(), schema, time_zone)));
        socket.Flush();
      }
      writer.Close();
    };
    auto task = std::make_unique<Task>(pool_.get(), std::move(spec), context.cancellation, write);
    return std::make_unique<ResultIterator>(std::move(task), output(), this->schema());
  }
  std::string Describe() const override {
    return function_->eval_type == kMapPandasIterUdf ? "MapInPandas " + function_->name
                                                     : "MapInArrow " + function_->name;
  }
  std::vector<const exec::Operator*> Children() const override { return {child_.get()}; }

 private:
  std::shared_ptr<WorkerPool> pool_;
  exec::OperatorPtr child_;
  std::shared_ptr<const plan::PythonUdf> function_;
};

/// All rows sorted by key, with the first row of each group.
struct Groups {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<int64_t> starts;  // and the number of rows at the end
};

Groups SortIntoGroups(const exec::Operator& child, exec::ExecContext& context, const std::vector<int>& keys) {
  auto batches = exec::Collect(child, context);
  auto table = base::ValueOrThrow(arrow::Table::FromRecordBatches(child.schema(), batches));
  auto rows = base::ValueOrThrow(table->CombineChunksToBatch());
  if (rows->num_rows() == 0) return {rows, {0}};
  Groups groups;
  if (keys.empty()) {
    groups.rows = rows;
  } else {
    arrow::ArrayVector key_arrays;
    arrow::FieldVector key_fields;
    std::vector<arrow::compute::SortKey> order;
    for (size_t i = 0; i < keys.size(); ++i) {
      key_arrays.push_back(rows->column(keys[i]));
      key_fields.push_back(arrow::field(std::to_string(i), rows->column(keys[i])->type()));
      order.emplace_back(arrow::FieldRef(static_cast<int>(i)), arrow::compute::SortOrder::Ascending,
                         arrow::compute::NullPlacement::AtStart);
    }
    auto key_batch = arrow::RecordBatch::Make(arrow::schema(key_fields), rows->num_rows(), key_arrays);
    arrow::compute::SortOptions options(order);
    auto indices = base::ValueOrThrow(base::CallKernel("sort_indices", {arrow::Datum(key_batch)}, &options));
    groups.rows = base::ValueOrThrow(arrow::compute::Take(arrow::Datum(rows), arrow::Datum(indices))).record_batch();
  }
  auto equal = arrow::EqualOptions::Defaults().nans_equal(true);
  for (int64_t row = 0; row < groups.rows->num_rows(); ++row) {
    bool starts = row == 0;
    for (size_t i = 0; i < keys.size() && !starts; ++i) {
      const auto& key = *groups.rows->column(keys[i]);
      starts = !key.RangeEquals(key, row - 1, row, row, equal);
    }
    if (starts) groups.starts.push_back(row);
  }
  groups.starts.push_back(groups.rows->num_rows());
  return groups;
}

class GroupMapOperator : public exec::Operator {
 public:
  GroupMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child, const logical::GroupMap& node)
      : Operator(node.output), pool_(std::move(pool)), child_(std::move(child)), function_(node.function) {
    if (function_->eval_type != kGroupedMapPandasUdf && function_->eval_type != kGroupedMapArrowUdf) {
      throw base::Error::Unsupported("Python group functions of another kind than applyInPandas and applyInArrow");
    }
    keys_ = PositionsOf(node.grouping, child_->output());
    // Grouping expressions that are no column of the frame stand behind its columns.
    values_ = function_->arguments.empty() ? static_cast<int>(child_->output().size())
                                           : static_cast<int>(function_->arguments.size());
  }
  int Partitions(exec::ExecContext&) const override { return 1; }
  exec::BatchIteratorPtr Open(exec::ExecContext& context, int partition) const override {
    TaskSpec spec;
    spec.eval_type = function_->eval_type;
    spec.runner_conf = RunnerConf(*context.conf);
    TaskFunction function{{}, {function_->command}};
    function.arguments = GroupedArguments(keys_, values_);
    spec.functions = {std::move(function)};
    auto groups = std::make_shared<Groups>(SortIntoGroups(*child_, context, keys_));
    std::string time_zone = context.eval.time_zone;
    auto schema = WorkerSchema(child_->output(), time_zone);
    bool as_struct = function_->eval_type == kGroupedMapArrowUdf;
    auto write = [this, groups, schema, time_zone, as_struct](SocketStream& socket) {
      auto rows = ToWorkerBatch(*groups->rows, child_->output(), schema, time_zone);
      for (size_t g = 0; g + 1 < groups->starts.size(); ++g) {
        auto group = rows->Slice(groups->starts[g], groups->starts[g + 1] - groups->starts[g]);
        if (as_struct) group = AsStructBatch(group);
        socket.WriteInt(1);
        ArrowStreamWriter writer(socket, group->schema());
        writer.Write(*group);
        writer.Close();
      }
      socket.WriteInt(0);
    };
    auto task = std::make_unique<Task>(pool_.get(), std::move(spec), context.cancellation, write);
    return std::make_unique<ResultIterator>(std::move(task), output(), this->schema());
  }
  std::string Describe() const override {
    return (function_->eval_type == kGroupedMapPandasUdf ? "FlatMapGroupsInPandas " : "FlatMapGroupsInArrow ") +
           function_->name;
  }
  std::vector<const exec::Operator*> Children() const override { return {child_.get()}; }

 private:
  std::shared_ptr<WorkerPool> pool_;
  exec::OperatorPtr child_;
  std::shared_ptr<const plan::PythonUdf> function_;
  std::vector<int> keys_;
  int values_ = 0;
};

std::shared_ptr<arrow::RecordBatch> AllRows(const exec::Operator& child, exec::ExecContext& context) {
  auto table = base::ValueOrThrow(arrow::Table::FromRecordBatches(child.schema(), exec::Collect(child, context)));
  return base::ValueOrThrow(table->CombineChunksToBatch());
}

/// The rows of two frames in the order of their keys, and for each key where its rows start on both sides.
struct GroupPairs {
  std::shared_ptr<arrow::RecordBatch> sides[2];
  std::vector<std::pair<int64_t, int64_t>> starts;  // and both numbers of rows at the end
};

std::shared_ptr<arrow::RecordBatch> TakeRowsOf(const std::shared_ptr<arrow::RecordBatch>& rows,
                                               arrow::Int64Builder& indices) {
  auto taken = base::ValueOrThrow(indices.Finish());
  return base::ValueOrThrow(arrow::compute::Take(arrow::Datum(rows), arrow::Datum(taken))).record_batch();
}

GroupPairs PairGroups(const std::shared_ptr<arrow::RecordBatch>& left, const std::shared_ptr<arrow::RecordBatch>& right,
                      const std::vector<int>& left_keys, const std::vector<int>& right_keys) {
  int64_t left_rows = left->num_rows(), rows = left_rows + right->num_rows();
  arrow::ArrayVector keys;
  arrow::FieldVector fields;
  std::vector<arrow::compute::SortKey> order;
  for (size_t i = 0; i < left_keys.size(); ++i) {
    keys.push_back(base::ValueOrThrow(arrow::Concatenate({left->column(left_keys[i]), right->column(right_keys[i])})));
    fields.push_back(arrow::field(std::to_string(i), keys.back()->type()));
    order.emplace_back(arrow::FieldRef(static_cast<int>(i)), arrow::compute::SortOrder::Ascending,
                       arrow::compute::NullPlacement::AtStart);
  }
  arrow::compute::SortOptions options(order);
  auto batch = arrow::RecordBatch::Make(arrow::schema(fields), rows, keys);
  auto sorted = base::ValueOrThrow(base::CallKernel("sort_indices", {arrow::Datum(batch)}, &options)).make_array();
  const auto& indices = static_cast<const arrow::UInt64Array&>(*sorted);
  auto equal = arrow::EqualOptions::Defaults().nans_equal(true);
  GroupPairs out;
  arrow::Int64Builder left_order, right_order;
  for (int64_t i = 0; i < rows; ++i) {
    auto row = static_cast<int64_t>(indices.Value(i));
    bool starts = i == 0;
    for (size_t k = 0; k < keys.size() && !starts; ++k) {
      auto before = static_cast<int64_t>(indices.Value(i - 1));
      starts = !keys[k]->RangeEquals(*keys[k], before, before + 1, row, equal);
    }
    if (starts) out.starts.emplace_back(left_order.length(), right_order.length());
    bool is_left = row < left_rows;
    base::ThrowIfError((is_left ? left_order : right_order).Append(is_left ? row : row - left_rows));
  }
  out.starts.emplace_back(left_order.length(), right_order.length());
  out.sides[0] = TakeRowsOf(left, left_order);
  out.sides[1] = TakeRowsOf(right, right_order);
  return out;
}

class CoGroupMapOperator : public exec::Operator {
 public:
  CoGroupMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr left, exec::OperatorPtr right,
                     const logical::CoGroupMap& node)
      : Operator(node.output),
        pool_(std::move(pool)),
        function_(node.function),
        children_{std::move(left), std::move(right)} {
    if (function_->eval_type != kCogroupedMapPandasUdf && function_->eval_type != kCogroupedMapArrowUdf) {
      throw base::Error::Unsupported(
          "Python functions over pairs of groups of another kind than applyInPandas and applyInArrow");
    }
    keys_[0] = PositionsOf(node.left_grouping, children_[0]->output());
    keys_[1] = PositionsOf(node.right_grouping, children_[1]->output());
    // Grouping expressions that are no column of a frame stand behind its columns and are no values.
    size_t columns = children_[0]->output().size() + children_[1]->output().size();
    size_t computed = function_->arguments.empty() ? 0 : columns - function_->arguments.size();
    for (int side = 0; side < 2; ++side) {
      values_[side] = static_cast<int>(children_[side]->output().size());
      while (computed > 0 &&
             std::find(keys_[side].begin(), keys_[side].end(), values_[side] - 1) != keys_[side].end()) {
        --values_[side];
        --computed;
      }
    }
  }
  int Partitions(exec::ExecContext&) const override { return 1; }
  exec::BatchIteratorPtr Open(exec::ExecContext& context, int partition) const override {
    TaskSpec spec;
    spec.eval_type = function_->eval_type;
    spec.runner_conf = RunnerConf(*context.conf);
    spec.partition_id = partition;
    TaskFunction function{{}, {function_->command}};
    for (int side = 0; side < 2; ++side) {
      auto arguments = GroupedArguments(keys_[side], values_[side]);
      function.arguments.insert(function.arguments.end(), arguments.begin(), arguments.end());
    }
    spec.functions = {std::move(function)};
    auto pairs = std::make_shared<GroupPairs>(
        PairGroups(AllRows(*children_[0], context), AllRows(*children_[1], context), keys_[0], keys_[1]));
    auto write = [this, pairs, time_zone = context.eval.time_zone](SocketStream& socket) {
      WritePairs(*pairs, time_zone, socket);
    };
    auto task = std::make_unique<Task>(pool_.get(), std::move(spec), context.cancellation, write);
    return std::make_unique<ResultIterator>(std::move(task), output(), this->schema());
  }
  std::string Describe() const override {
    return (function_->eval_type == kCogroupedMapPandasUdf ? "FlatMapCoGroupsInPandas " : "FlatMapCoGroupsInArrow ") +
           function_->name;
  }
  std::vector<const exec::Operator*> Children() const override { return {children_[0].get(), children_[1].get()}; }

 private:
  void WritePairs(const GroupPairs& pairs, const std::string& time_zone, SocketStream& socket) const {
    std::shared_ptr<arrow::RecordBatch> sides[2];
    for (int side = 0; side < 2; ++side) {
      const logical::Attributes& columns = children_[side]->output();
      sides[side] = ToWorkerBatch(*pairs.sides[side], columns, WorkerSchema(columns, time_zone), time_zone);
    }
    for (size_t g = 0; g + 1 < pairs.starts.size(); ++g) {
      auto [left, right] = pairs.starts[g];
      auto [left_end, right_end] = pairs.starts[g + 1];
      socket.WriteInt(2);
      for (const auto& rows : {sides[0]->Slice(left, left_end - left), sides[1]->Slice(right, right_end - right)}) {
        ArrowStreamWriter writer(socket, rows->schema());
        writer.Write(*rows);
        writer.Close();
      }
    }
    socket.WriteInt(0);
  }

  std::shared_ptr<WorkerPool> pool_;
  std::shared_ptr<const plan::PythonUdf> function_;
  exec::OperatorPtr children_[2];
  std::vector<int> keys_[2];
  int values_[2] = {0, 0};
};

}  // namespace

exec::OperatorPtr MakeCoGroupMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr left,
                                         exec::OperatorPtr right, const logical::CoGroupMap& node) {
  return std::make_shared<CoGroupMapOperator>(std::move(pool), std::move(left), std::move(right), node);
}

exec::OperatorPtr MakeMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                                  const logical::MapPartitions& node) {
  return std::make_shared<MapOperator>(std::move(pool), std::move(child), node);
}

exec::OperatorPtr MakeGroupMapOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                                       const logical::GroupMap& node) {
  return std::make_shared<GroupMapOperator>(std::move(pool), std::move(child), node);
}

}  // namespace sluice::python
