// Calls that are no plain functions: lazily evaluated ones, casts by name, and those that look at names.
#include <map>

#include "analyzer/expression_resolver.h"
#include "functions/coercion.h"
#include "sql/parser.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprKind;
using logical::ExprPtr;
using logical::LazyExpr;

namespace {

bool AnyNullable(const std::vector<ExprPtr>& values) {
  for (const ExprPtr& value : values) {
    if (value->nullable) return true;
  }
  return false;
}

std::string CallText(const std::string& name, const std::vector<ExprPtr>& arguments) {
  std::string out = name + "(";
  for (size_t i = 0; i < arguments.size(); ++i) out += (i > 0 ? ", " : "") + arguments[i]->Sql();
  return out + ")";
}

std::string TypeList(const std::vector<ExprPtr>& values) {
  std::string out = "[";
  for (size_t i = 0; i < values.size(); ++i) out += (i > 0 ? ", " : "") + QuotedType(*values[i]->type);
  return out + "]";
}

// The same call printed by another text.
ExprPtr ShownAs(const ExprPtr& expr, const std::string& text) {
  if (const auto* lazy = expr->As<LazyExpr>()) {
    return std::make_shared<LazyExpr>(lazy->kind, lazy->type, lazy->nullable, lazy->children, text);
  }
  const auto* call = expr->As<logical::ScalarCall>();
  if (!call) return expr;
  auto binding = std::make_shared<logical::ScalarBinding>(*call->binding);
  binding->sql = [text](const std::vector<std::string>&) { return text; };
  return std::make_shared<logical::ScalarCall>(std::move(binding), call->children);
}

}  // namespace

void ExpressionResolver::CheckPlainCall(const std::string& name, const plan::UnresolvedFunction& node, size_t least,
                                        size_t most) {
  size_t count = node.arguments.size();
  if (count >= least && count <= most) return;
  std::string expected = least == most       ? std::to_string(least)
                         : most == SIZE_MAX  ? "> " + std::to_string(least - 1)
                         : most == least + 1 ? "[" + std::to_string(least) + ", " + std::to_string(most) + "]"
                                             : std::to_string(least) + " to " + std::to_string(most);
  throw base::Error(ErrorKind::kAnalysis, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                    {{"functionName", types::QuoteIdentifier({name})},
                     {"expectedNum", expected},
                     {"actualNum", std::to_string(count)},
                     {"docroot", "https://spark.apache.org/docs/latest"}});
}

std::vector<ExprPtr> ExpressionResolver::ToCommonType(std::vector<ExprPtr> values, const std::string& function,
                                                      const std::string& sql) {
  std::vector<types::TypePtr> types;
  for (ExprPtr& value : values) {
    if (value->kind == ExprKind::kAlias) value = value->children[0];
    types.push_back(value->type);
  }
  types::TypePtr common = functions::FindWiderType(types, resolver_.ansi());
  if (!common) {
    Fail(base::Error(
        ErrorKind::kAnalysis, "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
        {{"sqlExpr", "\"" + sql + "\""}, {"functionName", "`" + function + "`"}, {"dataType", TypeList(values)}}));
  }
  for (ExprPtr& value : values) value = ImplicitCast(value, common, resolver_.ansi());
  return values;
}

ExprPtr ExpressionResolver::Conjunction(ExprKind kind, const plan::UnresolvedFunction& node) {
  const char* name = kind == ExprKind::kAnd ? "and" : "or";
  CheckPlainCall(name, node, 2, 2);
  std::vector<ExprPtr> sides;
  for (const plan::ExpressionPtr& argument : node.arguments) {
    ExprPtr side = Resolve(argument);
    if (side->kind == ExprKind::kAlias) side = side->children[0];
    sides.push_back(std::move(side));
  }
  auto shown = std::make_shared<LazyExpr>(kind, types::Boolean(), AnyNullable(sides), sides);
  for (ExprPtr& side : sides) {
    if (side->type->Is(types::TypeId::kBoolean)) continue;
    if (side->type->Is(types::TypeId::kNull) || side->type->IsStringLike()) {
      side = ImplicitCast(side, types::Boolean(), resolver_.ansi());
      continue;
    }
    const ExprPtr &left = shown->children[0], &right = shown->children[1];
    bool differ = !types::Equal(left->type, right->type, true);
    if (differ) {
      Fail(base::Error(
          ErrorKind::kAnalysis, "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
          {{"sqlExpr", QuotedSql(*shown)}, {"left", QuotedType(*left->type)}, {"right", QuotedType(*right->type)}}));
    }
    Fail(base::Error(
        ErrorKind::kAnalysis, "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
        {{"sqlExpr", QuotedSql(*shown)}, {"inputType", "\"BOOLEAN\""}, {"actualDataType", QuotedType(*side->type)}}));
  }
  return std::make_shared<LazyExpr>(kind, types::Boolean(), AnyNullable(sides), sides);
}

