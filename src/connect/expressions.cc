// Expressions.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

using proto::Expression_SortOrder;

plan::UnresolvedAttribute ToAttribute(const proto::Expression_UnresolvedAttribute& attribute) {
  plan::UnresolvedAttribute out;
  out.name = types::ParseAttributeName(attribute.unparsed_identifier());
  if (attribute.has_plan_id()) out.plan_id = attribute.plan_id();
  out.is_metadata_column = attribute.is_metadata_column();
  return out;
}

plan::UnresolvedStar ToStar(const proto::Expression_UnresolvedStar& star) {
  if (star.has_unparsed_target() && star.has_plan_id())
    throw InvalidPlan("UNRESOLVED_STAR_WITH_BOTH_TARGET_AND_PLAN_ID");
  plan::UnresolvedStar out;
  if (star.has_plan_id()) out.plan_id = star.plan_id();
  if (star.has_unparsed_target()) {
    const std::string& target = star.unparsed_target();
    if (!target.ends_with(".*")) throw InvalidPlan("UNRESOLVED_STAR_TARGET_INVALID", {{"target", target}});
    out.target = types::ParseAttributeName(std::string_view(target).substr(0, target.size() - 2));
  }
  return out;
}

// `pattern` in backticks is a pattern; any other text is the name of one column.
plan::Expression::Node ToRegex(const proto::Expression_UnresolvedRegex& regex) {
  const std::string& name = regex.col_name();
  std::optional<int64_t> plan_id;
  if (regex.has_plan_id()) plan_id = regex.plan_id();
  bool quoted = name.size() > 2 && name.front() == '`' && name.back() == '`';
  if (quoted && name.find('`', 1) == name.size() - 1) {
    return plan::UnresolvedRegex{name.substr(1, name.size() - 2), plan_id};
  }
  if (!name.empty() && name.back() == '`' && name.find("`.`") != std::string::npos) {
    throw base::Error::Unsupported("A column pattern with a qualifier (" + name + ")");
  }
  return plan::UnresolvedAttribute{types::ParseAttributeName(name), plan_id, false};
}

plan::CastMode ToCastMode(const proto::Expression_Cast& cast) {
  switch (cast.eval_mode()) {
    case proto::Expression_Cast::EVAL_MODE_TRY:
      return plan::CastMode::kTry;
    case proto::Expression_Cast::EVAL_MODE_ANSI:
      return plan::CastMode::kAnsi;
    case proto::Expression_Cast::EVAL_MODE_LEGACY:
      return plan::CastMode::kLegacy;
    default:
      return plan::CastMode::kDefault;
  }
}

std::string JoinNames(const Names& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : ".") + part;
  return out;
}

plan::LambdaVariable ToLambdaVariable(const proto::Expression_UnresolvedNamedLambdaVariable& variable) {
  if (variable.name_parts_size() == 0) throw InvalidPlan("UNRESOLVED_NAMED_LAMBDA_VARIABLE_REQUIRES_NAME_PART");
  return plan::LambdaVariable{JoinNames(variable.name_parts())};
}

plan::LambdaFunction ToLambda(Translator& translator, const proto::Expression_LambdaFunction& lambda) {
  if (lambda.arguments_size() < 1 || lambda.arguments_size() > 3) {
    throw InvalidPlan("LAMBDA_FUNCTION_ARGUMENT_COUNT_INVALID", {{"got", std::to_string(lambda.arguments_size())}});
  }
  plan::LambdaFunction out{translator.Expression(lambda.function()), {}};
  for (const auto& argument : lambda.arguments()) out.variables.push_back(ToLambdaVariable(argument).name);
  return out;
}

plan::FrameBoundary ToBoundary(Translator& translator,
                               const proto::Expression_Window_WindowFrame_FrameBoundary& boundary) {
  using Boundary = proto::Expression_Window_WindowFrame_FrameBoundary;
  switch (boundary.boundary_case()) {
    case Boundary::kCurrentRow:
      return {plan::FrameBoundary::Kind::kCurrentRow, nullptr};
    case Boundary::kUnbounded:
      return {plan::FrameBoundary::Kind::kUnbounded, nullptr};
    case Boundary::kValue:
      return {plan::FrameBoundary::Kind::kValue, translator.Expression(boundary.value())};
    case Boundary::BOUNDARY_NOT_SET:
      break;
  }
  throw OneofNotSet(boundary, "boundary");
}

