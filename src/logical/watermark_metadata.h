// The marks that a watermark and window functions leave in an attribute's metadata.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::logical {

/// Spark's EventTimeWatermark.delayKey.
inline constexpr char kWatermarkDelayKey[] = "spark.watermarkDelayMs";

/// TimeWindow.marker and SessionWindow.marker: the column was made by window(…) or session_window(…).
inline constexpr char kTimeWindowKey[] = "spark.timeWindow", kSessionWindowKey[] = "spark.sessionWindow";

bool IsSessionWindow(const std::string& metadata);
/// A column of windows of either kind.
bool IsWindowColumn(const std::string& metadata);

/// The watermark's delay in column metadata (JSON text); nothing if the column is no event-time column.
std::optional<int64_t> WatermarkDelayMs(const std::string& metadata);
/// `metadata` with that delay, or without any if `delay_ms` is nothing.
std::string WithWatermarkDelay(const std::string& metadata, std::optional<int64_t> delay_ms);

}  // namespace sluice::logical
