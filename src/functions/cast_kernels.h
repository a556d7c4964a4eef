// The families of cast kernels that MakeCastKernel chooses from.
#pragma once

#include <arrow/array/data.h>

#include <string>

#include "base/error.h"
#include "functions/cast.h"

namespace sluice::functions {

/// One cast to make a kernel for; `from` and `to` differ.
struct CastRule {
  types::TypePtr from;
  types::TypePtr to;
  logical::CastBehaviour behaviour;
  bool ansi() const { return behaviour == logical::CastBehaviour::kAnsi; }
  /// Bad values become null instead of raising.
  bool null_on_bad() const { return behaviour != logical::CastBehaviour::kAnsi; }
  /// Integer overflow wraps around.
  bool wraps() const { return behaviour == logical::CastBehaviour::kLegacy; }
};

/// Booleans, numbers and decimals among each other.
logical::ScalarKernel CastNumber(const CastRule& rule);
/// Numbers ↔ timestamps and ANSI intervals; dates, times and timestamps among each other.
logical::ScalarKernel CastDatetime(const CastRule& rule);
logical::ScalarKernel CastFromString(const CastRule& rule);
logical::ScalarKernel CastToString(const CastRule& rule);
/// Arrays, maps and structs.
logical::ScalarKernel CastNested(const CastRule& rule);

/// CAST_INVALID_INPUT for a text that is no `to`.
base::Error CastInvalidInput(std::string_view value, const types::DataType& from, const types::DataType& to);
/// CAST_OVERFLOW; `value` as an SQL literal.
base::Error CastOverflow(const std::string& value, const types::DataType& from, const types::DataType& to);
/// NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION
base::Error DecimalOverflow(const std::string& value, const types::DataType& to);

/// Numbers as SQL literals in messages: 3000000000L, 1.0E20D, 5Y.
std::string NumberSql(int64_t value, types::TypeId type);
std::string NumberSql(double value, types::TypeId type);

/// The same data with another type that differs only in field names and nullability.
std::shared_ptr<arrow::ArrayData> WithType(const std::shared_ptr<arrow::ArrayData>& data,
                                           const std::shared_ptr<arrow::DataType>& type);

}  // namespace sluice::functions
