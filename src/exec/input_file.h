// The file that the current thread's pipeline is reading, for input_file_name().
#pragma once

#include <string>

namespace sluice::exec {

/// Set by a scan before it gives a batch, read by expressions above it: a pipeline pulls a batch through on one thread.
/// Spark's InputFileBlockHolder works the same way.
const std::string& CurrentInputFile();
void SetCurrentInputFile(const std::string& path);

}  // namespace sluice::exec
