// The FROM clause: tables, subqueries, functions, joins, samples and aliases.
#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;
using plan::RelationPtr;

namespace {

constexpr const char* kUnnamedSubquery = "__auto_generated_subquery_name";

std::string Joined(const std::vector<std::string>& name) {
  std::string out;
  for (const std::string& part : name) out += (out.empty() ? "" : ".") + part;
  return out;
}

}  // namespace

// "a, b JOIN c" joins (a, b) with c, as Spark does.
RelationPtr Grammar::From() {
  Token start = tokens_.Expect("FROM");
  RelationPtr left;
  int length = 0;
  do {
    CountChain(&length);
    bool lateral = tokens_.Is("LATERAL") && !tokens_.Is("VIEW", 1);
    if (lateral) tokens_.Next();
    RelationPtr right = RelationPrimary();
    if (left) {
      plan::Join join;
      join.left = std::move(left);
      join.right = std::move(right);
      join.lateral = lateral;
      left = MakeRelation(start, std::move(join));
    } else {
      left = std::move(right);
    }
    left = Extensions(std::move(left));
  } while (tokens_.Accept(","));
  left = LateralViews(std::move(left));
  return Extensions(std::move(left));
}

RelationPtr Grammar::Extensions(RelationPtr relation) {
  for (int length = 0;; CountChain(&length)) {
    if (IsJoin()) {
      relation = JoinWith(std::move(relation));
    } else if (tokens_.IsSequence({"PIVOT", "("})) {
      relation = Pivot(std::move(relation));
    } else if (tokens_.Is("UNPIVOT") && tokens_.IsAny({"(", "INCLUDE", "EXCLUDE"}, 1)) {
      relation = Unpivot(std::move(relation));
    } else {
      return relation;
    }
  }
}

