// UNION, INTERSECT, EXCEPT, by position and by name.
#include <algorithm>

#include "analyzer/aggregation.h"
#include "analyzer/expression_resolver.h"
#include "functions/coercion.h"
#include "functions/signature.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprPtr;
using logical::PlanPtr;
using plan::SetOperation;

namespace {

const char* OperatorName(const plan::SetOp& node) {
  switch (node.operation) {
    case SetOperation::kUnion:
      return "UNION";
    case SetOperation::kIntersect:
      return node.is_all ? "INTERSECT ALL" : "INTERSECT";
    case SetOperation::kExcept:
      return node.is_all ? "EXCEPT ALL" : "EXCEPT";
  }
  return "";
}

std::string FieldNames(const logical::Plan& plan) {
  std::string out;
  for (const AttributePtr& attribute : plan.output) out += (out.empty() ? "" : ", ") + attribute->name;
  return out;
}

// The right side's columns in the left's order; with `allow_missing`, nulls stand for what one side lacks.
void MatchByName(PlanPtr& left, PlanPtr& right, bool allow_missing, const NameMatcher& names) {
  std::vector<ExprPtr> right_columns, left_columns(left->output.begin(), left->output.end());
  std::vector<bool> used(right->output.size(), false);
  for (const AttributePtr& wanted : left->output) {
    ExprPtr found;
    for (size_t i = 0; i < right->output.size() && !found; ++i) {
      if (used[i] || !names(right->output[i]->name, wanted->name)) continue;
      found = right->output[i];
      used[i] = true;
    }
    if (!found) {
      if (!allow_missing) {
        throw base::Error(ErrorKind::kAnalysis, "UNRESOLVED_COLUMN_AMONG_FIELD_NAMES",
                          {{"colName", wanted->name}, {"fieldNames", FieldNames(*right)}});
      }
      auto none = logical::MakeLiteral(types::Literal::Null(wanted->type));
      found = std::make_shared<AliasExpr>(none, wanted->name);
    }
    right_columns.push_back(std::move(found));
  }
  for (size_t i = 0; i < right->output.size(); ++i) {
    if (used[i] || !allow_missing) continue;
    auto none = logical::MakeLiteral(types::Literal::Null(right->output[i]->type));
    left_columns.push_back(std::make_shared<AliasExpr>(none, right->output[i]->name));
    right_columns.push_back(right->output[i]);
  }
  if (left_columns.size() != left->output.size()) left = std::make_shared<logical::Project>(left, left_columns);
  right = std::make_shared<logical::Project>(right, std::move(right_columns));
}

// A struct's fields and those that only the other one has, all the way down.
types::TypePtr WithFieldsOf(const types::TypePtr& own, const types::TypePtr& other, const NameMatcher& names) {
  bool both = own->Is(types::TypeId::kStruct) && other->Is(types::TypeId::kStruct);
  if (!both) return own;
  std::vector<types::StructField> fields = own->fields();
  for (types::StructField& field : fields) {
    auto index = other->FieldIndex(field.name, names.case_sensitive());
    if (index) field.type = WithFieldsOf(field.type, other->fields()[*index].type, names);
  }
  for (const types::StructField& field : other->fields()) {
    if (!own->FieldIndex(field.name, names.case_sensitive())) fields.push_back(field);
  }
  return types::Struct(std::move(fields));
}

// The struct with its fields arranged as in `wanted`; nulls stand for those it lacks.
ExprPtr Arranged(ExpressionResolver& resolver, const ExprPtr& value, const types::TypePtr& wanted,
                 const NameMatcher& names) {
  if (!value->type->Is(types::TypeId::kStruct) || !wanted->Is(types::TypeId::kStruct)) return value;
  std::vector<ExprPtr> pairs;
  for (const types::StructField& field : wanted->fields()) {
    pairs.push_back(logical::MakeLiteral(types::Literal::String(field.name)));
    auto index = value->type->FieldIndex(field.name, names.case_sensitive());
    pairs.push_back(index ? Arranged(resolver, StructField(value, *index), field.type, names)
                          : logical::MakeLiteral(types::Literal::Null(field.type)));
  }
  ExprPtr made = resolver.Bind("named_struct", std::move(pairs));
  if (!value->nullable) return made;
  ExprPtr none = logical::MakeLiteral(types::Literal::Null(made->type));
  return std::make_shared<logical::LazyExpr>(logical::ExprKind::kCase, made->type, true,
                                             std::vector<ExprPtr>{resolver.Bind("isnull", {value}), none, made});
}

// Columns that are structs of different fields on the two sides get the fields of both.
void MergeStructs(Resolver& analysis, PlanPtr& left, PlanPtr& right) {
  auto arrange = [&](const PlanPtr& plan, const std::vector<types::TypePtr>& types) -> PlanPtr {
    Scope scope;
    scope.inputs = {plan};
    ExpressionResolver resolver(analysis, scope);
    std::vector<ExprPtr> columns;
    bool changed = false;
    for (size_t i = 0; i < types.size(); ++i) {
      const AttributePtr& column = plan->output[i];
      bool fits = types::Equal(column->type, types[i], true);
      columns.push_back(column);
      if (fits) continue;
      columns.back() =
          std::make_shared<AliasExpr>(Arranged(resolver, column, types[i], analysis.names()), column->name);
      changed = true;
    }
    return changed ? std::make_shared<logical::Project>(plan, std::move(columns)) : plan;
  };
  std::vector<types::TypePtr> left_types, right_types;
  for (size_t i = 0; i < left->output.size(); ++i) {
    const types::TypePtr &a = left->output[i]->type, &b = right->output[i]->type;
    types::TypePtr merged = WithFieldsOf(a, b, analysis.names());
    bool structs = a->Is(types::TypeId::kStruct) && b->Is(types::TypeId::kStruct);
    left_types.push_back(merged);
    right_types.push_back(structs ? merged : b);
  }
  // What differs within equally named fields is cast afterwards.
  left = arrange(left, left_types);
  right = arrange(right, right_types);
}

PlanPtr CastColumns(const PlanPtr& plan, const std::vector<types::TypePtr>& types, bool ansi) {
  std::vector<ExprPtr> columns;
  bool changed = false;
  for (size_t i = 0; i < types.size(); ++i) {
    ExprPtr column = ImplicitCast(plan->output[i], types[i], ansi);
    if (column != plan->output[i]) {
      column = std::make_shared<AliasExpr>(column, plan->output[i]->name);
      changed = true;
    }
    columns.push_back(std::move(column));
  }
  return changed ? std::make_shared<logical::Project>(plan, std::move(columns)) : plan;
}

void CheckNoMaps(const logical::Plan& plan) {
  for (const AttributePtr& attribute : plan.output) {
    if (!attribute->type->Is(types::TypeId::kMap)) continue;
    throw base::Error(
        ErrorKind::kAnalysis, "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
        {{"colName", types::QuoteIdentifier({attribute->name})}, {"dataType", QuotedType(*attribute->type)}})
        .WithPlan("");
  }
}

PlanPtr Distinct(PlanPtr plan) {
  Attributes keys = plan->output;
  return std::make_shared<logical::Deduplicate>(std::move(plan), std::move(keys), false);
}

}  // namespace

