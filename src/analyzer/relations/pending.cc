// Relations that are refused.
#include "analyzer/resolver.h"

namespace sluice::analyzer {

logical::PlanPtr Resolver::Node(const plan::NamedTable&) { throw base::Error::Unsupported("NamedTable"); }
logical::PlanPtr Resolver::Node(const plan::Join&) { throw base::Error::Unsupported("Join"); }
logical::PlanPtr Resolver::Node(const plan::SetOp&) { throw base::Error::Unsupported("SetOp"); }
logical::PlanPtr Resolver::Node(const plan::Deduplicate&) { throw base::Error::Unsupported("Deduplicate"); }
logical::PlanPtr Resolver::Node(const plan::Values&) { throw base::Error::Unsupported("Values"); }
logical::PlanPtr Resolver::Node(const plan::ToSchema&) { throw base::Error::Unsupported("ToSchema"); }
logical::PlanPtr Resolver::Node(const plan::Sample&) { throw base::Error::Unsupported("Sample"); }
logical::PlanPtr Resolver::Node(const plan::Repartition&) { throw base::Error::Unsupported("Repartition"); }
logical::PlanPtr Resolver::Node(const plan::RepartitionByExpression&) { throw base::Error::Unsupported("RepartitionByExpression"); }
logical::PlanPtr Resolver::Node(const plan::Hint&) { throw base::Error::Unsupported("Hint"); }
logical::PlanPtr Resolver::Node(const plan::FillNa&) { throw base::Error::Unsupported("FillNa"); }
logical::PlanPtr Resolver::Node(const plan::DropNa&) { throw base::Error::Unsupported("DropNa"); }
logical::PlanPtr Resolver::Node(const plan::ReplaceNa&) { throw base::Error::Unsupported("ReplaceNa"); }
logical::PlanPtr Resolver::Node(const plan::Describe&) { throw base::Error::Unsupported("Describe"); }
logical::PlanPtr Resolver::Node(const plan::Summary&) { throw base::Error::Unsupported("Summary"); }
logical::PlanPtr Resolver::Node(const plan::Unpivot&) { throw base::Error::Unsupported("Unpivot"); }
logical::PlanPtr Resolver::Node(const plan::WithWatermark&) { throw base::Error::Unsupported("WithWatermark"); }
logical::PlanPtr Resolver::Node(const plan::CollectMetrics&) { throw base::Error::Unsupported("CollectMetrics"); }
logical::PlanPtr Resolver::Node(const plan::MapPartitions&) { throw base::Error::Unsupported("MapPartitions"); }
logical::PlanPtr Resolver::Node(const plan::GroupMap&) { throw base::Error::Unsupported("GroupMap"); }
logical::PlanPtr Resolver::Node(const plan::CoGroupMap&) { throw base::Error::Unsupported("CoGroupMap"); }
logical::PlanPtr Resolver::Node(const plan::Parse&) { throw base::Error::Unsupported("Parse"); }
logical::PlanPtr Resolver::Node(const plan::SqlQuery&) { throw base::Error::Unsupported("SqlQuery"); }
logical::PlanPtr Resolver::Node(const plan::WithRelations&) { throw base::Error::Unsupported("WithRelations"); }
logical::PlanPtr Resolver::Node(const plan::CommonTableExpressions&) { throw base::Error::Unsupported("CommonTableExpressions"); }
logical::PlanPtr Resolver::Node(const plan::LateralView&) { throw base::Error::Unsupported("LateralView"); }
logical::PlanPtr Resolver::Node(const plan::TableValuedFunction&) { throw base::Error::Unsupported("TableValuedFunction"); }

}  // namespace sluice::analyzer
