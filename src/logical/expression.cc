// Constructors and rebuilding of bound expressions.
#include "logical/expression.h"

#include <atomic>

namespace sluice::logical {
namespace {

using types::TypeId;

// Cast.canNullSafeCastToDecimal: every value of `from` fits.
bool FitsDecimal(const types::DataType& from, const types::DataType& to) {
  int digits = to.precision() - to.scale();
  switch (from.id()) {
    case TypeId::kBoolean:
      return digits >= 1;
    case TypeId::kByte:
      return digits >= 3;
    case TypeId::kShort:
      return digits >= 5;
    case TypeId::kInteger:
      return digits >= 10;
    case TypeId::kLong:
      return digits >= 20;
    case TypeId::kDecimal:
      return digits >= from.precision() - from.scale() && to.scale() >= from.scale();
    default:
      return false;
  }
}

// Cast.forceNullable.
bool CastMayGiveNull(const types::DataType& from, const types::DataType& to) {
  if (from.Is(TypeId::kNull) || from.Equals(to, true)) return false;
  if (from.IsStringLike()) return !(to.Is(TypeId::kBinary) || to.IsStringLike());
  if (to.IsStringLike()) return false;
  if (from.Is(TypeId::kTimestamp) && (to.Is(TypeId::kByte) || to.Is(TypeId::kShort) || to.Is(TypeId::kInteger))) {
    return true;
  }
  if ((from.Is(TypeId::kFloat) || from.Is(TypeId::kDouble)) && to.Is(TypeId::kTimestamp)) return true;
  if (to.Is(TypeId::kDate)) return !from.IsTimestampLike();
  if (to.Is(TypeId::kCalendarInterval)) return true;
  if (to.Is(TypeId::kDecimal)) return !FitsDecimal(from, to);
  return from.IsFractional() && to.IsIntegral();
}

// Cast.canUpCast for simple types.
bool AlwaysSucceeds(const types::DataType& from, const types::DataType& to) {
  if (from.Equals(to, true) || from.Is(TypeId::kNull)) return true;
  if (to.IsStringLike()) return !from.Is(TypeId::kBinary);
  if (from.Is(TypeId::kDecimal)) return to.Is(TypeId::kDecimal) && FitsDecimal(from, to);
  if (to.Is(TypeId::kDecimal)) return from.IsIntegral() && FitsDecimal(from, to);
  if (from.IsNumeric() && to.IsNumeric()) return from.id() < to.id();
  return from.Is(TypeId::kDate) && to.IsTimestampLike();
}

bool CastNullable(const Expr& child, const types::DataType& to, CastBehaviour behaviour) {
  const types::DataType& from = *child.type;
  if (behaviour != CastBehaviour::kTry) return child.nullable || CastMayGiveNull(from, to);
  if (from.IsStringLike() && to.Is(TypeId::kBinary)) return child.nullable;
  if (from.Is(TypeId::kDecimal) && to.IsIntegral()) return true;
  return child.nullable || !AlwaysSucceeds(from, to);
}

std::vector<ExprPtr> Append(std::vector<ExprPtr> list, ExprPtr last) {
  if (last) list.push_back(std::move(last));
  return list;
}

types::TypePtr OutputsStruct(const GeneratorBinding& binding) { return types::Struct(binding.outputs); }

}  // namespace

ExprId NextExprId() {
  static std::atomic<ExprId> next{0};
  return next++;
}

LiteralExpr::LiteralExpr(types::Literal value)
    : Expr(ExprKind::kLiteral, value.type, value.is_null(), {}), literal(std::move(value)) {}
ExprPtr LiteralExpr::WithChildren(std::vector<ExprPtr>) const { return std::make_shared<LiteralExpr>(literal); }

AttributeExpr::AttributeExpr(std::string name, types::TypePtr type, bool nullable, ExprId id,
                             std::vector<std::string> qualifier, std::string metadata)
    : Expr(ExprKind::kAttribute, std::move(type), nullable, {}),
      name(std::move(name)),
      id(id),
      qualifier(std::move(qualifier)),
      metadata(std::move(metadata)) {}
AttributePtr AttributeExpr::WithQualifier(std::vector<std::string> new_qualifier) const {
  auto copy = std::make_shared<AttributeExpr>(*this);
  copy->qualifier = std::move(new_qualifier);
  return copy;
}
AttributePtr AttributeExpr::WithNullability(bool new_nullable) const {
  auto copy = std::make_shared<AttributeExpr>(name, type, new_nullable, id, qualifier, metadata);
  copy->hidden = hidden;
  return copy;
}
AttributePtr AttributeExpr::WithNewId() const {
  auto copy = std::make_shared<AttributeExpr>(*this);
  copy->id = NextExprId();
  return copy;
}
ExprPtr AttributeExpr::WithChildren(std::vector<ExprPtr>) const { return std::make_shared<AttributeExpr>(*this); }

AliasExpr::AliasExpr(ExprPtr child, std::string name, ExprId id, std::string metadata)
    : Expr(ExprKind::kAlias, child->type, child->nullable, {child}),
      name(std::move(name)),
      id(id),
      metadata(std::move(metadata)) {}
AttributePtr AliasExpr::ToAttribute() const {
  std::string inherited = "{}";
  if (!metadata.empty()) {
    inherited = metadata;
  } else if (const auto* attribute = children[0]->As<AttributeExpr>()) {
    inherited = attribute->metadata;
  } else if (const auto* alias = children[0]->As<AliasExpr>()) {
    inherited = alias->ToAttribute()->metadata;
  }
  return std::make_shared<AttributeExpr>(name, type, nullable, id, std::vector<std::string>{}, inherited);
}
ExprPtr AliasExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<AliasExpr>(new_children[0], name, id, metadata);
}

