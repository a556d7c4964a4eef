// Commands that define something for the session: views, functions, checkpoints.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {

plan::Command::Node ToPlan(Translator& translator, const proto::CreateDataFrameViewCommand& view) {
  plan::CreateView out;
  out.input = translator.Relation(view.input());
  try {
    out.name = ParseTableName(view.name());
  } catch (const base::Error&) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1321", {{"viewName", view.name()}});
  }
  out.is_global = view.is_global();
  out.replace = view.replace();
  return out;
}

plan::Command::Node ToPlan(Translator& translator, const proto::CommonInlineUserDefinedFunction& function) {
  return plan::RegisterFunction{function.function_name(), translator.Function(function)};
}

plan::Command::Node ToPlan(Translator& translator, const proto::CheckpointCommand& checkpoint) {
  return plan::Checkpoint{translator.Relation(checkpoint.relation()), checkpoint.local(), checkpoint.eager()};
}

}  // namespace sluice::connect
