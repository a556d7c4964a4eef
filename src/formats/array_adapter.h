// Arrow arrays as files give them → arrays of the wanted Spark types.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "types/data_type.h"

namespace sluice::formats {

/// `array` with exactly ToArrow(`target`): struct fields are taken by name (missing ones are null, case counts only if
/// `case_sensitive`), numbers and times are converted where Spark's readers do so, names of list and map children are
/// replaced. Null if the types don't go together.
std::shared_ptr<arrow::Array> AdaptArray(const std::shared_ptr<arrow::Array>& array, const types::TypePtr& target,
                                         bool case_sensitive);

/// An array of nulls.
std::shared_ptr<arrow::Array> NullArray(const types::TypePtr& type, int64_t rows);

/// Whether AdaptArray can give `target` from a column of type `from`, by Spark's rules for Parquet.
bool CanAdapt(const arrow::DataType& from, const types::DataType& target);

}  // namespace sluice::formats
