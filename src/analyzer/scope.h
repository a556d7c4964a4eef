// What names an expression of one operator can use.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/names.h"
#include "logical/plan.h"

namespace sluice::analyzer {

/// Which client plan ids a resolved node stands for (Spark's LogicalPlan.PLAN_ID_TAG).
class PlanIds {
 public:
  void Tag(const logical::PlanPtr& plan, int64_t id);
  bool Has(const logical::Plan* plan, int64_t id) const;
  /// `copy` is a rebuilt form of `original`.
  void Inherit(const logical::Plan* original, const logical::PlanPtr& copy);

 private:
  std::unordered_map<const logical::Plan*, std::vector<int64_t>> ids_;
  std::vector<logical::PlanPtr> kept_;  // tagged nodes stay alive, so that an address means one node
};

/// A name as found: the attribute, and the parts that are fields inside it.
struct FoundName {
  logical::ExprPtr attribute;
  std::vector<std::string> fields;
};

struct Scope {
  /// The operator's children; rebuilt in place when a metadata column is asked for.
  std::vector<logical::PlanPtr> inputs;
  /// Items of the same select list that are resolved already; null where aliases of the list don't count.
  const std::vector<logical::ExprPtr>* lateral = nullptr;
  /// Asked before a name is given up: columns below a projection, an aggregate's input.
  std::function<std::optional<FoundName>(const std::vector<std::string>& name)> fallback;
  /// Gives a column that a plan id found but that is not in the inputs' output; false = cannot be brought in.
  std::function<bool(const logical::AttributePtr&)> missing;
  /// For conditions over an aggregation: its input, whose names come first inside aggregate functions and last outside.
  logical::PlanPtr aggregated;
  bool in_aggregate = false;
  /// The query around a subquery.
  Scope* outer = nullptr;

  /// All attributes of the inputs, hidden ones too.
  logical::Attributes Output() const;
  logical::Attributes VisibleOutput() const;
};

/// AttributeSeq.resolve: finds a.b.c among attributes by qualifier and name. Throws AMBIGUOUS_REFERENCE.
std::optional<FoundName> FindAttribute(const std::vector<std::string>& name, const logical::Attributes& attributes,
                                       const NameMatcher& matches);
/// Finds among the visible attributes, then the hidden ones.
std::optional<FoundName> FindVisibleFirst(const std::vector<std::string>& name, const logical::Attributes& attributes,
                                          const NameMatcher& matches);

/// Adds a metadata column (`_metadata`) of a table below to the output of `plan`; null if there is none of that name.
logical::PlanPtr AddMetadataColumn(const logical::PlanPtr& plan, const std::string& name, const NameMatcher& matches,
                                   PlanIds& ids);
/// The plan without hidden attributes in its output.
logical::PlanPtr StripHidden(const logical::PlanPtr& plan);

/// A copy of `plan` whose attributes all have new ids (self-joins).
logical::PlanPtr WithFreshIds(const logical::PlanPtr& plan, PlanIds& ids);

}  // namespace sluice::analyzer
