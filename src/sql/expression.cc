// Operators and predicates, with the precedence of Spark's grammar.
#include <array>

#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;

ExpressionPtr Grammar::Expression() {
  types::TokenStream::Depth depth(tokens_);
  return Disjunction();
}

std::vector<ExpressionPtr> Grammar::Expressions() {
  std::vector<ExpressionPtr> list;
  do {
    list.push_back(Expression());
  } while (tokens_.Accept(","));
  return list;
}

ExpressionPtr Grammar::NamedExpression() {
  Token start = tokens_.Peek();
  ExpressionPtr child = Expression();
  return AliasOf(start, std::move(child));
}

std::vector<ExpressionPtr> Grammar::NamedExpressions() {
  std::vector<ExpressionPtr> list;
  do {
    list.push_back(NamedExpression());
  } while (tokens_.Accept(","));
  return list;
}

ExpressionPtr Grammar::AliasOf(const Token& start, ExpressionPtr child) {
  bool listed = tokens_.Is("(") && tokens_.IsIdentifier(1) && tokens_.IsAny({",", ")"}, 2);
  if (listed || tokens_.IsSequence({"AS", "("})) {
    tokens_.Accept("AS");
    return Make(start, plan::Alias{std::move(child), NameList(), ""});
  }
  if (tokens_.Is("AS") && tokens_.IsIdentifier(1)) {
    // In "1 AS from t" the keyword must start its clause, so that AS itself is the name.
    bool ends = !tokens_.IsIdentifier(2) || tokens_.Is("AS", 2) || StartsClause(2);
    bool clause_word = tokens_.IsAny({"FROM", "WHERE", "HAVING", "QUALIFY", "LIMIT", "OFFSET", "GROUP", "ORDER", "SORT",
                                      "CLUSTER", "DISTRIBUTE", "WINDOW", "SELECT", "LATERAL"},
                                     1);
    if (ends || !clause_word) tokens_.Next();
    return Make(start, plan::Alias{std::move(child), {tokens_.StrictName()}, ""});
  }
  if (!tokens_.IsIdentifier() || (tokens_.Peek().kind == TokenKind::kWord && StartsClause())) return child;
  std::string name = tokens_.StrictName();
  return Make(start, plan::Alias{std::move(child), {std::move(name)}, ""});
}

// A chain of the same connective becomes a balanced tree, as in Spark, so that long ones stay shallow.
ExpressionPtr Grammar::Chain(const Token& start, const char* name, const std::vector<ExpressionPtr>& operands,
                             size_t first, size_t last) const {
  if (first == last) return operands[first];
  size_t middle = first + (last - first) / 2;
  return Function(start, name,
                  {Chain(start, name, operands, first, middle), Chain(start, name, operands, middle + 1, last)});
}

ExpressionPtr Grammar::Disjunction() {
  Token start = tokens_.Peek();
  std::vector<ExpressionPtr> operands = {Conjunction()};
  while (tokens_.Is("OR") && StartsExpression(1)) {
    tokens_.Next();
    operands.push_back(Conjunction());
  }
  return Chain(start, "or", operands, 0, operands.size() - 1);
}

ExpressionPtr Grammar::Conjunction() {
  Token start = tokens_.Peek();
  std::vector<ExpressionPtr> operands = {Negation()};
  while (tokens_.Is("AND") && StartsExpression(1)) {
    tokens_.Next();
    operands.push_back(Negation());
  }
  return Chain(start, "and", operands, 0, operands.size() - 1);
}

ExpressionPtr Grammar::Negation() {
  bool negated = tokens_.Is("!") || (tokens_.Is("NOT") && StartsExpression(1));
  if (!negated) return Predicate();
  types::TokenStream::Depth depth(tokens_);
  Token start = tokens_.Next();
  ExpressionPtr operand = Negation();
  return Function(start, "not", {std::move(operand)});
}

bool Grammar::StartsPredicate() const {
  if (tokens_.Is("IS")) return tokens_.IsAny({"NULL", "NOT", "!", "TRUE", "FALSE", "UNKNOWN", "DISTINCT"}, 1);
  size_t at = tokens_.IsAny({"NOT", "!"}) ? 1 : 0;
  if (tokens_.Is("IN", at)) return tokens_.Is("(", at + 1);
  return tokens_.IsAny({"BETWEEN", "LIKE", "ILIKE", "RLIKE", "REGEXP"}, at) && StartsExpression(at + 1);
}

