// Skips row groups by their statistics.
#include <arrow/compute/api.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include "base/arrow_kernel.h"
#include "formats/parquet/parquet_reader.h"

namespace sluice::formats {
namespace {

// a < b; nothing if they can't be compared.
std::optional<bool> Less(const std::shared_ptr<arrow::Scalar>& a, const std::shared_ptr<arrow::Scalar>& b) {
  auto result = base::CallKernel("less", {arrow::Datum(a), arrow::Datum(b)});
  if (!result.ok() || !result->scalar()->is_valid) return std::nullopt;
  return static_cast<const arrow::BooleanScalar&>(*result->scalar()).value;
}

// A bound of the statistics in the type of the filter's values; null if that would change its meaning.
std::shared_ptr<arrow::Scalar> Comparable(const std::shared_ptr<arrow::Scalar>& bound,
                                          const std::shared_ptr<arrow::DataType>& type) {
  if (bound->type->Equals(*type)) return bound;
  bool integers = arrow::is_integer(bound->type->id()) && arrow::is_integer(type->id());
  bool strings = arrow::is_base_binary_like(bound->type->id()) && arrow::is_base_binary_like(type->id());
  if (!integers && !strings) return nullptr;
  auto cast = bound->CastTo(type);
  return cast.ok() ? *cast : nullptr;
}

struct Bounds {
  std::shared_ptr<arrow::Scalar> min, max;

  // Whether a value may lie between the bounds.
  bool MayHold(const std::shared_ptr<arrow::Scalar>& value) const {
    return !Less(value, min).value_or(false) && !Less(max, value).value_or(false);
  }
};

bool MayMatchBounds(const Bounds& bounds, const SourceFilter& filter) {
  for (const types::Literal& value : filter.values) {
    if (value.is_null()) continue;  // equals nothing
    auto min = Comparable(bounds.min, value.value->type);
    auto max = Comparable(bounds.max, value.value->type);
    if (!min || !max) return true;
    Bounds comparable{min, max};
    bool may = true;
    switch (filter.op) {
      case SourceFilter::Op::kLess:
        may = Less(min, value.value).value_or(true);
        break;
      case SourceFilter::Op::kLessEqual:
        may = !Less(value.value, min).value_or(false);
        break;
      case SourceFilter::Op::kGreater:
        may = Less(value.value, max).value_or(true);
        break;
      case SourceFilter::Op::kGreaterEqual:
        may = !Less(max, value.value).value_or(false);
        break;
      default:
        may = comparable.MayHold(value.value);
    }
    if (may) return true;
  }
  return filter.values.empty();
}

}  // namespace

bool MayMatch(const parquet::RowGroupMetaData& row_group, int column, const SourceFilter& filter,
              const types::DataType& type) {
  auto chunk = row_group.ColumnChunk(column);
  auto statistics = chunk->statistics();
  if (!statistics) return true;
  using Op = SourceFilter::Op;
  if (statistics->HasNullCount()) {
    if (filter.op == Op::kIsNull) return statistics->null_count() > 0;
    if (statistics->null_count() == row_group.num_rows()) return false;
  }
  switch (filter.op) {
    case Op::kEqual:
    case Op::kNullSafeEqual:
    case Op::kIn:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      break;
    default:
      return true;
  }
  if (!statistics->HasMinMax()) return true;
  // NaN is greater than all numbers in Spark, and statistics leave it out.
  if (type.Is(types::TypeId::kFloat) || type.Is(types::TypeId::kDouble)) {
    if (filter.op == Op::kGreater || filter.op == Op::kGreaterEqual) return true;
  }
  Bounds bounds;
  if (!parquet::arrow::StatisticsAsScalars(*statistics, &bounds.min, &bounds.max).ok()) return true;
  return MayMatchBounds(bounds, filter);
}

}  // namespace sluice::formats
