// width_bucket: the bucket of an equi-width histogram that a value falls into.
#include <algorithm>
#include <cmath>
#include <optional>

#include "functions/kernels.h"
#include "functions/signature.h"

namespace sluice::functions {

using types::Double;
using types::Long;
using types::TypeId;

namespace {

constexpr int64_t kTooManyBuckets = INT64_MAX;

std::optional<int64_t> BucketOf(double value, double first, double last, int64_t buckets) {
  if (buckets <= 0 || buckets == kTooManyBuckets || std::isnan(value) || first == last || !std::isfinite(first) ||
      !std::isfinite(last)) {
    return std::nullopt;
  }
  bool ascending = first < last;
  if (ascending ? value < first : value > first) return 0;
  if (ascending ? value >= last : value <= last) return buckets + 1;
  double into = static_cast<double>(buckets) * std::abs(value - first) / std::abs(last - first);
  return static_cast<int64_t>(into) + 1;
}

template <typename T>
logical::ScalarKernel BucketKernel() {
  return RowKernel<int64_t(T, T, T, int64_t)>(Long(), [](T value, T first, T last, int64_t buckets) {
    return BucketOf(static_cast<double>(value), static_cast<double>(first), static_cast<double>(last), buckets);
  });
}

logical::ScalarBindingPtr BindWidthBucket(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 4, 4);
  Expected bound = Double();
  logical::ScalarKernel kernel = BucketKernel<double>();
  if (arguments[0].type->Is(TypeId::kYearMonthInterval)) {
    bound = Expected::YearMonth();
    kernel = BucketKernel<int32_t>();
  } else if (arguments[0].type->Is(TypeId::kDayTimeInterval)) {
    bound = Expected::DayTime();
    kernel = BucketKernel<int64_t>();
  }
  auto types = Coerce(context, arguments, {bound, bound, bound, Long()});
  return NewBinding(context, arguments, Long(), types, kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, WidthBucket) {
  registry.Add({.name = "width_bucket",
                .usage = "The number of the bucket that a value falls into when a range is cut into equal buckets.",
                .example = "SELECT width_bucket(5.3, 0.2, 10.6, 5)",
                .since = "3.1.0",
                .bind = BindScalar(BindWidthBucket)});
}

}  // namespace sluice::functions
