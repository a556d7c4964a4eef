// Expressions that are refused.
#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

logical::ExprPtr ExpressionResolver::Node(const plan::WindowExpression& node) {
  throw base::Error::Unsupported("A window function (OVER)");
}
logical::ExprPtr ExpressionResolver::Node(const plan::SubqueryExpression& node) {
  throw base::Error::Unsupported("A subquery in an expression");
}

}  // namespace sluice::analyzer
