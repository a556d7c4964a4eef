// Hidden columns: bringing a table's metadata column up to where it is used, and leaving hidden ones out again.
#include <algorithm>

#include "analyzer/scope.h"
#include "connectors/spi/stream.h"

namespace sluice::analyzer {

using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprPtr;
using logical::PlanKind;
using logical::PlanPtr;

namespace {

AttributePtr MetadataAttribute(const types::TypePtr& columns, const std::string& name, const NameMatcher& matches) {
  for (const types::StructField& field : columns->fields()) {
    if (!matches(field.name, name)) continue;
    auto attribute = std::make_shared<AttributeExpr>(field.name, field.type, field.nullable, logical::NextExprId(),
                                                     std::vector<std::string>{}, field.metadata);
    attribute->hidden = true;
    return attribute;
  }
  return nullptr;
}

template <typename Node, typename Handle>
PlanPtr ExtendScan(const Node& scan, const std::shared_ptr<Handle>& handle, const types::TypePtr& columns,
                   const std::string& name, const NameMatcher& matches) {
  AttributePtr attribute = MetadataAttribute(columns, name, matches);
  if (!attribute) return nullptr;
  Attributes output = scan.output;
  output.push_back(attribute);
  std::vector<std::string> table_columns = scan.columns;
  table_columns.push_back(attribute->name);
  return std::make_shared<Node>(handle, std::move(output), std::move(table_columns), scan.pushed);
}

PlanPtr ExtendLeaf(const PlanPtr& plan, const std::string& name, const NameMatcher& matches) {
  if (const auto* scan = plan->As<logical::Scan>()) {
    auto table = std::dynamic_pointer_cast<connectors::BatchTable>(scan->table);
    return table ? ExtendScan(*scan, scan->table, table->metadata_columns(), name, matches) : nullptr;
  }
  if (const auto* scan = plan->As<logical::StreamScan>()) {
    auto stream = std::dynamic_pointer_cast<connectors::StreamDefinition>(scan->stream);
    return stream ? ExtendScan(*scan, scan->stream, stream->metadata_columns(), name, matches) : nullptr;
  }
  return nullptr;
}

bool PassesHiddenColumns(const logical::Plan& plan) {
  switch (plan.kind) {
    case PlanKind::kFilter:
    case PlanKind::kSort:
    case PlanKind::kLimit:
    case PlanKind::kOffset:
    case PlanKind::kTail:
    case PlanKind::kDeduplicate:
    case PlanKind::kSample:
    case PlanKind::kRepartition:
    case PlanKind::kGenerate:
    case PlanKind::kWindow:
    case PlanKind::kWatermark:
    case PlanKind::kCollectMetrics:
    case PlanKind::kProject:
      return true;
    case PlanKind::kJoin: {
      auto type = plan.As<logical::Join>()->type;
      return type != plan::JoinType::kLeftSemi && type != plan::JoinType::kLeftAnti;
    }
    default:
      return false;
  }
}

const AttributePtr& LastHidden(const Attributes& output) {
  return *std::find_if(output.rbegin(), output.rend(), [](const AttributePtr& a) { return a->hidden; });
}

}  // namespace

PlanPtr AddMetadataColumn(const PlanPtr& plan, const std::string& name, const NameMatcher& matches, PlanIds& ids) {
  PlanPtr extended;
  if (plan->children.empty()) {
    extended = ExtendLeaf(plan, name, matches);
  } else if (PassesHiddenColumns(*plan)) {
    std::vector<PlanPtr> children = plan->children;
    for (PlanPtr& child : children) {
      PlanPtr with = AddMetadataColumn(child, name, matches, ids);
      if (!with) continue;
      AttributePtr column = LastHidden(with->output);
      child = with;
      if (const auto* project = plan->As<logical::Project>()) {
        std::vector<ExprPtr> expressions = project->expressions;
        expressions.push_back(column);
        extended = std::make_shared<logical::Project>(with, std::move(expressions));
      } else {
        extended = plan->WithChildren(std::move(children));
      }
      break;
    }
  }
  if (extended) ids.Inherit(plan.get(), extended);
  return extended;
}

PlanPtr StripHidden(const PlanPtr& plan) {
  bool any = std::any_of(plan->output.begin(), plan->output.end(), [](const AttributePtr& a) { return a->hidden; });
  if (!any) return plan;
  std::vector<ExprPtr> visible;
  for (const AttributePtr& attribute : plan->output) {
    if (!attribute->hidden) visible.push_back(attribute);
  }
  return std::make_shared<logical::Project>(plan, std::move(visible));
}

}  // namespace sluice::analyzer
