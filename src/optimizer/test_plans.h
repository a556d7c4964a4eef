// Small plans for the tests of the rules, and their texts after all rules.
#pragma once

#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "base/error.h"
#include "optimizer/optimizer.h"

namespace sluice::optimizer {

using logical::AttributeExpr;
using logical::AttributePtr;
using logical::ExprPtr;
using logical::PlanPtr;

class Table : public logical::TableHandle {
 public:
  std::string Describe() const override { return "table"; }
};

inline AttributePtr Column(const std::string& name) {
  return std::make_shared<AttributeExpr>(name, types::Long(), true);
}

inline PlanPtr Scan(const logical::Attributes& output) {
  std::vector<std::string> columns;
  for (const AttributePtr& attribute : output) columns.push_back(attribute->name);
  return std::make_shared<logical::Scan>(std::make_shared<Table>(), output, columns);
}

inline ExprPtr Call(const std::string& name, std::vector<ExprPtr> arguments, bool deterministic = true) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = name;
  binding->type = types::Boolean();
  binding->deterministic = deterministic;
  binding->foldable = false;
  return std::make_shared<logical::ScalarCall>(binding, std::move(arguments));
}

inline PlanPtr Where(PlanPtr child, ExprPtr condition) {
  return std::make_shared<logical::Filter>(std::move(child), condition);
}

inline ExprPtr Named(ExprPtr value, const AttributePtr& attribute) {
  return std::make_shared<logical::AliasExpr>(value, attribute->name, attribute->id);
}

inline std::string Optimized(const PlanPtr& plan) {
  auto no_folding = [](const ExprPtr&) -> types::Literal { throw base::Error::Internal("not constant"); };
  return std::regex_replace(logical::TreeString(Optimize(plan, no_folding, base::SqlConf())), std::regex("#[0-9]+L?"),
                            "");
}

}  // namespace sluice::optimizer
