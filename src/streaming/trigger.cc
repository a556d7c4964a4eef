// Trigger intervals, and the triggers that are refused.
#include "streaming/trigger.h"

#include "base/error.h"
#include "streaming/batch_frame_sink.h"
#include "types/interval.h"

namespace sluice::streaming {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int64_t kMicrosPerDay = 86'400'000'000;

void CheckContinuous(const logical::PlanPtr& plan, const connectors::StreamSink& sink) {
  if (dynamic_cast<const BatchFrameSink*>(&sink)) {
    throw Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1195", {{"source", "foreachBatch"}});
  }
  logical::Visit(plan, [](const logical::PlanPtr& node) {
    const auto* scan = node->As<logical::StreamScan>();
    if (!scan) return;
    const auto* stream = dynamic_cast<const connectors::StreamDefinition*>(scan->stream.get());
    std::string name = stream ? stream->short_name() : "";
    if (name == "rate" || name == "kafka" || name == "socket") return;
    if (name == "rate-micro-batch") {
      throw Error(ErrorKind::kUnsupportedOperation, "_LEGACY_ERROR_TEMP_2253", {{"sourceName", name}});
    }
    throw Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3102",
                {{"msg", "Continuous processing does not support StreamingRelation operations."}})
        .WithPlan(scan->stream->Describe());
  });
  throw Error::Unsupported("The continuous trigger", "Use trigger(processingTime=…); micro-batches take milliseconds.");
}

}  // namespace

int64_t TriggerIntervalMillis(const plan::Trigger& trigger) {
  switch (trigger.kind) {
    case plan::TriggerKind::kProcessingTime:
    case plan::TriggerKind::kContinuous:
    case plan::TriggerKind::kRealTime:
      break;
    default:
      return 0;
  }
  types::Interval interval = types::ParseInterval(trigger.interval);
  if (interval.months != 0) {
    throw Error(ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_3262", {{"interval", trigger.interval}});
  }
  int64_t millis = (interval.days * kMicrosPerDay + interval.micros) / 1000;
  if (millis < 0 || interval.days * kMicrosPerDay + interval.micros < 0) {
    throw Error::Plain(ErrorKind::kIllegalArgument,
                       "requirement failed: the interval of trigger should not be negative");
  }
  return millis;
}

void CheckTrigger(const plan::Trigger& trigger, const logical::PlanPtr& plan, const connectors::StreamSink& sink) {
  TriggerIntervalMillis(trigger);
  if (trigger.kind == plan::TriggerKind::kContinuous) CheckContinuous(plan, sink);
  if (trigger.kind == plan::TriggerKind::kRealTime) {
    throw Error::Unsupported("The real-time trigger", "Use the default trigger; micro-batches take milliseconds.");
  }
}

}  // namespace sluice::streaming
