// Names in expressions: columns, fields in them, stars, regular expressions, aliases.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <set>

#include "analyzer/expression_resolver.h"
#include "analyzer/time_windows.h"
#include "sql/parser.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprKind;
using logical::ExprPtr;
using logical::Plan;
using logical::PlanKind;
using logical::PlanPtr;

namespace {

struct PlanColumn {
  std::optional<FoundName> found;
  int depth = 0;
  bool plan_seen = false;
};

bool InOutput(const Plan& plan, const ExprPtr& attribute) {
  const auto* wanted = attribute->As<AttributeExpr>();
  return std::any_of(plan.output.begin(), plan.output.end(),
                     [&](const AttributePtr& output) { return output->id == wanted->id; });
}

PlanColumn FindInTree(const PlanPtr& plan, const plan::UnresolvedAttribute& node, const PlanIds& ids,
                      const NameMatcher& names, int depth, ExprPtr* hidden_below);

PlanColumn FindInChildren(const std::vector<PlanPtr>& plans, const plan::UnresolvedAttribute& node, const PlanIds& ids,
                          const NameMatcher& names, int depth, ExprPtr* hidden_below) {
  PlanColumn out;
  for (const PlanPtr& plan : plans) {
    PlanColumn one = FindInTree(plan, node, ids, names, depth, hidden_below);
    out.plan_seen |= one.plan_seen;
    if (!one.found) continue;
    if (out.found && out.depth == one.depth) {
      throw base::Error(ErrorKind::kAnalysis, "AMBIGUOUS_COLUMN_REFERENCE",
                        {{"name", types::QuoteIdentifier(node.name)}});
    }
    if (!out.found || one.depth < out.depth) {
      out.found = one.found;
      out.depth = one.depth;
    }
  }
  return out;
}

// ColumnResolutionHelper.resolveDataFrameColumnRecursively: the column of the sub-plan of that id, if it is still in
// the output of every plan above.
PlanColumn FindInTree(const PlanPtr& plan, const plan::UnresolvedAttribute& node, const PlanIds& ids,
                      const NameMatcher& names, int depth, ExprPtr* hidden_below) {
  PlanColumn out;
  if (ids.Has(plan.get(), *node.plan_id)) {
    out.found = FindVisibleFirst(node.name, plan->output, names);
    out.depth = depth;
    out.plan_seen = true;
  } else if (plan->kind != PlanKind::kUnion) {
    out = FindInChildren(plan->children, node, ids, names, depth + 1, hidden_below);
  }
  if (out.found && !InOutput(*plan, out.found->attribute)) {
    if (hidden_below && !*hidden_below) *hidden_below = out.found->attribute;
    out.found.reset();
  }
  return out;
}

}  // namespace

std::string ExpressionResolver::PlanText() const {
  std::string out;
  for (const PlanPtr& input : scope_.inputs) out += logical::TreeString(input);
  return out;
}

void ExpressionResolver::Fail(base::Error error) const { throw error.WithPlan(PlanText()); }

std::optional<FoundName> ExpressionResolver::FindName(const std::vector<std::string>& name, Scope& scope) {
  const NameMatcher& names = resolver_.names();
  if (scope.aggregated && scope.in_aggregate) {
    if (auto found = FindVisibleFirst(name, scope.aggregated->output, names)) return found;
  }
  if (auto found = FindVisibleFirst(name, scope.Output(), names)) return found;
  if (scope.aggregated) {
    if (auto found = FindVisibleFirst(name, scope.aggregated->output, names)) return found;
  }
  for (PlanPtr& input : scope.inputs) {
    if (PlanPtr extended = AddMetadataColumn(input, name[0], names, resolver_.plan_ids())) {
      input = extended;
      return FindVisibleFirst(name, scope.Output(), names);
    }
  }
  return std::nullopt;
}

ExprPtr ExpressionResolver::Fields(ExprPtr base, const std::vector<std::string>& fields) {
  for (const std::string& field : fields) {
    base = ExtractValue(base, logical::MakeLiteral(types::Literal::String(field)), resolver_.names(), resolver_.ansi());
  }
  return base;
}

