// A file too large to hold in memory that appears at its place whole and durable, or not at all.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/durable_file.h"

namespace sluice::base {

/// Collects bytes in a hidden file beside `path`, made when there is enough to write; Publish gives it its name.
/// Without Publish nothing is left behind. I/O errors are thrown and name the file.
class DurableWriter {
 public:
  explicit DurableWriter(std::string path);
  ~DurableWriter();
  DurableWriter(const DurableWriter&) = delete;
  DurableWriter& operator=(const DurableWriter&) = delete;

  void Append(std::string_view bytes);
  /// As WriteFileDurably; false (and nothing published) if the file exists and `existing` is kFail.
  bool Publish(Existing existing, FolderSync folder_sync = FolderSync::kNow,
               const std::function<void()>& before_name = nullptr);

 private:
  void Flush();
  bool TryCreate();
  void Create();
  bool Name(Existing existing);
  [[noreturn]] void Fail(const char* what) const;

  std::string path_, folder_, temporary_, buffer_;
  int file_ = -1;
};

}  // namespace sluice::base
