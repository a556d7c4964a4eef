// Row counts of leaves times default sizes of types.
#include "exec/size_estimate.h"

namespace sluice::exec {
namespace {

constexpr double kUnknown = 9.2e18;  // spark.sql.defaultSizeInBytes

double DefaultSize(const types::DataType& type) {
  using types::TypeId;
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kBoolean:
    case TypeId::kByte:
      return 1;
    case TypeId::kShort:
      return 2;
    case TypeId::kInteger:
    case TypeId::kFloat:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval:
      return 4;
    case TypeId::kDecimal:
      return type.precision() <= 18 ? 8 : 16;
    case TypeId::kString:
      return 20;
    case TypeId::kChar:
    case TypeId::kVarchar:
      return type.length();
    case TypeId::kBinary:
      return 100;
    case TypeId::kCalendarInterval:
      return 16;
    case TypeId::kArray:
      return DefaultSize(*type.element());
    case TypeId::kMap:
      return DefaultSize(*type.key()) + DefaultSize(*type.value());
    case TypeId::kStruct: {
      double total = 0;
      for (const auto& field : type.fields()) total += DefaultSize(*field.type);
      return total;
    }
    case TypeId::kUdt:
      return DefaultSize(*type.sql_type());
    default:
      return 8;
  }
}

double RowSize(const logical::Attributes& output) {
  double total = 8;
  for (const auto& attribute : output) total += DefaultSize(*attribute->type);
  return total;
}

double BatchRows(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches) {
  double rows = 0;
  for (const auto& batch : batches) rows += static_cast<double>(batch->num_rows());
  return rows;
}

}  // namespace

double EstimateBytes(const logical::PlanPtr& plan) {
  using logical::PlanKind;
  double row = RowSize(plan->output);
  switch (plan->kind) {
    case PlanKind::kLocalData:
      return row * BatchRows(plan->As<logical::LocalData>()->batches);
    case PlanKind::kInMemory:
      return row * BatchRows(plan->As<logical::InMemory>()->source->Snapshot());
    case PlanKind::kRange: {
      auto* range = plan->As<logical::RangePlan>();
      double rows =
          (static_cast<double>(range->end) - static_cast<double>(range->start)) / static_cast<double>(range->step);
      return std::max(0.0, rows) * row;
    }
    case PlanKind::kScan:
    case PlanKind::kStreamScan:
      return kUnknown;
    case PlanKind::kLimit:
    case PlanKind::kTail:
      return std::max(1.0, static_cast<double>(plan->As<logical::LimitPlan>()->count)) * row;
    case PlanKind::kAggregate:
      if (plan->As<logical::Aggregate>()->grouping.empty()) return row;
      break;
    case PlanKind::kUnion: {
      double total = 0;
      for (const auto& child : plan->children) total += EstimateBytes(child);
      return total;
    }
    case PlanKind::kJoin: {
      auto type = plan->As<logical::Join>()->type;
      double left = EstimateBytes(plan->children[0]);
      if (type == plan::JoinType::kLeftSemi || type == plan::JoinType::kLeftAnti) return left;
      return left * EstimateBytes(plan->children[1]);
    }
    case PlanKind::kExpand:
      return EstimateBytes(plan->child()) * static_cast<double>(plan->As<logical::Expand>()->projections.size());
    default:
      break;
  }
  if (plan->children.empty()) return kUnknown;
  return EstimateBytes(plan->child()) * row / RowSize(plan->child()->output);
}

}  // namespace sluice::exec
