// Rows as pickle frames, as pyspark.worker's row functions (foreach) read them.
#pragma once

#include <arrow/record_batch.h>

#include <string>

#include "types/data_type.h"

namespace sluice::python {

/// A pickle (protocol 2) of a list of pyspark.sql.Row, one for each row in [begin, end) of `batch`. Dates and instants
/// travel as Spark's internal numbers and become datetimes in the worker (its time zone is TZ). Throws Unsupported for
/// types without a Python form.
std::string PickleRows(const arrow::RecordBatch& batch, const types::TypePtr& schema, int64_t begin, int64_t end);
/// The same of a single row of columns: a pickle of one Row.
std::string PickleRow(const arrow::ArrayVector& columns, const types::DataType& schema, int64_t row);

}  // namespace sluice::python