bool Grammar::IsJoin() const {
  return tokens_.IsAny({"JOIN", "INNER", "CROSS", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI", "NATURAL"});
}

plan::JoinType Grammar::ParseJoinType() {
  using plan::JoinType;
  if (tokens_.Accept("INNER")) return JoinType::kInner;
  if (tokens_.Accept("CROSS")) return JoinType::kCross;
  if (tokens_.Accept("SEMI")) return JoinType::kLeftSemi;
  if (tokens_.Accept("ANTI")) return JoinType::kLeftAnti;
  if (tokens_.Accept("LEFT")) {
    if (tokens_.Accept("SEMI")) return JoinType::kLeftSemi;
    if (tokens_.Accept("ANTI")) return JoinType::kLeftAnti;
    tokens_.Accept("OUTER");
    return JoinType::kLeftOuter;
  }
  if (tokens_.Accept("RIGHT")) {
    tokens_.Accept("OUTER");
    return JoinType::kRightOuter;
  }
  if (tokens_.Accept("FULL")) {
    tokens_.Accept("OUTER");
    return JoinType::kFullOuter;
  }
  return JoinType::kInner;
}

RelationPtr Grammar::JoinWith(RelationPtr left) {
  Token start = tokens_.Peek();
  plan::Join join;
  join.left = std::move(left);
  join.natural = tokens_.Accept("NATURAL");
  join.type = ParseJoinType();
  tokens_.Expect("JOIN", /*tell_missing=*/true);
  join.lateral = tokens_.Accept("LATERAL");
  join.right = RelationPrimary();
  if (!join.natural) JoinCriteria(&join);
  return MakeRelation(start, std::move(join));
}

void Grammar::JoinCriteria(plan::Join* join) {
  if (tokens_.Accept("ON")) {
    join->condition = Expression();
  } else if (tokens_.Accept("USING")) {
    join->using_columns = NameList();
  }
}

std::vector<std::string> Grammar::TableName() {
  if (tokens_.IsSequence({"IDENTIFIER", "("})) return IdentifierName();
  return tokens_.QualifiedName();
}

RelationPtr Grammar::RelationPrimary() {
  types::TokenStream::Depth depth(tokens_);
  Token start = tokens_.Peek();
  if (tokens_.Is("(")) {
    RelationPtr relation = TryParenthesizedQuery(/*tell_missing=*/true);
    bool is_query = relation != nullptr;
    if (!is_query) {
      tokens_.Next();
      relation = Extensions(RelationPrimary());
      tokens_.Expect(")", /*tell_missing=*/true);
    }
    relation = TableSample(std::move(relation));
    if (is_query && !IsTableAlias())
      return MakeRelation(start, plan::SubqueryAlias{std::move(relation), {kUnnamedSubquery}});
    return Alias(std::move(relation));
  }
  if (tokens_.Is("VALUES") && StartsExpression(1)) return Values();
  if (tokens_.Is("STREAM") &&
      (tokens_.Is("(", 1) || (tokens_.IsIdentifier(1) && !tokens_.Is("AS", 1) && !StartsClause(1)))) {
    return StreamTable();
  }
  std::vector<std::string> name = TableName();
  if (tokens_.Is("(")) return TableFunction(start, std::move(name));
  plan::NamedTable table{std::move(name)};
  if (tokens_.IsAny({"VERSION", "SYSTEM_VERSION", "TIMESTAMP", "SYSTEM_TIME", "FOR"}) && StartsClause()) {
    throw base::Error::Unsupported("Time travel (" + std::string(tokens_.Peek().text) + " AS OF)");
  }
  if (tokens_.IsSequence({"WITH", "("})) {
    tokens_.Next();
    table.options = Properties();
  }
  RelationPtr relation = MakeRelation(start, std::move(table));
  // The sample is taken of the aliased table.
  auto sample = SampleClause();
  return sample(Alias(std::move(relation)));
}

RelationPtr Grammar::StreamTable() {
  Token start = tokens_.Next();
  bool parenthesized = tokens_.Accept("(");
  plan::NamedTable table{TableName()};
  table.is_streaming = true;
  if (parenthesized) tokens_.Expect(")");
  if (tokens_.IsSequence({"WITH", "("})) {
    tokens_.Next();
    table.options = Properties();
  }
  return Alias(MakeRelation(start, std::move(table)));
}

RelationPtr Grammar::TableFunction(const Token& start, std::vector<std::string> name) {
  plan::TableValuedFunction function;
  function.name = Joined(name);
  tokens_.Expect("(");
  if (!tokens_.Is(")")) {
    do {
      function.arguments.push_back(TableArgument());
    } while (tokens_.Accept(","));
  }
  tokens_.Expect(")");
  return Alias(MakeRelation(start, std::move(function)));
}

// TABLE(t) or TABLE(SELECT …) among the arguments of a table function.
ExpressionPtr Grammar::TableArgument() {
  Token start = tokens_.Peek();
  if (tokens_.IsIdentifier() && tokens_.IsSequence({tokens_.Peek().upper, "=>", "TABLE"})) {
    std::string name = tokens_.Identifier();
    tokens_.Next();
    return Make(start, plan::NamedArgument{std::move(name), TableArgument()});
  }
  if (!tokens_.Is("TABLE")) return Argument();
  if (!tokens_.Is("(", 1)) {
    if (!tokens_.IsIdentifier(1)) return Argument();
    tokens_.Next();
    std::vector<std::string> name = TableName();
    throw ErrorFrom(start, "INVALID_SQL_SYNTAX.INVALID_TABLE_FUNCTION_IDENTIFIER_ARGUMENT_MISSING_PARENTHESES",
                    {{"argumentName", types::QuoteIdentifier(name)}});
  }
  tokens_.Next();
  RelationPtr table = TryParenthesizedQuery(/*tell_missing=*/true);
  if (!table) {
    tokens_.Expect("(");
    Token name = tokens_.Peek();
    table = MakeRelation(name, plan::NamedTable{TableName()});
    tokens_.Expect(")");
  }
  if (tokens_.IsAny({"PARTITION", "DISTRIBUTE", "WITH", "ORDER", "SORT"})) {
    throw base::Error::Unsupported("Partitioning of a TABLE argument");
  }
  return Subquery(start, plan::SubqueryKind::kTableArgument, std::move(table));
}

RelationPtr Grammar::LateralViews(RelationPtr relation) {
  for (int length = 0; tokens_.IsSequence({"LATERAL", "VIEW"}); CountChain(&length)) {
    Token start = tokens_.Next();
    tokens_.Next();
    plan::LateralView view;
    view.input = std::move(relation);
    view.outer = tokens_.Is("OUTER") && tokens_.IsIdentifier(1);
    if (view.outer) tokens_.Next();
    Token call = tokens_.Peek();
    std::vector<std::string> name = tokens_.QualifiedName();
    std::vector<ExpressionPtr> arguments;
    tokens_.Expect("(");
    if (!tokens_.Is(")")) arguments = Expressions();
    tokens_.Expect(")");
    view.generator = Make(call, plan::UnresolvedFunction{std::move(name), std::move(arguments)});
    view.table_alias = tokens_.Identifier();
    if (tokens_.Accept("AS") || (IsTableAlias() && !tokens_.Is("LATERAL"))) {
      do {
        view.column_aliases.push_back(tokens_.Identifier());
      } while (tokens_.Accept(","));
    }
    relation = MakeRelation(start, std::move(view));
  }
  return relation;
}

RelationPtr Grammar::Alias(RelationPtr relation) {
  Token start = tokens_.Peek();
  bool has_as = tokens_.Is("AS") && tokens_.IsIdentifier(1);
  if (has_as) {
    tokens_.Next();
  } else if (!IsTableAlias()) {
    return relation;
  }
  plan::SubqueryAlias alias;
  alias.input = std::move(relation);
  alias.name = {tokens_.StrictName()};
  if (tokens_.Is("(")) alias.columns = NameList();
  return MakeRelation(start, std::move(alias));
}

std::function<RelationPtr(RelationPtr)> Grammar::SampleClause() {
  if (!tokens_.IsSequence({"TABLESAMPLE", "("})) return [](RelationPtr relation) { return relation; };
  Token start = tokens_.Next();
  tokens_.Next();
  if (tokens_.Is(")")) throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0014");
  plan::Sample sample;
  size_t sign = tokens_.Is("-") ? 1 : 0;
  TokenKind kind = tokens_.Peek(sign).kind;
  bool is_number = kind == TokenKind::kInteger || kind == TokenKind::kDecimal;
  if (is_number && tokens_.Is("PERCENT", sign + 1)) {
    if (sign == 1) tokens_.Next();
    double percent = std::strtod(std::string(tokens_.Next().text).c_str(), nullptr) * (sign == 1 ? -1 : 1);
    tokens_.Next();
    sample.upper = percent / 100;
  } else if (tokens_.Is("BUCKET") && tokens_.Peek(1).kind == TokenKind::kInteger) {
    tokens_.Next();
    int part = tokens_.Integer();
    tokens_.ExpectSequence({"OUT", "OF"});
    sample.upper = static_cast<double>(part) / tokens_.Integer();
    if (tokens_.Is("ON")) throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0015", {{"msg", "BUCKET x OUT OF y ON colname"}});
  } else {
    ExpressionPtr count = Expression();
    if (!tokens_.Accept("ROWS")) throw ErrorFrom(start, "_LEGACY_ERROR_TEMP_0015", {{"msg", "byteLengthLiteral"}});
    tokens_.Expect(")");
    return [this, start, count](RelationPtr relation) {
      return MakeRelation(start, plan::Limit{std::move(relation), count});
    };
  }
  tokens_.Expect(")");
  if (tokens_.AcceptSequence({"REPEATABLE", "("})) {
    sample.seed = tokens_.Integer();
    tokens_.Expect(")");
  }
  return [this, start, sample](RelationPtr relation) {
    plan::Sample of_relation = sample;
    of_relation.input = std::move(relation);
    return MakeRelation(start, std::move(of_relation));
  };
}

}  // namespace sluice::sql
