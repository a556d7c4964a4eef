// Argument views and the array operations that kernels share.
#include "functions/columns.h"

#include <arrow/array/concatenate.h>
#include <arrow/compute/api.h>
#include <arrow/scalar.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>

#include "base/arrow_status.h"
#include "base/error.h"
#include "functions/cast_kernels.h"

namespace sluice::functions {

ColumnBase::ColumnBase(const arrow::Datum& datum) {
  if (datum.is_scalar()) {
    array_ = base::ValueOrThrow(arrow::MakeArrayFromScalar(*datum.scalar(), 1));
    stride_ = 0;
  } else {
    array_ = datum.make_array();
  }
  if (array_->null_count() > 0) validity_ = array_->null_bitmap_data();
  offset_ = array_->offset();
  if (array_->type_id() == arrow::Type::NA) {
    // A null array has no bitmap: an all-zero byte with no stride says "null" for every row.
    static const uint8_t kNone = 0;
    validity_ = &kNone;
    offset_ = 0;
    stride_ = 0;
  }
}

ColumnBase::ColumnBase(std::shared_ptr<arrow::Array> array) : ColumnBase(arrow::Datum(std::move(array))) {}

std::shared_ptr<arrow::Buffer> AndValidity(const std::vector<const ColumnBase*>& columns, int64_t rows) {
  std::shared_ptr<arrow::Buffer> out;
  for (const ColumnBase* column : columns) {
    if (!column->has_nulls()) continue;
    if (column->constant()) {
      if (rows > 0 && column->valid(0)) continue;
      return base::ValueOrThrow(arrow::AllocateEmptyBitmap(rows));
    }
    if (!out) {
      out = base::ValueOrThrow(
          arrow::internal::CopyBitmap(arrow::default_memory_pool(), column->validity(), column->offset(), rows));
    } else {
      arrow::internal::BitmapAnd(out->data(), 0, column->validity(), column->offset(), rows, 0, out->mutable_data());
    }
  }
  return out;
}

std::shared_ptr<arrow::Array> ToArray(const arrow::Datum& datum, int64_t rows) {
  if (datum.is_scalar()) return base::ValueOrThrow(arrow::MakeArrayFromScalar(*datum.scalar(), rows));
  return datum.make_array();
}

bool AllConstant(const std::vector<arrow::Datum>& arguments) {
  return std::all_of(arguments.begin(), arguments.end(), [](const arrow::Datum& datum) { return datum.is_scalar(); });
}

arrow::Datum AsScalar(const std::shared_ptr<arrow::Array>& one_row) {
  return base::ValueOrThrow(one_row->GetScalar(0));
}

std::shared_ptr<arrow::Array> NullArray(const std::shared_ptr<arrow::DataType>& type, int64_t rows) {
  return base::ValueOrThrow(arrow::MakeArrayOfNull(type, rows));
}

std::shared_ptr<arrow::Array> Concatenated(const arrow::ArrayVector& arrays) {
  if (arrays.size() == 1) return arrays[0];
  // Types may differ in the nullability of nested fields.
  arrow::ArrayVector same;
  for (const auto& array : arrays) same.push_back(arrow::MakeArray(WithType(array->data(), arrays[0]->type())));
  return base::ValueOrThrow(arrow::Concatenate(same));
}

std::shared_ptr<arrow::Array> TakeRows(const std::shared_ptr<arrow::Array>& values,
                                       const std::vector<int64_t>& indices) {
  arrow::Int64Builder builder;
  base::ThrowIfError(builder.Reserve(static_cast<int64_t>(indices.size())));
  for (int64_t index : indices) {
    if (index < 0) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(index);
    }
  }
  auto positions = base::ValueOrThrow(builder.Finish());
  arrow::compute::TakeOptions options = arrow::compute::TakeOptions::NoBoundsCheck();
  return base::ValueOrThrow(arrow::compute::Take(values, positions, options)).make_array();
}

}  // namespace sluice::functions