void Resolver::AlignColumns(const plan::SetOp& node, PlanPtr& left, PlanPtr& right) {
  if (node.by_name) MatchByName(left, right, node.allow_missing_columns, names_);
  bool merges = node.by_name && node.allow_missing_columns && left->output.size() == right->output.size();
  if (merges) MergeStructs(*this, left, right);
  if (left->output.size() != right->output.size()) {
    throw base::Error(ErrorKind::kAnalysis, "NUM_COLUMNS_MISMATCH",
                      {{"operator", OperatorName(node)},
                       {"firstNumColumns", std::to_string(left->output.size())},
                       {"invalidOrdinalNum", "second"},
                       {"invalidNumColumns", std::to_string(right->output.size())}})
        .WithPlan(logical::TreeString(left) + logical::TreeString(right));
  }
  std::vector<types::TypePtr> types;
  for (size_t i = 0; i < left->output.size(); ++i) {
    const types::TypePtr &a = left->output[i]->type, &b = right->output[i]->type;
    types::TypePtr common = functions::FindWiderType(a, b, ansi_);
    if (!common) {
      throw base::Error(ErrorKind::kAnalysis, "INCOMPATIBLE_COLUMN_TYPE",
                        {{"operator", OperatorName(node)},
                         {"columnOrdinalNumber", functions::Ordinal(static_cast<int>(i))},
                         {"tableOrdinalNumber", "second"},
                         {"dataType1", QuotedType(*b)},
                         {"dataType2", QuotedType(*a)},
                         {"hint", ""}})
          .WithPlan(logical::TreeString(left) + logical::TreeString(right));
    }
    types.push_back(std::move(common));
  }
  left = CastColumns(left, types, ansi_);
  right = CastColumns(right, types, ansi_);
}

