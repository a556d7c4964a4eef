// Refuses the stateful operators that the engine does not have.
#include "exec/stateful/planning.h"

#include "base/error.h"

namespace sluice::exec {

OperatorPtr MakeStreamingDeduplicate(OperatorPtr, const logical::Deduplicate&,
                                     const StatefulOptions&) {
  throw base::Error::Unsupported("Deduplication of a streaming DataFrame");
}

OperatorPtr MakeStreamingJoin(OperatorPtr, OperatorPtr, const logical::Join&,
                              const StatefulOptions&) {
  throw base::Error::Unsupported("Join of two streaming DataFrames");
}

}  // namespace sluice::exec
