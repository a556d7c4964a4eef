// Puts aside what parsers refuse, for streams whose reader asked for it: below the node that parses a record's key or
// value the parser is computed once, in its checked form, and rows that it refuses leave the route there.
#include "optimizer/dead_letters.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "functions/checked_parser.h"
#include "functions/extract_value.h"
#include "optimizer/named_values.h"
#include "optimizer/rules.h"

namespace sluice::optimizer {
namespace {

using logical::AliasExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprId;
using logical::ExprKind;
using logical::ExprPtr;
using logical::LazyExpr;
using logical::PlanKind;
using logical::PlanPtr;
using logical::ScalarCall;

/// What the rows of a plan have to do with the records of a stream that collects dead letters.
struct Lineage {
  std::shared_ptr<logical::StreamHandle> stream;
  Attributes record;         ///< the stream's columns
  std::set<ExprId> derived;  ///< columns that come from the bytes of the record
};

/// Nodes each of whose rows is one of the child's, with columns of the same ids.
bool KeepsRecords(const logical::Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kFilter:
    case PlanKind::kSort:
    case PlanKind::kLimit:
    case PlanKind::kOffset:
    case PlanKind::kDeduplicate:
    case PlanKind::kSample:
    case PlanKind::kRepartition:
    case PlanKind::kGenerate:
    case PlanKind::kWatermark:
    case PlanKind::kCollectMetrics:
    case PlanKind::kDeadLetters:
    case PlanKind::kHint:
      return true;
    default:
      return false;
  }
}

bool RefersTo(const ExprPtr& expr, const std::set<ExprId>& ids) {
  return std::ranges::any_of(logical::References(expr),
                             [&](const AttributePtr& attribute) { return ids.contains(attribute->id); });
}

std::optional<Lineage> LineageOf(const PlanPtr& plan) {
  if (const auto* scan = plan->As<logical::StreamScan>()) {
    if (scan->stream->dead_letter_option().empty()) return std::nullopt;
    Lineage lineage{scan->stream, scan->output, {}};
    for (const AttributePtr& column : scan->output) {
      if (column->type->Is(types::TypeId::kBinary)) lineage.derived.insert(column->id);
    }
    return lineage;
  }
  const auto* project = plan->As<logical::Project>();
  if (!project && !KeepsRecords(*plan)) return std::nullopt;
  std::optional<Lineage> lineage = LineageOf(plan->child());
  if (!lineage) return std::nullopt;
  if (project) {
    for (const ExprPtr& expr : project->expressions) {
      if (RefersTo(expr, lineage->derived)) lineage->derived.insert(logical::ToAttribute(expr)->id);
    }
  } else if (const auto* generate = plan->As<logical::Generate>()) {
    if (RefersTo(generate->generator, lineage->derived)) lineage->derived.merge(IdsOf(generate->generated));
  }
  return lineage;
}

/// The columns of `plan` with these ids, as it gives them.
Attributes ColumnsOf(const PlanPtr& plan, const Attributes& wanted) {
  Attributes found;
  for (const AttributePtr& column : wanted) {
    auto same = std::ranges::find_if(plan->output, [&](const AttributePtr& own) { return own->id == column->id; });
    if (same == plan->output.end()) throw base::Error::Internal("Couldn't find " + column->ToString());
    found.push_back(*same);
  }
  return found;
}

/// The same rows with all columns of the record: projections on the way may have dropped some.
PlanPtr WithRecord(const PlanPtr& plan, const Attributes& record) {
  if (plan->kind == PlanKind::kStreamScan) return plan;
  PlanPtr child = WithRecord(plan->child(), record);
  const auto* project = plan->As<logical::Project>();
  if (!project) return child == plan->child() ? plan : plan->WithChildren({child});
  std::vector<ExprPtr> expressions = project->expressions;
  std::set<ExprId> present = IdsOf(project->output);
  for (const AttributePtr& column : ColumnsOf(child, record)) {
    if (!present.contains(column->id)) expressions.push_back(column);
  }
  return std::make_shared<logical::Project>(child, std::move(expressions));
}

ExprPtr FieldOf(const ExprPtr& checked, int field) {
  auto binding = functions::BindStructField(checked->type, checked->nullable, field, "");
  return std::make_shared<ScalarCall>(binding, std::vector<ExprPtr>{checked});
}

bool IsParser(const ExprPtr& expr) {
  const auto* call = expr->As<ScalarCall>();
  return call && call->binding->checked;
}

ExprPtr Checked(const ExprPtr& parser, const ExprPtr& input) {
  std::vector<ExprPtr> arguments = parser->children;
  arguments[0] = input;
  return std::make_shared<ScalarCall>(parser->As<ScalarCall>()->binding->checked, std::move(arguments));
}

/// The expression with every parser in its checked form: what is refused raises nothing in it.
ExprPtr AllChecked(const ExprPtr& expr) {
  return logical::Transform(expr, [](const ExprPtr& node) -> ExprPtr {
    if (!IsParser(node)) return nullptr;
    return FieldOf(Checked(node, node->children[0]), functions::kCheckedValue);
  });
}

/// Takes the parsers out of a node's expressions.
class ParserExtraction {
 public:
  explicit ParserExtraction(const Lineage& lineage) : lineage_(lineage) {}

