// Constants, columns and function calls.
#include "exec/expression_node.h"

#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include "base/arrow_status.h"
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

class CallNode final : public ExpressionNode {
 public:
  CallNode(const types::TypePtr& type, logical::ScalarKernel kernel, std::vector<NodePtr> arguments, bool eager)
      : ExpressionNode(types::ToArrow(type), eager && AllEager(arguments)),
        kernel_(std::move(kernel)),
        arguments_(std::move(arguments)) {}

 private:
  arrow::Datum Compute(Frame& frame) const override {
    std::vector<arrow::Datum> values;
    values.reserve(arguments_.size());
    for (const NodePtr& argument : arguments_) values.push_back(argument->Evaluate(frame));
    return kernel_(frame.context(), values, frame.rows());
  }
  logical::ScalarKernel kernel_;
  std::vector<NodePtr> arguments_;
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
                     bool eager) {
  return std::make_shared<CallNode>(type, std::move(kernel), std::move(arguments), eager);
}

}  // namespace sluice::exec
