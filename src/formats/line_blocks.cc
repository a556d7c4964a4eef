// Reads blocks, moving the unfinished last line to the front of the next one.
#include "formats/line_blocks.h"

#include <algorithm>
#include <cstring>

namespace sluice::formats {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

LineBlocks::LineBlocks(const FileSlice& slice, std::string separator, const std::string& encoding, int64_t block_size)
    : default_ends_(separator.empty()),
      separator_(default_ends_ ? "\n" : std::move(separator)),
      block_size_(block_size) {
  bool whole_stream = IsCompressed(slice.path) || (encoding != "UTF-8" && encoding != "US-ASCII");
  // Also in the last slice: what is appended after the file was listed does not belong to it.
  end_ = whole_stream ? -1 : slice.start + slice.length;
  position_ = whole_stream ? 0 : slice.start;
  input_ = OpenInput(slice.path, position_, encoding);
  if (position_ > 0) {
    SkipFirstLine();
  } else {
    Fill();
    if (std::string_view(buffer_.get(), size_).starts_with(kByteOrderMark)) begin_ = kByteOrderMark.size();
  }
}

// Keeps what has not been given out and reads on; false if nothing could be read.
bool LineBlocks::Fill() {
  if (ended_) return false;
  int64_t kept = size_ - begin_;
  int64_t needed = kept + block_size_;
  if (needed + kPadding + static_cast<int64_t>(separator_.size()) > capacity_) {
    // Long lines double the buffer.
    int64_t capacity = std::max(needed, capacity_ * 2) + kPadding + separator_.size();
    auto larger = std::make_unique<char[]>(capacity);
    if (kept > 0) std::memcpy(larger.get(), buffer_.get() + begin_, kept);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else if (begin_ > 0 && kept > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
  }
  position_ += begin_;
  begin_ = 0;
  size_ = kept;
  int64_t got = input_->Read(buffer_.get() + size_, block_size_);
  size_ += got;
  if (got < block_size_) ended_ = true;
  return got > 0;
}

// The index behind the first line end at or after `from`; -1 if there is none yet.
int64_t LineBlocks::FindFirstEnd(int64_t from) const {
  std::string_view bytes(buffer_.get(), size_);
  if (!default_ends_) {
    size_t found = bytes.find(separator_, from);
    return found == std::string_view::npos ? -1 : static_cast<int64_t>(found + separator_.size());
  }
  size_t found = bytes.find_first_of("\r\n", from);
  if (found == std::string_view::npos) return -1;
  if (bytes[found] == '\n') return found + 1;
  if (found + 1 == bytes.size()) return ended_ ? static_cast<int64_t>(found + 1) : -1;
  return bytes[found + 1] == '\n' ? found + 2 : found + 1;
}

// The index behind the last line end after `from`; -1 if there is none.
int64_t LineBlocks::FindLastEnd(int64_t from) const {
  std::string_view bytes(buffer_.get() + from, size_ - from);
  if (!default_ends_) {
    // Separators that could overlap are only found right from the front.
    if (separator_.size() == 1) {
      size_t found = bytes.rfind(separator_[0]);
      return found == std::string_view::npos ? -1 : from + static_cast<int64_t>(found + 1);
    }
    int64_t last = -1;
    for (size_t at = 0; (at = bytes.find(separator_, at)) != std::string_view::npos; at += separator_.size()) {
      last = from + static_cast<int64_t>(at + separator_.size());
    }
    return last;
  }
  const void* newline = memrchr(bytes.data(), '\n', bytes.size());
  int64_t last = newline ? static_cast<const char*>(newline) - bytes.data() + 1 : 0;
  // A \r in the last place may belong to a \r\n.
  if (const void* found = memrchr(bytes.data() + last, '\r', bytes.size() - last)) {
    int64_t at = static_cast<const char*>(found) - bytes.data();
    if (at + 1 < static_cast<int64_t>(bytes.size()) || ended_) {
      last = at + 1;
    } else if (const void* before = memrchr(bytes.data() + last, '\r', at - last)) {
      last = static_cast<const char*>(before) - bytes.data() + 1;
    }
  }
  return last == 0 ? -1 : from + last;
}

void LineBlocks::SkipFirstLine() {
  while (Fill()) {
    int64_t end = FindFirstEnd(0);
    if (end >= 0) {
      begin_ = end;
      if (end_ >= 0 && position_ + begin_ > end_) done_ = true;
      return;
    }
    if (!ended_) begin_ = std::max<int64_t>(0, size_ - static_cast<int64_t>(separator_.size()) - 1);
  }
  done_ = true;
}

bool LineBlocks::Next(std::string_view* block) {
  if (done_) return false;
  for (;;) {
    int64_t last = begin_ < size_ ? FindLastEnd(begin_) : -1;
    // The slice's last line is the one that goes over its end.
    if (end_ >= 0 && position_ + size_ > end_) {
      int64_t first = FindFirstEnd(std::max(begin_, end_ - position_));
      if (first >= 0) {
        last = first;
        done_ = true;
      }
    }
    if (last < 0 && ended_) {
      if (begin_ == size_) return false;
      std::memcpy(buffer_.get() + size_, separator_.data(), separator_.size());
      size_ += separator_.size();
      last = size_;
      done_ = true;
    }
    if (last >= 0) {
      *block = std::string_view(buffer_.get() + begin_, last - begin_);
      begin_ = last;
      return true;
    }
    Fill();
  }
}

bool LineReader::Next(std::string_view* line) {
  while (block_.empty()) {
    if (!blocks_.Next(&block_)) return false;
  }
  if (separator_.empty()) {
    *line = TakeLine(&block_);
    return true;
  }
  size_t end = block_.find(separator_);
  *line = block_.substr(0, end);
  block_.remove_prefix(end + separator_.size());
  return true;
}

}  // namespace sluice::formats
