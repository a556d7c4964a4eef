// Function calls: look-up, binding, casts of arguments, folding of constants.
#include <arrow/array.h>

#include <set>

#include "analyzer/expression_resolver.h"
#include "functions/cast.h"
#include "functions/coercion.h"

namespace sluice::analyzer {

using base::ErrorKind;
using functions::FunctionEntry;
using logical::CastBehaviour;
using logical::ExprKind;
using logical::ExprPtr;

namespace {

std::optional<types::Literal> FromDatum(const arrow::Datum& datum, const types::TypePtr& type) {
  if (datum.is_scalar()) return types::Literal{type, datum.scalar()};
  auto scalar = datum.make_array()->GetScalar(0);
  if (!scalar.ok()) return std::nullopt;
  return types::Literal{type, *scalar};
}

std::optional<types::Literal> Fold(const ExprPtr& expr, logical::EvalContext& context) {
  if (const auto* literal = expr->As<logical::LiteralExpr>()) return literal->literal;
  if (expr->kind == ExprKind::kAlias) return Fold(expr->children[0], context);
  std::vector<arrow::Datum> arguments;
  for (const ExprPtr& child : expr->children) {
    std::optional<types::Literal> value = Fold(child, context);
    if (!value) return std::nullopt;
    if (!value->value) value->value = arrow::MakeNullScalar(types::ToArrow(value->type));
    arguments.emplace_back(value->value);
  }
  if (const auto* cast = expr->As<logical::CastExpr>()) {
    auto kernel = functions::MakeCastKernel(cast->children[0]->type, cast->type, cast->behaviour);
    return FromDatum(kernel(context, arguments, 1), cast->type);
  }
  const auto* call = expr->As<logical::ScalarCall>();
  if (!call || !call->binding->deterministic || !call->binding->foldable || !call->binding->lambda_arguments.empty() ||
      !call->binding->kernel) {
    return std::nullopt;
  }
  return FromDatum(call->binding->kernel(context, arguments, 1), call->type);
}

[[noreturn]] void UnknownRoutine(const std::vector<std::string>& name) {
  throw base::Error(ErrorKind::kAnalysis, "UNRESOLVED_ROUTINE",
                    {{"routineName", types::QuoteIdentifier(name)},
                     {"searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]"}});
}

}  // namespace

std::optional<types::Literal> TryFold(const ExprPtr& expr, bool ansi, const std::string& time_zone) {
  if (const auto* literal = expr->As<logical::LiteralExpr>()) return literal->literal;
  logical::EvalContext context;
  context.ansi = ansi;
  context.time_zone = time_zone;
  try {
    return Fold(expr, context);
  } catch (const base::Error&) {
    return std::nullopt;  // fails at run time, if the row is ever reached
  }
}

ExprPtr ImplicitCast(const ExprPtr& expr, const types::TypePtr& type, bool ansi) {
  if (types::Equal(expr->type, type, true)) return expr;
  // A literal null has any type.
  if (const auto* literal = expr->As<logical::LiteralExpr>();
      literal && literal->literal.is_null() && expr->type->Is(types::TypeId::kNull)) {
    return logical::MakeLiteral(types::Literal::Null(type));
  }
  return std::make_shared<logical::CastExpr>(expr, type, ansi ? CastBehaviour::kAnsi : CastBehaviour::kLegacy, true);
}

ExprPtr ExpressionResolver::Node(const plan::UnresolvedFunction& node) {
  const std::string& written = node.name.back();
  std::string name = ToLower(written);
  if (node.name.size() <= 1 || node.name.size() == 2 || node.name.size() == 3) {
    if (ExprPtr special = SpecialForm(name, node)) return special;
    if (resolver_.context().find_python_function) {
      if (auto python = resolver_.context().find_python_function(name)) return PythonFunction(python, node.arguments);
    }
    if (const FunctionEntry* entry = resolver_.context().functions->Find(name)) return Call(*entry, written, node);
  }
  UnknownRoutine(node.name);
}

void ExpressionResolver::CheckTimeType(const std::string& name, const functions::Arguments& arguments) const {
  static const std::set<std::string> kTimeFunctions = {"make_time", "to_time", "try_to_time", "time_diff",
                                                       "time_trunc"};
  static const std::set<std::string> kAlsoOfTime = {"hour",      "minute",   "second", "extract",
                                                    "date_part", "datepart", "+",      "-"};
  bool refused = kTimeFunctions.contains(name);
  if (kAlsoOfTime.contains(name)) {
    for (const functions::Argument& argument : arguments) refused |= argument.type->Is(types::TypeId::kTime);
  }
  if (refused && !resolver_.context().conf->GetBool("spark.sql.timeType.enabled")) {
    throw base::Error(ErrorKind::kAnalysis, "UNSUPPORTED_TIME_TYPE");
  }
}

ExprPtr ExpressionResolver::Call(const FunctionEntry& entry, const std::string& name,
                                 const plan::UnresolvedFunction& node) {
  bool outer = scope_.in_aggregate;
  scope_.in_aggregate |= std::holds_alternative<functions::BindAggregate>(entry.bind);
  Arguments arguments = ResolveArguments(entry, node);
  if (entry.within_group) {
    for (const plan::SortOrder& order : node.within_group) arguments.push_back(ResolveOrder(order));
  }
  scope_.in_aggregate = outer;
  return BindEntry(entry, name, std::move(arguments), &node);
}

ExprPtr ExpressionResolver::Bind(const std::string& name, Arguments arguments) {
  const FunctionEntry* entry = resolver_.context().functions->Find(name);
  if (!entry) UnknownRoutine({name});
  return BindEntry(*entry, name, std::move(arguments), nullptr);
}

ExprPtr ExpressionResolver::BindEntry(const FunctionEntry& entry, const std::string& name, Arguments arguments,
                                      const plan::UnresolvedFunction* node) {
  functions::BindContext context{resolver_.ansi(), resolver_.time_zone(), name, resolver_.context().conf.get()};
  std::vector<std::optional<types::Literal>> constants(arguments.size());
  functions::Arguments described;
  for (size_t i = 0; i < arguments.size(); ++i) {
    ExprPtr& argument = arguments[i];
    if (argument->kind == ExprKind::kAlias) argument = argument->children[0];
    if (const auto* order = argument->As<logical::SortOrderExpr>()) {
      context.within_group.push_back({order->ascending, order->nulls_first});
      argument = argument->children[0];
    }
    if (argument->kind == ExprKind::kGeneratorCall) {
      throw base::Error(ErrorKind::kAnalysis, "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS",
                        {{"expression", "\"" + name + "(" + argument->Sql() + ")\""}});
    }
    functions::Argument one;
    one.type = argument->type;
    one.nullable = argument->nullable;
    one.sql = argument->Sql();
    if (const auto* lambda = argument->As<logical::LambdaExpr>()) {
      one.is_lambda = true;
      one.lambda_arity = static_cast<int>(lambda->variables.size());
    } else {
      constants[i] = TryFold(argument, resolver_.ansi(), resolver_.time_zone());
      if (constants[i]) one.literal = &*constants[i];
    }
    described.push_back(std::move(one));
  }
  auto coerce = [&](const std::vector<types::TypePtr>& wanted) {
    for (size_t i = 0; i < arguments.size() && i < wanted.size(); ++i) {
      if (!wanted[i] || arguments[i]->kind == ExprKind::kLambda) continue;
      arguments[i] = ImplicitCast(arguments[i], wanted[i], resolver_.ansi());
    }
  };
  bool distinct = node && node->is_distinct;
  bool is_aggregate = std::holds_alternative<functions::BindAggregate>(entry.bind);
  if (node && !is_aggregate && (distinct || node->filter)) {
    throw base::Error(
        ErrorKind::kAnalysis, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
        {{"prettyName", types::QuoteIdentifier({entry.name})}, {"syntax", distinct ? "DISTINCT" : "FILTER CLAUSE"}});
  }
  if (node && !node->within_group.empty() && !entry.within_group) {
    throw base::Error(
        ErrorKind::kAnalysis, "INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX",
        {{"prettyName", types::QuoteIdentifier({entry.name})}, {"syntax", "WITHIN GROUP (ORDER BY ...)"}});
  }
  CheckTimeType(entry.name, described);
  try {
    if (const auto* bind = std::get_if<functions::BindScalar>(&entry.bind)) {
      auto binding = (*bind)(context, described);
      coerce(binding->argument_types);
      return std::make_shared<logical::ScalarCall>(binding, std::move(arguments));
    }
    if (const auto* bind = std::get_if<functions::BindAggregate>(&entry.bind)) {
      for (const ExprPtr& argument : arguments) {
        if (logical::Contains(argument, ExprKind::kAggregateCall)) {
          Fail(base::Error(ErrorKind::kAnalysis, "NESTED_AGGREGATE_FUNCTION"));
        }
      }
      auto binding = (*bind)(context, described, distinct);
      coerce(binding->argument_types);
      ExprPtr filter = node && node->filter ? ResolveCondition(node->filter, "FILTER") : nullptr;
      return std::make_shared<logical::AggregateCall>(binding, std::move(arguments),
                                                      distinct && !binding->ignores_duplicates, filter);
    }
    if (const auto* bind = std::get_if<functions::BindGenerator>(&entry.bind)) {
      auto binding = (*bind)(context, described);
      coerce(binding->argument_types);
      return std::make_shared<logical::GeneratorCall>(binding, std::move(arguments));
    }
  } catch (base::Error& error) {
    if (error.kind() == ErrorKind::kAnalysis && error.condition().starts_with("DATATYPE_MISMATCH")) Fail(error);
    throw;
  }
  throw base::Error(ErrorKind::kAnalysis, "WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE",
                    {{"funcName", "\"" + entry.name + "()\""}});
}

ExprPtr ExpressionResolver::MakeCast(ExprPtr child, types::TypePtr type, plan::CastMode mode) {
  if (child->kind == ExprKind::kAlias) child = child->children[0];
  if (type->Is(types::TypeId::kChar) || type->Is(types::TypeId::kVarchar)) type = types::String();
  CastBehaviour behaviour = resolver_.ansi() ? CastBehaviour::kAnsi : CastBehaviour::kLegacy;
  if (mode == plan::CastMode::kTry) behaviour = CastBehaviour::kTry;
  if (mode == plan::CastMode::kAnsi) behaviour = CastBehaviour::kAnsi;
  if (mode == plan::CastMode::kLegacy) behaviour = CastBehaviour::kLegacy;
  auto cast = std::make_shared<logical::CastExpr>(child, type, behaviour, false);
  if (functions::CanCast(*child->type, *type, behaviour)) return cast;
  base::Error::Parameters parameters{
      {"sqlExpr", QuotedSql(*cast)}, {"srcType", QuotedType(*child->type)}, {"targetType", QuotedType(*type)}};
  if (behaviour != CastBehaviour::kLegacy && functions::CanCast(*child->type, *type, CastBehaviour::kLegacy)) {
    parameters["config"] = "\"spark.sql.ansi.enabled\"";
    parameters["configVal"] = "'false'";
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION", std::move(parameters)));
  }
  Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION", std::move(parameters)));
}

ExprPtr ExpressionResolver::Node(const plan::Cast& node) { return MakeCast(Resolve(node.child), node.type, node.mode); }

}  // namespace sluice::analyzer
