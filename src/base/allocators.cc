// Settings of Arrow's memory pool and of glibc's malloc.
#include "base/allocators.h"

#include <malloc.h>

#include <cstdlib>

namespace sluice::base {
namespace {

// malloc itself raises the first up to 32 MB, and then keeps the holes that growing tables leave behind. The second is
// what stays for the next batch at the top of a heap; with less of it a stream asks the system for the same pages all
// the time.
constexpr int kLargeBlockBytes = 8 << 20, kKeptBytes = 16 << 20;

}  // namespace

void ConfigureAllocators() {
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", 0);
  if (!std::getenv("MALLOC_MMAP_THRESHOLD_")) mallopt(M_MMAP_THRESHOLD, kLargeBlockBytes);
  if (!std::getenv("MALLOC_TRIM_THRESHOLD_")) mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

void ReturnFreeMemory() { malloc_trim(0); }

}  // namespace sluice::base