CastExpr::CastExpr(ExprPtr child, types::TypePtr type, CastBehaviour behaviour, bool implicit)
    : Expr(ExprKind::kCast, type, CastNullable(*child, *type, behaviour), {child}),
      behaviour(behaviour),
      implicit(implicit) {}
ExprPtr CastExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<CastExpr>(new_children[0], type, behaviour, implicit);
}

ScalarCall::ScalarCall(ScalarBindingPtr bound, std::vector<ExprPtr> arguments)
    : Expr(ExprKind::kScalarCall, bound->type, bound->nullable, std::move(arguments)), binding(std::move(bound)) {}
ExprPtr ScalarCall::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<ScalarCall>(binding, std::move(new_children));
}

LazyExpr::LazyExpr(ExprKind kind, types::TypePtr type, bool nullable, std::vector<ExprPtr> children, std::string name)
    : Expr(kind, std::move(type), nullable, std::move(children)), name(std::move(name)) {}
ExprPtr LazyExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<LazyExpr>(kind, type, nullable, std::move(new_children), name);
}

AggregateCall::AggregateCall(AggregateBindingPtr bound, std::vector<ExprPtr> arguments, bool distinct, ExprPtr filter,
                             ExprId result_id)
    : Expr(ExprKind::kAggregateCall, bound->type, bound->nullable, Append(std::move(arguments), filter)),
      binding(std::move(bound)),
      distinct(distinct),
      has_filter(filter != nullptr),
      result_id(result_id) {}
std::vector<ExprPtr> AggregateCall::arguments() const {
  return {children.begin(), children.end() - (has_filter ? 1 : 0)};
}
ExprPtr AggregateCall::filter() const { return has_filter ? children.back() : nullptr; }
ExprPtr AggregateCall::WithChildren(std::vector<ExprPtr> new_children) const {
  ExprPtr filter;
  if (has_filter) {
    filter = new_children.back();
    new_children.pop_back();
  }
  return std::make_shared<AggregateCall>(binding, std::move(new_children), distinct, filter, result_id);
}

SortOrderExpr::SortOrderExpr(ExprPtr child, bool ascending, bool nulls_first)
    : Expr(ExprKind::kSortOrder, child->type, child->nullable, {child}),
      ascending(ascending),
      nulls_first(nulls_first) {}
ExprPtr SortOrderExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<SortOrderExpr>(new_children[0], ascending, nulls_first);
}

WindowCall::WindowCall(AggregateBindingPtr aggregate, WindowBindingPtr window, std::vector<ExprPtr> children,
                       int arguments, int partition_keys, WindowFrame frame)
    : Expr(ExprKind::kWindowCall, aggregate ? aggregate->type : window->type,
           aggregate ? aggregate->nullable : window->nullable, std::move(children)),
      aggregate(std::move(aggregate)),
      window(std::move(window)),
      argument_count(arguments),
      partition_count(partition_keys),
      frame(frame) {}
