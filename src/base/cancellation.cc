// Throws the error of a cancelled operation.
#include "base/cancellation.h"

#include "base/error.h"

namespace sluice::base {

void CancellationToken::Check() const {
  if (cancelled()) throw Error(ErrorKind::kSpark, "OPERATION_CANCELED", {});
}

}  // namespace sluice::base