PlanPtr Resolver::Node(const plan::SetOp& node) {
  PlanPtr left = StripHidden(Resolve(node.left)), right = StripHidden(Resolve(node.right));
  AlignColumns(node, left, right);
  if (node.operation == SetOperation::kUnion) {
    Attributes output;
    for (size_t i = 0; i < left->output.size(); ++i) {
      const AttributePtr &a = left->output[i], &b = right->output[i];
      types::TypePtr type = functions::FindWiderType(a->type, b->type, ansi_);
      output.push_back(std::make_shared<AttributeExpr>(a->name, type, a->nullable || b->nullable, logical::NextExprId(),
                                                       std::vector<std::string>{}, a->metadata));
    }
    PlanPtr all = std::make_shared<logical::Union>(std::vector<PlanPtr>{left, right}, std::move(output));
    if (node.is_all) return all;
    CheckNoMaps(*all);
    return all->is_streaming ? GroupedByAll(all) : Distinct(all);
  }
  CheckNoMaps(*left);
  if (node.is_all) return CountedSetOperation(node.operation, left, right);
  for (const AttributePtr& a : left->output) {
    for (const AttributePtr& b : right->output) {
      if (a->id == b->id) {
        right = WithFreshIds(right, plan_ids_);
        break;
      }
    }
  }
  Scope scope;
  scope.inputs = {left, right};
  ExpressionResolver resolver(*this, scope);
  std::vector<ExprPtr> equal;
  for (size_t i = 0; i < left->output.size(); ++i) {
    equal.push_back(resolver.Bind("<=>", {left->output[i], right->output[i]}));
  }
  auto type = node.operation == SetOperation::kIntersect ? plan::JoinType::kLeftSemi : plan::JoinType::kLeftAnti;
  return Distinct(std::make_shared<logical::Join>(left, right, type, logical::JoinConjuncts(equal)));
}

// INTERSECT ALL, EXCEPT ALL: counts each distinct row on both sides, then repeats it as often as is left (Spark's
// RewriteIntersectAll and RewriteExceptAll).
PlanPtr Resolver::CountedSetOperation(SetOperation operation, const PlanPtr& left, const PlanPtr& right) {
  auto side = [](const PlanPtr& plan, int64_t left_rows, int64_t right_rows) -> PlanPtr {
    std::vector<ExprPtr> columns(plan->output.begin(), plan->output.end());
    columns.push_back(std::make_shared<AliasExpr>(logical::MakeLiteral(types::Literal::Long(left_rows)), "left"));
    columns.push_back(std::make_shared<AliasExpr>(logical::MakeLiteral(types::Literal::Long(right_rows)), "right"));
    return std::make_shared<logical::Project>(plan, std::move(columns));
  };
  PlanPtr marked_left = side(left, 1, 0), marked_right = side(right, 0, 1);
  Attributes output;
  for (size_t i = 0; i < marked_left->output.size(); ++i) {
    const AttributePtr &a = marked_left->output[i], &b = marked_right->output[i];
    output.push_back(std::make_shared<AttributeExpr>(a->name, a->type, a->nullable || b->nullable));
  }
  PlanPtr both = std::make_shared<logical::Union>(std::vector<PlanPtr>{marked_left, marked_right}, output);
  Scope scope;
  scope.inputs = {both};
  ExpressionResolver resolver(*this, scope);
  std::vector<ExprPtr> keys(output.begin(), output.end() - 2);
  auto in_left = std::make_shared<AliasExpr>(resolver.Bind("sum", {output[output.size() - 2]}), "left");
  auto in_right = std::make_shared<AliasExpr>(resolver.Bind("sum", {output.back()}), "right");
  std::vector<ExprPtr> results = keys;
  results.insert(results.end(), {in_left, in_right});
  PlanPtr counted = std::make_shared<logical::Aggregate>(both, keys, std::move(results));
  ExprPtr a = in_left->ToAttribute(), b = in_right->ToAttribute();
  ExprPtr count = operation == SetOperation::kIntersect ? resolver.Bind("least", {a, b}) : resolver.Bind("-", {a, b});
  ExprPtr none = logical::MakeLiteral(types::Literal::Long(0)), one = logical::MakeLiteral(types::Literal::Long(1));
  PlanPtr wanted = std::make_shared<logical::Filter>(counted, resolver.Bind(">", {count, none}));
  auto repeat = std::dynamic_pointer_cast<const logical::GeneratorCall>(
      resolver.Bind("explode", {resolver.Bind("sequence", {one, count})}));
  Attributes generated{std::make_shared<AttributeExpr>("copy", types::Long(), false)};
  PlanPtr repeated = std::make_shared<logical::Generate>(wanted, repeat, false, std::move(generated));
  return std::make_shared<logical::Project>(repeated, std::move(keys));
}

}  // namespace sluice::analyzer
