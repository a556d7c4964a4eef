// Reads join conditions for watermark keys and time ranges.
#include "analyzer/checks/stream_join.h"

#include <set>

#include "logical/join_watermark.h"
#include "logical/watermark_metadata.h"

namespace sluice::analyzer {

using logical::AttributeExpr;
using logical::Attributes;
using logical::ExprId;
using logical::ExprPtr;
using plan::JoinType;

namespace {

std::set<ExprId> Ids(const Attributes& attributes) {
  std::set<ExprId> out;
  for (const auto& attribute : attributes) out.insert(attribute->id);
  return out;
}

bool Within(const ExprPtr& expr, const std::set<ExprId>& ids) {
  for (const auto& attribute : logical::References(expr)) {
    if (!ids.count(attribute->id)) return false;
  }
  return true;
}

bool IsEventTime(const AttributeExpr& attribute) { return logical::WatermarkDelayMs(attribute.metadata).has_value(); }

bool IsEquality(const std::string& name) { return name == "=" || name == "==" || name == "<=>"; }

bool WatermarkInKeys(const logical::Join& join) {
  std::set<ExprId> left = Ids(join.children[0]->output), right = Ids(join.children[1]->output);
  for (const ExprPtr& part : logical::SplitConjuncts(join.condition)) {
    const auto* call = part->As<logical::ScalarCall>();
    if (!call || call->children.size() != 2 || !IsEquality(call->binding->name)) continue;
    const ExprPtr &a = call->children[0], &b = call->children[1];
    bool is_key = (Within(a, left) && Within(b, right)) || (Within(a, right) && Within(b, left));
    if (!is_key) continue;
    for (const ExprPtr& side : {a, b}) {
      const auto* attribute = side->As<AttributeExpr>();
      if (attribute && IsEventTime(*attribute)) return true;
    }
  }
  return false;
}

}  // namespace

bool IsBoundedByWatermark(const logical::Join& join) {
  constexpr int64_t kAnyWatermark = 0;
  if (WatermarkInKeys(join)) return true;
  if (!join.condition) return false;
  const Attributes &left = join.children[0]->output, &right = join.children[1]->output;
  auto bounded = [&](const Attributes& kept, const Attributes& watched) {
    return logical::StateValueWatermark(kept, watched, join.condition, kAnyWatermark).has_value();
  };
  switch (join.type) {
    case JoinType::kLeftOuter:
    case JoinType::kLeftSemi:
      return bounded(left, right);
    case JoinType::kRightOuter:
      return bounded(right, left);
    case JoinType::kFullOuter:
      return bounded(left, right) && bounded(right, left);
    default:
      return true;
  }
}

}  // namespace sluice::analyzer
