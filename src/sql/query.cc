// Queries: WITH, set operations, SELECT, VALUES, ORDER BY and what follows.
#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;
using plan::RelationPtr;

plan::RelationPtr Grammar::Query() {
  types::TokenStream::Depth depth(tokens_);
  // Named windows belong to the query that defines them.
  struct Scope {
    Grammar& grammar;
    std::map<std::string, plan::WindowExpression> windows;
    bool named;
    explicit Scope(Grammar& g) : grammar(g), windows(std::move(g.windows_)), named(g.has_named_windows_) {
      g.windows_.clear();
      g.has_named_windows_ = false;
    }
    ~Scope() {
      grammar.windows_ = std::move(windows);
      grammar.has_named_windows_ = named;
    }
  } scope(*this);
  if (!tokens_.Is("WITH")) return QueryBody();
  auto definitions = Definitions();
  return With(definitions, QueryBody());
}

RelationPtr Grammar::QueryBody() {
  RelationPtr query = SetOperations(/*intersect_only=*/false);
  query = PipeOperators(std::move(query));
  return Organization(std::move(query));
}

RelationPtr Grammar::With(const std::vector<std::pair<std::string, RelationPtr>>& definitions, RelationPtr query) {
  if (definitions.empty()) return query;
  return plan::MakeRelation(plan::CommonTableExpressions{std::move(query), definitions});
}

std::vector<std::pair<std::string, RelationPtr>> Grammar::Definitions() {
  std::vector<std::pair<std::string, RelationPtr>> definitions;
  tokens_.Expect("WITH");
  if (tokens_.Is("RECURSIVE") && tokens_.IsIdentifier(1) && !tokens_.Is("AS", 1)) {
    throw base::Error::Unsupported("WITH RECURSIVE");
  }
  do {
    Token start = tokens_.Peek();
    std::string name = tokens_.StrictName();
    std::vector<std::string> columns;
    if (tokens_.Is("(") && !(StartsQueryAt(1))) columns = NameList();
    tokens_.Accept("AS");
    if (!tokens_.Is("(")) throw tokens_.SyntaxError();
    tokens_.Next();
    RelationPtr query = Query();
    tokens_.Expect(")", /*tell_missing=*/true);
    definitions.emplace_back(name,
                             MakeRelation(start, plan::SubqueryAlias{std::move(query), {name}, std::move(columns)}));
  } while (tokens_.Accept(","));
  return definitions;
}

RelationPtr Grammar::SetOperations(bool intersect_only) {
  Token start = tokens_.Peek();
  RelationPtr left = intersect_only ? QueryPrimary() : SetOperations(true);
  int length = 0;
  while (true) {
    bool matches = intersect_only ? tokens_.Is("INTERSECT") : tokens_.IsAny({"UNION", "EXCEPT", "MINUS"});
    if (!matches) return left;
    CountChain(&length);
    std::string name = tokens_.Next().upper;
    plan::SetOp operation;
    operation.operation = name == "UNION"       ? plan::SetOperation::kUnion
                          : name == "INTERSECT" ? plan::SetOperation::kIntersect
                                                : plan::SetOperation::kExcept;
    operation.is_all = tokens_.Accept("ALL");
    if (!operation.is_all) tokens_.Accept("DISTINCT");
    operation.left = std::move(left);
    operation.right = intersect_only ? QueryPrimary() : SetOperations(true);
    left = MakeRelation(start, std::move(operation));
  }
}

RelationPtr Grammar::QueryPrimary() {
  if (tokens_.Is("SELECT")) return Select(nullptr, /*with_from=*/true);
  if (tokens_.Is("FROM")) return FromStatement();
  if (tokens_.Is("VALUES")) return Values();
  if (tokens_.Is("TABLE")) {
    Token start = tokens_.Next();
    return MakeRelation(start, plan::NamedTable{TableName()});
  }
  if (!tokens_.Accept("(")) throw tokens_.SyntaxError();
  RelationPtr query = Query();
  tokens_.Expect(")", /*tell_missing=*/true);
  return query;
}

RelationPtr Grammar::SortClauses(RelationPtr input) {
  Token start = tokens_.Peek();
  auto sorted = [&](std::vector<plan::SortOrder> order, bool is_global) {
    for (plan::SortOrder& item : order) item.child = WithWindows(item.child);
    input = MakeRelation(start, plan::Sort{std::move(input), std::move(order), is_global});
  };
  if (tokens_.IsSequence({"ORDER", "BY"})) {
    tokens_.ExpectSequence({"ORDER", "BY"});
    std::vector<plan::SortOrder> order = SortItems();
    WindowClauseAhead();
    sorted(std::move(order), /*is_global=*/true);
  }
  if (tokens_.AcceptSequence({"CLUSTER", "BY"})) {
    std::vector<ExpressionPtr> keys = Expressions();
    input = MakeRelation(start, plan::RepartitionByExpression{std::move(input), keys});
    std::vector<plan::SortOrder> order;
    for (const ExpressionPtr& key : keys) order.push_back({key});
    sorted(std::move(order), /*is_global=*/false);
  }
  if (tokens_.AcceptSequence({"DISTRIBUTE", "BY"})) {
    std::vector<ExpressionPtr> keys = Expressions();
    input = MakeRelation(start, plan::RepartitionByExpression{std::move(input), std::move(keys)});
  }
  if (tokens_.AcceptSequence({"SORT", "BY"})) sorted(SortItems(), /*is_global=*/false);
  return input;
}

