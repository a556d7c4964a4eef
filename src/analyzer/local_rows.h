// Rows that came with a plan, in the engine's own Arrow types.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <memory>
#include <vector>

#include "types/data_type.h"

namespace sluice::analyzer {

struct LocalRows {
  types::TypePtr schema;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
};

/// The table as batches whose columns have ToArrow types; throws UNSUPPORTED_ARROWTYPE.
LocalRows ReadLocalRows(const arrow::Table& table);

}  // namespace sluice::analyzer