ExprPtr ExpressionResolver::ResolveByPlanId(const plan::UnresolvedAttribute& node) {
  const NameMatcher& names = resolver_.names();
  for (Scope* scope = &scope_; scope; scope = scope->outer) {
    ExprPtr hidden_below;
    PlanColumn column = FindInChildren(scope->inputs, node, resolver_.plan_ids(), names, 0, &hidden_below);
    if (!column.found && hidden_below && scope->missing &&
        scope->missing(std::static_pointer_cast<const AttributeExpr>(hidden_below))) {
      column.found = FoundName{hidden_below, {}};
    }
    if (!column.found && column.plan_seen && node.name.size() >= 1) {
      for (PlanPtr& input : scope->inputs) {
        if (PlanPtr extended = AddMetadataColumn(input, node.name[0], names, resolver_.plan_ids())) {
          input = extended;
          column = FindInChildren(scope->inputs, node, resolver_.plan_ids(), names, 0, nullptr);
          break;
        }
      }
    }
    if (column.found) {
      ExprPtr base = column.found->attribute;
      if (scope != &scope_) {
        base = std::make_shared<logical::OuterReferenceExpr>(std::static_pointer_cast<const AttributeExpr>(base));
      }
      return Fields(base, column.found->fields);
    }
    if (column.plan_seen) break;
  }
  return nullptr;
}

ExprPtr ExpressionResolver::LateralAlias(const std::vector<std::string>& name) {
  if (!scope_.lateral) return nullptr;
  ExprPtr found;
  for (const ExprPtr& item : *scope_.lateral) {
    const auto* alias = item->As<AliasExpr>();
    if (!alias || !resolver_.names()(alias->name, name[0])) continue;
    if (found) {
      int count = std::count_if(scope_.lateral->begin(), scope_.lateral->end(), [&](const ExprPtr& other) {
        const auto* named = other->As<AliasExpr>();
        return named && resolver_.names()(named->name, name[0]);
      });
      throw base::Error(ErrorKind::kAnalysis, "AMBIGUOUS_LATERAL_COLUMN_ALIAS",
                        {{"name", types::QuoteIdentifier({name[0]})}, {"n", std::to_string(count)}});
    }
    found = item;
  }
  if (!found) return nullptr;
  return Fields(logical::ToAttribute(found), {name.begin() + 1, name.end()});
}

ExprPtr ExpressionResolver::LiteralFunction(const std::string& name) {
  static const char* const kNames[] = {"current_date",   "current_timestamp", "current_time",    "current_user",
                                       "user",           "session_user",      "current_catalog", "current_database",
                                       "current_schema", "localtimestamp"};
  std::string lower = ToLower(name);
  for (const char* known : kNames) {
    if (lower == known && resolver_.context().functions->Find(lower)) return Bind(lower, {});
  }
  return nullptr;
}

ExprPtr ExpressionResolver::Node(const plan::UnresolvedAttribute& node) {
  if (node.plan_id) {
    if (ExprPtr column = ResolveByPlanId(node)) return column;
    base::Error error(ErrorKind::kAnalysis, "CANNOT_RESOLVE_DATAFRAME_COLUMN",
                      {{"name", "\"" + DottedName(node.name) + "\""}});
    Fail(std::move(error));
  }
  for (auto variable = variables_.rbegin(); variable != variables_.rend(); ++variable) {
    if (!resolver_.names()(variable->name, node.name[0])) continue;
    return Fields(variable->expr, {node.name.begin() + 1, node.name.end()});
  }
  if (auto found = FindName(node.name, scope_)) return Fields(found->attribute, found->fields);
  if (ExprPtr alias = LateralAlias(node.name)) return alias;
  if (node.name.size() == 1) {
    if (ExprPtr call = LiteralFunction(node.name[0])) return call;
  }
  if (scope_.fallback) {
    if (auto found = scope_.fallback(node.name)) return Fields(found->attribute, found->fields);
  }
  for (Scope* outer = scope_.outer; outer; outer = outer->outer) {
    if (auto found = FindName(node.name, *outer)) {
      auto attribute = std::static_pointer_cast<const AttributeExpr>(found->attribute);
      return Fields(std::make_shared<logical::OuterReferenceExpr>(attribute), found->fields);
    }
  }
  Fail(UnresolvedColumn(node.name, scope_.VisibleOutput()));
}

