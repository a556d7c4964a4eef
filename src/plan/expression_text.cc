// Unresolved expressions as text: every field shows, so that equal texts mean equal expressions.
#include <fmt/format.h>

#include "plan/expression.h"
#include "plan/relation.h"

namespace sluice::plan {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string Name(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += ".";
    out += types::QuoteIfNeeded(part);
  }
  return out;
}

std::string PlanId(const std::optional<int64_t>& id) { return id ? fmt::format("#{}", *id) : ""; }

std::string Bytes(const std::string& bytes) {
  return fmt::format("{} bytes {:016x}", bytes.size(), std::hash<std::string>()(bytes));
}

std::string List(const std::vector<ExpressionPtr>& list) {
  std::string out;
  for (const ExpressionPtr& item : list) {
    if (!out.empty()) out += ", ";
    out += ToString(*item);
  }
  return out;
}

std::string Order(const SortOrder& order) {
  std::string out = ToString(*order.child) + (order.direction == SortDirection::kAscending ? " ASC" : " DESC");
  if (order.nulls == NullOrder::kFirst) out += " NULLS FIRST";
  if (order.nulls == NullOrder::kLast) out += " NULLS LAST";
  return out;
}

std::string Order(const std::vector<SortOrder>& list) {
  std::string out;
  for (const SortOrder& order : list) out += (out.empty() ? "" : ", ") + Order(order);
  return out;
}

std::string Indented(const std::string& text) {
  std::string out = "\n";
  for (char c : text) {
    out += c;
    if (c == '\n') out += "  ";
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

struct Printer {
  std::string operator()(const types::Literal& e) const {
    // The type is told where the text alone leaves it open.
    return e.type->IsNested() || e.type->Is(types::TypeId::kDecimal) || e.type->Is(types::TypeId::kTime)
               ? fmt::format("{}: {}", e.ToString(true), e.type->Json())
               : e.ToString(true);
  }
  std::string operator()(const UnresolvedAttribute& e) const {
    return Name(e.name) + PlanId(e.plan_id) + (e.is_metadata_column ? " metadata" : "");
  }
  std::string operator()(const UnresolvedStar& e) const {
    std::string out = (e.target.empty() ? "" : Name(e.target) + ".") + "*" + PlanId(e.plan_id);
    for (size_t i = 0; i < e.except.size(); ++i) out += (i == 0 ? " EXCEPT (" : ", ") + Name(e.except[i]);
    return e.except.empty() ? out : out + ")";
  }
  std::string operator()(const UnresolvedRegex& e) const {
    return fmt::format("regex({}{})", Quoted(e.pattern), PlanId(e.plan_id));
  }
  std::string operator()(const UnresolvedFunction& e) const {
    bool is_operator =
        e.name.size() == 1 && !e.name[0].empty() && std::ispunct(static_cast<unsigned char>(e.name[0][0]));
    std::string out = fmt::format("{}({}{})", is_operator ? e.name[0] : Name(e.name), e.is_distinct ? "DISTINCT " : "",
                                  List(e.arguments));
    // What a call gives a schema registry as its credentials is not for others' eyes.
    if (out.find("basic.auth.user.info") != std::string::npos) return Name(e.name) + "(*********(redacted))";
    if (!e.within_group.empty()) out += fmt::format(" WITHIN GROUP (ORDER BY {})", Order(e.within_group));
    if (e.filter) out += fmt::format(" FILTER (WHERE {})", ToString(*e.filter));
    if (e.ignore_nulls) out += " IGNORE NULLS";
    return out;
  }
  std::string operator()(const Alias& e) const {
    std::string names;
    for (const std::string& name : e.names) names += (names.empty() ? "" : ", ") + types::QuoteIfNeeded(name);
    if (e.names.size() != 1) names = "(" + names + ")";
    return fmt::format("{} AS {}{}", ToString(*e.child), names, e.metadata.empty() ? "" : " " + e.metadata);
  }
  std::string operator()(const Cast& e) const {
    static constexpr const char* kNames[] = {"cast", "try_cast", "ansi_cast", "legacy_cast"};
    return fmt::format("{}({} AS {})", kNames[static_cast<int>(e.mode)], ToString(*e.child), e.type->SimpleString());
  }
  std::string operator()(const SortOrder& e) const { return Order(e); }
  std::string operator()(const LambdaFunction& e) const {
    return fmt::format("({}) -> {}", Name(e.variables), ToString(*e.body));
  }
  std::string operator()(const LambdaVariable& e) const { return "lambda " + types::QuoteIfNeeded(e.name); }
  std::string operator()(const WindowExpression& e) const {
    auto boundary = [](const FrameBoundary& b) {
      switch (b.kind) {
        case FrameBoundary::Kind::kCurrentRow:
          return std::string("CURRENT ROW");
        case FrameBoundary::Kind::kUnbounded:
          return std::string("UNBOUNDED");
        default:
          return ToString(*b.value);
      }
    };
    std::string frame;
    if (e.frame != FrameType::kUndefined) {
      frame = fmt::format(" {} BETWEEN {} AND {}", e.frame == FrameType::kRows ? "ROWS" : "RANGE", boundary(e.lower),
                          boundary(e.upper));
    }
    return fmt::format("{} OVER (PARTITION BY {} ORDER BY {}{})", ToString(*e.function), List(e.partition_by),
                       Order(e.order_by), frame);
  }
  std::string operator()(const ExtractValue& e) const {
    return fmt::format("{}[{}]", ToString(*e.child), ToString(*e.extraction));
  }
  std::string operator()(const UpdateFields& e) const {
    if (!e.value) return fmt::format("drop_field({}, {})", ToString(*e.child), Quoted(e.field));
    return fmt::format("with_field({}, {}, {})", ToString(*e.child), Quoted(e.field), ToString(*e.value));
  }
  std::string operator()(const ExpressionString& e) const { return fmt::format("expr({})", Quoted(e.text)); }
  std::string operator()(const PythonUdf& e) const {
    return fmt::format("python {}({}) returns {} type {}{} version {} [{}]", e.name, List(e.arguments),
                       e.output_type ? e.output_type->Json() : "?", e.eval_type,
                       e.deterministic ? "" : " nondeterministic", e.python_version, Bytes(e.command));
  }
  std::string operator()(const NamedArgument& e) const { return fmt::format("{} => {}", e.name, ToString(*e.value)); }
  std::string operator()(const SubqueryExpression& e) const {
    static constexpr const char* kNames[] = {"scalar", "exists", "in", "table"};
    return fmt::format("{}-subquery({}){}{}", kNames[static_cast<int>(e.kind)], List(e.values), PlanId(e.plan_id),
                       e.plan ? " {" + Indented(ToString(*e.plan)) + "}" : "");
  }
  std::string operator()(const ParameterMark& e) const {
    return e.name.empty() ? fmt::format("?{}", e.position) : ":" + e.name;
  }
};

}  // namespace

std::string ToString(const Expression& expression) { return std::visit(Printer{}, expression.node); }

}  // namespace sluice::plan
