// StreamingQueryProgress as JSON.
#include "streaming/progress.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "types/data_type.h"

namespace sluice::streaming {
namespace {

using Json = nlohmann::ordered_json;

// The order in which Spark's hash maps print these keys.
constexpr const char* kDurationOrder[] = {"triggerExecution", "queryPlanning", "getBatch", "commitOffsets",
                                          "latestOffset",     "addBatch",      "walCommit"};
constexpr const char* kEventTimeOrder[] = {"min", "avg", "watermark", "max"};

Json OrNull(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

// Listeners see an offset as the JSON it is.
Json AsJson(const std::optional<std::string>& offset) {
  if (!offset) return nullptr;
  Json parsed = Json::parse(*offset, nullptr, false);
  return parsed.is_discarded() ? Json(*offset) : parsed;
}

double Rounded(double value) { return std::floor(value * 10 + 0.5) / 10; }

Json Value(const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return nullptr;
  switch (scalar.type->id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanScalar&>(scalar).value;
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Scalar&>(scalar).value;
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Scalar&>(scalar).value;
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Scalar&>(scalar).value;
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Scalar&>(scalar).value;
    case arrow::Type::FLOAT:
      return static_cast<const arrow::FloatScalar&>(scalar).value;
    case arrow::Type::DOUBLE: {
      double value = static_cast<const arrow::DoubleScalar&>(scalar).value;
      if (std::isnan(value)) return "NaN";
      if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
      return value;
    }
    case arrow::Type::STRING:
      return std::string(static_cast<const arrow::StringScalar&>(scalar).view());
    case arrow::Type::TIMESTAMP: {
      int64_t micros = static_cast<const arrow::TimestampScalar&>(scalar).value;
      return micros >= 0 ? micros / 1000 : -((-micros + 999) / 1000);
    }
    case arrow::Type::DECIMAL128:
      return Json::parse(scalar.ToString(), nullptr, false);
    case arrow::Type::LIST: {
      Json list = Json::array();
      const auto& values = static_cast<const arrow::ListScalar&>(scalar).value;
      for (int64_t i = 0; i < values->length(); ++i) list.push_back(Value(*values->GetScalar(i).ValueOrDie()));
      return list;
    }
    case arrow::Type::STRUCT: {
      Json row = Json::object();
      const auto& group = static_cast<const arrow::StructScalar&>(scalar);
      for (size_t i = 0; i < group.value.size(); ++i) {
        row[group.type->field(static_cast<int>(i))->name()] = Value(*group.value[i]);
      }
      return row;
    }
    default:
      return scalar.ToString();
  }
}

std::shared_ptr<arrow::Scalar> FirstValue(const arrow::RecordBatch& row, int column) {
  if (row.num_rows() == 0) return arrow::MakeNullScalar(row.column(column)->type());
  return row.column(column)->GetScalar(0).ValueOrDie();
}

Json SourceMetrics(const SourceProgress& source) {
  Json out = Json::object();
  for (const auto& [name, value] : source.metrics) out[name] = value;
  return out;
}

Json OperatorJson(const exec::StateOperatorMetrics& metrics, bool always_custom) {
  Json out = {{"operatorName", metrics.operator_name},
              {"numRowsTotal", metrics.rows_total},
              {"numRowsUpdated", metrics.rows_updated},
              {"allUpdatesTimeMs", metrics.updates_ms},
              {"numRowsRemoved", metrics.rows_removed},
              {"allRemovalsTimeMs", metrics.removals_ms},
              {"commitTimeMs", metrics.commit_ms},
              {"memoryUsedBytes", metrics.memory_bytes},
              {"numRowsDroppedByWatermark", metrics.rows_dropped_by_watermark},
              {"numShufflePartitions", metrics.shuffle_partitions},
              {"numStateStoreInstances", metrics.store_instances}};
  if (always_custom || !metrics.custom.empty()) {
    Json custom = Json::object();
    for (const auto& [name, value] : metrics.custom) custom[name] = value;
    out["customMetrics"] = std::move(custom);
  }
  return out;
}

Json EventTimes(const std::map<std::string, int64_t>& times) {
  Json out = Json::object();
  for (const char* key : kEventTimeOrder) {
    if (auto found = times.find(key); found != times.end()) out[key] = FormatTimestamp(found->second);
  }
  return out;
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string FormatTimestamp(int64_t millis) {
  using namespace std::chrono;
  auto time = sys_time<milliseconds>(milliseconds(millis));
  auto day = floor<days>(time);
  year_month_day date(day);
  auto in_day = (time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), in_day / 3'600'000,
                     in_day / 60'000 % 60, in_day / 1000 % 60, in_day % 1000);
}

std::string QuoteJson(const std::string& text) { return Dump(Json(text)); }

std::string Progress::ToJson() const {
  Json durations = Json::object();
  for (const char* key : kDurationOrder) {
    if (auto found = durations_ms.find(key); found != durations_ms.end()) durations[key] = found->second;
  }
  Json operators = Json::array(), source_list = Json::array(), observed_rows = Json::object();
  for (const auto& metrics : state_operators) operators.push_back(OperatorJson(metrics, true));
  for (const SourceProgress& source : sources) {
    source_list.push_back({{"description", source.description},
                           {"startOffset", OrNull(source.start_offset)},
                           {"endOffset", OrNull(source.end_offset)},
                           {"latestOffset", OrNull(source.latest_offset)},
                           {"numInputRows", source.rows},
                           {"inputRowsPerSecond", source.input_rate},
                           {"processedRowsPerSecond", source.processed_rate},
                           {"metrics", SourceMetrics(source)}});
  }
  for (const auto& [metric, row] : observed) {
    Json values = Json::array();
    for (int c = 0; c < row->num_columns(); ++c) values.push_back(Value(*FirstValue(*row, c)));
    observed_rows[metric] = {{"values", std::move(values)},
                             {"schema", Json::parse(types::FromArrowSchema(*row->schema())->Json())}};
  }
  return Dump(
      {{"id", id},
       {"runId", run_id},
       {"name", name.empty() ? Json(nullptr) : Json(name)},
       {"timestamp", FormatTimestamp(timestamp_ms)},
       {"batchId", batch_id},
       {"batchDuration", duration_ms},
       {"durationMs", std::move(durations)},
       {"eventTime", EventTimes(event_time_ms)},
       {"stateOperators", std::move(operators)},
       {"sources", std::move(source_list)},
       {"sink", {{"description", sink_description}, {"numOutputRows", output_rows}, {"metrics", Json::object()}}},
       {"observedMetrics", std::move(observed_rows)}});
}

std::string Progress::ToListenerJson() const {
  int64_t rows = 0;
  double input_rate = 0, processed_rate = 0;
  Json operators = Json::array(), source_list = Json::array();
  for (const SourceProgress& source : sources) {
    rows += source.rows;
    input_rate += source.input_rate;
    processed_rate += source.processed_rate;
    Json one = {{"description", source.description},
                {"startOffset", AsJson(source.start_offset)},
                {"endOffset", AsJson(source.end_offset)},
                {"latestOffset", AsJson(source.latest_offset)},
                {"numInputRows", source.rows},
                {"inputRowsPerSecond", Rounded(source.input_rate)},
                {"processedRowsPerSecond", Rounded(source.processed_rate)}};
    if (!source.metrics.empty()) one["metrics"] = SourceMetrics(source);
    source_list.push_back(std::move(one));
  }
  for (const auto& metrics : state_operators) operators.push_back(OperatorJson(metrics, false));
  Json out = {{"id", id},
              {"runId", run_id},
              {"name", name.empty() ? Json(nullptr) : Json(name)},
              {"timestamp", FormatTimestamp(timestamp_ms)},
              {"batchId", batch_id},
              {"batchDuration", duration_ms},
              {"numInputRows", rows},
              {"inputRowsPerSecond", Rounded(input_rate)},
              {"processedRowsPerSecond", Rounded(processed_rate)},
              {"durationMs", durations_ms}};
  if (!event_time_ms.empty()) {
    Json times = Json::object();
    for (const auto& [key, millis] : event_time_ms) times[key] = FormatTimestamp(millis);
    out["eventTime"] = std::move(times);
  }
  out["stateOperators"] = std::move(operators);
  out["sources"] = std::move(source_list);
  out["sink"] = {{"description", sink_description}, {"numOutputRows", output_rows}};
  if (!observed.empty()) {
    Json metrics = Json::object();
    for (const auto& [metric, row] : observed) {
      Json values = Json::object();
      for (int c = 0; c < row->num_columns(); ++c)
        values[row->schema()->field(c)->name()] = Value(*FirstValue(*row, c));
      metrics[metric] = std::move(values);
    }
    out["observedMetrics"] = std::move(metrics);
  }
  return Dump(out);
}

}  // namespace sluice::streaming
