// The part of a query's filters that file readers understand.
#pragma once

#include <vector>

#include "formats/source_filter.h"
#include "logical/expression.h"

namespace sluice::connectors {

/// Filters that are implied by the conjuncts, on top-level columns by name (Spark's
/// DataSourceStrategy.translateFilter).
std::vector<formats::SourceFilter> TranslateFilters(const std::vector<logical::ExprPtr>& conjuncts);

}  // namespace sluice::connectors