  ExprPtr Extract(const ExprPtr& expr) {
    return Extract(expr, [](const ExprPtr& input) { return input; });
  }
  /// The checked forms, named; what was extracted refers to them.
  const std::vector<std::shared_ptr<const AliasExpr>>& parsers() const { return parsers_; }

 private:
  /// The input of a parser where the branch that it stands in is taken, else null, which no parser refuses.
  using Guard = std::function<ExprPtr(const ExprPtr& input)>;

  ExprPtr Extract(const ExprPtr& expr, const Guard& guard) {
    if (IsParser(expr) && RefersTo(expr->children[0], lineage_.derived) &&
        !logical::Contains(expr->children[0], ExprKind::kLambdaVariable)) {
      Extract(expr->children[0], guard);  // a parser of what another one gave: both may refuse
      return Named(Checked(expr, guard(AllChecked(expr->children[0]))));
    }
    std::vector<ExprPtr> children;
    bool changed = false;
    for (size_t i = 0; i < expr->children.size(); ++i) {
      children.push_back(Extract(expr->children[i], GuardOf(*expr, i, guard)));
      changed |= children.back() != expr->children[i];
    }
    return changed ? expr->WithChildren(std::move(children)) : expr;
  }

  ExprPtr Named(const ExprPtr& checked) {
    auto same = std::ranges::find_if(
        parsers_, [&](const auto& known) { return logical::SemanticEquals(known->children[0], checked); });
    if (same == parsers_.end()) {
      parsers_.push_back(std::make_shared<AliasExpr>(checked, fmt::format("parsed_{}", parsers_.size())));
      same = std::prev(parsers_.end());
    }
    return FieldOf((*same)->ToAttribute(), functions::kCheckedValue);
  }

  static ExprPtr Where(const std::vector<ExprPtr>& conditions, bool then, const ExprPtr& input) {
    std::vector<ExprPtr> children;
    ExprPtr null = logical::MakeLiteral(types::Literal::Null(input->type));
    for (const ExprPtr& condition : conditions) {
      if (!condition->Deterministic()) {
        throw base::Error::Unsupported("A parser with dead letters behind a condition that is not deterministic");
      }
      children.insert(children.end(), {condition, null});
    }
    if (then) {
      children.back() = input;
    } else {
      children.push_back(input);
    }
    return std::make_shared<LazyExpr>(ExprKind::kCase, input->type, true, std::move(children));
  }