ExprPtr ExpressionResolver::CaseWhen(const plan::UnresolvedFunction& node) {
  CheckPlainCall("when", node, 2, SIZE_MAX);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  for (ExprPtr& part : all) {
    if (part->kind == ExprKind::kAlias) part = part->children[0];
  }
  std::vector<ExprPtr> values;
  for (size_t i = 1; i < all.size(); i += 2) values.push_back(all[i]);
  bool has_else = all.size() % 2 == 1;
  if (has_else) values.push_back(all.back());
  std::string sql = LazyExpr(ExprKind::kCase, types::Null(), true, all).Sql();
  for (size_t i = 0; i + 1 < all.size(); i += 2) {
    if (all[i]->type->Is(types::TypeId::kBoolean)) continue;
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                     {{"sqlExpr", "\"" + sql + "\""},
                      {"paramIndex", i == 0   ? "first"
                                     : i == 2 ? "second"
                                              : "third"},
                      {"requiredType", "\"BOOLEAN\""},
                      {"inputSql", QuotedSql(*all[i])},
                      {"inputType", QuotedType(*all[i]->type)}}));
  }
  values = ToCommonType(std::move(values), "casewhen", sql);
  for (size_t i = 1, v = 0; i < all.size(); i += 2, ++v) all[i] = values[v];
  if (has_else) all.back() = values.back();
  bool nullable = !has_else || AnyNullable(values);
  return std::make_shared<LazyExpr>(ExprKind::kCase, values[0]->type, nullable, std::move(all));
}

ExprPtr ExpressionResolver::If(const plan::UnresolvedFunction& node) {
  CheckPlainCall("if", node, 3, 3);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  for (ExprPtr& part : all) {
    if (part->kind == ExprKind::kAlias) part = part->children[0];
  }
  std::string sql = LazyExpr(ExprKind::kCase, types::Null(), true, all, "if").Sql();
  if (all[0]->type->Is(types::TypeId::kNull)) all[0] = ImplicitCast(all[0], types::Boolean(), resolver_.ansi());
  if (!all[0]->type->Is(types::TypeId::kBoolean)) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                     {{"sqlExpr", "\"" + sql + "\""},
                      {"paramIndex", "first"},
                      {"requiredType", "\"BOOLEAN\""},
                      {"inputSql", QuotedSql(*all[0])},
                      {"inputType", QuotedType(*all[0]->type)}}));
  }
  std::vector<ExprPtr> values = ToCommonType({all[1], all[2]}, "if", sql);
  bool nullable = AnyNullable(values);
  return std::make_shared<LazyExpr>(ExprKind::kCase, values[0]->type, nullable,
                                    std::vector<ExprPtr>{all[0], values[0], values[1]}, "if");
}

ExprPtr ExpressionResolver::Coalesce(const std::string& name, const plan::UnresolvedFunction& node) {
  bool pair = name != "coalesce";
  CheckPlainCall(name, node, pair ? 2 : 1, pair ? 2 : SIZE_MAX);
  std::vector<ExprPtr> values = ResolveAll(node.arguments);
  std::string sql = CallText(name, values);
  values = ToCommonType(std::move(values), "coalesce", pair ? CallText("coalesce", values) : sql);
  bool nullable = true;
  for (const ExprPtr& value : values) nullable &= value->nullable;
  types::TypePtr type = values[0]->type;
  return std::make_shared<LazyExpr>(ExprKind::kCoalesce, type, nullable, std::move(values), sql);
}

ExprPtr ExpressionResolver::Nvl2(const plan::UnresolvedFunction& node) {
  CheckPlainCall("nvl2", node, 3, 3);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  std::string sql = CallText("nvl2", all);
  std::vector<ExprPtr> values = ToCommonType({all[1], all[2]}, "if", sql);
  ExprPtr condition = Bind("isnotnull", {all[0]});
  bool nullable = AnyNullable(values);
  return std::make_shared<LazyExpr>(ExprKind::kCase, values[0]->type, nullable,
                                    std::vector<ExprPtr>{condition, values[0], values[1]}, sql);
}

ExprPtr ExpressionResolver::NullIf(const plan::UnresolvedFunction& node) {
  CheckPlainCall("nullif", node, 2, 2);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  ExprPtr equal = Bind("=", {all[0], all[1]});
  ExprPtr none = logical::MakeLiteral(types::Literal::Null(all[0]->type));
  return std::make_shared<LazyExpr>(ExprKind::kCase, all[0]->type, true, std::vector<ExprPtr>{equal, none, all[0]},
                                    CallText("nullif", all));
}

ExprPtr ExpressionResolver::Between(const plan::UnresolvedFunction& node) {
  CheckPlainCall("between", node, 3, 3);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  ExprPtr both = logical::MakeAnd(Bind(">=", {all[0], all[1]}), Bind("<=", {all[0], all[2]}));
  return ShownAs(both, CallText("between", all));
}

ExprPtr ExpressionResolver::In(const plan::UnresolvedFunction& node) {
  CheckPlainCall("in", node, 1, SIZE_MAX);
  std::vector<ExprPtr> all = ResolveAll(node.arguments);
  for (ExprPtr& value : all) {
    if (value->kind == ExprKind::kAlias) value = value->children[0];
  }
  if (all.size() == 1) return logical::MakeLiteral(types::Literal::Boolean(false));
  return Bind("in", std::move(all));
}

