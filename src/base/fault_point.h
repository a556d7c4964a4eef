// Named places where a test can make the process die or an operation fail.
#pragma once

#include <string_view>

namespace sluice::base {

/// Marks a point between two durable steps. With SLUICE_FAULT="name[@n]=kill|error" in the environment the n-th
/// passage (default 1) kills the process with SIGKILL or throws. With SLUICE_FAULT_TRACE=<file> each passage appends
/// the name as a line to that file. Otherwise it costs a load.
void FaultPoint(std::string_view name);

}  // namespace sluice::base