plan::WindowExpression ToWindow(Translator& translator, const proto::Expression_Window& window) {
  if (!window.has_window_function()) throw InvalidPlan("WINDOW_FUNCTION_REQUIRED");
  plan::WindowExpression out;
  out.function = translator.Expression(window.window_function());
  out.partition_by = translator.Expressions(window.partition_spec());
  out.order_by = translator.SortOrders(window.order_spec());
  if (!window.has_frame_spec()) return out;
  const auto& frame = window.frame_spec();
  switch (frame.frame_type()) {
    case proto::Expression_Window_WindowFrame::FRAME_TYPE_ROW:
      out.frame = plan::FrameType::kRows;
      break;
    case proto::Expression_Window_WindowFrame::FRAME_TYPE_RANGE:
      out.frame = plan::FrameType::kRange;
      break;
    default:
      throw InvalidEnum(frame, "frame_type");
  }
  if (!frame.has_lower()) throw InvalidPlan("LOWER_BOUND_REQUIRED_IN_WINDOW_FRAME");
  if (!frame.has_upper()) throw InvalidPlan("UPPER_BOUND_REQUIRED_IN_WINDOW_FRAME");
  out.lower = ToBoundary(translator, frame.lower());
  out.upper = ToBoundary(translator, frame.upper());
  return out;
}

plan::UnresolvedFunction ToFunction(Translator& translator, const proto::Expression_UnresolvedFunction& function) {
  plan::UnresolvedFunction out;
  if (function.is_user_defined_function()) {
    out.name = ParseTableName(function.function_name());
  } else {
    out.name = {function.function_name()};
  }
  out.arguments = translator.Expressions(function.arguments());
  out.is_distinct = function.is_distinct();
  return out;
}

plan::UpdateFields ToUpdateFields(Translator& translator, const proto::Expression_UpdateFields& update) {
  plan::UpdateFields out{translator.Expression(update.struct_expression()), update.field_name(), nullptr};
  if (update.has_value_expression()) out.value = translator.Expression(update.value_expression());
  return out;
}

plan::Cast ToCast(Translator& translator, const proto::Expression_Cast& cast) {
  auto type = cast.has_type() ? ToType(cast.type()) : types::ParseTypeName(cast.type_str());
  return plan::Cast{translator.Expression(cast.expr()), std::move(type), ToCastMode(cast)};
}

plan::SubqueryExpression ToSubquery(Translator& translator, const proto::SubqueryExpression& subquery) {
  plan::SubqueryExpression out;
  out.plan_id = subquery.plan_id();
  switch (subquery.subquery_type()) {
    case proto::SubqueryExpression::SUBQUERY_TYPE_SCALAR:
      out.kind = plan::SubqueryKind::kScalar;
      break;
    case proto::SubqueryExpression::SUBQUERY_TYPE_EXISTS:
      out.kind = plan::SubqueryKind::kExists;
      break;
    case proto::SubqueryExpression::SUBQUERY_TYPE_IN:
      out.kind = plan::SubqueryKind::kIn;
      out.values = translator.Expressions(subquery.in_subquery_values());
      break;
    case proto::SubqueryExpression::SUBQUERY_TYPE_TABLE_ARG:
      throw base::Error::Unsupported("A table argument (DataFrame.asTable)");
    default:
      throw InvalidEnum(subquery, "subquery_type");
  }
  return out;
}

}  // namespace

std::vector<plan::ExpressionPtr> Translator::Expressions(
    const google::protobuf::RepeatedPtrField<proto::Expression>& expressions) {
  std::vector<plan::ExpressionPtr> out;
  out.reserve(expressions.size());
  for (const auto& expression : expressions) out.push_back(Expression(expression));
  return out;
}

plan::SortOrder Translator::SortOrder(const Expression_SortOrder& order) {
  plan::SortOrder out;
  out.child = Expression(order.child());
  bool descending = order.direction() != Expression_SortOrder::SORT_DIRECTION_ASCENDING;
  out.direction = descending ? plan::SortDirection::kDescending : plan::SortDirection::kAscending;
  switch (order.null_ordering()) {
    case Expression_SortOrder::SORT_NULLS_FIRST:
      out.nulls = plan::NullOrder::kFirst;
      break;
    case Expression_SortOrder::SORT_NULLS_LAST:
      out.nulls = plan::NullOrder::kLast;
      break;
    default:
      out.nulls = plan::NullOrder::kDefault;
  }
  return out;
}

