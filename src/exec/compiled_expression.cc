// Compiles bound expressions into a graph of nodes in which equal deterministic parts are one node.
#include "exec/compiled_expression.h"

#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/util/hash_util.h>

#include <string>
#include <unordered_map>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/boolean_logic.h"
#include "exec/expression_node.h"
#include "functions/cast.h"
#include "logical/origin.h"

namespace sluice::exec {

using logical::ExprKind;
using logical::ExprPtr;

/// The compiled expressions and the number of memo slots they need.
class ExpressionProgram {
 public:
  std::vector<NodePtr> outputs;
  size_t slots = 0;
};

namespace {

// A hash that is equal for semantically equal expressions.
size_t HashOf(const ExprPtr& expr) {
  size_t hash = static_cast<size_t>(expr->kind) * 31 + expr->children.size();
  auto mix = [&hash](size_t value) { hash = (hash ^ value) * 0x9E3779B97F4A7C15ull + (hash >> 29); };
  if (auto* attribute = expr->As<logical::AttributeExpr>()) mix(attribute->id);
  if (auto* call = expr->As<logical::ScalarCall>()) mix(std::hash<std::string>()(call->binding->name));
  for (const ExprPtr& child : expr->children) mix(HashOf(child));
  return hash;
}

class Compiler {
 public:
  Compiler(const logical::Attributes& input, ExpressionProgram* program) : program_(program) {
    for (const auto& attribute : input) columns_.emplace(attribute->id, column_count_++);
  }

  NodePtr Compile(const ExprPtr& expr) {
    switch (expr->kind) {
      case ExprKind::kLiteral:
        return MakeConstantNode(expr->As<logical::LiteralExpr>()->literal);
      case ExprKind::kAttribute:
        return CompileAttribute(*expr->As<logical::AttributeExpr>());
      case ExprKind::kLambdaVariable:
        return CompileVariable(*expr->As<logical::LambdaVariableExpr>());
      case ExprKind::kAlias:
      case ExprKind::kSortOrder:
        return Compile(expr->children[0]);
      default:
        break;
    }
    if (!expr->Deterministic()) return CompileCall(expr);
    auto& candidates = seen_[HashOf(expr)];
    for (auto& [known, node] : candidates) {
      if (!logical::SemanticEquals(known, expr)) continue;
      if (node->slot() < 0) node->set_slot(static_cast<int>(program_->slots++));
      return node;
    }
    NodePtr node = CompileCall(expr);
    seen_[HashOf(expr)].emplace_back(expr, node);
    return node;
  }

 private:
  NodePtr CompileAttribute(const logical::AttributeExpr& attribute) {
    auto found = columns_.find(attribute.id);
    if (found == columns_.end()) {
      throw base::Error::Internal("Couldn't find " + attribute.ToString() + " in the operator's input");
    }
    return MakeColumnNode(attribute.type, found->second);
  }

  NodePtr CompileVariable(const logical::LambdaVariableExpr& variable) {
    auto found = columns_.find(variable.id);
    if (found == columns_.end()) {
      throw base::Error::Internal("Couldn't find the lambda variable " + variable.ToString());
    }
    return MakeColumnNode(variable.type, found->second);
  }

  // Variables become columns after those of the input, each its own, so that nested lambdas don't collide.
  NodePtr CompileLambdaCall(const logical::ScalarCall& call) {
    std::vector<NodePtr> arguments;
    std::vector<CompiledLambda> lambdas;
    for (const ExprPtr& child : call.children) {
      auto* lambda = child->As<logical::LambdaExpr>();
      if (!lambda) {
        arguments.push_back(Compile(child));
        continue;
      }
      CompiledLambda compiled;
      for (const auto& variable : lambda->variables) {
        compiled.variables.push_back(columns_.emplace(variable->id, column_count_++).first->second);
      }
      compiled.body = Compile(lambda->children[0]);
      lambdas.push_back(std::move(compiled));
    }
    return MakeLambdaCallNode(call.type, call.binding->lambda_kernel, std::move(arguments), std::move(lambdas));
  }

  NodePtr CompileCall(const ExprPtr& expr) {
    switch (expr->kind) {
      case ExprKind::kCast:
        return CompileCast(*expr->As<logical::CastExpr>());
      case ExprKind::kScalarCall: {
        const auto& binding = *expr->As<logical::ScalarCall>()->binding;
        if (!binding.lambda_arguments.empty()) return CompileLambdaCall(*expr->As<logical::ScalarCall>());
        return MakeCallNode(binding.type, binding.kernel, CompileAll(expr->children), !binding.can_fail,
                            ErrorPlace{logical::OriginOf(*expr)});
      }
      case ExprKind::kAnd:
        return MakeAndNode(Compile(expr->children[0]), Compile(expr->children[1]));
      case ExprKind::kOr:
        return MakeOrNode(Compile(expr->children[0]), Compile(expr->children[1]));
      case ExprKind::kCase:
        return MakeCaseNode(expr->type, CompileAll(expr->children));
      case ExprKind::kCoalesce:
        return MakeCoalesceNode(expr->type, CompileAll(expr->children));
      default:
        throw base::Error::Internal("Cannot evaluate expression: " + expr->ToString());
    }
  }