ExpressionPtr Grammar::Predicate() {
  Token start = tokens_.Peek();
  if (tokens_.IsSequence({"EXISTS", "("})) {
    size_t mark = tokens_.Mark();
    tokens_.Next();
    if (plan::RelationPtr query = TryParenthesizedQuery(/*tell_missing=*/true)) {
      return Subquery(start, plan::SubqueryKind::kExists, std::move(query));
    }
    tokens_.Reset(mark);
  }
  ExpressionPtr value = Value();
  if (!StartsPredicate()) return value;
  if (tokens_.Is("IS")) return IsPredicate(start, std::move(value));

  bool negated = tokens_.IsAny({"NOT", "!"});
  if (negated) tokens_.Next();
  if (tokens_.IsAny({"LIKE", "ILIKE"}) && tokens_.IsAny({"ANY", "SOME", "ALL"}, 1) && tokens_.Is("(", 2)) {
    return LikeQuantified(start, std::move(value), negated);
  }
  ExpressionPtr result;
  if (tokens_.Is("IN")) {
    result = InPredicate(start, std::move(value));
  } else if (tokens_.Accept("BETWEEN")) {
    ExpressionPtr lower = Value();
    tokens_.Expect("AND");
    ExpressionPtr upper = Value();
    result = Function(start, "between", {std::move(value), std::move(lower), std::move(upper)});
  } else {
    result = LikePredicate(start, std::move(value));
  }
  return negated ? Function(start, "not", {std::move(result)}) : result;
}

ExpressionPtr Grammar::InPredicate(const Token& start, ExpressionPtr value) {
  Token in = tokens_.Next();
  if (tokens_.IsSequence({"(", ")"})) {
    tokens_.Next();
    tokens_.Next();
    throw ErrorFrom(in, "INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE");
  }
  if (plan::RelationPtr query = TryParenthesizedQuery(/*tell_missing=*/true)) {
    const auto* row = value->As<plan::UnresolvedFunction>();
    bool is_row = row && row->name == std::vector<std::string>{"struct"};
    std::vector<ExpressionPtr> values = is_row ? row->arguments : std::vector<ExpressionPtr>{value};
    return Subquery(start, plan::SubqueryKind::kIn, std::move(query), std::move(values));
  }
  tokens_.Expect("(");
  std::vector<ExpressionPtr> arguments = Expressions();
  tokens_.Expect(")");
  arguments.insert(arguments.begin(), std::move(value));
  return Function(start, "in", std::move(arguments));
}

ExpressionPtr Grammar::LikePredicate(const Token& start, ExpressionPtr value) {
  Token kind = tokens_.Next();
  std::vector<ExpressionPtr> arguments = {std::move(value), Value()};
  if (kind.upper == "RLIKE" || kind.upper == "REGEXP") return Function(start, "rlike", std::move(arguments));
  if (tokens_.Is("ESCAPE") && tokens_.Peek(1).kind == TokenKind::kString) {
    tokens_.Next();
    Token escape = tokens_.Peek();
    std::string text = tokens_.StringLiteral();
    if (text.size() != 1) throw ErrorFrom(escape, "INVALID_ESC", {{"invalidEscape", "'" + text + "'"}});
    arguments.push_back(Make(escape, types::Literal::String(text)));
  }
  return Function(start, kind.upper == "LIKE" ? "like" : "ilike", std::move(arguments));
}

ExpressionPtr Grammar::LikeQuantified(const Token& start, ExpressionPtr value, bool negated) {
  std::string kind = tokens_.Next().upper == "LIKE" ? "like" : "ilike";
  bool all = tokens_.Next().upper == "ALL";
  tokens_.Expect("(");
  std::vector<ExpressionPtr> patterns = Expressions();
  tokens_.Expect(")");
  for (ExpressionPtr& pattern : patterns) {
    pattern = Function(start, kind, {value, pattern});
    if (negated) pattern = Function(start, "not", {pattern});
  }
  return Chain(start, all ? "and" : "or", patterns, 0, patterns.size() - 1);
}

