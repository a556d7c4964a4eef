// Functions over windows of rows: OVER (PARTITION BY … ORDER BY … frame).
#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprKind;
using logical::ExprPtr;
using logical::WindowFrame;
using plan::FrameBoundary;
using plan::FrameType;

namespace {

struct Boundary {
  bool unbounded = false;
  int64_t value = 0;
  std::string text;
};

std::string UpperName(const std::string& name) {
  std::string out = name;
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

int64_t BoundaryValue(const types::Literal& literal) {
  switch (literal.type->id()) {
    case types::TypeId::kDayTimeInterval:
      return static_cast<const arrow::DurationScalar&>(*literal.value).value;
    case types::TypeId::kYearMonthInterval:
      return static_cast<const arrow::Int32Scalar&>(*literal.value).value;
    case types::TypeId::kByte:
    case types::TypeId::kShort:
    case types::TypeId::kInteger:
    case types::TypeId::kLong:
      return std::stoll(literal.ToString());
    default:
      throw base::Error::Unsupported("A window frame bounded by a value of type " + literal.type->Sql());
  }
}

std::string FrameText(FrameType type, const Boundary& lower, const Boundary& upper) {
  return std::string(type == FrameType::kRows ? "ROWS" : "RANGE") + " BETWEEN " + lower.text + " AND " + upper.text;
}

}  // namespace

ExprPtr ExpressionResolver::Node(const plan::WindowExpression& node) {
  std::vector<ExprPtr> partition = ResolveAll(node.partition_by);
  std::vector<ExprPtr> orders;
  for (const plan::SortOrder& order : node.order_by) orders.push_back(ResolveOrder(order));
  for (ExprPtr& key : partition) {
    if (key->kind == ExprKind::kAlias) key = key->children[0];
  }

  auto boundary = [&](const FrameBoundary& given, bool is_lower) {
    Boundary out;
    if (given.kind == FrameBoundary::Kind::kUnbounded) {
      out.unbounded = true;
      out.text = is_lower ? "UNBOUNDED PRECEDING" : "UNBOUNDED FOLLOWING";
      return out;
    }
    if (given.kind == FrameBoundary::Kind::kCurrentRow) {
      out.text = "CURRENT ROW";
      return out;
    }
    ExprPtr value = Resolve(given.value);
    auto constant = TryFold(value, resolver_.ansi(), resolver_.time_zone());
    if (!constant || constant->is_null()) {
      Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WITHOUT_FOLDABLE",
                       {{"sqlExpr", QuotedSql(*value)},
                        {"location", is_lower ? "lower" : "upper"},
                        {"expression", QuotedSql(*value)}}));
    }
    out.value = BoundaryValue(*constant);
    const auto* call = value->As<logical::ScalarCall>();
    bool negated =
        call && call->children.size() == 1 && (call->binding->name == "-" || call->binding->name == "negative");
    out.text = negated ? call->children[0]->Sql() + " PRECEDING" : value->Sql() + " FOLLOWING";
    return out;
  };
  Boundary lower{true, 0, "UNBOUNDED PRECEDING"}, upper{false, 0, "CURRENT ROW"};
  FrameType type = node.frame;
  bool given_frame = type != FrameType::kUndefined;
  if (given_frame) {
    lower = boundary(node.lower, true);
    upper = boundary(node.upper, false);
    CheckFrame(type == FrameType::kRows, FrameText(type, lower, upper),
               !lower.unbounded && !upper.unbounded && lower.value > upper.value, orders,
               lower.unbounded && upper.unbounded, lower.text + upper.text);
  }

  const auto* function = node.function->As<plan::UnresolvedFunction>();
  const functions::FunctionEntry* entry =
      function ? resolver_.context().functions->Find(function->name.back()) : nullptr;
  const auto* bind = entry ? std::get_if<functions::BindWindow>(&entry->bind) : nullptr;
  std::vector<ExprPtr> children;
  logical::AggregateBindingPtr aggregate;
  logical::WindowBindingPtr window;
  WindowFrame frame;
  if (bind) {
    Arguments arguments = ResolveAll(function->arguments);
    for (ExprPtr& argument : arguments) {
      if (argument->kind == ExprKind::kAlias) argument = argument->children[0];
    }
    if (orders.empty()) {
      std::string sql = UpperName(entry->name) + "(";
      for (size_t i = 0; i < arguments.size(); ++i) sql += (i > 0 ? ", " : "") + arguments[i]->Sql();
      throw base::Error(ErrorKind::kAnalysis, "WINDOW_FUNCTION_FRAME_NOT_ORDERED",
                        {{"wf_name", entry->name}, {"wf_expr", sql + ")"}});
    }
    // Spark fills in what is left out, and prints it.
    bool offset = entry->name == "lag" || entry->name == "lead";
    if (offset && arguments.size() == 1) arguments.push_back(logical::MakeLiteral(types::Literal::Integer(1)));
    if (offset && arguments.size() == 2) arguments.push_back(logical::MakeLiteral(types::Literal::Null(types::Null())));
    window = BindWindowFunction(*entry, *bind, function->name.back(), arguments, function->ignore_nulls);
    children = std::move(arguments);
    // Each such function fixes its own frame; lag and lead look at one row.
    if (!given_frame) type = entry->name == "cume_dist" ? FrameType::kRange : FrameType::kRows;
    if (offset && !given_frame) {
      auto distance = children.size() > 1 ? TryFold(children[1], resolver_.ansi(), resolver_.time_zone())
                                          : std::optional<types::Literal>(types::Literal::Integer(1));
      int64_t rows = distance && !distance->is_null() ? std::stoll(distance->ToString()) : 1;
      if (entry->name == "lag") rows = -rows;
      lower = upper = Boundary{false, rows, std::to_string(rows) + " FOLLOWING"};
    } else if (given_frame && entry->name != "nth_value" &&
               (type != FrameType::kRows || !lower.unbounded || upper.unbounded || upper.value != 0)) {
      throw base::Error(
          ErrorKind::kAnalysis, "WINDOW_FUNCTION_AND_FRAME_MISMATCH",
          {{"funcName", "\"" + entry->name + "()\""}, {"windowExpr", "\"" + FrameText(type, lower, upper) + "\""}});
    }
  } else {
    ExprPtr resolved = Resolve(node.function);
    if (resolved->kind == ExprKind::kAlias) resolved = resolved->children[0];
    const auto* call = resolved->As<logical::AggregateCall>();
    if (!call) {
      Fail(base::Error(ErrorKind::kAnalysis, "UNSUPPORTED_EXPR_FOR_WINDOW", {{"sqlExpr", QuotedSql(*resolved)}}));
    }
    if (call->distinct) {
      throw base::Error(ErrorKind::kAnalysis, "DISTINCT_WINDOW_FUNCTION_UNSUPPORTED",
                        {{"windowExpr", QuotedSql(*resolved)}});
    }
    if (call->has_filter) throw base::Error::Unsupported("FILTER in a window function");
    aggregate = call->binding;
    children = call->arguments();
    if (!given_frame) {
      bool whole = orders.empty();
      type = whole ? FrameType::kRows : FrameType::kRange;
      if (whole) upper = Boundary{true, 0, "UNBOUNDED FOLLOWING"};
    }
  }
  frame.type = type;
  frame.lower_unbounded = lower.unbounded;
  frame.lower = lower.value;
  frame.upper_unbounded = upper.unbounded;
  frame.upper = upper.value;
  frame.text = FrameText(type, lower, upper);
  int arguments = static_cast<int>(children.size()), partitions = static_cast<int>(partition.size());
  children.insert(children.end(), partition.begin(), partition.end());
  children.insert(children.end(), orders.begin(), orders.end());
  return std::make_shared<logical::WindowCall>(aggregate, window, std::move(children), arguments, partitions, frame);
}

