// Which window a timestamp belongs to.
#include "functions/time_window.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/bitmap_ops.h>

#include "base/arrow_status.h"

namespace sluice::functions {

using arrow::Datum;
using logical::EvalContext;

namespace {

std::shared_ptr<arrow::Array> AsArray(const Datum& datum, int64_t rows) {
  if (datum.is_array()) return datum.make_array();
  return base::ValueOrThrow(arrow::MakeArrayFromScalar(*datum.scalar(), rows));
}

// Two timestamp columns: where each row's window starts and ends.
std::shared_ptr<arrow::Array> Windows(const std::shared_ptr<arrow::Array>& times, const WindowLengths& lengths,
                                      int64_t index, const std::shared_ptr<arrow::DataType>& type) {
  int64_t rows = times->length();
  auto starts = base::ValueOrThrow(arrow::AllocateBuffer(rows * sizeof(int64_t)));
  auto ends = base::ValueOrThrow(arrow::AllocateBuffer(rows * sizeof(int64_t)));
  auto* start_values = starts->mutable_data_as<int64_t>();
  auto* end_values = ends->mutable_data_as<int64_t>();
  const int64_t* values = times->data()->GetValues<int64_t>(1);
  int64_t back = index * lengths.slide;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t remainder = (values[row] - lengths.start) % lengths.slide;
    int64_t last_start = values[row] - (remainder < 0 ? remainder + lengths.slide : remainder);
    start_values[row] = last_start - back;
    end_values[row] = last_start - back + lengths.duration;
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (times->null_count() > 0) {
    validity = base::ValueOrThrow(
        arrow::internal::CopyBitmap(arrow::default_memory_pool(), times->null_bitmap_data(), times->offset(), rows));
  }
  auto column = [&](std::unique_ptr<arrow::Buffer> data) {
    return arrow::MakeArray(arrow::ArrayData::Make(
        times->type(), rows, {validity, std::shared_ptr<arrow::Buffer>(std::move(data))}, times->null_count()));
  };
  return std::make_shared<arrow::StructArray>(type, rows,
                                              arrow::ArrayVector{column(std::move(starts)), column(std::move(ends))});
}

struct WindowKernel {
  TimeWindow window;
  std::shared_ptr<arrow::DataType> type;

  Datum operator()(EvalContext&, const std::vector<Datum>& arguments, int64_t rows) const {
    return Windows(AsArray(arguments[0], rows), window.lengths, window.index, type);
  }
};

}  // namespace

logical::ScalarBindingPtr BindTimeWindow(const types::TypePtr& time_type, const WindowLengths& lengths, int64_t index) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "window_" + std::to_string(lengths.duration) + "_" + std::to_string(lengths.slide) + "_" +
                  std::to_string(lengths.start) + "_" + std::to_string(index);
  binding->type = types::Struct({{"start", time_type}, {"end", time_type}});
  binding->nullable = false;
  binding->can_fail = false;
  binding->argument_types = {time_type};
  binding->kernel = WindowKernel{{lengths, index}, types::ToArrow(binding->type)};
  return binding;
}

std::optional<TimeWindow> AsTimeWindow(const logical::ScalarBinding& binding) {
  const auto* kernel = binding.kernel.target<WindowKernel>();
  return kernel ? std::optional(kernel->window) : std::nullopt;
}

logical::ScalarBindingPtr BindSessionWindow(const types::TypePtr& time_type) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "session_window_of";
  binding->type = types::Struct({{"start", time_type}, {"end", time_type}});
  binding->nullable = false;
  binding->can_fail = false;
  binding->argument_types = {time_type, time_type};
  auto arrow_type = types::ToArrow(binding->type);
  binding->kernel = [arrow_type](EvalContext&, const std::vector<Datum>& arguments, int64_t rows) -> Datum {
    return std::make_shared<arrow::StructArray>(
        arrow_type, rows, arrow::ArrayVector{AsArray(arguments[0], rows), AsArray(arguments[1], rows)});
  };
  return binding;
}

logical::ScalarBindingPtr BindWindowTime(const types::TypePtr& window_type, bool nullable) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  int end = *window_type->FieldIndex("end", true);
  binding->name = "window_time";
  binding->type = window_type->fields()[end].type;
  binding->nullable = nullable || window_type->fields()[end].nullable;
  binding->can_fail = false;
  binding->argument_types = {window_type};
  binding->kernel = [end](EvalContext&, const std::vector<Datum>& arguments, int64_t rows) -> Datum {
    auto windows = std::static_pointer_cast<arrow::StructArray>(AsArray(arguments[0], rows));
    auto ends = base::ValueOrThrow(windows->GetFlattenedField(end));
    auto values = base::ValueOrThrow(arrow::AllocateBuffer(rows * sizeof(int64_t)));
    auto* out = values->mutable_data_as<int64_t>();
    const int64_t* in = ends->data()->GetValues<int64_t>(1);
    for (int64_t row = 0; row < rows; ++row) out[row] = in[row] - 1;
    std::shared_ptr<arrow::Buffer> validity;
    if (ends->null_count() > 0) {
      validity = base::ValueOrThrow(
          arrow::internal::CopyBitmap(arrow::default_memory_pool(), ends->null_bitmap_data(), ends->offset(), rows));
    }
    return arrow::MakeArray(arrow::ArrayData::Make(
        ends->type(), rows, {validity, std::shared_ptr<arrow::Buffer>(std::move(values))}, ends->null_count()));
  };
  return binding;
}

}  // namespace sluice::functions