ExpressionPtr Grammar::IsPredicate(const Token& start, ExpressionPtr value) {
  tokens_.Expect("IS");
  bool negated = tokens_.IsAny({"NOT", "!"});
  if (negated) tokens_.Next();
  if (tokens_.Accept("NULL") || tokens_.Accept("UNKNOWN")) {
    return Function(start, negated ? "isNotNull" : "isNull", {std::move(value)});
  }
  ExpressionPtr same;
  if (tokens_.IsAny({"TRUE", "FALSE"})) {
    Token token = tokens_.Next();
    same = Function(start, "<=>", {std::move(value), Make(token, types::Literal::Boolean(token.upper == "TRUE"))});
  } else {
    tokens_.Expect("DISTINCT");
    tokens_.Expect("FROM");
    ExpressionPtr other = Value();
    same = Function(start, "<=>", {std::move(value), std::move(other)});
    negated = !negated;
  }
  return negated ? Function(start, "not", {std::move(same)}) : same;
}

// The precedence of the binary operator that follows, 0 if none; its function and how many tokens it has.
int Grammar::BinaryOperator(std::string* name, int* tokens) const {
  struct Operator {
    std::string_view text;
    const char* name;
    int precedence;
  };
  static constexpr std::array<Operator, 23> kOperators = {{
      {"*", "*", 8},       {"/", "/", 8},          {"%", "%", 8},   {"DIV", "div", 8}, {"+", "+", 7}, {"-", "-", 7},
      {"||", "concat", 7}, {"<<", "shiftleft", 6}, {"&", "&", 5},   {"^", "^", 4},     {"|", "|", 3}, {"=", "==", 2},
      {"==", "==", 2},     {"<=>", "<=>", 2},      {"<>", "!=", 2}, {"!=", "!=", 2},   {"<", "<", 2}, {"<=", "<=", 2},
      {"!>", "<=", 2},     {">", ">", 2},          {">=", ">=", 2}, {"!<", ">=", 2},   {"", "", 0},
  }};
  *tokens = 1;
  auto adjacent = [&](size_t i) { return tokens_.Is(">", i) && tokens_.Peek(i).offset == tokens_.Peek(i - 1).end(); };
  if (tokens_.Is(">") && adjacent(1)) {
    bool is_unsigned = adjacent(2);
    *tokens = is_unsigned ? 3 : 2;
    *name = is_unsigned ? "shiftrightunsigned" : "shiftright";
    return 6;
  }
  if (tokens_.Is("DIV") && !StartsExpression(1)) return 0;
  if (tokens_.Peek().upper.empty()) return 0;
  for (const Operator& candidate : kOperators) {
    if (!tokens_.Is(candidate.text)) continue;
    *name = candidate.name;
    return candidate.precedence;
  }
  return 0;
}

ExpressionPtr Grammar::Value(int minimum) {
  Token start = tokens_.Peek();
  ExpressionPtr left = Unary();
  std::string name;
  int tokens = 0;
  int length = 0;
  while (true) {
    int precedence = BinaryOperator(&name, &tokens);
    if (precedence == 0 || precedence < minimum) return left;
    CountChain(&length);
    for (int i = 0; i < tokens; ++i) tokens_.Next();
    std::string function = name;
    ExpressionPtr right = Value(precedence + 1);
    bool differs = function == "!=";
    left = Function(start, differs ? "==" : function, {std::move(left), std::move(right)});
    if (differs) left = Function(start, "not", {std::move(left)});
  }
}

ExpressionPtr Grammar::Unary() {
  bool is_sign = tokens_.IsAny({"-", "+"});
  TokenKind next = tokens_.Peek(1).kind;
  bool is_number = tokens_.Is("-") && next >= TokenKind::kInteger && next <= TokenKind::kBigDecimal;
  if (is_number || (!is_sign && !tokens_.Is("~"))) return Primary();
  types::TokenStream::Depth depth(tokens_);
  Token start = tokens_.Next();
  ExpressionPtr operand = Unary();
  return Function(start, start.upper, {std::move(operand)});
}

}  // namespace sluice::sql
