// Three-valued logic and selections over boolean values.
#pragma once

#include <arrow/array.h>
#include <arrow/datum.h>

#include <memory>

namespace sluice::exec {

/// SQL's AND / OR of two boolean values (Arrays or Scalars).
arrow::Datum KleeneAnd(const arrow::Datum& left, const arrow::Datum& right);
arrow::Datum KleeneOr(const arrow::Datum& left, const arrow::Datum& right);

/// The bits that are true and not null, as an array without nulls.
std::shared_ptr<arrow::BooleanArray> TrueMask(const arrow::Datum& condition, int64_t rows);
/// The bits that are null, as an array without nulls.
std::shared_ptr<arrow::BooleanArray> NullMask(const arrow::Datum& values, int64_t rows);
/// The numbers (int32) of the rows whose bit equals `wanted`; `mask` has no nulls.
std::shared_ptr<arrow::Array> SelectedRows(const arrow::BooleanArray& mask, bool wanted = true);

/// Where an array of `rows` positions is null except that row selection[i] has i.
std::shared_ptr<arrow::Array> ScatterIndices(const arrow::Array& selection, int64_t rows);

}  // namespace sluice::exec
