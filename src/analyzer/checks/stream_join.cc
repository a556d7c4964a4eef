// Reads join conditions for watermark keys and time ranges.
#include "analyzer/checks/stream_join.h"

#include <algorithm>
#include <set>

#include "logical/watermark_metadata.h"

namespace sluice::analyzer {

using logical::AttributeExpr;
using logical::Attributes;
using logical::ExprId;
using logical::ExprKind;
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

// The operator of a comparison with its operands so that the first is the lesser; empty if `expr` is no range.
struct Range {
  ExprPtr lesser, greater;
};
std::optional<Range> AsRange(const ExprPtr& expr) {
  const auto* call = expr->As<logical::ScalarCall>();
  if (!call || call->children.size() != 2) return std::nullopt;
  const std::string& name = call->binding->name;
  if (name == "<" || name == "<=") return Range{call->children[0], call->children[1]};
  if (name == ">" || name == ">=") return Range{call->children[1], call->children[0]};
  return std::nullopt;
}

// The event-time columns that an expression adds (sign > 0) or subtracts. A term is a column under additions,
// subtractions, negations and casts.
struct Term {
  const AttributeExpr* attribute;
  int sign;
};
void CollectTerms(const ExprPtr& expr, int sign, std::vector<Term>& out) {
  if (const auto* attribute = expr->As<AttributeExpr>()) {
    out.push_back({attribute, sign});
    return;
  }
  if (expr->kind == ExprKind::kCast) return CollectTerms(expr->children[0], sign, out);
  const auto* call = expr->As<logical::ScalarCall>();
  if (!call) return;
  const std::string& name = call->binding->name;
  if (call->children.size() == 2 && (name == "+" || name == "-")) {
    CollectTerms(call->children[0], sign, out);
    CollectTerms(call->children[1], name == "-" ? -sign : sign, out);
  } else if (call->children.size() == 1 && (name == "negative" || name == "-")) {
    CollectTerms(call->children[0], -sign, out);
  } else {
    for (const ExprPtr& child : call->children) CollectTerms(child, sign, out);
  }
}

// StreamingJoinHelper.getStateValueWatermark: rows of `kept` become useless as the watermark of `watched` rises.
bool HasStateWatermark(const Attributes& kept, const Attributes& watched, const ExprPtr& condition) {
  std::set<ExprId> kept_ids = Ids(kept), watched_ids = Ids(watched), all = kept_ids;
  all.insert(watched_ids.begin(), watched_ids.end());
  for (const ExprPtr& part : logical::SplitConjuncts(condition)) {
    std::optional<Range> range = AsRange(part);
    if (!range || !Within(part, all)) continue;
    std::vector<Term> terms;
    CollectTerms(range->greater, 1, terms);
    CollectTerms(range->lesser, -1, terms);
    bool bounded_below = false, by_watermark = false;
    for (const Term& term : terms) {
      if (kept_ids.count(term.attribute->id) && term.sign > 0) bounded_below = true;
      if (watched_ids.count(term.attribute->id) && term.sign < 0 && IsEventTime(*term.attribute)) by_watermark = true;
    }
    if (bounded_below && by_watermark && terms.size() == 2) return true;
  }
  return false;
}

bool WatermarkInKeys(const logical::Join& join) {
  std::set<ExprId> left = Ids(join.children[0]->output), right = Ids(join.children[1]->output);
  for (const ExprPtr& part : logical::SplitConjuncts(join.condition)) {
    const auto* call = part->As<logical::ScalarCall>();
    if (!call || call->children.size() != 2 || (call->binding->name != "=" && call->binding->name != "<=>")) continue;
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
  if (WatermarkInKeys(join)) return true;
  if (!join.condition) return false;
  const Attributes &left = join.children[0]->output, &right = join.children[1]->output;
  switch (join.type) {
    case JoinType::kLeftOuter:
    case JoinType::kLeftSemi:
      return HasStateWatermark(left, right, join.condition);
    case JoinType::kRightOuter:
      return HasStateWatermark(right, left, join.condition);
    case JoinType::kFullOuter:
      return HasStateWatermark(left, right, join.condition) && HasStateWatermark(right, left, join.condition);
    default:
      return true;
  }
}

}  // namespace sluice::analyzer
