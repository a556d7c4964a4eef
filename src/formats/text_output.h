// Text gathered in large pieces and written through compression and character encoding.
#pragma once

#include <string>

#include "formats/compression.h"

namespace sluice::formats {

/// Not thread safe.
class TextOutput {
 public:
  TextOutput(const std::string& path, CompressionKind compression, const std::string& encoding);
  ~TextOutput();

  /// What was gathered and not yet written: append here.
  std::string& text() { return text_; }
  void FlushIfFull() {
    if (text_.size() >= kFull) Flush();
  }
  int64_t Close(bool sync);

 private:
  static constexpr size_t kFull = 128 << 10;
  void Flush();

  ByteOutputPtr output_;
  std::string text_;
  void* converter_ = nullptr;
};

}  // namespace sluice::formats
