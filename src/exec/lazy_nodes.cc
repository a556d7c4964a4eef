// AND, OR, CASE and COALESCE: operands are evaluated only for the rows that need them.
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>

#include "base/arrow_kernel.h"
#include "base/arrow_status.h"
#include "exec/boolean_logic.h"
#include "exec/compiled_expression.h"
#include "exec/expression_node.h"
#include "functions/cast_kernels.h"

namespace sluice::exec {
namespace {

// AND looks at the right side where the left is not false, OR where it is not true.
template <bool kIsAnd>
class LogicNode final : public ExpressionNode {
 public:
  LogicNode(NodePtr left, NodePtr right)
      : ExpressionNode(arrow::boolean(), left->eager() && right->eager()),
        left_(std::move(left)),
        right_(std::move(right)) {}

 private:
  arrow::Datum Compute(Frame& frame) const override {
    arrow::Datum left = left_->Evaluate(frame);
    if (left.type()->id() == arrow::Type::NA) left = arrow::MakeNullScalar(arrow::boolean());
    if (right_->eager()) return Combine(left, Boolean(right_->Evaluate(frame)));
    auto decided = DecidedMask(left, frame.rows());
    int64_t count = decided->true_count();
    if (count == frame.rows()) return left;
    if (count == 0) return Combine(left, Boolean(right_->Evaluate(frame)));
    auto selection = SelectedRows(*decided, false);
    Frame selected(frame, selection);
    arrow::Datum right = Boolean(right_->Evaluate(selected));
    if (right.is_array()) right = TakeRows(right.make_array(), ScatterIndices(*selection, frame.rows()));
    return Combine(left, right);
  }
  // A bit is set where the left side alone gives the result.
  static std::shared_ptr<arrow::BooleanArray> DecidedMask(const arrow::Datum& left, int64_t rows) {
    if (!kIsAnd) return TrueMask(left, rows);
    return TrueMask(base::ValueOrThrow(base::CallKernel("invert", {left})), rows);
  }
  static arrow::Datum Boolean(arrow::Datum value) {
    if (value.type()->id() == arrow::Type::NA) return arrow::MakeNullScalar(arrow::boolean());
    return value;
  }
  static arrow::Datum Combine(const arrow::Datum& left, const arrow::Datum& right) {
    return kIsAnd ? KleeneAnd(left, right) : KleeneOr(left, right);
  }
  NodePtr left_, right_;
};

// Puts the results of several branches together: row r has value `from_position[r]` of the concatenated results.
class BranchMerger {
 public:
  BranchMerger(const std::shared_ptr<arrow::DataType>& type, int64_t rows) : type_(type), positions_(rows, -1) {}

  void Add(const arrow::Datum& value, const arrow::Array& rows) {
    const int32_t* row = static_cast<const arrow::Int32Array&>(rows).raw_values();
    if (value.is_scalar()) {
      if (!value.scalar()->is_valid) return;
      Append(base::ValueOrThrow(arrow::MakeArrayFromScalar(*value.scalar(), 1)));
      for (int64_t i = 0; i < rows.length(); ++i) positions_[row[i]] = size_ - 1;
      return;
    }
    auto array = value.make_array();
    if (array->type_id() == arrow::Type::NA) return;
    int32_t first = size_;
    // Branches may differ in the nullability of nested fields.
    Append(arrow::MakeArray(functions::WithType(array->data(), type_)));
    for (int64_t i = 0; i < rows.length(); ++i) positions_[row[i]] = first + static_cast<int32_t>(i);
  }

  std::shared_ptr<arrow::Array> Finish() {
    if (pieces_.empty()) {
      return base::ValueOrThrow(arrow::MakeArrayOfNull(type_, static_cast<int64_t>(positions_.size())));
    }
    auto values = pieces_.size() == 1 ? pieces_[0] : base::ValueOrThrow(arrow::Concatenate(pieces_));
    arrow::Int32Builder builder;
    base::ThrowIfError(builder.Reserve(static_cast<int64_t>(positions_.size())));
    for (int32_t position : positions_) {
      if (position < 0) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(position);
      }
    }
    return TakeRows(values, base::ValueOrThrow(builder.Finish()));
  }

 private:
  void Append(std::shared_ptr<arrow::Array> piece) {
    size_ += static_cast<int32_t>(piece->length());
    pieces_.push_back(std::move(piece));
  }
  std::shared_ptr<arrow::DataType> type_;
  std::vector<int32_t> positions_;
  arrow::ArrayVector pieces_;
  int32_t size_ = 0;
};

std::shared_ptr<arrow::Array> AllRows(int64_t rows) {
  auto buffer = base::ValueOrThrow(arrow::AllocateBuffer(rows * sizeof(int32_t)));
  auto* out = reinterpret_cast<int32_t*>(buffer->mutable_data());
  for (int64_t i = 0; i < rows; ++i) out[i] = static_cast<int32_t>(i);
  return std::make_shared<arrow::Int32Array>(rows, std::shared_ptr<arrow::Buffer>(std::move(buffer)));
}

bool AllEager(const std::vector<NodePtr>& nodes) {
  for (const NodePtr& node : nodes) {
    if (!node->eager()) return false;
  }
  return true;
}

arrow::Datum Typed(arrow::Datum value, const std::shared_ptr<arrow::DataType>& type) {
  if (value.type()->id() == arrow::Type::NA && type->id() != arrow::Type::NA) return arrow::MakeNullScalar(type);
  return value;
}

class CaseNode final : public ExpressionNode {
 public:
  CaseNode(const types::TypePtr& type, std::vector<NodePtr> children)
      : ExpressionNode(types::ToArrow(type), AllEager(children)), children_(std::move(children)) {}