// * EXCEPT (names)
void ExpressionResolver::AppendStarExcept(const plan::UnresolvedStar& star, std::vector<ExprPtr>& out) {
  std::vector<ExprPtr> columns;
  AppendStar(plan::UnresolvedStar{star.target, star.plan_id}, columns);
  Attributes attributes;
  for (const ExprPtr& column : columns) attributes.push_back(logical::ToAttribute(column));
  std::set<logical::ExprId> left_out;
  for (const auto& name : star.except) {
    auto found = FindAttribute(name, attributes, resolver_.names());
    if (!found) Fail(UnresolvedColumn(name, attributes));
    if (!found->fields.empty()) throw base::Error::Unsupported("* EXCEPT with a field of a struct");
    left_out.insert(found->attribute->As<AttributeExpr>()->id);
  }
  for (const ExprPtr& column : columns) {
    if (!left_out.count(logical::ToAttribute(column)->id)) out.push_back(column);
  }
}

void ExpressionResolver::AppendStar(const plan::UnresolvedStar& star, std::vector<ExprPtr>& out) {
  if (!star.except.empty()) return AppendStarExcept(star, out);
  const NameMatcher& names = resolver_.names();
  if (star.plan_id) {
    std::vector<PlanPtr> open = scope_.inputs;
    while (!open.empty()) {
      PlanPtr plan = open.back();
      open.pop_back();
      if (resolver_.plan_ids().Has(plan.get(), *star.plan_id)) {
        for (const AttributePtr& attribute : plan->output) {
          if (!attribute->hidden) out.push_back(attribute);
        }
        return;
      }
      open.insert(open.end(), plan->children.begin(), plan->children.end());
    }
    Fail(base::Error(ErrorKind::kAnalysis, "CANNOT_RESOLVE_DATAFRAME_COLUMN", {{"name", "\"*\""}}));
  }
  Attributes visible = scope_.VisibleOutput();
  if (star.target.empty()) {
    out.insert(out.end(), visible.begin(), visible.end());
    return;
  }
  size_t before = out.size();
  for (const AttributePtr& attribute : scope_.Output()) {
    if (attribute->qualifier.size() < star.target.size()) continue;
    size_t skip = attribute->qualifier.size() - star.target.size();
    bool same = std::equal(star.target.begin(), star.target.end(), attribute->qualifier.begin() + skip, names);
    if (!same) continue;
    auto shown = attribute;
    if (attribute->hidden) {
      auto copy = std::make_shared<AttributeExpr>(*attribute);
      copy->hidden = false;
      shown = copy;
    }
    out.push_back(shown);
  }
  if (out.size() > before) return;
  if (auto found = FindName(star.target, scope_)) {
    ExprPtr base = Fields(found->attribute, found->fields);
    if (base->type->Is(types::TypeId::kStruct)) {
      const auto& fields = base->type->fields();
      for (size_t i = 0; i < fields.size(); ++i) {
        out.push_back(std::make_shared<AliasExpr>(StructField(base, i), fields[i].name));
      }
      return;
    }
  }
  std::string columns;
  for (const AttributePtr& attribute : visible) {
    columns += (columns.empty() ? "" : ", ") + types::QuoteIdentifier({attribute->name});
  }
  throw base::Error(ErrorKind::kAnalysis, "CANNOT_RESOLVE_STAR_EXPAND",
                    {{"targetString", types::QuoteIdentifier(star.target)}, {"columns", columns}});
}