void ExpressionResolver::CheckFrame(bool rows, const std::string& text, bool reversed,
                                    const std::vector<ExprPtr>& orders, bool whole, const std::string& bounds) {
  std::string sql = "\"" + text + "\"";
  if (reversed) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_WRONG_COMPARISON",
                     {{"sqlExpr", sql}, {"comparison", "less than or equal"}}));
  }
  if (rows || whole) return;
  if (orders.empty()) {
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER", {{"sqlExpr", sql}}));
  }
  bool by_value =
      bounds.find(" FOLLOWING") != std::string::npos && bounds.find("UNBOUNDED FOLLOWING") == std::string::npos;
  by_value |= bounds.find(" PRECEDING") != std::string::npos && bounds.find("UNBOUNDED PRECEDING") == std::string::npos;
  if (by_value && orders.size() > 1) {
    std::string list;
    for (const ExprPtr& order : orders) list += (list.empty() ? "" : ", ") + order->Sql();
    Fail(base::Error(ErrorKind::kAnalysis, "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
                     {{"sqlExpr", sql}, {"orderSpec", list}}));
  }
}

logical::WindowBindingPtr ExpressionResolver::BindWindowFunction(const functions::FunctionEntry& entry,
                                                                 const functions::BindWindow& bind,
                                                                 const std::string& name, Arguments& arguments,
                                                                 bool ignore_nulls) {
  if (ignore_nulls) arguments.push_back(logical::MakeLiteral(types::Literal::Boolean(true)));
  functions::BindContext context{resolver_.ansi(), resolver_.time_zone(), name, resolver_.context().conf.get()};
  std::vector<std::optional<types::Literal>> constants(arguments.size());
  functions::Arguments described;
  for (size_t i = 0; i < arguments.size(); ++i) {
    functions::Argument one;
    one.type = arguments[i]->type;
    one.nullable = arguments[i]->nullable;
    one.sql = arguments[i]->Sql();
    constants[i] = TryFold(arguments[i], resolver_.ansi(), resolver_.time_zone());
    if (constants[i]) one.literal = &*constants[i];
    described.push_back(std::move(one));
  }
  auto binding = bind(context, described);
  for (size_t i = 0; i < arguments.size() && i < binding->argument_types.size(); ++i) {
    if (binding->argument_types[i]) {
      arguments[i] = ImplicitCast(arguments[i], binding->argument_types[i], resolver_.ansi());
    }
  }
  return binding;
}

}  // namespace sluice::analyzer