RelationPtr Grammar::Organization(RelationPtr input) {
  input = SortClauses(std::move(input));
  WindowClause();
  return LimitAndOffset(std::move(input));
}

RelationPtr Grammar::LimitAndOffset(RelationPtr input) {
  Token start = tokens_.Peek();
  ExpressionPtr limit;
  if (tokens_.Is("LIMIT")) {
    tokens_.Next();
    if (!tokens_.Is("ALL") || StartsExpression(1)) {
      limit = Expression();
    } else {
      tokens_.Next();
    }
  }
  if (tokens_.Accept("OFFSET")) input = MakeRelation(start, plan::Offset{std::move(input), Expression()});
  if (limit) input = MakeRelation(start, plan::Limit{std::move(input), std::move(limit)});
  return input;
}

RelationPtr Grammar::FromStatement() {
  RelationPtr from = From();
  if (!tokens_.Is("SELECT")) return from;
  Token start = tokens_.Peek();
  RelationPtr result;
  while (tokens_.Is("SELECT")) {
    RelationPtr select = Organization(Select(from, /*with_from=*/false));
    if (!result) {
      result = std::move(select);
      continue;
    }
    plan::SetOp all;
    all.left = std::move(result);
    all.right = std::move(select);
    result = MakeRelation(start, std::move(all));
  }
  return result;
}

RelationPtr Grammar::Select(RelationPtr from, bool with_from) {
  Token start = tokens_.Next();
  std::vector<plan::Hint> hints = Hints();
  bool distinct = false;
  if (tokens_.IsAny({"DISTINCT", "ALL"}) && StartsExpression(1)) distinct = tokens_.Next().upper == "DISTINCT";
  std::vector<ExpressionPtr> items = NamedExpressions();
  if (tokens_.Is("USING") && tokens_.Peek(1).kind == TokenKind::kString) {
    throw base::Error::Unsupported("SELECT TRANSFORM … USING");
  }
  if (with_from && tokens_.Is("FROM")) from = From();
  if (from) from = LateralViews(std::move(from));
  if (tokens_.Accept("WHERE")) {
    Token where = tokens_.Peek();
    ExpressionPtr condition = Expression();
    from = MakeRelation(where, plan::Filter{std::move(from), std::move(condition)});
  }
  plan::Aggregate aggregate;
  bool aggregates = tokens_.IsSequence({"GROUP", "BY"});
  if (aggregates) GroupBy(&aggregate);
  if (tokens_.Accept("HAVING")) {
    aggregates = true;
    aggregate.having = Expression();
  }
  if (tokens_.Is("QUALIFY")) throw base::Error::Unsupported("The QUALIFY clause");
  WindowClauseAhead();
  for (ExpressionPtr& item : items) item = WithWindows(item);

  RelationPtr result;
  if (aggregates) {
    aggregate.input = std::move(from);
    aggregate.select_list = true;
    aggregate.aggregates = std::move(items);
    result = MakeRelation(start, std::move(aggregate));
  } else {
    result = MakeRelation(start, plan::Project{std::move(from), std::move(items)});
  }
  if (distinct) {
    plan::Deduplicate deduplicate;
    deduplicate.input = std::move(result);
    result = MakeRelation(start, std::move(deduplicate));
  }
  for (auto hint = hints.rbegin(); hint != hints.rend(); ++hint) {
    hint->input = std::move(result);
    result = MakeRelation(start, std::move(*hint));
  }
  return result;
}

std::vector<plan::Hint> Grammar::Hints() {
  std::vector<plan::Hint> hints;
  while (tokens_.Accept("/*+")) {
    do {
      plan::Hint hint;
      hint.name = tokens_.Identifier();
      if (tokens_.Accept("(")) {
        if (!tokens_.Is(")")) {
          do {
            hint.parameters.push_back(Primary());
          } while (tokens_.Accept(","));
        }
        tokens_.Expect(")");
      }
      hints.push_back(std::move(hint));
      tokens_.Accept(",");
    } while (!tokens_.Is("*/"));
    tokens_.Next();
  }
  return hints;
}

RelationPtr Grammar::Values() {
  Token start = tokens_.Next();
  plan::Values values;
  do {
    ExpressionPtr row = Expression();
    const auto* call = row->As<plan::UnresolvedFunction>();
    bool is_row = call && call->name == std::vector<std::string>{"struct"};
    values.rows.push_back(is_row ? call->arguments : std::vector<ExpressionPtr>{row});
  } while (tokens_.Accept(","));
  for (size_t i = 0; i < values.rows.size(); ++i) {
    if (values.rows[i].size() == values.rows[0].size()) continue;
    throw ErrorFrom(start, "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                    {{"expectedNumCols", std::to_string(values.rows[0].size())},
                     {"actualNumCols", std::to_string(values.rows[i].size())},
                     {"rowIndex", std::to_string(i)}});
  }
  return Alias(MakeRelation(start, std::move(values)));
}

}  // namespace sluice::sql
