// Grouping: groupBy, rollup, cube, pivot, grouping sets.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

plan::GroupType ToGroupType(const proto::Aggregate& aggregate) {
  switch (aggregate.group_type()) {
    case proto::Aggregate::GROUP_TYPE_GROUPBY:
      return plan::GroupType::kGroupBy;
    case proto::Aggregate::GROUP_TYPE_ROLLUP:
      return plan::GroupType::kRollup;
    case proto::Aggregate::GROUP_TYPE_CUBE:
      return plan::GroupType::kCube;
    case proto::Aggregate::GROUP_TYPE_PIVOT:
      return plan::GroupType::kPivot;
    case proto::Aggregate::GROUP_TYPE_GROUPING_SETS:
      return plan::GroupType::kGroupingSets;
    default:
      throw InvalidEnum(aggregate, "group_type");
  }
}

}  // namespace

plan::Relation::Node ToPlan(Translator& translator, const proto::Aggregate& aggregate) {
  plan::Aggregate out;
  out.group_type = ToGroupType(aggregate);
  out.input = translator.Relation(aggregate.input());
  out.grouping = translator.Expressions(aggregate.grouping_expressions());
  out.aggregates = translator.Expressions(aggregate.aggregate_expressions());
  if (out.group_type == plan::GroupType::kPivot) {
    if (!aggregate.has_pivot()) throw InvalidPlan("AGGREGATE_WITH_PIVOT_REQUIRES_PIVOT");
    out.pivot_column = translator.Expression(aggregate.pivot().col());
    for (const auto& value : aggregate.pivot().values()) out.pivot_values.push_back(plan::Make(ToLiteral(value)));
  }
  for (const auto& set : aggregate.grouping_sets()) {
    out.grouping_sets.push_back(translator.Expressions(set.grouping_set()));
  }
  return out;
}

}  // namespace sluice::connect
