// Initialises Arrow's kernel library once, at the first call.
#include "base/arrow_kernel.h"

#include <arrow/compute/initialize.h>

namespace sluice::base {

arrow::Result<arrow::Datum> CallKernel(const std::string& name, const std::vector<arrow::Datum>& arguments,
                                       const arrow::compute::FunctionOptions* options) {
  static const arrow::Status initialized = arrow::compute::Initialize();
  ARROW_RETURN_NOT_OK(initialized);
  return arrow::compute::CallFunction(name, arguments, options);
}

}  // namespace sluice::base
