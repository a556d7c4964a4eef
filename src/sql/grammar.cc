// Entry points of the parser, and how it tells keywords from names.
#include "sql/grammar.h"

#include <set>

namespace sluice::sql {
namespace {

// A chain of up to this many steps is free; what is longer counts against the limit of the whole text.
constexpr int kFreeChain = 32;
constexpr int kMaxLongChains = 2500;

// Keywords that can't name a table (strictNonReserved).
const std::set<std::string_view> kNoTableAlias = {"ANTI", "CROSS",   "EXCEPT", "FULL",    "INNER", "INTERSECT",
                                                  "JOIN", "LATERAL", "LEFT",   "NATURAL", "ON",    "RIGHT",
                                                  "SEMI", "MINUS",   "UNION",  "USING"};

}  // namespace

ParserOptions::ParserOptions(const base::SqlConf& conf)
    : time_zone(conf.session_time_zone()),
      timestamp_ntz(conf.GetString("spark.sql.timestampType") == "TIMESTAMP_NTZ"),
      double_quoted_identifiers(conf.ansi_enabled() && conf.GetBool("spark.sql.ansi.doubleQuotedIdentifiers")) {}

Grammar::Grammar(std::string_view text, const ParserOptions& options)
    : options_(options),
      sql_(std::make_shared<const std::string>(text)),
      tokens_(*sql_, options.double_quoted_identifiers) {}

plan::Statement Grammar::SingleStatement() {
  plan::Statement statement = Statement();
  tokens_.ExpectEnd(/*semicolons=*/true);
  return statement;
}

plan::RelationPtr Grammar::SingleQuery() {
  plan::RelationPtr query = Query();
  tokens_.ExpectEnd(/*semicolons=*/true);
  return query;
}

plan::ExpressionPtr Grammar::SingleExpression() {
  plan::ExpressionPtr expression = NamedExpression();
  tokens_.ExpectEnd(/*semicolons=*/false);
  return expression;
}

base::QueryContextPtr Grammar::Context(const Token& start) const {
  size_t end = std::max(tokens_.Previous().end(), start.end());
  return std::make_shared<base::QueryContext>(base::QueryContext{sql_, start.line, start.position, start.offset, end});
}

plan::ExpressionPtr Grammar::Function(const Token& start, std::string name,
                                      std::vector<plan::ExpressionPtr> arguments) const {
  return Make(start, plan::UnresolvedFunction{{std::move(name)}, std::move(arguments)});
}

base::Error Grammar::ErrorFrom(const Token& start, std::string condition, base::Error::Parameters parameters) const {
  return base::Error(base::ErrorKind::kParse, std::move(condition), std::move(parameters))
      .WithQueryContext(Context(start)->Summary());
}

void Grammar::CountChain(int* length) {
  if (++*length <= kFreeChain) return;
  if (++long_chains_ > kMaxLongChains) throw tokens_.ErrorAt(tokens_.Peek(), "FAILED_TO_PARSE_TOO_COMPLEX");
}

bool Grammar::StartsExpression(size_t ahead) const {
  const Token& token = tokens_.Peek(ahead);
  switch (token.kind) {
    case TokenKind::kSymbol:
      return tokens_.IsAny({"(", "-", "+", "~", "!", "*", ":", "?"}, ahead);
    case TokenKind::kEnd:
      return false;
    default:
      return true;
  }
}

bool Grammar::StartsQueryAt(size_t at) const {
  while (tokens_.Is("(", at)) ++at;
  if (tokens_.Is("SELECT", at)) return StartsExpression(at + 1) || tokens_.Is("/*+", at + 1);
  if (tokens_.IsAny({"WITH", "TABLE"}, at)) return tokens_.IsIdentifier(at + 1);
  if (tokens_.Is("FROM", at)) return tokens_.IsIdentifier(at + 1) || tokens_.Is("(", at + 1);
  return tokens_.Is("VALUES", at) && StartsExpression(at + 1);
}

bool Grammar::StartsClause(size_t at) const {
  bool from_follows = tokens_.Is("FROM", at + 1) && tokens_.IsIdentifier(at + 2);
  if (tokens_.Is("FROM", at)) return tokens_.IsIdentifier(at + 1) || tokens_.Is("(", at + 1);
  if (tokens_.IsAny({"WHERE", "HAVING", "QUALIFY", "LIMIT", "OFFSET"}, at)) {
    return StartsExpression(at + 1) && !from_follows;
  }
  if (tokens_.IsAny({"GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE"}, at)) {
    return tokens_.Is("BY", at + 1) && StartsExpression(at + 2);
  }
  if (tokens_.IsAny({"UNION", "INTERSECT", "EXCEPT", "MINUS"}, at)) {
    return tokens_.IsAny({"SELECT", "ALL", "DISTINCT", "VALUES", "TABLE", "FROM", "("}, at + 1);
  }
  if (tokens_.Is("LATERAL", at)) return tokens_.Is("VIEW", at + 1);
  if (tokens_.Is("WINDOW", at)) return tokens_.IsIdentifier(at + 1) && tokens_.Is("AS", at + 2);
  if (tokens_.Is("SELECT", at)) return StartsExpression(at + 1) && !from_follows;
  if (tokens_.IsAny({"PIVOT", "WITH", "TABLESAMPLE"}, at)) return tokens_.Is("(", at + 1);
  if (tokens_.Is("UNPIVOT", at)) return tokens_.IsAny({"(", "INCLUDE", "EXCLUDE"}, at + 1);
  if (tokens_.Is("FOR", at)) return tokens_.IsIdentifier(at + 1) || tokens_.Is("(", at + 1);
  if (tokens_.IsAny({"VERSION", "TIMESTAMP", "SYSTEM_VERSION", "SYSTEM_TIME"}, at)) {
    return tokens_.Is("AS", at + 1) && tokens_.Is("OF", at + 2);
  }
  return false;
}

bool Grammar::IsTableAlias() const {
  if (tokens_.Peek().kind == TokenKind::kQuotedIdentifier) return true;
  return tokens_.IsIdentifier() && !kNoTableAlias.count(tokens_.Peek().upper) && !StartsClause();
}

std::vector<std::string> Grammar::NameList() {
  tokens_.Expect("(");
  std::vector<std::string> names;
  do {
    names.push_back(tokens_.StrictName());
  } while (tokens_.Accept(","));
  tokens_.Expect(")");
  return names;
}

plan::Statement ParseStatement(std::string_view text, const ParserOptions& options) {
  return Grammar(text, options).SingleStatement();
}

plan::RelationPtr ParseQuery(std::string_view text, const ParserOptions& options) {
  return Grammar(text, options).SingleQuery();
}

plan::ExpressionPtr ParseExpression(std::string_view text, const ParserOptions& options) {
  return Grammar(text, options).SingleExpression();
}

}  // namespace sluice::sql
