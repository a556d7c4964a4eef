// Kernels put together from others.
#include "functions/kernels.h"

#include <arrow/scalar.h>

namespace sluice::functions {

logical::ScalarKernel WithDefaults(size_t parameters, std::vector<arrow::Datum> defaults,
                                   logical::ScalarKernel kernel) {
  return [parameters, defaults = std::move(defaults), kernel = std::move(kernel)](
             logical::EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows) {
    if (arguments.size() == parameters) return kernel(context, arguments, rows);
    std::vector<arrow::Datum> all = arguments;
    size_t missing = parameters - arguments.size();
    all.insert(all.end(), defaults.end() - static_cast<ptrdiff_t>(missing), defaults.end());
    return kernel(context, all, rows);
  };
}

arrow::Datum TextConstant(std::string_view text) {
  return arrow::Datum(std::make_shared<arrow::StringScalar>(std::string(text)));
}
arrow::Datum IntConstant(int32_t value) { return arrow::Datum(std::make_shared<arrow::Int32Scalar>(value)); }
arrow::Datum BoolConstant(bool value) { return arrow::Datum(std::make_shared<arrow::BooleanScalar>(value)); }

}  // namespace sluice::functions