std::vector<plan::SortOrder> Translator::SortOrders(
    const google::protobuf::RepeatedPtrField<Expression_SortOrder>& orders) {
  std::vector<plan::SortOrder> out;
  for (const auto& order : orders) out.push_back(SortOrder(order));
  return out;
}

plan::ExpressionPtr Translator::Alias(const proto::Expression_Alias& alias) {
  if (alias.name_size() > 1 && alias.has_metadata()) {
    throw InvalidPlan("ALIAS_WITH_MULTIPLE_IDENTIFIERS_AND_METADATA");
  }
  return plan::Make(plan::Alias{Expression(alias.expr()), ToVector(alias.name()), alias.metadata()});
}

plan::ExpressionPtr Translator::Function(const proto::CommonInlineUserDefinedFunction& function) {
  using Function = proto::CommonInlineUserDefinedFunction;
  switch (function.function_case()) {
    case Function::kPythonUdf:
      break;
    case Function::kScalarScalaUdf:
      throw base::Error::Unsupported("A Scala function (" + function.function_name() + ")");
    case Function::kJavaUdf:
      throw base::Error::Unsupported("The Java function " + function.java_udf().class_name());
    case Function::FUNCTION_NOT_SET:
      throw OneofNotSet(function, "function");
  }
  if (function.is_distinct()) throw base::Error::Unsupported("A distinct Python aggregate function");
  const auto& udf = function.python_udf();
  plan::PythonUdf out;
  out.name = function.function_name();
  out.deterministic = function.deterministic();
  out.arguments = Expressions(function.arguments());
  out.output_type = ToType(udf.output_type());
  out.eval_type = udf.eval_type();
  out.command = udf.command();
  out.python_version = udf.python_ver();
  return plan::Make(std::move(out));
}

plan::Expression::Node Translator::ExpressionNode(const proto::Expression& expression) {
  using Case = proto::Expression;
  switch (expression.expr_type_case()) {
    case Case::kLiteral:
      return ToLiteral(expression.literal());
    case Case::kUnresolvedAttribute:
      return ToAttribute(expression.unresolved_attribute());
    case Case::kUnresolvedFunction:
      return ToFunction(*this, expression.unresolved_function());
    case Case::kExpressionString:
      return plan::ExpressionString{expression.expression_string().expression()};
    case Case::kUnresolvedStar:
      return ToStar(expression.unresolved_star());
    case Case::kAlias:
      return Alias(expression.alias())->node;
    case Case::kCast:
      return ToCast(*this, expression.cast());
    case Case::kUnresolvedRegex:
      return ToRegex(expression.unresolved_regex());
    case Case::kSortOrder:
      return SortOrder(expression.sort_order());
    case Case::kLambdaFunction:
      return ToLambda(*this, expression.lambda_function());
    case Case::kWindow:
      return ToWindow(*this, expression.window());
    case Case::kUnresolvedExtractValue:
      return plan::ExtractValue{Expression(expression.unresolved_extract_value().child()),
                                Expression(expression.unresolved_extract_value().extraction())};
    case Case::kUpdateFields:
      return ToUpdateFields(*this, expression.update_fields());
    case Case::kUnresolvedNamedLambdaVariable:
      return ToLambdaVariable(expression.unresolved_named_lambda_variable());
    case Case::kCommonInlineUserDefinedFunction:
      return Function(expression.common_inline_user_defined_function())->node;
    case Case::kCallFunction:
      return plan::UnresolvedFunction{ParseTableName(expression.call_function().function_name()),
                                      Expressions(expression.call_function().arguments())};
    case Case::kNamedArgumentExpression:
      return plan::NamedArgument{expression.named_argument_expression().key(),
                                 Expression(expression.named_argument_expression().value())};
    case Case::kSubqueryExpression:
      return ToSubquery(*this, expression.subquery_expression());
    case Case::kDirectShufflePartitionId:
      throw base::Error::Unsupported("DataFrame.repartitionById");
    case Case::kMergeAction:
      throw base::Error::Unsupported("DataFrame.mergeInto");
    case Case::kTypedAggregateExpression:
      throw base::Error::Unsupported("A Scala aggregator");
    case Case::kExtension:
      throw InvalidPlan("NO_HANDLER_FOR_EXTENSION", {{"extensionTypeUrl", expression.extension().type_url()}});
    case Case::EXPR_TYPE_NOT_SET:
      break;
  }
  throw OneofNotSet(expression, "expr_type");
}

}  // namespace sluice::connect
