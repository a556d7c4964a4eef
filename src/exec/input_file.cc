// Keeps the current file of each thread.
#include "exec/input_file.h"

namespace sluice::exec {
namespace {
thread_local std::string current_file;
}  // namespace

const std::string& CurrentInputFile() { return current_file; }

void SetCurrentInputFile(const std::string& path) {
  if (current_file != path) current_file = path;
}

}  // namespace sluice::exec
