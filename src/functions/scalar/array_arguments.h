// Coercion that array functions share.
#pragma once

#include "functions/list_picker.h"
#include "functions/signature.h"

namespace sluice::functions {

/// array<T> and a value of T: both brought to one element type. Throws ARRAY_FUNCTION_DIFF_TYPES,
/// UNEXPECTED_INPUT_TYPE, NULL_TYPE.
struct ArrayAndValue {
  types::TypePtr array;
  types::TypePtr value;
};
ArrayAndValue CoerceArrayAndValue(const BindContext& context, const Arguments& arguments, int array_at = 0,
                                  int value_at = 1);

/// Several arrays brought to one type; `sub` is the condition for types that differ. Throws BINARY_ARRAY_DIFF_TYPES.
types::TypePtr CoerceArrays(const BindContext& context, const Arguments& arguments);

/// The key of every element of a list column: equal keys, equal elements.
std::shared_ptr<arrow::Array> ElementKeys(const types::TypePtr& array, const ListColumn& lists);

}  // namespace sluice::functions
