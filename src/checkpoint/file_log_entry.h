// The lines of the logs of file source and file sink.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "checkpoint/compactible_file_log.h"

namespace sluice::checkpoint {

/// A file that a file source took into a batch (FileStreamSource.FileEntry).
struct SourceLogEntry {
  std::string path;  ///< an escaped URI
  int64_t timestamp = 0;
  int64_t batch = 0;
};

/// A file that a file sink wrote (SinkFileStatus).
struct SinkLogEntry {
  std::string path;  ///< an escaped URI
  int64_t size = 0;
  int64_t modification_time = 0;
  bool deleted = false;
};

/// Throw what Spark says of a line that is no JSON or lacks a value, with the file's name.
SourceLogEntry ParseSourceLogEntry(std::string_view line, const LogPosition& position);
SinkLogEntry ParseSinkLogEntry(std::string_view line, const LogPosition& position);

std::string FormatLogEntry(const SourceLogEntry& entry);
std::string FormatLogEntry(const SinkLogEntry& entry);

}  // namespace sluice::checkpoint
