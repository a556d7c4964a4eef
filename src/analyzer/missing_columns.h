// Columns that an operator above a projection uses although the projection left them out (ORDER BY, WHERE).
#pragma once

#include <vector>

#include "analyzer/expression_resolver.h"

namespace sluice::analyzer {

/// Hooks a scope so that names missing in `child`'s output are looked for below its projections.
class MissingColumns {
 public:
  MissingColumns(const NameMatcher& names, Scope& scope);
  /// The scope's only input, with the columns that were asked for added to its output.
  logical::PlanPtr Extend() const;
  /// `plan` with the output that the input had before.
  logical::PlanPtr Restore(logical::PlanPtr plan) const;
  bool any() const { return !wanted_.empty(); }

 private:
  Scope& scope_;
  logical::Attributes original_;
  std::vector<logical::AttributePtr> wanted_;
};

/// `plan` with `attribute`, which something below it puts out, in its output; null if that would change its rows.
logical::PlanPtr AddOutput(const logical::PlanPtr& plan, const logical::AttributePtr& attribute);

}  // namespace sluice::analyzer
