// Chooses between queries and commands.
#include "server/run_plan.h"

#include "connect/invalid_plan.h"
#include "server/decode_plan.h"

namespace sluice::server {

void RunPlan(Execution& execution) {
  spark::connect::Plan storage;
  const spark::connect::Plan& plan = Decompress(execution.request().plan(), &storage);
  switch (plan.op_type_case()) {
    case spark::connect::Plan::kRoot:
      RunQuery(execution, plan.root());
      return;
    case spark::connect::Plan::kCommand:
      RunCommand(execution, plan.command());
      return;
    default:
      throw connect::OneofNotSet(plan, "op_type");
  }
}

}  // namespace sluice::server
