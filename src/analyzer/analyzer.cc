// The entry points of analysis.
#include "analyzer/analyzer.h"

#include <algorithm>

#include "analyzer/expression_resolver.h"
#include "analyzer/subqueries/rewrite.h"

namespace sluice::analyzer {
namespace {

bool HoldsTime(const types::DataType& type) {
  switch (type.id()) {
    case types::TypeId::kTime:
      return true;
    case types::TypeId::kArray:
      return HoldsTime(*type.element());
    case types::TypeId::kMap:
      return HoldsTime(*type.key()) || HoldsTime(*type.value());
    case types::TypeId::kStruct:
      return std::any_of(type.fields().begin(), type.fields().end(),
                         [](const types::StructField& field) { return HoldsTime(*field.type); });
    default:
      return false;
  }
}

void CheckTimeType(const logical::PlanPtr& plan, const base::SqlConf& conf) {
  for (const auto& attribute : plan->output) {
    if (HoldsTime(*attribute->type) && !conf.GetBool("spark.sql.timeType.enabled")) {
      throw base::Error(base::ErrorKind::kAnalysis, "UNSUPPORTED_TIME_TYPE");
    }
  }
}

}  // namespace

logical::PlanPtr Analyze(const plan::RelationPtr& relation, const AnalyzerContext& context) {
  Resolver resolver(context);
  logical::PlanPtr plan = StripHidden(RewriteSubqueries(resolver, resolver.Resolve(relation)));
  CheckTimeType(plan, *context.conf);
  return plan;
}

logical::ExprPtr ResolveConstant(const plan::ExpressionPtr& expression, const AnalyzerContext& context) {
  Resolver resolver(context);
  Scope scope;
  return ExpressionResolver(resolver, scope).Resolve(expression);
}

}  // namespace sluice::analyzer
