// UnsafeRows made of fields of other UnsafeRows, byte by byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "types/data_type.h"

namespace sluice::state {

/// A field of some row.
struct RowField {
  std::string_view row;
  size_t fields = 0;  ///< of `row`
  size_t ordinal = 0;
  const types::DataType* type = nullptr;
};

/// Appends a row of these fields to `out`. Throws kIllegalState where a field leaves its row.
void AppendRowOf(const std::vector<RowField>& fields, std::string* out);

/// The bytes of a string or binary field, those of its word of another one; nullptr data if it is null.
std::string_view FieldBytes(std::string_view row, size_t fields, size_t ordinal, bool variable);

}  // namespace sluice::state
