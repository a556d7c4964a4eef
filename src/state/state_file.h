// Delta and snapshot files: framed keys and values in a compressed stream.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "state/state_stream.h"

namespace sluice::state {

/// Makes the content of a delta or snapshot file, compressed piece by piece as it comes.
class StateFileWriter {
 public:
  /// `write` takes the bytes of the file in order.
  StateFileWriter(const std::string& codec, std::function<void(std::string_view)> write, bool row_checksums = false)
      : stream_(codec, std::move(write)), row_checksums_(row_checksums) {}
  void Put(std::string_view key, std::string_view value);
  void Remove(std::string_view key);  ///< in delta files only
  /// Writes what is left, and the end mark.
  void Finish();

 private:
  StateStreamWriter stream_;
  const bool row_checksums_;
  std::string checked_;
};

struct StateEntry {
  std::string_view key;
  std::string_view value;
  bool removed = false;
};

/// Why a file cannot be read.
struct StateFileDefect {
  enum class Kind { kNone, kKeySize, kValueSize, kStream, kRowChecksum } kind = Kind::kNone;
  int32_t size = 0;                     ///< of kKeySize and kValueSize
  std::string message;                  ///< of kStream
  uint32_t expected = 0, computed = 0;  ///< of kRowChecksum
};

/// Gives each entry of a file's content in order to `visit`; the views live during the call only.
/// The visiting ends at the first defect, which is returned.
StateFileDefect ReadStateFile(std::string_view file, const std::string& codec, bool is_snapshot,
                              const std::function<void(const StateEntry&)>& visit, bool row_checksums = false);

}  // namespace sluice::state
