// Constants, columns and function calls.
#include "exec/expression_node.h"

#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <unordered_set>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/compiled_expression.h"

namespace sluice::exec {

std::shared_ptr<arrow::Array> ExpressionNode::EvaluateArray(Frame& frame) const {
  return ToArray(Evaluate(frame), frame.rows());
}

namespace {

class ConstantNode final : public ExpressionNode {
 public:
  ConstantNode(std::shared_ptr<arrow::Scalar> value) : ExpressionNode(value->type, true), value_(std::move(value)) {}

 private:
  arrow::Datum Compute(Frame&) const override { return value_; }
  std::shared_ptr<arrow::Scalar> value_;
};

class ColumnNode final : public ExpressionNode {
 public:
  ColumnNode(std::shared_ptr<arrow::DataType> type, int index) : ExpressionNode(std::move(type), true), index_(index) {}

 private:
  arrow::Datum Compute(Frame& frame) const override { return frame.Column(index_); }
  int index_;
};

bool AllEager(const std::vector<NodePtr>& nodes) {
  for (const NodePtr& node : nodes) {
    if (!node->eager()) return false;
  }
  return true;
}

// Errors that Spark raises with a query context.
bool TellsItsPlace(const base::Error& error) {
  static const std::unordered_set<std::string> kConditions = {
      "ARITHMETIC_OVERFLOW",
      "CAST_INVALID_INPUT",
      "DIVIDE_BY_ZERO",
      "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION",
      "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION",
      "INTERVAL_DIVIDED_BY_ZERO",
      "INVALID_ARRAY_INDEX",
      "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
      "INVALID_INDEX_OF_ZERO",
      "NUMERIC_VALUE_OUT_OF_RANGE.WITHOUT_SUGGESTION",
      "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION",
      "REMAINDER_BY_ZERO",
      "SCALAR_SUBQUERY_TOO_MANY_ROWS",
  };
  return kConditions.contains(error.condition());
}

// An error that has got its context, or is known to have none: calls around add nothing.
struct PlacedError : base::Error {
  PlacedError(const base::Error& error, const ErrorPlace& place) : base::Error(error) {
    if (place.origin) WithQueryContext(place.origin->Summary());
  }
};

class CallNode final : public ExpressionNode {
 public:
  CallNode(const types::TypePtr& type, logical::ScalarKernel kernel, std::vector<NodePtr> arguments, bool eager,
           std::optional<ErrorPlace> place)
      : ExpressionNode(types::ToArrow(type), eager && AllEager(arguments)),
        kernel_(std::move(kernel)),
        arguments_(std::move(arguments)),
        place_(std::move(place)) {}

 private:
  arrow::Datum Compute(Frame& frame) const override {
    try {
      std::vector<arrow::Datum> values;
      values.reserve(arguments_.size());
      for (const NodePtr& argument : arguments_) values.push_back(argument->Evaluate(frame));
      return kernel_(frame.context(), values, frame.rows());
    } catch (const PlacedError&) {
      throw;
    } catch (const base::Error& error) {
      if (!place_ || !TellsItsPlace(error)) throw;
      throw PlacedError(error, *place_);
    }
  }
  logical::ScalarKernel kernel_;
  std::vector<NodePtr> arguments_;
  std::optional<ErrorPlace> place_;
};

// Evaluates a lambda's body over the rows of the frame it is called in.
class FrameLambda final : public logical::LambdaEvaluator {
 public:
  FrameLambda(const CompiledLambda& lambda, Frame& frame) : lambda_(lambda), frame_(frame) {}
  arrow::Datum Evaluate(logical::EvalContext&, const std::vector<arrow::Datum>& variables,
                        const std::shared_ptr<arrow::Array>& rows) const override {
    Frame elements(frame_, rows);
    for (size_t i = 0; i < lambda_.variables.size(); ++i) {
      elements.SetColumn(lambda_.variables[i], ToArray(variables[i], rows->length()));
    }
    return lambda_.body->Evaluate(elements);
  }

 private:
  const CompiledLambda& lambda_;
  Frame& frame_;
};

class LambdaCallNode final : public ExpressionNode {
 public:
  LambdaCallNode(const types::TypePtr& type, logical::LambdaKernel kernel, std::vector<NodePtr> arguments,
                 std::vector<CompiledLambda> lambdas)
      : ExpressionNode(types::ToArrow(type), false),
        kernel_(std::move(kernel)),
        arguments_(std::move(arguments)),
        lambdas_(std::move(lambdas)) {}

 private:
  arrow::Datum Compute(Frame& frame) const override {
    std::vector<arrow::Datum> values;
    for (const NodePtr& argument : arguments_) values.push_back(argument->Evaluate(frame));
    std::vector<FrameLambda> evaluators;
    for (const CompiledLambda& lambda : lambdas_) evaluators.emplace_back(lambda, frame);
    std::vector<const logical::LambdaEvaluator*> lambdas;
    for (const FrameLambda& evaluator : evaluators) lambdas.push_back(&evaluator);
    return kernel_(frame.context(), values, lambdas, frame.rows());
  }
  logical::LambdaKernel kernel_;
  std::vector<NodePtr> arguments_;
  std::vector<CompiledLambda> lambdas_;
};

}  // namespace

NodePtr MakeLambdaCallNode(const types::TypePtr& type, logical::LambdaKernel kernel, std::vector<NodePtr> arguments,
                           std::vector<CompiledLambda> lambdas) {
  return std::make_shared<LambdaCallNode>(type, std::move(kernel), std::move(arguments), std::move(lambdas));
}

NodePtr MakeConstantNode(const types::Literal& literal) {
  if (!literal.value) return std::make_shared<ConstantNode>(arrow::MakeNullScalar(types::ToArrow(literal.type)));
  return std::make_shared<ConstantNode>(literal.value);
}

NodePtr MakeColumnNode(const types::TypePtr& type, int index) {
  return std::make_shared<ColumnNode>(types::ToArrow(type), index);
}

NodePtr MakeCallNode(const types::TypePtr& type, logical::ScalarKernel kernel, std::vector<NodePtr> arguments,
                     bool eager, std::optional<ErrorPlace> place) {
  return std::make_shared<CallNode>(type, std::move(kernel), std::move(arguments), eager, std::move(place));
}

}  // namespace sluice::exec
