// Turns Arrow's Status into the engine's exception.
#include "base/arrow_status.h"

#include "base/error.h"

namespace sluice::base {

void ThrowArrowError(const arrow::Status& status) {
  if (status.IsIOError()) {
    throw Error::Plain(ErrorKind::kSpark, status.message()).WithDomain(ErrorDomain::kExternal, true);
  }
  if (status.IsOutOfMemory()) {
    throw Error::Plain(ErrorKind::kSpark, "Out of memory: " + status.message())
        .WithDomain(ErrorDomain::kInternal, false);
  }
  throw Error::Internal(status.ToString());
}

}  // namespace sluice::base
