// Finds equal keys as Spark's ExtractEquiJoinKeys does.
#include "exec/join_planning.h"

#include <unordered_set>

#include "exec/size_estimate.h"

namespace sluice::exec {
namespace {

using logical::ExprPtr;
using plan::JoinType;

bool OnlyFrom(const ExprPtr& expr, const std::unordered_set<logical::ExprId>& ids) {
  auto references = logical::References(expr);
  if (references.empty()) return false;
  for (const auto& attribute : references) {
    if (!ids.contains(attribute->id)) return false;
  }
  return true;
}

std::unordered_set<logical::ExprId> Ids(const logical::Attributes& output) {
  std::unordered_set<logical::ExprId> ids;
  for (const auto& attribute : output) ids.insert(attribute->id);
  return ids;
}

bool BuildLeft(const logical::Join& node) {
  if (node.type == JoinType::kRightOuter) return true;
  if (node.type != JoinType::kInner && node.type != JoinType::kCross) return false;
  bool left_streams = node.children[0]->is_streaming, right_streams = node.children[1]->is_streaming;
  if (left_streams != right_streams) return right_streams;
  return EstimateBytes(node.children[0]) < EstimateBytes(node.children[1]);
}

}  // namespace

JoinSpec PlanJoin(const logical::Join& node) {
  JoinSpec spec;
  spec.type = node.type;
  spec.build_left = BuildLeft(node);
  if (!node.condition) return spec;
  auto left = Ids(node.children[0]->output), right = Ids(node.children[1]->output);
  std::vector<ExprPtr> rest;
  for (const ExprPtr& conjunct : logical::SplitConjuncts(node.condition)) {
    auto* call = conjunct->As<logical::ScalarCall>();
    std::string name = call ? call->binding->name : "";
    if ((name == "=" || name == "==" || name == "<=>") && conjunct->Deterministic()) {
      const ExprPtr &a = conjunct->children[0], &b = conjunct->children[1];
      bool straight = OnlyFrom(a, left) && OnlyFrom(b, right);
      if (straight || (OnlyFrom(a, right) && OnlyFrom(b, left))) {
        spec.left_keys.push_back(straight ? a : b);
        spec.right_keys.push_back(straight ? b : a);
        spec.null_safe.push_back(name == "<=>");
        continue;
      }
    }
    rest.push_back(conjunct);
  }
  spec.residual = logical::JoinConjuncts(rest);
  return spec;
}

}  // namespace sluice::exec