  NodePtr CompileCast(const logical::CastExpr& cast) {
    NodePtr child = Compile(cast.children[0]);
    if (types::Equal(cast.children[0]->type, cast.type, true)) return child;
    auto kernel = functions::MakeCastKernel(cast.children[0]->type, cast.type, cast.behaviour);
    bool eager =
        cast.behaviour != logical::CastBehaviour::kAnsi || functions::CanUpCast(*cast.children[0]->type, *cast.type);
    std::optional<ErrorPlace> place;
    if (!cast.implicit) place = ErrorPlace{logical::OriginOf(cast)};
    return MakeCallNode(cast.type, std::move(kernel), {child}, eager, std::move(place));
  }

  std::vector<NodePtr> CompileAll(const std::vector<ExprPtr>& expressions) {
    std::vector<NodePtr> nodes;
    nodes.reserve(expressions.size());
    for (const ExprPtr& expression : expressions) nodes.push_back(Compile(expression));
    return nodes;
  }

  ExpressionProgram* program_;
  std::unordered_map<logical::ExprId, int> columns_;
  int column_count_ = 0;
  std::unordered_map<size_t, std::vector<std::pair<ExprPtr, NodePtr>>> seen_;
};

std::unique_ptr<const ExpressionProgram> CompileProgram(const std::vector<ExprPtr>& expressions,
                                                        const logical::Attributes& input) {
  auto program = std::make_unique<ExpressionProgram>();
  Compiler compiler(input, program.get());
  for (const ExprPtr& expression : expressions) program->outputs.push_back(compiler.Compile(expression));
  return program;
}

class SingleExpression final : public CompiledExpression {
 public:
  SingleExpression(const ExprPtr& expr, const logical::Attributes& input) : program_(CompileProgram({expr}, input)) {}
  arrow::Datum Evaluate(logical::EvalContext& context, const arrow::RecordBatch& batch) const override {
    Frame frame(context, batch, program_->slots);
    return program_->outputs[0]->Evaluate(frame);
  }

 private:
  std::unique_ptr<const ExpressionProgram> program_;
};

}  // namespace

std::shared_ptr<arrow::Array> ToArray(const arrow::Datum& datum, int64_t rows) {
  if (datum.is_array()) return datum.make_array();
  return base::ValueOrThrow(arrow::MakeArrayFromScalar(*datum.scalar(), rows));
}

std::shared_ptr<arrow::Array> CompiledExpression::EvaluateArray(logical::EvalContext& context,
                                                                const arrow::RecordBatch& batch) const {
  return ToArray(Evaluate(context, batch), batch.num_rows());
}

CompiledExpressionPtr Compile(const ExprPtr& expr, const logical::Attributes& input) {
  return std::make_shared<SingleExpression>(expr, input);
}

CompiledProjection::CompiledProjection(const std::vector<ExprPtr>& expressions, const logical::Attributes& input)
    : program_(CompileProgram(expressions, input)) {}
CompiledProjection::~CompiledProjection() = default;

size_t CompiledProjection::size() const { return program_->outputs.size(); }

std::vector<arrow::Datum> CompiledProjection::Evaluate(logical::EvalContext& context,
                                                       const arrow::RecordBatch& batch) const {
  Frame frame(context, batch, program_->slots);
  std::vector<arrow::Datum> values;
  values.reserve(program_->outputs.size());
  for (const NodePtr& node : program_->outputs) values.push_back(node->Evaluate(frame));
  return values;
}

arrow::ArrayVector CompiledProjection::EvaluateArrays(logical::EvalContext& context,
                                                      const arrow::RecordBatch& batch) const {
  Frame frame(context, batch, program_->slots);
  arrow::ArrayVector values;
  values.reserve(program_->outputs.size());
  for (const NodePtr& node : program_->outputs) values.push_back(node->EvaluateArray(frame));
  return values;
}

types::Literal EvaluateConstant(const ExprPtr& expr, logical::EvalContext& context) {
  auto program = CompileProgram({expr}, {});
  Frame frame(context, arrow::ArrayVector{}, 1, program->slots);
  arrow::Datum value = program->outputs[0]->Evaluate(frame);
  if (value.is_scalar()) return types::Literal{expr->type, value.scalar()};
  return types::Literal{expr->type, base::ValueOrThrow(value.make_array()->GetScalar(0))};
}

std::shared_ptr<arrow::RecordBatch> FilterBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                const arrow::Datum& condition) {
  auto mask = TrueMask(condition, batch->num_rows());
  int64_t count = mask->true_count();
  if (count == batch->num_rows()) return batch;
  if (count == 0) return batch->Slice(0, 0);
  if (batch->num_columns() == 0) return arrow::RecordBatch::Make(batch->schema(), count, arrow::ArrayVector{});
  auto filtered = base::ValueOrThrow(
      arrow::compute::Filter(arrow::Datum(batch), arrow::Datum(mask), arrow::compute::FilterOptions()));
  return filtered.record_batch();
}

}  // namespace sluice::exec
