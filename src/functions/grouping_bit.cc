// Kernel of grouping().
#include "functions/grouping_bit.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include "base/arrow_status.h"

namespace sluice::functions {

logical::ScalarBindingPtr BindGroupingBit(int bit) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "grouping_bit_" + std::to_string(bit);
  binding->type = types::Byte();
  binding->nullable = false;
  binding->can_fail = false;
  binding->argument_types = {types::Long()};
  binding->kernel = [bit](logical::EvalContext&, const std::vector<arrow::Datum>& arguments,
                          int64_t rows) -> arrow::Datum {
    if (arguments[0].is_scalar()) {
      int64_t id = static_cast<const arrow::Int64Scalar&>(*arguments[0].scalar()).value;
      return std::make_shared<arrow::Int8Scalar>(static_cast<int8_t>((id >> bit) & 1));
    }
    auto ids = std::static_pointer_cast<arrow::Int64Array>(arguments[0].make_array());
    arrow::Int8Builder out;
    base::ThrowIfError(out.Reserve(rows));
    for (int64_t row = 0; row < rows; ++row) out.UnsafeAppend(static_cast<int8_t>((ids->Value(row) >> bit) & 1));
    return base::ValueOrThrow(out.Finish());
  };
  return binding;
}

}  // namespace sluice::functions
