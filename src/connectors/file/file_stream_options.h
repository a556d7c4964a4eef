// Options of file streams.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plan/relation.h"

namespace sluice::connectors {

enum class CleanSource { kOff, kDelete, kArchive };

/// Spark's FileStreamOptions.
struct FileStreamOptions {
  std::optional<int64_t> max_files, max_bytes;
  int64_t max_age_ms = 0;
  bool latest_first = false;
  bool name_only = false;
  int64_t max_cached_files = 10'000;
  float discard_cached_ratio = 0.2F;
  CleanSource clean = CleanSource::kOff;
  std::string archive_folder;
};

/// Throws Spark's errors for values that don't fit, for options that file streams refuse, and for an archive that the
/// source at `path` would read again.
FileStreamOptions ParseFileStreamOptions(const plan::Options& options, const std::string& path);

/// "7d", "90s", "500" (milliseconds), as JavaUtils.timeStringAsMs. Throws kNumberFormat.
int64_t ParseTimeMillis(const std::string& text);

}  // namespace sluice::connectors
