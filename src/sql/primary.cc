// Columns, stars, parentheses, CASE, CAST, subqueries and what may follow them.
#include "sql/grammar.h"
#include "types/type_parser.h"

namespace sluice::sql {

using plan::ExpressionPtr;

ExpressionPtr Grammar::Primary() {
  Token start = tokens_.Peek();
  ExpressionPtr base = Base();
  return Postfix(start, std::move(base));
}

ExpressionPtr Grammar::Postfix(const Token& start, ExpressionPtr expression) {
  for (int length = 0;; CountChain(&length)) {
    if (tokens_.Accept("[")) {
      ExpressionPtr index = Value();
      tokens_.Expect("]", /*tell_missing=*/true);
      expression = Make(start, plan::ExtractValue{std::move(expression), std::move(index)});
    } else if (tokens_.Accept("::")) {
      types::TypePtr type = types::ParseDataType(tokens_);
      expression = Make(start, plan::Cast{std::move(expression), std::move(type)});
    } else if (tokens_.Accept(".")) {
      Token field = tokens_.Peek();
      std::string name = tokens_.Identifier();
      if (const auto* attribute = expression->As<plan::UnresolvedAttribute>()) {
        plan::UnresolvedAttribute longer = *attribute;
        longer.name.push_back(std::move(name));
        expression = Make(start, std::move(longer));
      } else {
        expression = Make(start, plan::ExtractValue{std::move(expression), Make(field, types::Literal::String(name))});
      }
    } else if (tokens_.Is("COLLATE") && tokens_.IsIdentifier(1)) {
      tokens_.Next();
      std::string collation = tokens_.Next().upper;
      if (collation != "UTF8_BINARY") throw base::Error::Unsupported("Collation " + collation);
    } else if (tokens_.Is(":") && (tokens_.IsIdentifier(1) || tokens_.Is("[", 1))) {
      throw base::Error::Unsupported("Semi-structured extraction from a variant with ':'");
    } else {
      return expression;
    }
  }
}

ExpressionPtr Grammar::Base() {
  if (IsLiteral()) return Literal();
  if (tokens_.IsAny({"?", ":"})) return Parameter();
  if (tokens_.Is("(")) return Parenthesized();
  if (tokens_.Is("*")) return Star(tokens_.Peek(), {});
  if (tokens_.IsIdentifier()) return WordExpression();
  throw tokens_.SyntaxError();
}

bool Grammar::IsLambda() const {
  if (tokens_.IsIdentifier() && tokens_.Is("->", 1)) return true;
  if (!tokens_.Is("(")) return false;
  size_t at = 1;
  while (tokens_.IsIdentifier(at) && tokens_.Is(",", at + 1)) at += 2;
  return at > 1 && tokens_.IsIdentifier(at) && tokens_.Is(")", at + 1) && tokens_.Is("->", at + 2);
}

ExpressionPtr Grammar::LambdaBody(const Token& start, std::vector<std::string> variables) {
  tokens_.Expect("->");
  size_t scope = lambda_variables_.size();
  lambda_variables_.insert(lambda_variables_.end(), variables.begin(), variables.end());
  ExpressionPtr body = Expression();
  lambda_variables_.resize(scope);
  return Make(start, plan::LambdaFunction{std::move(body), std::move(variables)});
}

ExpressionPtr Grammar::WordExpression() {
  Token start = tokens_.Peek();
  if (IsLambda()) return LambdaBody(start, {tokens_.Identifier()});
  if (start.kind == TokenKind::kWord) {
    if (tokens_.Is("CASE") && StartsExpression(1) && !tokens_.Is("END", 1) && !StartsClause(1)) return CaseExpression();
    if (tokens_.IsAny({"CAST", "TRY_CAST"}) && tokens_.Is("(", 1)) return CastExpression();
    if (tokens_.IsSequence({"IDENTIFIER", "("})) return IdentifierClause();
    bool is_call = tokens_.Is("(", 1) || tokens_.Is(".", 1);
    if (!is_call &&
        tokens_.IsAny({"CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_TIME", "CURRENT_USER", "SESSION_USER"})) {
      std::string name = tokens_.Next().upper;
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return Function(start, std::move(name), {});
    }
  }
  size_t at = 1;
  while (tokens_.Is(".", at) && tokens_.IsIdentifier(at + 1)) at += 2;
  if (tokens_.Is("(", at)) return FunctionCall();
  if (tokens_.Is(".", at) && tokens_.Is("*", at + 1)) {
    std::vector<std::string> target = {tokens_.Identifier()};
    while (tokens_.Accept(".") && tokens_.IsIdentifier()) target.push_back(tokens_.Identifier());
    return Star(start, std::move(target));
  }
  return ColumnOrVariable(start);
}

ExpressionPtr Grammar::ColumnOrVariable(const Token& start) {
  std::string name = tokens_.Identifier();
  for (size_t i = lambda_variables_.size(); i > 0; --i) {
    if (lambda_variables_[i - 1] == name) return Make(start, plan::LambdaVariable{std::move(name)});
  }
  return Make(start, plan::UnresolvedAttribute{{std::move(name)}});
}

ExpressionPtr Grammar::Star(const Token& start, std::vector<std::string> target) {
  tokens_.Expect("*");
  plan::UnresolvedStar star;
  star.target = std::move(target);
  if (tokens_.IsSequence({"EXCEPT", "("}) && tokens_.IsIdentifier(2) && !tokens_.IsAny({"SELECT", "VALUES"}, 2)) {
    tokens_.Next();
    tokens_.Next();
    do {
      star.except.push_back(tokens_.QualifiedName());
    } while (tokens_.Accept(","));
    tokens_.Expect(")");
  }
  return Make(start, std::move(star));
}

plan::RelationPtr Grammar::TryParenthesizedQuery(bool tell_missing) {
  size_t mark = tokens_.Mark();
  tokens_.Expect("(");
  if (StartsQuery()) {
    // "((SELECT 1) + 1)" starts like a query. Without inner parentheses there is no other reading.
    bool has_other_reading = tokens_.Is("(");
    // A query sees no lambda variables of the text around it.
    std::vector<std::string> outer;
    outer.swap(lambda_variables_);
    try {
      plan::RelationPtr query = Query();
      tokens_.Expect(")", tell_missing);
      outer.swap(lambda_variables_);
      return query;
    } catch (const base::Error& error) {
      outer.swap(lambda_variables_);
      if (error.condition() != "PARSE_SYNTAX_ERROR" || !has_other_reading) throw;
    }
  }
  tokens_.Reset(mark);
  return nullptr;
}

ExpressionPtr Grammar::Subquery(const Token& start, plan::SubqueryKind kind, plan::RelationPtr query,
                                std::vector<ExpressionPtr> values) const {
  plan::SubqueryExpression subquery;
  subquery.kind = kind;
  subquery.plan = std::move(query);
  subquery.values = std::move(values);
  return Make(start, std::move(subquery));
}

ExpressionPtr Grammar::Parenthesized() {
  Token start = tokens_.Peek();
  if (IsLambda()) return LambdaBody(start, NameList());
  if (plan::RelationPtr query = TryParenthesizedQuery(/*tell_missing=*/false)) {
    return Subquery(start, plan::SubqueryKind::kScalar, std::move(query));
  }
  tokens_.Expect("(");
  Token first_token = tokens_.Peek();
  ExpressionPtr first = Expression();
  if (tokens_.Accept(")")) return first;
  std::vector<ExpressionPtr> row = {AliasOf(first_token, std::move(first))};
  if (!tokens_.Is(",")) throw tokens_.SyntaxError();
  while (tokens_.Accept(",")) row.push_back(NamedExpression());
  if (!tokens_.Accept(")")) throw tokens_.SyntaxError();
  return Function(start, "struct", std::move(row));
}

ExpressionPtr Grammar::CaseExpression() {
  Token start = tokens_.Next();
  bool searched = tokens_.Is("WHEN");
  Token after_when = tokens_.Peek(1);
  ExpressionPtr value = searched ? nullptr : Expression();
  std::vector<ExpressionPtr> arguments;
  do {
    tokens_.Expect("WHEN");
    Token when = tokens_.Peek();
    ExpressionPtr condition = Expression();
    if (value) condition = Function(when, "==", {value, std::move(condition)});
    tokens_.Expect("THEN");
    arguments.push_back(std::move(condition));
    arguments.push_back(Expression());
  } while (tokens_.Is("WHEN"));
  if (tokens_.Accept("ELSE")) arguments.push_back(Expression());
  // Without END Spark reads CASE as a column with the alias WHEN.
  if (searched && tokens_.AtEnd()) throw tokens_.SyntaxErrorAt(after_when);
  tokens_.Expect("END");
  return Function(start, "when", std::move(arguments));
}

ExpressionPtr Grammar::CastExpression() {
  Token start = tokens_.Next();
  tokens_.Expect("(");
  ExpressionPtr child = Expression();
  tokens_.Expect("AS");
  types::TypePtr type = types::ParseDataType(tokens_);
  tokens_.Expect(")");
  plan::CastMode mode = start.upper == "CAST" ? plan::CastMode::kDefault : plan::CastMode::kTry;
  return Make(start, plan::Cast{std::move(child), std::move(type), mode});
}

ExpressionPtr Grammar::IdentifierClause() {
  Token start = tokens_.Peek();
  std::vector<std::string> name = IdentifierName();
  if (tokens_.Is("(")) return FunctionCallOf(start, std::move(name));
  return Make(start, plan::UnresolvedAttribute{std::move(name)});
}

std::vector<std::string> Grammar::IdentifierName() {
  tokens_.Expect("IDENTIFIER");
  tokens_.Expect("(");
  std::string text;
  do {
    if (tokens_.Peek().kind != TokenKind::kString) {
      throw base::Error::Unsupported("The IDENTIFIER clause with an argument that is no string literal");
    }
    text += Strings();
  } while (tokens_.Accept("||"));
  tokens_.Expect(")");
  return types::ParseAttributeName(text);
}

}  // namespace sluice::sql