  static Guard GuardOf(const logical::Expr& expr, size_t child, const Guard& outer) {
    // Where the last condition is the first that is true (`then`), or none is.
    auto where = [&outer](const std::vector<ExprPtr>& conditions, bool then) -> Guard {
      return [outer, conditions, then](const ExprPtr& input) { return outer(Where(conditions, then, input)); };
    };
    switch (expr.kind) {
      case ExprKind::kAnd:
        if (child == 0) return outer;
        return where({OrIfNull(expr.children[0], true)}, true);
      case ExprKind::kOr:
        if (child == 0) return outer;
        return where({AllChecked(expr.children[0])}, false);
      case ExprKind::kCase: {
        std::vector<ExprPtr> conditions;
        for (size_t i = 0; i < child; i += 2) conditions.push_back(AllChecked(expr.children[i]));
        return conditions.empty() ? outer : where(std::move(conditions), child % 2 == 1);
      }
      case ExprKind::kAggregateCall: {
        const auto& call = static_cast<const logical::AggregateCall&>(expr);
        if (!call.has_filter || child + 1 == expr.children.size()) return outer;
        return where({AllChecked(call.filter())}, true);
      }
      case ExprKind::kCoalesce:
        if (child == 0) return outer;
        return [](const ExprPtr&) -> ExprPtr {
          throw base::Error::Unsupported("A parser with dead letters as a later argument of coalesce",
                                         "Parse in a column of its own before");
        };
      default:
        return outer;
    }
  }

  static ExprPtr OrIfNull(const ExprPtr& condition, bool otherwise) {
    std::vector<ExprPtr> values = {AllChecked(condition), logical::MakeLiteral(types::Literal::Boolean(otherwise))};
    return std::make_shared<LazyExpr>(ExprKind::kCoalesce, condition->type, false, std::move(values));
  }

  const Lineage& lineage_;
  std::vector<std::shared_ptr<const AliasExpr>> parsers_;
};

/// The rows below the parsing node, parsed, without those that a parser refuses.
PlanPtr Accepted(const PlanPtr& below, const Lineage& lineage,
                 const std::vector<std::shared_ptr<const AliasExpr>>& parsers) {
  PlanPtr whole = WithRecord(below, lineage.record);
  std::vector<ExprPtr> columns(whole->output.begin(), whole->output.end()), refusals;
  for (const auto& parser : parsers) {
    columns.push_back(parser);
    refusals.push_back(FieldOf(parser->ToAttribute(), functions::kCheckedError));
  }
  auto parsed = std::make_shared<logical::Project>(whole, std::move(columns));
  Attributes record = ColumnsOf(parsed, lineage.record);
  return std::make_shared<logical::DeadLetters>(parsed, lineage.stream, std::move(record), std::move(refusals));
}

PlanPtr Rewrite(const PlanPtr& node) {
  if (node->children.size() != 1 || node->kind == PlanKind::kDeadLetters) return nullptr;
  std::optional<Lineage> lineage = LineageOf(node->child());
  if (!lineage) return nullptr;
  ParserExtraction extraction(*lineage);
  std::vector<ExprPtr> expressions;
  for (const ExprPtr& expr : node->Expressions()) expressions.push_back(extraction.Extract(expr));
  if (extraction.parsers().empty()) return nullptr;
  PlanPtr accepted = Accepted(node->child(), *lineage, extraction.parsers());
  PlanPtr rewritten = node->WithExpressions(std::move(expressions))->WithChildren({accepted});
  if (rewritten->output.size() == node->output.size()) return rewritten;
  Attributes columns = ColumnsOf(rewritten, node->output);
  return std::make_shared<logical::Project>(rewritten, std::vector<ExprPtr>(columns.begin(), columns.end()));
}

}  // namespace

PlanPtr PutDeadLettersAside(const PlanPtr& plan, const ConstantFolder&) { return logical::Transform(plan, Rewrite); }

void CheckDeadLetters(const PlanPtr& plan) {
  std::set<const logical::StreamHandle*> collected;
  logical::Visit(PutDeadLettersAside(plan, {}), [&](const PlanPtr& node) {
    if (const auto* letters = node->As<logical::DeadLetters>()) collected.insert(letters->stream.get());
  });
  logical::Visit(plan, [&](const PlanPtr& node) {
    const auto* scan = node->As<logical::StreamScan>();
    if (!scan || scan->stream->dead_letter_option().empty() || collected.contains(scan->stream.get())) return;
    throw base::Error::Plain(
        base::ErrorKind::kIllegalArgument,
        fmt::format("Option '{}' is for records that a parser refuses, but the query parses no column of {} with "
                    "from_json, from_csv or the like, before joins, unions and aggregations",
                    scan->stream->dead_letter_option(), scan->stream->Describe()));
  });
}

}  // namespace sluice::optimizer