ExprPtr WindowCall::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<WindowCall>(aggregate, window, std::move(new_children), argument_count, partition_count,
                                      frame);
}

GeneratorCall::GeneratorCall(GeneratorBindingPtr bound, std::vector<ExprPtr> arguments)
    : Expr(ExprKind::kGeneratorCall, OutputsStruct(*bound), true, std::move(arguments)), binding(std::move(bound)) {}
ExprPtr GeneratorCall::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<GeneratorCall>(binding, std::move(new_children));
}

PythonUdfExpr::PythonUdfExpr(std::shared_ptr<const plan::PythonUdf> function, types::TypePtr type,
                             std::vector<ExprPtr> arguments, std::vector<std::string> argument_names)
    : Expr(ExprKind::kPythonUdf, std::move(type), true, std::move(arguments)),
      function(std::move(function)),
      argument_names(std::move(argument_names)) {}
ExprPtr PythonUdfExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<PythonUdfExpr>(function, type, std::move(new_children), argument_names);
}

LambdaVariableExpr::LambdaVariableExpr(std::string name, types::TypePtr type, bool nullable, ExprId id)
    : Expr(ExprKind::kLambdaVariable, std::move(type), nullable, {}), name(std::move(name)), id(id) {}
ExprPtr LambdaVariableExpr::WithChildren(std::vector<ExprPtr>) const {
  return std::make_shared<LambdaVariableExpr>(*this);
}

LambdaExpr::LambdaExpr(ExprPtr body, std::vector<std::shared_ptr<const LambdaVariableExpr>> variables)
    : Expr(ExprKind::kLambda, body->type, body->nullable, {body}), variables(std::move(variables)) {}
ExprPtr LambdaExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<LambdaExpr>(new_children[0], variables);
}

SubqueryExpr::SubqueryExpr(plan::SubqueryKind subquery, PlanPtr plan, types::TypePtr type, std::vector<ExprPtr> values)
    : Expr(ExprKind::kSubquery, std::move(type), subquery != plan::SubqueryKind::kExists, std::move(values)),
      subquery(subquery),
      plan(std::move(plan)) {}
ExprPtr SubqueryExpr::WithChildren(std::vector<ExprPtr> new_children) const {
  return std::make_shared<SubqueryExpr>(subquery, plan, type, std::move(new_children));
}

OuterReferenceExpr::OuterReferenceExpr(AttributePtr outer)
    : Expr(ExprKind::kOuterReference, outer->type, outer->nullable, {}), attribute(std::move(outer)) {}
ExprPtr OuterReferenceExpr::WithChildren(std::vector<ExprPtr>) const {
  return std::make_shared<OuterReferenceExpr>(attribute);
}

ExprPtr MakeLiteral(types::Literal literal) { return std::make_shared<LiteralExpr>(std::move(literal)); }

ExprPtr MakeAnd(ExprPtr left, ExprPtr right) {
  bool nullable = left->nullable || right->nullable;
  return std::make_shared<LazyExpr>(ExprKind::kAnd, types::Boolean(), nullable,
                                    std::vector<ExprPtr>{std::move(left), std::move(right)});
}

std::vector<ExprPtr> SplitConjuncts(const ExprPtr& condition) {
  if (!condition) return {};
  if (condition->kind != ExprKind::kAnd) return {condition};
  std::vector<ExprPtr> out;
  for (const ExprPtr& child : condition->children) {
    for (ExprPtr& part : SplitConjuncts(child)) out.push_back(std::move(part));
  }
  return out;
}

ExprPtr JoinConjuncts(const std::vector<ExprPtr>& conjuncts) {
  ExprPtr out;
  for (const ExprPtr& part : conjuncts) out = out ? MakeAnd(out, part) : part;
  return out;
}

AttributePtr ToAttribute(const ExprPtr& named) {
  if (const auto* alias = named->As<AliasExpr>()) return alias->ToAttribute();
  return std::dynamic_pointer_cast<const AttributeExpr>(named);
}

}  // namespace sluice::logical
