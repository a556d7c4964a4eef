// Function calls, and those with a syntax of their own.
#include <set>

#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;

namespace {

const std::set<std::string_view> kDatetimeUnits = {
    "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DAYOFYEAR", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"};

std::string Upper(std::string_view text) {
  std::string out;
  for (char c : text) out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

ExpressionPtr Grammar::FunctionCall() {
  Token start = tokens_.Peek();
  bool plain_word = start.kind == TokenKind::kWord && tokens_.Is("(", 1);
  if (plain_word) {
    size_t mark = tokens_.Mark();
    if (ExpressionPtr special = SpecialCall()) return special;
    tokens_.Reset(mark);
  }
  std::vector<std::string> name = {tokens_.Identifier()};
  while (tokens_.Accept(".")) name.push_back(tokens_.Identifier());
  return FunctionCallOf(start, std::move(name));
}

ExpressionPtr Grammar::FunctionCallOf(const Token& start, std::vector<std::string> name) {
  plan::UnresolvedFunction call;
  call.name = std::move(name);
  std::string upper = call.name.size() == 1 ? Upper(call.name[0]) : "";
  tokens_.Expect("(");
  if (!tokens_.Accept(")")) {
    if (tokens_.IsAny({"DISTINCT", "ALL"}) && StartsExpression(1))
      call.is_distinct = tokens_.Next().upper == "DISTINCT";
    do {
      call.arguments.push_back(upper == "STRUCT" ? NamedExpression() : Argument());
    } while (tokens_.Accept(","));
    bool takes_nulls = upper == "FIRST" || upper == "LAST" || upper == "ANY_VALUE";
    if (takes_nulls && tokens_.AcceptSequence({"IGNORE", "NULLS"})) call.ignore_nulls = true;
    tokens_.Expect(")");
  }
  if (tokens_.IsSequence({"WITHIN", "GROUP", "("})) {
    tokens_.ExpectSequence({"WITHIN", "GROUP", "(", "ORDER", "BY"});
    call.within_group = SortItems();
    tokens_.Expect(")");
  }
  if (tokens_.AcceptSequence({"FILTER", "(", "WHERE"})) {
    call.filter = Expression();
    tokens_.Expect(")");
  }
  if (tokens_.IsAny({"IGNORE", "RESPECT"}) && tokens_.Is("NULLS", 1)) {
    call.ignore_nulls = tokens_.Next().upper == "IGNORE";
    tokens_.Next();
  }
  TimestampArithmetic(upper, &call);
  ExpressionPtr function = Make(start, std::move(call));
  if (tokens_.Is("OVER") && (tokens_.Is("(", 1) || (tokens_.IsIdentifier(1) && !StartsClause(1)))) {
    return Over(start, std::move(function));
  }
  return function;
}

ExpressionPtr Grammar::Argument() {
  if (tokens_.IsIdentifier() && tokens_.Is("=>", 1)) {
    Token start = tokens_.Peek();
    std::string name = tokens_.Identifier();
    tokens_.Next();
    ExpressionPtr value = Expression();
    return Make(start, plan::NamedArgument{std::move(name), std::move(value)});
  }
  return Expression();
}

// date_add(DAY, 1, d) has a unit where others have a column.
void Grammar::TimestampArithmetic(const std::string& name, plan::UnresolvedFunction* call) const {
  bool adds = name == "TIMESTAMPADD" || name == "DATEADD" || name == "DATE_ADD";
  bool subtracts = name == "TIMESTAMPDIFF" || name == "DATEDIFF" || name == "DATE_DIFF" || name == "TIMEDIFF";
  if ((!adds && !subtracts) || call->arguments.size() != 3) return;
  const auto* unit = call->arguments[0]->As<plan::UnresolvedAttribute>();
  if (!unit || unit->name.size() != 1 || !kDatetimeUnits.count(Upper(unit->name[0]))) return;
  call->name = {adds ? "timestampadd" : "timestampdiff"};
  call->arguments[0] = plan::Make(types::Literal::String(Upper(unit->name[0])), call->arguments[0]->origin);
}

// A call in the form of its own, or null: then it is an ordinary one.
ExpressionPtr Grammar::SpecialCall() {
  if (tokens_.Is("EXTRACT")) return ExtractCall();
  if (tokens_.Is("TRIM")) return TrimCall();
  if (tokens_.IsAny({"SUBSTR", "SUBSTRING"})) return SubstringCall();
  if (tokens_.Is("OVERLAY")) return OverlayCall();
  if (tokens_.Is("POSITION")) return PositionCall();
  return nullptr;
}

ExpressionPtr Grammar::ExtractCall() {
  Token start = tokens_.Next();
  tokens_.Expect("(");
  if (!tokens_.IsIdentifier() || !tokens_.Is("FROM", 1)) return nullptr;
  Token field = tokens_.Next();
  tokens_.Next();
  ExpressionPtr source = Value();
  tokens_.Expect(")");
  ExpressionPtr name = Make(field, types::Literal::String(types::IdentifierText(field)));
  return Function(start, "extract", {std::move(name), std::move(source)});
}

ExpressionPtr Grammar::TrimCall() {
  Token start = tokens_.Next();
  tokens_.Expect("(");
  std::string name = "trim";
  bool has_option = tokens_.IsAny({"BOTH", "LEADING", "TRAILING"}) && StartsExpression(1);
  if (has_option) {
    std::string option = tokens_.Next().upper;
    if (option != "BOTH") name = option == "LEADING" ? "ltrim" : "rtrim";
  }
  std::vector<ExpressionPtr> arguments;
  if (!tokens_.Is("FROM") || !StartsExpression(1)) {
    if (!StartsExpression(0)) return nullptr;
    arguments.push_back(Value());
  }
  if (!has_option && !tokens_.Is("FROM")) return nullptr;
  tokens_.Expect("FROM");
  arguments.push_back(Value());
  tokens_.Expect(")");
  return Function(start, std::move(name), std::move(arguments));
}

ExpressionPtr Grammar::SubstringCall() {
  Token start = tokens_.Next();
  tokens_.Expect("(");
  if (!StartsExpression(0)) return nullptr;
  std::vector<ExpressionPtr> arguments = {Value()};
  if (!tokens_.Accept("FROM")) return nullptr;
  arguments.push_back(Value());
  if (tokens_.Accept("FOR")) arguments.push_back(Value());
  tokens_.Expect(")");
  return Function(start, "substring", std::move(arguments));
}

ExpressionPtr Grammar::OverlayCall() {
  Token start = tokens_.Next();
  tokens_.Expect("(");
  if (!StartsExpression(0)) return nullptr;
  std::vector<ExpressionPtr> arguments = {Value()};
  if (!tokens_.Accept("PLACING")) return nullptr;
  arguments.push_back(Value());
  tokens_.Expect("FROM");
  arguments.push_back(Value());
  if (tokens_.Accept("FOR")) arguments.push_back(Value());
  tokens_.Expect(")");
  return Function(start, "overlay", std::move(arguments));
}

ExpressionPtr Grammar::PositionCall() {
  Token start = tokens_.Next();
  tokens_.Expect("(");
  if (!StartsExpression(0)) return nullptr;
  ExpressionPtr part = Value();
  if (!tokens_.Accept("IN")) return nullptr;
  ExpressionPtr text = Value();
  tokens_.Expect(")");
  return Function(start, "locate", {std::move(part), std::move(text)});
}

}  // namespace sluice::sql
