// Three-valued logic by Arrow's Kleene kernels; masks by bitmap operations.
#include "exec/boolean_logic.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>
#include <arrow/util/bit_run_reader.h>
#include <arrow/util/bitmap_ops.h>

#include "base/arrow_kernel.h"
#include "base/arrow_status.h"

namespace sluice::exec {
namespace {

std::shared_ptr<arrow::BooleanArray> Constant(bool value, int64_t rows) {
  auto buffer = base::ValueOrThrow(arrow::AllocateBitmap(rows));
  std::memset(buffer->mutable_data(), value ? 0xff : 0, buffer->size());
  return std::make_shared<arrow::BooleanArray>(rows, std::move(buffer));
}

// Shares the bits of `buffer` from `offset` where they start at a byte.
std::shared_ptr<arrow::BooleanArray> Bits(const std::shared_ptr<arrow::Buffer>& buffer, int64_t offset, int64_t rows) {
  return std::make_shared<arrow::BooleanArray>(rows, buffer, nullptr, 0, offset);
}

}  // namespace

arrow::Datum KleeneAnd(const arrow::Datum& left, const arrow::Datum& right) {
  return base::ValueOrThrow(base::CallKernel("and_kleene", {left, right}));
}

arrow::Datum KleeneOr(const arrow::Datum& left, const arrow::Datum& right) {
  return base::ValueOrThrow(base::CallKernel("or_kleene", {left, right}));
}

std::shared_ptr<arrow::BooleanArray> TrueMask(const arrow::Datum& condition, int64_t rows) {
  if (condition.is_scalar()) {
    const auto& scalar = *condition.scalar();
    bool value = scalar.is_valid && scalar.type->id() == arrow::Type::BOOL &&
                 static_cast<const arrow::BooleanScalar&>(scalar).value;
    return Constant(value, rows);
  }
  const arrow::ArrayData& data = *condition.array();
  if (data.type->id() == arrow::Type::NA) return Constant(false, rows);
  if (data.GetNullCount() == 0) return Bits(data.buffers[1], data.offset, rows);
  auto bits =
      base::ValueOrThrow(arrow::internal::BitmapAnd(arrow::default_memory_pool(), data.buffers[0]->data(), data.offset,
                                                    data.buffers[1]->data(), data.offset, rows, 0));
  return Bits(bits, 0, rows);
}

std::shared_ptr<arrow::BooleanArray> NullMask(const arrow::Datum& values, int64_t rows) {
  if (values.is_scalar()) return Constant(!values.scalar()->is_valid, rows);
  const arrow::ArrayData& data = *values.array();
  if (data.type->id() == arrow::Type::NA) return Constant(true, rows);
  if (data.GetNullCount() == 0) return Constant(false, rows);
  auto bits = base::ValueOrThrow(
      arrow::internal::InvertBitmap(arrow::default_memory_pool(), data.buffers[0]->data(), data.offset, rows));
  return Bits(bits, 0, rows);
}

std::shared_ptr<arrow::Array> SelectedRows(const arrow::BooleanArray& mask, bool wanted) {
  int64_t rows = mask.length();
  int64_t count = wanted ? mask.true_count() : rows - mask.true_count();
  auto buffer = base::ValueOrThrow(arrow::AllocateBuffer(count * sizeof(int32_t)));
  auto* out = reinterpret_cast<int32_t*>(buffer->mutable_data());
  if (wanted) {
    arrow::internal::VisitSetBitRunsVoid(mask.values(), mask.offset(), rows, [&](int64_t position, int64_t length) {
      for (int64_t i = 0; i < length; ++i) *out++ = static_cast<int32_t>(position + i);
    });
  } else {
    int64_t next = 0;
    auto fill = [&](int64_t end) {
      for (; next < end; ++next) *out++ = static_cast<int32_t>(next);
    };
    arrow::internal::VisitSetBitRunsVoid(mask.values(), mask.offset(), rows, [&](int64_t position, int64_t length) {
      fill(position);
      next = position + length;
    });
    fill(rows);
  }
  return std::make_shared<arrow::Int32Array>(count, std::shared_ptr<arrow::Buffer>(std::move(buffer)));
}

std::shared_ptr<arrow::Array> ScatterIndices(const arrow::Array& selection, int64_t rows) {
  auto values = base::ValueOrThrow(arrow::AllocateBuffer(rows * sizeof(int32_t)));
  auto valid = base::ValueOrThrow(arrow::AllocateEmptyBitmap(rows));
  auto* out = reinterpret_cast<int32_t*>(values->mutable_data());
  std::memset(out, 0, rows * sizeof(int32_t));
  const int32_t* selected = static_cast<const arrow::Int32Array&>(selection).raw_values();
  for (int64_t i = 0; i < selection.length(); ++i) {
    out[selected[i]] = static_cast<int32_t>(i);
    arrow::bit_util::SetBit(valid->mutable_data(), selected[i]);
  }
  return std::make_shared<arrow::Int32Array>(rows, std::shared_ptr<arrow::Buffer>(std::move(values)), valid,
                                             rows - selection.length());
}

}  // namespace sluice::exec
