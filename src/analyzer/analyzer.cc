// The entry points of analysis.
#include "analyzer/analyzer.h"

#include "analyzer/expression_resolver.h"
#include "analyzer/subqueries/rewrite.h"

namespace sluice::analyzer {

logical::PlanPtr Analyze(const plan::RelationPtr& relation, const AnalyzerContext& context) {
  Resolver resolver(context);
  return StripHidden(RewriteSubqueries(resolver, resolver.Resolve(relation)));
}

logical::ExprPtr ResolveConstant(const plan::ExpressionPtr& expression, const AnalyzerContext& context) {
  Resolver resolver(context);
  Scope scope;
  return ExpressionResolver(resolver, scope).Resolve(expression);
}

}  // namespace sluice::analyzer
