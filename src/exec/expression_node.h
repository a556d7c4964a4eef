// The nodes that bound expressions are compiled to.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/query_context.h"
#include "exec/expression_frame.h"
#include "logical/expression.h"

namespace arrow {
class DataType;
}

namespace sluice::exec {

/// Immutable; a node that occurs several times in an expression is one object with a memo slot.
class ExpressionNode {
 public:
  explicit ExpressionNode(std::shared_ptr<arrow::DataType> type, bool eager) : type_(std::move(type)), eager_(eager) {}
  virtual ~ExpressionNode() = default;

  arrow::Datum Evaluate(Frame& frame) const {
    if (slot_ < 0) return Compute(frame);
    arrow::Datum value = frame.Recall(slot_);
    if (value.kind() == arrow::Datum::NONE) {
      value = Compute(frame);
      frame.Remember(slot_, value);
    }
    return value;
  }
  std::shared_ptr<arrow::Array> EvaluateArray(Frame& frame) const;

  const std::shared_ptr<arrow::DataType>& type() const { return type_; }
  /// True if evaluating it for rows that don't need it does no harm: it is cheap and raises no error.
  bool eager() const { return eager_; }
  void set_slot(int slot) { slot_ = slot; }
  int slot() const { return slot_; }

 private:
  virtual arrow::Datum Compute(Frame& frame) const = 0;
  std::shared_ptr<arrow::DataType> type_;
  bool eager_;
  int slot_ = -1;
};
using NodePtr = std::shared_ptr<ExpressionNode>;

NodePtr MakeConstantNode(const types::Literal& literal);
NodePtr MakeColumnNode(const types::TypePtr& type, int index);
/// Where errors of a call are said to come from. Without it they pass as they are: those of implicit casts belong to
/// the call around.
struct ErrorPlace {
  base::QueryContextPtr origin;  ///< null: errors of this call have no place
};
/// `eager` says that the kernel itself raises no error and is cheap; the node is eager if its arguments are, too.
NodePtr MakeCallNode(const types::TypePtr& type, logical::ScalarKernel kernel, std::vector<NodePtr> arguments,
                     bool eager, std::optional<ErrorPlace> place = std::nullopt);
/// A lambda: its body, and the columns of the frame that its variables become.
struct CompiledLambda {
  NodePtr body;
  std::vector<int> variables;
};
NodePtr MakeLambdaCallNode(const types::TypePtr& type, logical::LambdaKernel kernel, std::vector<NodePtr> arguments,
                           std::vector<CompiledLambda> lambdas);
NodePtr MakeAndNode(NodePtr left, NodePtr right);
NodePtr MakeOrNode(NodePtr left, NodePtr right);
/// condition, value, condition, value, …, [else]
NodePtr MakeCaseNode(const types::TypePtr& type, std::vector<NodePtr> children);
NodePtr MakeCoalesceNode(const types::TypePtr& type, std::vector<NodePtr> children);

}  // namespace sluice::exec
