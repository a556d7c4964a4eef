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

// `name` is what Spark calls the interval when it complains.
int64_t IntervalMillis(const std::string& text, const char* name) {
  types::Interval interval = types::ParseInterval(text);
  if (interval.months != 0) throw Error(ErrorKind::kIllegalArgument, "_LEGACY_ERROR_TEMP_3262", {{"interval", text}});
  int64_t micros = interval.days * kMicrosPerDay + interval.micros;
  if (micros < 0) {
    throw Error::Plain(ErrorKind::kIllegalArgument,
                       std::string("requirement failed: the ") + name + " should not be negative");
  }
  return micros / 1000;
}

void CheckRealTime(const plan::Trigger& trigger, const base::SqlConf& conf) {
  int64_t millis = IntervalMillis(trigger.interval, "batch duration");
  int64_t least = conf.GetMillis("spark.sql.streaming.realTimeMode.minBatchDuration");
  if (millis >= least) return;
  throw Error(ErrorKind::kIllegalArgument, "INVALID_STREAMING_REAL_TIME_MODE_TRIGGER_INTERVAL",
              {{"interval", std::to_string(millis)}, {"minBatchDuration", std::to_string(least)}});
}

}  // namespace

int64_t TriggerIntervalMillis(const plan::Trigger& trigger) {
  bool has_interval =
      trigger.kind == plan::TriggerKind::kProcessingTime || trigger.kind == plan::TriggerKind::kContinuous;
  return has_interval ? IntervalMillis(trigger.interval, "interval of trigger") : 0;
}

void CheckTrigger(const plan::Trigger& trigger, const base::SqlConf& conf, const logical::PlanPtr& plan,
                  const connectors::StreamSink& sink) {
  TriggerIntervalMillis(trigger);
  if (trigger.kind == plan::TriggerKind::kContinuous) CheckContinuous(plan, sink);
  if (trigger.kind == plan::TriggerKind::kRealTime) CheckRealTime(trigger, conf);
}

}  // namespace sluice::streaming
