// Spark's xxHash64 of values, chained over columns as its Murmur3 is.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>

#include "types/data_type.h"

namespace sluice::functions {

inline constexpr int64_t kXxHash64Seed = 42;

/// Folds one more column into running hashes; null leaves them.
void XxHash64(const types::TypePtr& type, const std::shared_ptr<arrow::Array>& values, int64_t* hashes);

}  // namespace sluice::functions
