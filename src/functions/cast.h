// CAST between all types with Spark's rules.
#pragma once

#include "logical/binding.h"
#include "logical/expression.h"

namespace sluice::functions {

/// True if Spark allows the cast under that behaviour (Cast.canAnsiCast / canCast / canTryCast).
bool CanCast(const types::DataType& from, const types::DataType& to, logical::CastBehaviour behaviour);
/// True if an implicit (ANSI) coercion from → to is allowed.
bool CanUpCast(const types::DataType& from, const types::DataType& to);

/// True if a value may be stored as the other type without being asked to (Cast.canANSIStoreAssign).
bool CanStoreAssign(const types::DataType& from, const types::DataType& to);

/// Makes the kernel of a cast; it takes one argument. kAnsi throws CAST_INVALID_INPUT, CAST_OVERFLOW,
/// NUMERIC_VALUE_OUT_OF_RANGE …; kTry gives null instead.
logical::ScalarKernel MakeCastKernel(const types::TypePtr& from, const types::TypePtr& to,
                                     logical::CastBehaviour behaviour);

/// The text of every value as Dataset.show prints it: NULL for null, {a, b}, [1, 2], {k -> v}, timestamps in the
/// session zone. The result has no nulls.
std::shared_ptr<arrow::Array> ToDisplayStrings(logical::EvalContext& context, const types::TypePtr& type,
                                               const std::shared_ptr<arrow::Array>& values);

}  // namespace sluice::functions
