// Scalar Python functions (pickled, Arrow and pandas ones) evaluated as extra columns of a child operator.
#include "python/udf_operator.h"

#include <fmt/format.h>

#include <condition_variable>
#include <deque>

#include "base/error.h"
#include "exec/compiled_expression.h"
#include "python/arrow_exchange.h"
#include "python/map_operator.h"
#include "python/pandas_with_state.h"
#include "python/task.h"
#include "python/transform_with_state.h"

namespace sluice::python {
namespace {

/// What all partitions share: the argument columns and the functions over them.
struct UdfPlan {
  std::shared_ptr<WorkerPool> pool;
  std::vector<exec::CompiledExpressionPtr> arguments;
  types::TypePtr argument_schema;  // struct of _0 … _n
  TaskSpec spec;
  std::vector<types::TypePtr> result_types;
};

/// Batches that were sent and wait for their results, in order. The writer thread pushes, the reader pops.
class PendingBatches {
 public:
  void Push(std::shared_ptr<arrow::RecordBatch> batch) {
    std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
  }
  std::shared_ptr<arrow::RecordBatch> Pop() {
    std::lock_guard lock(mutex_);
    if (batches_.empty()) return nullptr;
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    return batch;
  }

 private:
  std::mutex mutex_;
  std::deque<std::shared_ptr<arrow::RecordBatch>> batches_;
};

class UdfIterator : public exec::BatchIterator {
 public:
  UdfIterator(const UdfPlan& plan, exec::ExecContext& context, int partition, exec::BatchIteratorPtr child,
              std::shared_ptr<arrow::Schema> schema)
      : plan_(plan),
        child_(std::move(child)),
        schema_(std::move(schema)),
        eval_(context.eval),
        time_zone_(context.eval.time_zone),
        cancellation_(context.cancellation) {
    eval_.partition_id = partition;
    spec_ = plan_.spec;
    spec_.partition_id = partition;
    spec_.runner_conf = RunnerConf(*context.conf);
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (!started_ && !Start()) return nullptr;
    while (true) {
      auto results = task_->NextBatch();
      if (!results) {
        if (pending_.Pop() || rest_) throw RowCountError();
        return nullptr;
      }
      if (results->num_rows() == 0) continue;
      return Combine(*results);
    }
  }

 private:
  // A partition without rows needs no worker.
  bool Start() {
    started_ = true;
    std::shared_ptr<arrow::RecordBatch> first;
    do {
      first = child_->Next();
    } while (first && first->num_rows() == 0);
    if (!first) {
      task_ = nullptr;
      return started_ = false;
    }
    task_ = std::make_unique<Task>(plan_.pool.get(), spec_, cancellation_,
                                   [this, first](SocketStream& socket) { WriteInput(socket, first); });
    return true;
  }

  void WriteInput(SocketStream& socket, std::shared_ptr<arrow::RecordBatch> batch) {
    arrow::FieldVector fields;
    for (const types::StructField& field : plan_.argument_schema->fields()) {
      fields.push_back(arrow::field(field.name, ToWorkerType(field.type, time_zone_)));
    }
    auto schema = arrow::schema(fields);
    ArrowStreamWriter writer(socket, schema);
    for (; batch; batch = child_->Next()) {
      if (batch->num_rows() == 0) continue;
      arrow::ArrayVector columns;
      for (size_t i = 0; i < plan_.arguments.size(); ++i) {
        columns.push_back(ToWorkerArray(plan_.arguments[i]->EvaluateArray(eval_, *batch),
                                        plan_.argument_schema->fields()[i].type, time_zone_));
      }
      pending_.Push(batch);
      writer.Write(*arrow::RecordBatch::Make(schema, batch->num_rows(), columns));
      socket.Flush();
    }
    writer.Close();
  }

  // The worker keeps batches one to one, except that functions over iterators may cut them anew.
  std::shared_ptr<arrow::RecordBatch> Combine(const arrow::RecordBatch& results) {
    if (!rest_) rest_ = pending_.Pop();
    if (!rest_ || results.num_rows() > rest_->num_rows()) throw RowCountError();
    arrow::ArrayVector columns = rest_->Slice(0, results.num_rows())->columns();
    rest_ = results.num_rows() == rest_->num_rows() ? nullptr : rest_->Slice(results.num_rows());
    if (results.num_columns() != static_cast<int>(plan_.result_types.size())) {
      throw base::Error::Internal("A Python worker returned another number of columns than functions");
    }
    for (size_t i = 0; i < plan_.result_types.size(); ++i) {
      columns.push_back(FromWorkerArray(results.column(static_cast<int>(i)), plan_.result_types[i]));
    }
    return arrow::RecordBatch::Make(schema_, results.num_rows(), std::move(columns));
  }

  base::Error RowCountError() const {
    return base::Error::Plain(base::ErrorKind::kPython,
                              "A Python function returned another number of rows than it was given",
                              "PYTHON_EXCEPTION");
  }

  const UdfPlan& plan_;
  exec::BatchIteratorPtr child_;
  std::shared_ptr<arrow::Schema> schema_;
  logical::EvalContext eval_;
  std::string time_zone_;
  base::CancellationPtr cancellation_;
  TaskSpec spec_;
  PendingBatches pending_;
  std::shared_ptr<arrow::RecordBatch> rest_;
  bool started_ = false;
  std::unique_ptr<Task> task_;  // last: its writer uses the members above
};

class UdfOperator : public exec::Operator {
 public:
  UdfOperator(exec::OperatorPtr child, UdfPlan plan, logical::Attributes output, std::string description)
      : Operator(std::move(output)),
        child_(std::move(child)),
        plan_(std::move(plan)),
        description_(std::move(description)) {}
  int Partitions(exec::ExecContext& context) const override { return child_->Partitions(context); }
  exec::BatchIteratorPtr Open(exec::ExecContext& context, int partition) const override {
    return std::make_unique<UdfIterator>(plan_, context, partition, child_->Open(context, partition), schema());
  }
  std::string Describe() const override { return description_; }
  std::vector<const exec::Operator*> Children() const override { return {child_.get()}; }

