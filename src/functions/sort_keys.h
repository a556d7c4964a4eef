// Values of any type as byte strings whose order and equality are those of the values.
#pragma once

#include <arrow/array.h>

#include <memory>

#include "types/data_type.h"

namespace sluice::functions {

/// One binary a row: memcmp orders them as Spark orders the values (nulls first, NaN greatest, -0.0 equal to 0.0). The
/// result has no nulls: a null row has the least key.
std::shared_ptr<arrow::Array> SortKeys(const types::TypePtr& type, const std::shared_ptr<arrow::Array>& values);

}  // namespace sluice::functions
