// Changelog files of the RocksDB-backed provider: what a batch put, merged and removed, in order.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "state/state_stream.h"

namespace sluice::state {

struct ChangelogRecord {
  enum class Kind { kPut, kMerge, kRemove, kRemoveRange } kind = Kind::kPut;
  std::string_view key;
  std::string_view value;  ///< of kRemoveRange the key before which it ends
};

/// Makes the content of a changelog file. Version 1 is of stores without column families and knows no merge.
class ChangelogWriter {
 public:
  ChangelogWriter(int version, const std::string& codec, std::function<void(std::string_view)> write);
  void Put(std::string_view key, std::string_view value);
  void Merge(std::string_view key, std::string_view value);
  void Remove(std::string_view key);
  void Finish();

 private:
  const int version_;
  StateStreamWriter stream_;
};

/// Gives each record of a changelog of version 1 to 4 to `visit`; the views live during the call only. Throws
/// kIllegalState for a damaged file, and CANNOT_LOAD_STATE_STORE.INVALID_CHANGE_LOG_READER_VERSION.
void ReadChangelog(std::string_view file, const std::string& codec,
                   const std::function<void(const ChangelogRecord&)>& visit);

}  // namespace sluice::state
