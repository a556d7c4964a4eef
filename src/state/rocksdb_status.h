// RocksDB's answers as errors of the engine.
#pragma once

#include <fmt/format.h>
#include <rocksdb/status.h>

#include <string>

#include "base/error.h"

namespace sluice::state {

/// Throws unless it went well; `what` says what was to be done.
inline void CheckRocksDb(const rocksdb::Status& status, const std::string& what) {
  if (status.ok()) return;
  throw base::Error::Plain(base::ErrorKind::kSpark, fmt::format("RocksDB failed to {}: {}", what, status.ToString()))
      .WithDomain(base::ErrorDomain::kExternal, status.IsIOError());
}

}  // namespace sluice::state
