// Delta and snapshot files: framed keys and values in a compressed stream.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sluice::state {

/// Makes the content of a delta or snapshot file.
class StateFileWriter {
 public:
  /// `codec` is lz4 or zstd; others are refused as unsupported.
  explicit StateFileWriter(std::string codec);
  void Put(std::string_view key, std::string_view value);
  void Remove(std::string_view key);  ///< in delta files only
  void Clear() { content_.clear(); }
  /// The file: all entries, the end mark, compressed.
  std::string Finish() const;

 private:
  void AppendLength(int32_t length);
  std::string codec_;
  std::string content_;
};

struct StateEntry {
  std::string_view key;
  std::string_view value;
  bool removed = false;
};

/// Why a file cannot be read.
struct StateFileDefect {
  enum class Kind { kNone, kKeySize, kValueSize, kStream } kind = Kind::kNone;
  int32_t size = 0;     ///< of kKeySize and kValueSize
  std::string message;  ///< of kStream
};

/// Gives each entry of a file's content in order to `visit`; the views live during the call only.
/// The visiting ends at the first defect, which is returned.
StateFileDefect ReadStateFile(std::string_view file, const std::string& codec, bool is_snapshot,
                              const std::function<void(const StateEntry&)>& visit);

}  // namespace sluice::state
