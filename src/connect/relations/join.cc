// Joins.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

template <typename Message>
plan::JoinType ToJoinType(const Message& join) {
  switch (join.join_type()) {
    case proto::Join::JOIN_TYPE_INNER:
      return plan::JoinType::kInner;
    case proto::Join::JOIN_TYPE_LEFT_OUTER:
      return plan::JoinType::kLeftOuter;
    case proto::Join::JOIN_TYPE_RIGHT_OUTER:
      return plan::JoinType::kRightOuter;
    case proto::Join::JOIN_TYPE_FULL_OUTER:
      return plan::JoinType::kFullOuter;
    case proto::Join::JOIN_TYPE_LEFT_SEMI:
      return plan::JoinType::kLeftSemi;
    case proto::Join::JOIN_TYPE_LEFT_ANTI:
      return plan::JoinType::kLeftAnti;
    case proto::Join::JOIN_TYPE_CROSS:
      return plan::JoinType::kCross;
    default:
      throw InvalidEnum(join, "join_type");
  }
}

}  // namespace

plan::Relation::Node ToPlan(Translator& translator, const proto::Join& join) {
  if (join.has_join_condition() && join.using_columns_size() > 0) {
    throw InvalidPlan("USING_COLUMNS_OR_JOIN_CONDITION_SET_IN_JOIN");
  }
  plan::Join out;
  out.type = ToJoinType(join);
  out.left = translator.Relation(join.left());
  out.right = translator.Relation(join.right());
  if (join.has_join_condition()) out.condition = translator.Expression(join.join_condition());
  out.using_columns = ToVector(join.using_columns());
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::LateralJoin& join) {
  plan::Join out;
  out.type = ToJoinType(join);
  out.left = translator.Relation(join.left());
  out.right = translator.Relation(join.right());
  if (join.has_join_condition()) out.condition = translator.Expression(join.join_condition());
  out.lateral = true;
  return out;
}

}  // namespace sluice::connect