void ExpressionResolver::AppendRegex(const plan::UnresolvedRegex& regex, std::vector<ExprPtr>& out) {
  std::string pattern = regex.pattern;
  if (pattern.size() >= 2 && pattern.front() == '`' && pattern.back() == '`') {
    pattern = pattern.substr(1, pattern.size() - 2);
  }
  uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED;
  if (!resolver_.names().case_sensitive()) options |= PCRE2_CASELESS;
  int code = 0;
  PCRE2_SIZE at = 0;
  std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> compiled(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &code, &at, nullptr),
      &pcre2_code_free);
  if (!compiled) {
    throw base::Error::Plain(ErrorKind::kIllegalArgument, "Not a regular expression: " + regex.pattern);
  }
  std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create_from_pattern(compiled.get(), nullptr), &pcre2_match_data_free);
  std::vector<ExprPtr> columns;
  AppendStar(plan::UnresolvedStar{{}, regex.plan_id}, columns);
  for (ExprPtr& column : columns) {
    const std::string& name = column->As<AttributeExpr>()->name;
    if (pcre2_match(compiled.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0, match.get(),
                    nullptr) >= 0) {
      out.push_back(std::move(column));
    }
  }
}

ExprPtr ExpressionResolver::Node(const plan::UnresolvedStar& node) {
  throw base::Error(ErrorKind::kAnalysis, "INVALID_USAGE_OF_STAR_OR_REGEX",
                    {{"elem", "'*'"}, {"prettyName", "expression"}});
}
ExprPtr ExpressionResolver::Node(const plan::UnresolvedRegex& node) {
  std::vector<ExprPtr> columns;
  AppendRegex(node, columns);
  if (columns.size() == 1) return columns[0];
  throw base::Error(ErrorKind::kAnalysis, "INVALID_USAGE_OF_STAR_OR_REGEX",
                    {{"elem", "regular expression '" + node.pattern + "'"}, {"prettyName", "expression"}});
}

ExprPtr ExpressionResolver::Node(const plan::Alias& node) {
  ExprPtr child = Resolve(node.child);
  if (node.names.size() != 1) {
    throw base::Error(ErrorKind::kAnalysis, "NUM_TABLE_VALUE_ALIASES_MISMATCH", {});
  }
  std::string metadata = node.metadata.empty() ? WindowTimeMetadata(*child) : node.metadata;
  return std::make_shared<AliasExpr>(child, node.names[0], logical::NextExprId(), metadata);
}

std::vector<ExprPtr> ExpressionResolver::ResolveAll(const std::vector<plan::ExpressionPtr>& expressions) {
  std::vector<ExprPtr> out;
  for (const plan::ExpressionPtr& expression : expressions) {
    if (const auto* text = expression->As<plan::ExpressionString>()) {
      for (ExprPtr& expr : ResolveAll({sql::ParseExpression(text->text, resolver_.parser_options())}))
        out.push_back(std::move(expr));
    } else if (const auto* star = expression->As<plan::UnresolvedStar>()) {
      AppendStar(*star, out);
    } else if (const auto* regex = expression->As<plan::UnresolvedRegex>()) {
      AppendRegex(*regex, out);
    } else {
      out.push_back(Resolve(expression));
    }
  }
  return out;
}

ExprPtr WithName(const ExprPtr& expr) {
  if (expr->kind == ExprKind::kAlias) return expr;
  if (expr->kind == ExprKind::kAttribute) {
    const auto* attribute = expr->As<AttributeExpr>();
    if (!attribute->hidden) return expr;
    auto copy = std::make_shared<AttributeExpr>(*attribute);
    copy->hidden = false;
    return copy;
  }
  if (const auto* cast = expr->As<logical::CastExpr>(); cast && !cast->implicit) {
    const ExprPtr& child = cast->children[0];
    if (const auto* attribute = child->As<AttributeExpr>()) return std::make_shared<AliasExpr>(expr, attribute->name);
  }
  return std::make_shared<AliasExpr>(expr, expr->Sql());
}