 private:
  arrow::Datum Compute(Frame& frame) const override {
    int64_t rows = frame.rows();
    auto first = TrueMask(children_[0]->Evaluate(frame), rows);
    int64_t taken = first->true_count();
    if (taken == rows && rows > 0) return Typed(children_[1]->Evaluate(frame), type());
    if (children_.size() <= 3 && Plain()) return IfElse(frame, first);
    return Branches(frame, std::move(first));
  }

  // One condition over cheap values of a flat type: both sides are evaluated for all rows.
  bool Plain() const {
    return children_[1]->eager() && (children_.size() == 2 || children_[2]->eager()) &&
           arrow::is_primitive(type()->id());
  }
  arrow::Datum IfElse(Frame& frame, const std::shared_ptr<arrow::BooleanArray>& condition) const {
    arrow::Datum otherwise = children_.size() == 3 ? Typed(children_[2]->Evaluate(frame), type())
                                                   : arrow::Datum(arrow::MakeNullScalar(type()));
    return base::ValueOrThrow(
        base::CallKernel("if_else", {condition, Typed(children_[1]->Evaluate(frame), type()), otherwise}));
  }

  arrow::Datum Branches(Frame& frame, std::shared_ptr<arrow::BooleanArray> condition) const {
    BranchMerger merger(type(), frame.rows());
    std::shared_ptr<arrow::Array> remaining;  // null = all rows of the frame
    for (size_t i = 0; i + 1 < children_.size(); i += 2) {
      int64_t open = remaining ? remaining->length() : frame.rows();
      if (open == 0) return merger.Finish();
      if (i > 0) {
        if (remaining) {
          Frame selected(frame, remaining);
          condition = TrueMask(children_[i]->Evaluate(selected), open);
        } else {
          condition = TrueMask(children_[i]->Evaluate(frame), open);
        }
      }
      if (condition->true_count() == 0) continue;
      auto taken = SelectedRows(*condition, true);
      auto rest = SelectedRows(*condition, false);
      if (remaining) {
        taken = TakeRows(remaining, taken);
        rest = TakeRows(remaining, rest);
      }
      EvaluateFor(frame, *children_[i + 1], taken, &merger);
      remaining = std::move(rest);
    }
    if (children_.size() % 2 == 1) {
      if (!remaining) return Typed(children_.back()->Evaluate(frame), type());
      EvaluateFor(frame, *children_.back(), remaining, &merger);
    }
    return merger.Finish();
  }

  static void EvaluateFor(Frame& frame, const ExpressionNode& node, const std::shared_ptr<arrow::Array>& rows,
                          BranchMerger* merger) {
    if (rows->length() == 0) return;
    Frame selected(frame, rows);
    merger->Add(node.Evaluate(selected), *rows);
  }
  std::vector<NodePtr> children_;
};

class CoalesceNode final : public ExpressionNode {
 public:
  CoalesceNode(const types::TypePtr& type, std::vector<NodePtr> children)
      : ExpressionNode(types::ToArrow(type), AllEager(children)), children_(std::move(children)) {}

 private:
  arrow::Datum Compute(Frame& frame) const override {
    arrow::Datum first = Typed(children_[0]->Evaluate(frame), type());
    if (children_.size() == 1) return first;
    if (first.is_scalar() && first.scalar()->is_valid) return first;
    if (first.is_array() && first.null_count() == 0) return first;
    BranchMerger merger(type(), frame.rows());
    std::shared_ptr<arrow::Array> remaining = AllRows(frame.rows());
    for (size_t i = 0; i < children_.size() && remaining->length() > 0; ++i) {
      arrow::Datum value;
      if (i == 0) {
        value = first;
      } else {
        Frame selected(frame, remaining);
        value = Typed(children_[i]->Evaluate(selected), type());
      }
      merger.Add(value, *remaining);
      if (value.is_scalar()) {
        if (value.scalar()->is_valid) break;
      } else {
        remaining = TakeRows(remaining, SelectedRows(*NullMask(value, remaining->length())));
      }
    }
    return merger.Finish();
  }
  std::vector<NodePtr> children_;
};

}  // namespace

NodePtr MakeAndNode(NodePtr left, NodePtr right) {
  return std::make_shared<LogicNode<true>>(std::move(left), std::move(right));
}
NodePtr MakeOrNode(NodePtr left, NodePtr right) {
  return std::make_shared<LogicNode<false>>(std::move(left), std::move(right));
}
NodePtr MakeCaseNode(const types::TypePtr& type, std::vector<NodePtr> children) {
  return std::make_shared<CaseNode>(type, std::move(children));
}
NodePtr MakeCoalesceNode(const types::TypePtr& type, std::vector<NodePtr> children) {
  return std::make_shared<CoalesceNode>(type, std::move(children));
}

}  // namespace sluice::exec
