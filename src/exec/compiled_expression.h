// Expressions compiled once against an input schema, then evaluated batch by batch.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <vector>

#include "logical/expression.h"
#include "logical/plan.h"

namespace sluice::exec {

/// Evaluates one bound expression. Immutable and thread safe.
class CompiledExpression {
 public:
  virtual ~CompiledExpression() = default;
  /// One value a row of `batch` as an Array, or a Scalar for a constant.
  virtual arrow::Datum Evaluate(logical::EvalContext& context, const arrow::RecordBatch& batch) const = 0;
  /// Always an Array of batch.num_rows() values.
  std::shared_ptr<arrow::Array> EvaluateArray(logical::EvalContext& context, const arrow::RecordBatch& batch) const;
};
using CompiledExpressionPtr = std::shared_ptr<const CompiledExpression>;

/// Compiles `expr` over rows laid out as `input`. Attributes are found by id; one that is missing is INTERNAL_ERROR.
/// Aggregates, windows, generators, Python functions and subqueries must have been taken out by the planner.
CompiledExpressionPtr Compile(const logical::ExprPtr& expr, const logical::Attributes& input);

class ExpressionProgram;

/// Several expressions over the same input; what they have in common is evaluated once a batch. Immutable and thread
/// safe.
class CompiledProjection {
 public:
  CompiledProjection(const std::vector<logical::ExprPtr>& expressions, const logical::Attributes& input);
  ~CompiledProjection();
  std::vector<arrow::Datum> Evaluate(logical::EvalContext& context, const arrow::RecordBatch& batch) const;
  /// All results as Arrays of batch.num_rows() values.
  arrow::ArrayVector EvaluateArrays(logical::EvalContext& context, const arrow::RecordBatch& batch) const;
  size_t size() const;

 private:
  std::unique_ptr<const ExpressionProgram> program_;
};

/// Evaluates an expression without attributes; for constant folding.
types::Literal EvaluateConstant(const logical::ExprPtr& expr, logical::EvalContext& context);

/// The rows of `batch` for which the boolean `condition` is true (null counts as false).
std::shared_ptr<arrow::RecordBatch> FilterBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                const arrow::Datum& condition);

/// A datum as an Array of `rows` values.
std::shared_ptr<arrow::Array> ToArray(const arrow::Datum& datum, int64_t rows);

}  // namespace sluice::exec