ExprPtr ExpressionResolver::Named(const plan::ExpressionPtr& expression, ExprPtr resolved) {
  const auto* attribute = expression->As<plan::UnresolvedAttribute>();
  bool is_name = resolved->kind == ExprKind::kAttribute || resolved->kind == ExprKind::kAlias;
  // a.b.c is named by its last field.
  if (attribute && !is_name && attribute->name.size() > 1) {
    return std::make_shared<AliasExpr>(resolved, attribute->name.back());
  }
  if (const auto* cast = expression->As<plan::Cast>(); cast && resolved->kind == ExprKind::kCast) {
    if (const auto* alias = cast->child->As<plan::Alias>(); alias && alias->names.size() == 1) {
      return std::make_shared<AliasExpr>(resolved, alias->names[0]);
    }
  }
  if (std::string metadata = WindowTimeMetadata(*resolved); !metadata.empty()) {
    return std::make_shared<AliasExpr>(resolved, resolved->Sql(), logical::NextExprId(), metadata);
  }
  if (resolved->kind == ExprKind::kOuterReference) {
    return std::make_shared<AliasExpr>(resolved, resolved->As<logical::OuterReferenceExpr>()->attribute->name);
  }
  return WithName(resolved);
}

void ExpressionResolver::AppendItem(const plan::ExpressionPtr& expression, std::vector<SelectItem>& out) {
  if (const auto* text = expression->As<plan::ExpressionString>()) {
    return AppendItem(sql::ParseExpression(text->text, resolver_.parser_options()), out);
  }
  if (expression->As<plan::UnresolvedStar>() || expression->As<plan::UnresolvedRegex>()) {
    for (ExprPtr& column : ResolveAll({expression})) out.push_back({std::move(column), {}});
    return;
  }
  if (const auto* alias = expression->As<plan::Alias>()) {
    if (const auto* text = alias->child->As<plan::ExpressionString>()) {
      plan::Alias parsed{sql::ParseExpression(text->text, resolver_.parser_options()), alias->names, alias->metadata};
      return AppendItem(plan::Make(std::move(parsed)), out);
    }
    ExprPtr child = Resolve(alias->child);
    if (child->kind == ExprKind::kGeneratorCall) {
      out.push_back({child, alias->names});
      return;
    }
    if (alias->names.size() != 1) {
      throw base::Error(ErrorKind::kAnalysis, "MULTI_ALIAS_WITHOUT_GENERATOR",
                        {{"expr", QuotedSql(*child)}, {"names", fmt::format("{}", fmt::join(alias->names, ", "))}});
    }
    std::string metadata = alias->metadata.empty() ? WindowTimeMetadata(*child) : alias->metadata;
    out.push_back({std::make_shared<AliasExpr>(child, alias->names[0], logical::NextExprId(), metadata), {}});
    return;
  }
  ExprPtr resolved = Resolve(expression);
  if (resolved->kind == ExprKind::kGeneratorCall) {
    out.push_back({resolved, {}});
  } else {
    out.push_back({Named(expression, resolved), {}});
  }
}

std::vector<SelectItem> ExpressionResolver::ResolveItems(const std::vector<plan::ExpressionPtr>& expressions,
                                                         bool lateral) {
  std::vector<SelectItem> items;
  std::vector<ExprPtr> before;
  if (lateral) scope_.lateral = &before;
  for (const plan::ExpressionPtr& expression : expressions) {
    size_t from = items.size();
    AppendItem(expression, items);
    for (size_t i = from; i < items.size(); ++i) {
      if (items[i].expr->kind == ExprKind::kAlias) before.push_back(items[i].expr);
    }
  }
  if (lateral) scope_.lateral = nullptr;
  return items;
}

std::vector<ExprPtr> ExpressionResolver::ResolveNamed(const std::vector<plan::ExpressionPtr>& expressions) {
  std::vector<ExprPtr> out;
  for (SelectItem& item : ResolveItems(expressions)) {
    if (item.expr->kind == ExprKind::kGeneratorCall) {
      throw base::Error(ErrorKind::kAnalysis, "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", {{"plan", "'" + PlanText()}});
    }
    out.push_back(std::move(item.expr));
  }
  return out;
}

}  // namespace sluice::analyzer