 private:
  exec::OperatorPtr child_;
  UdfPlan plan_;
  std::string description_;
};

// Spark runs both kinds of plain functions through Arrow when the client asks for 101; 100 carries the same command.
int WorkerEvalType(int eval_type) { return eval_type == kBatchedUdf ? kArrowBatchedUdf : eval_type; }

void CheckEvalType(const plan::PythonUdf& function) {
  switch (function.eval_type) {
    case kBatchedUdf:
    case kArrowBatchedUdf:
    case kScalarPandasUdf:
    case kScalarPandasIterUdf:
    case kScalarArrowUdf:
    case kScalarArrowIterUdf:
      return;
    default:
      throw base::Error::Unsupported(
          fmt::format("Python function {} of evaluation type {} in this place", function.name, function.eval_type));
  }
}

exec::OperatorPtr MakeUdfOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                                  const std::vector<std::shared_ptr<const logical::PythonUdfExpr>>& udfs,
                                  const logical::Attributes& results) {
  UdfPlan plan;
  plan.pool = std::move(pool);
  std::vector<logical::ExprPtr> columns;
  std::vector<types::StructField> fields;
  std::string names;
  for (size_t u = 0; u < udfs.size(); ++u) {
    const logical::PythonUdfExpr& udf = *udfs[u];
    TaskFunction function{{}, {udf.function->command}};
    for (size_t a = 0; a < udf.children.size(); ++a) {
      size_t column = 0;
      while (column < columns.size() && !logical::SemanticEquals(columns[column], udf.children[a])) ++column;
      if (column == columns.size()) {
        columns.push_back(udf.children[a]);
        fields.push_back({fmt::format("_{}", column), udf.children[a]->type, udf.children[a]->nullable});
        plan.arguments.push_back(exec::Compile(udf.children[a], child->output()));
      }
      function.arguments.emplace_back(udf.argument_names[a], static_cast<int>(column));
    }
    plan.spec.functions.push_back(std::move(function));
    plan.result_types.push_back(results[u]->type);
    names += (names.empty() ? "" : ", ") + udf.ToString();
  }
  plan.argument_schema = types::Struct(std::move(fields));
  plan.spec.eval_type = WorkerEvalType(udfs[0]->function->eval_type);
  if (plan.spec.eval_type == kArrowBatchedUdf) plan.spec.eval_conf = {{"input_type", plan.argument_schema->Json()}};
  logical::Attributes output = child->output();
  output.insert(output.end(), results.begin(), results.end());
  return std::make_shared<UdfOperator>(std::move(child), std::move(plan), std::move(output),
                                       fmt::format("ArrowEvalPython [{}]", names));
}

// A worker's task runs functions of one kind: functions of other kinds get an operator of their own on top.
exec::OperatorPtr Evaluate(const std::shared_ptr<WorkerPool>& pool, exec::OperatorPtr child,
                           const std::vector<std::shared_ptr<const logical::PythonUdfExpr>>& udfs,
                           const logical::Attributes& outputs) {
  size_t at = 0;
  while (at < udfs.size()) {
    CheckEvalType(*udfs[at]->function);
    int type = WorkerEvalType(udfs[at]->function->eval_type);
    size_t end = at + 1;
    bool over_batches = type == kScalarPandasIterUdf || type == kScalarArrowIterUdf;  // one of these a task
    while (!over_batches && end < udfs.size() && WorkerEvalType(udfs[end]->function->eval_type) == type) ++end;
    child = MakeUdfOperator(pool, std::move(child), {udfs.begin() + at, udfs.begin() + end},
                            {outputs.begin() + at, outputs.begin() + end});
    at = end;
  }
  return child;
}

}  // namespace

exec::PythonPlanner MakePythonPlanner(std::shared_ptr<WorkerPool> pool) {
  exec::PythonPlanner planner;
  planner.evaluate =
      [pool](exec::OperatorPtr child, const std::vector<std::shared_ptr<const logical::PythonUdfExpr>>& udfs,
             const logical::Attributes& outputs) { return Evaluate(pool, std::move(child), udfs, outputs); };
  planner.map_partitions = [pool](exec::OperatorPtr child, const logical::MapPartitions& node) {
    return MakeMapOperator(pool, std::move(child), node);
  };
  planner.group_map = [pool](exec::OperatorPtr child, const logical::GroupMap& node) {
    return MakeGroupMapOperator(pool, std::move(child), node);
  };
  planner.co_group_map = [pool](exec::OperatorPtr left, exec::OperatorPtr right, const logical::CoGroupMap& node) {
    return MakeCoGroupMapOperator(pool, std::move(left), std::move(right), node);
  };
  planner.pandas_with_state = [pool](exec::OperatorPtr child, const logical::PandasWithState& node,
                                     const exec::StatefulOptions& options) {
    return MakePandasWithStateOperator(pool, std::move(child), node, options);
  };
  planner.transform_with_state = [pool](std::vector<exec::OperatorPtr> children,
                                        const logical::TransformWithState& node, const exec::StatefulOptions* options) {
    return MakeTransformWithStateOperator(pool, std::move(children), node, options);
  };
  return planner;
}

}  // namespace sluice::python
