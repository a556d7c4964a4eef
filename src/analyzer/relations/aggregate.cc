// groupBy and GROUP BY.
#include "analyzer/aggregation.h"
#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

PlanPtr Resolver::Node(const plan::Aggregate& node) {
  if (node.group_type != plan::GroupType::kGroupBy) throw base::Error::Unsupported("Grouping sets and pivot");
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {Resolve(node.input)};
  ExpressionResolver resolver(*this, scope);
  std::vector<ExprPtr> grouping = resolver.ResolveAll(node.grouping);
  std::vector<ExprPtr> results = resolver.ResolveNamed(node.aggregates);
  if (!node.select_list) {
    std::vector<ExprPtr> all;
    for (ExprPtr& key : grouping) {
      key = WithName(key);
      all.push_back(logical::ToAttribute(key));
    }
    all.insert(all.end(), results.begin(), results.end());
    results = std::move(all);
  }
  return AggregatePlan(*this, scope.inputs[0], std::move(grouping), std::move(results));
}

}  // namespace sluice::analyzer
