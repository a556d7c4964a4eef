// transformWithState is refused.
#include "python/transform_with_state.h"

#include "base/error.h"

namespace sluice::python {

exec::OperatorPtr MakeTransformWithStateOperator(std::shared_ptr<WorkerPool>, std::vector<exec::OperatorPtr>,
                                                 const logical::TransformWithState&, const exec::StatefulOptions*) {
  throw base::Error::Unsupported("GroupedData.transformWithState");
}

}  // namespace sluice::python
