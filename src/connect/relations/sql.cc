// SQL text with its arguments, sub-plans given by reference, and table-valued functions.
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::SQL& sql) {
  plan::SqlQuery out;
  out.text = sql.query();
  // Messages' maps have no order; names sort them so that equal messages give equal plans.
  std::map<std::string, plan::ExpressionPtr> named;
  for (const auto& [name, literal] : sql.args()) named[name] = plan::Make(ToLiteral(literal));
  for (const auto& [name, expression] : sql.named_arguments()) named[name] = translator.Expression(expression);
  out.named_arguments.assign(named.begin(), named.end());
  for (const auto& literal : sql.pos_args()) out.positional_arguments.push_back(plan::Make(ToLiteral(literal)));
  for (auto& expression : translator.Expressions(sql.pos_arguments())) {
    out.positional_arguments.push_back(std::move(expression));
  }
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::WithRelations& relations) {
  plan::WithRelations out;
  out.root = translator.Relation(relations.root());
  for (const auto& reference : relations.references()) out.references.push_back(translator.Relation(reference));
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::UnresolvedTableValuedFunction& function) {
  return plan::TableValuedFunction{function.function_name(), translator.Expressions(function.arguments())};
}

}  // namespace sluice::connect