// The field's name if argument i takes a field out of a struct.
static std::optional<std::string> FieldName(const plan::UnresolvedFunction& node, const std::vector<ExprPtr>& values,
                                            size_t i) {
  if (values.size() != node.arguments.size()) return std::nullopt;
  const auto* extract = node.arguments[i]->As<plan::ExtractValue>();
  const auto* name = extract ? extract->extraction->As<types::Literal>() : nullptr;
  const auto* call = values[i]->As<logical::ScalarCall>();
  if (!name || !call || !call->children[0]->type->Is(types::TypeId::kStruct)) return std::nullopt;
  return name->ToString();
}

ExprPtr ExpressionResolver::MakeStruct(const plan::UnresolvedFunction& node) {
  std::vector<ExprPtr> values = ResolveAll(node.arguments);
  CheckPlainCall("struct", node, 1, SIZE_MAX);
  std::vector<ExprPtr> pairs;
  std::string shown;
  for (size_t i = 0; i < values.size(); ++i) {
    ExprPtr value = values[i];
    std::string name = "col" + std::to_string(i + 1);
    if (const auto* alias = value->As<logical::AliasExpr>()) {
      name = alias->name;
      shown += (i > 0 ? ", " : "") + alias->Sql();
      value = alias->children[0];
    } else {
      if (const auto* attribute = value->As<logical::AttributeExpr>()) name = attribute->name;
      const auto* reference = i < node.arguments.size() && values.size() == node.arguments.size()
                                  ? node.arguments[i]->As<plan::UnresolvedAttribute>()
                                  : nullptr;
      if (reference) name = reference->name.back();
      if (const auto* variable = value->As<logical::LambdaVariableExpr>()) name = variable->name;
      if (auto field = FieldName(node, values, i)) name = *field;
      shown += (i > 0 ? ", " : "") + value->Sql();
    }
    pairs.push_back(logical::MakeLiteral(types::Literal::String(name)));
    pairs.push_back(std::move(value));
  }
  return ShownAs(Bind("named_struct", std::move(pairs)), "struct(" + shown + ")");
}

ExprPtr ExpressionResolver::Count(const plan::UnresolvedFunction& node) {
  plan::ExpressionPtr counted = node.arguments.size() == 1 ? node.arguments[0] : nullptr;
  if (const auto* text = counted ? counted->As<plan::ExpressionString>() : nullptr) {
    counted = sql::ParseExpression(text->text, resolver_.parser_options());
  }
  const auto* star = counted ? counted->As<plan::UnresolvedStar>() : nullptr;
  if (!star || !star->target.empty() || node.is_distinct) return nullptr;
  plan::UnresolvedFunction one = node;
  one.arguments = {plan::Make(types::Literal::Integer(1))};
  const functions::FunctionEntry* entry = resolver_.context().functions->Find("count");
  return entry ? Call(*entry, node.name.back(), one) : nullptr;
}

ExprPtr ExpressionResolver::CastFunction(const std::string& name, const plan::UnresolvedFunction& node) {
  static const std::map<std::string, types::TypePtr (*)()> kTypes = {
      {"boolean", &types::Boolean}, {"tinyint", &types::Byte},  {"smallint", &types::Short},
      {"int", &types::Integer},     {"bigint", &types::Long},   {"float", &types::Float},
      {"double", &types::Double},   {"date", &types::Date},     {"timestamp", &types::Timestamp},
      {"binary", &types::Binary},   {"string", &types::String},
  };
  types::TypePtr type;
  if (auto found = kTypes.find(name); found != kTypes.end()) type = found->second();
  if (name == "decimal") type = types::Decimal(10, 0);
  if (!type) return nullptr;
  CheckPlainCall(name, node, 1, 1);
  ExprPtr made = MakeCast(Resolve(node.arguments[0]), type, plan::CastMode::kDefault);
  // Unlike CAST, the function form leaves no trace in column names.
  const auto* cast = made->As<logical::CastExpr>();
  if (!cast) return made;
  return std::make_shared<logical::CastExpr>(cast->children[0], cast->type, cast->behaviour, true);
}

ExprPtr ExpressionResolver::SpecialForm(const std::string& name, const plan::UnresolvedFunction& node) {
  if (name == "and") return Conjunction(ExprKind::kAnd, node);
  if (name == "or") return Conjunction(ExprKind::kOr, node);
  if (name == "when" || name == "case") return CaseWhen(node);
  if (name == "if") return If(node);
  if (name == "coalesce" || name == "nvl" || name == "ifnull") return Coalesce(name, node);
  if (name == "nvl2") return Nvl2(node);
  if (name == "nullif") return NullIf(node);
  if (name == "between") return Between(node);
  if (name == "in") return In(node);
  if (name == "struct") return MakeStruct(node);
  if (name == "count") return Count(node);
  if (name == "window") return TimeWindow(node);
  if (name == "session_window") return SessionWindow(node);
  if (name == "window_time") return WindowTime(node);
  if (name == "grouping" || name == "grouping_id") return Grouping(name, node);
  return CastFunction(name, node);
}

}  // namespace sluice::analyzer
