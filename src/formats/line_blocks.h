// The lines of a file slice in large blocks, split the way Hadoop's LineRecordReader does.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "formats/byte_input.h"
#include "formats/file_format.h"

namespace sluice::formats {

/// Lines end with \n, \r\n or a lone \r, or with a separator that is given. A block holds whole lines, each with its
/// end (the last one of the file too, which gets one if it has none), and is followed by kPadding readable bytes. A
/// byte order mark at the start of the file is left out. Not thread safe.
class LineBlocks {
 public:
  static constexpr int64_t kPadding = 64;

  /// `separator` empty = the default line ends.
  LineBlocks(const FileSlice& slice, std::string separator, const std::string& encoding = "UTF-8",
             int64_t block_size = 1 << 20);

  /// False at the end. The block is valid until the next call.
  bool Next(std::string_view* block);

  /// How each line ends in the blocks; "\n" stands for all default ends, though \r may come before or alone.
  const std::string& separator() const { return separator_; }

 private:
  bool Fill();
  int64_t FindLastEnd(int64_t from) const;
  int64_t FindFirstEnd(int64_t from) const;
  void SkipFirstLine();

  ByteInputPtr input_;
  bool default_ends_;
  std::string separator_;
  int64_t block_size_;
  std::unique_ptr<char[]> buffer_;
  int64_t capacity_ = 0;
  int64_t begin_ = 0;     // of the bytes not yet given out
  int64_t size_ = 0;      // bytes in the buffer
  int64_t position_ = 0;  // of the buffer's first byte in the (decoded) file
  int64_t end_;           // of the slice; -1 = the end of the file
  bool ended_ = false;
  bool done_ = false;
};

/// Lines one by one over LineBlocks, without their ends.
class LineReader {
 public:
  LineReader(const FileSlice& slice, std::string separator, const std::string& encoding = "UTF-8",
             int64_t block_size = 1 << 20)
      : blocks_(slice, separator, encoding, block_size), separator_(std::move(separator)) {}

  /// False at the end. The line is valid until the next call.
  bool Next(std::string_view* line);

 private:
  LineBlocks blocks_;
  std::string separator_;
  std::string_view block_;
};

/// Cuts the first line off `block` (a block of LineBlocks with default ends).
inline std::string_view TakeLine(std::string_view* block) {
  const char* begin = block->data();
  const char* end = static_cast<const char*>(std::memchr(begin, '\n', block->size()));
  size_t size = end ? end - begin : block->size();
  size_t next = end ? size + 1 : size;
  // A lone \r ends a line as well; \r\n is one end.
  if (const void* found = std::memchr(begin, '\r', size)) {
    size_t at = static_cast<const char*>(found) - begin;
    next = end && at + 1 == size ? size + 1 : at + 1;
    size = at;
  }
  block->remove_prefix(next);
  return std::string_view(begin, size);
}

}  // namespace sluice::formats
