// What a trigger did: the numbers behind StreamingQueryProgress and its two JSON forms.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exec/operator.h"
#include "exec/stateful/state_context.h"

namespace sluice::streaming {

struct SourceProgress {
  std::string description;
  std::optional<std::string> start_offset, end_offset, latest_offset;
  int64_t rows = 0;
  double input_rate = 0, processed_rate = 0;
  std::vector<std::pair<std::string, std::string>> metrics;
};

struct Progress {
  std::string id, run_id, name;  ///< name empty = null
  int64_t timestamp_ms = 0;
  int64_t batch_id = 0;
  int64_t duration_ms = 0;
  std::map<std::string, int64_t> durations_ms;
  std::map<std::string, int64_t> event_time_ms;  ///< min, avg, max, watermark
  std::vector<exec::StateOperatorMetrics> state_operators;
  std::vector<SourceProgress> sources;
  std::string sink_description;
  int64_t output_rows = -1;
  std::map<std::string, std::shared_ptr<arrow::RecordBatch>> observed;

  /// As query.lastProgress gets it: rates in full, offsets as strings, no totals over the sources.
  std::string ToJson() const;
  /// As listeners get it: totals, rounded rates, offsets as JSON, empty parts left out.
  std::string ToListenerJson() const;
};

/// "2026-11-23T18:31:19.859Z"
std::string FormatTimestamp(int64_t millis);

/// JSON string literal of a text.
std::string QuoteJson(const std::string& text);

}  // namespace sluice::streaming
