// df.writeStream.start().
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

using Start = proto::WriteStreamOperationStart;

plan::Trigger ToTrigger(const Start& write) {
  switch (write.trigger_case()) {
    case Start::kProcessingTimeInterval:
      return {plan::TriggerKind::kProcessingTime, write.processing_time_interval()};
    case Start::kAvailableNow:
      return {plan::TriggerKind::kAvailableNow, ""};
    case Start::kOnce:
      return {plan::TriggerKind::kOnce, ""};
    case Start::kContinuousCheckpointInterval:
      return {plan::TriggerKind::kContinuous, write.continuous_checkpoint_interval()};
    case Start::kRealTimeBatchDuration:
      return {plan::TriggerKind::kRealTime, write.real_time_batch_duration()};
    case Start::TRIGGER_NOT_SET:
      break;
  }
  return {};
}

plan::PythonFunction ToPythonFunction(const proto::StreamingForeachFunction& function) {
  if (function.has_scala_function()) throw base::Error::Unsupported("A Scala function of foreach or foreachBatch");
  if (!function.has_python_function()) throw OneofNotSet(function, "function");
  return {function.python_function().command(), function.python_function().python_ver()};
}

}  // namespace

plan::Command::Node ToPlan(Translator& translator, const Start& write) {
  if (write.clustering_column_names_size() > 0) return plan::UnsupportedCommand{"DataStreamWriter.clusterBy"};
  plan::WriteStream out;
  out.input = translator.Relation(write.input());
  out.format = write.format();
  out.options = ToOptions(write.options());
  out.partition_by = ToVector(write.partitioning_column_names());
  out.output_mode = write.output_mode();
  out.query_name = write.query_name();
  out.trigger = ToTrigger(write);
  if (write.sink_destination_case() == Start::kPath) out.path = write.path();
  if (write.sink_destination_case() == Start::kTableName) out.table = ParseTableName(write.table_name());
  if (write.has_foreach_batch()) out.foreach_batch = ToPythonFunction(write.foreach_batch());
  if (write.has_foreach_writer()) out.foreach_writer = ToPythonFunction(write.foreach_writer());
  return out;
}

}  // namespace sluice::connect
