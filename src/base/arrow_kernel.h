// Arrow's compute functions by name.
#pragma once

#include <arrow/compute/api.h>

#include <string>
#include <vector>

namespace sluice::base {

/// arrow::compute::CallFunction, but also for functions of the kernel library, which has to be initialised before its
/// first use in a process.
arrow::Result<arrow::Datum> CallKernel(const std::string& name, const std::vector<arrow::Datum>& arguments,
                                       const arrow::compute::FunctionOptions* options = nullptr);

}  // namespace sluice::base
