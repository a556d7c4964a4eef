// Union, intersection and difference.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::SetOperation& operation) {
  if (!operation.has_left_input() || !operation.has_right_input()) {
    throw InvalidPlan("SET_OPERATION_MUST_HAVE_TWO_INPUTS");
  }
  plan::SetOp out;
  switch (operation.set_op_type()) {
    case proto::SetOperation::SET_OP_TYPE_UNION:
      out.operation = plan::SetOperation::kUnion;
      if (!operation.by_name() && operation.allow_missing_columns()) {
        throw InvalidPlan("UNION_BY_NAME_ALLOW_MISSING_COL_REQUIRES_BY_NAME");
      }
      break;
    case proto::SetOperation::SET_OP_TYPE_INTERSECT:
      out.operation = plan::SetOperation::kIntersect;
      if (operation.by_name()) throw InvalidPlan("INTERSECT_DOES_NOT_SUPPORT_UNION_BY_NAME");
      break;
    case proto::SetOperation::SET_OP_TYPE_EXCEPT:
      out.operation = plan::SetOperation::kExcept;
      if (operation.by_name()) throw InvalidPlan("EXCEPT_DOES_NOT_SUPPORT_UNION_BY_NAME");
      break;
    default:
      throw InvalidEnum(operation, "set_op_type");
  }
  out.left = translator.Relation(operation.left_input());
  out.right = translator.Relation(operation.right_input());
  out.is_all = operation.is_all();
  out.by_name = operation.by_name();
  out.allow_missing_columns = operation.allow_missing_columns();
  return out;
}

}  // namespace sluice::connect
