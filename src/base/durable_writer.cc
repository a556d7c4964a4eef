// Writes to a temporary name, then syncs, links or renames, and syncs the folder.
#include "base/durable_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/uuid.h"

namespace sluice::base {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

}  // namespace

DurableWriter::DurableWriter(std::string path) : path_(std::move(path)) {
  std::filesystem::path target(path_);
  CreateFoldersDurably(target.parent_path().string());
  temporary_ = fmt::format("{}/.{}.{}.tmp", target.parent_path().string(), target.filename().string(), NewUuid());
  file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file_ < 0) Fail("create");
}

DurableWriter::~DurableWriter() {
  if (file_ < 0) return;
  close(file_);
  unlink(temporary_.c_str());
}

void DurableWriter::Fail(const char* what) const {
  throw Error::Plain(ErrorKind::kSpark, fmt::format("Cannot {} {}: {}", what, path_, std::strerror(errno)))
      .WithDomain(ErrorDomain::kExternal, true);
}

void DurableWriter::Append(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= kBufferBytes) Flush();
}

void DurableWriter::Flush() {
  std::string_view left = buffer_;
  while (!left.empty()) {
    ssize_t wrote = write(file_, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) Fail("write");
    left.remove_prefix(wrote);
  }
  buffer_.clear();
}

bool DurableWriter::Publish(Existing existing) {
  Flush();
  if (fdatasync(file_) != 0) Fail("sync");
  // link() fails when the target exists, which rename() would silently replace.
  if (existing == Existing::kFail) {
    if (link(temporary_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) return false;
      Fail("create");
    }
    unlink(temporary_.c_str());
  } else if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    Fail("rename to");
  }
  close(file_);
  file_ = -1;
  std::filesystem::path target(path_);
  unlink((target.parent_path() / ("." + target.filename().string() + ".crc")).c_str());
  SyncFolder(target.parent_path().string());
  return true;
}

}  // namespace sluice::base
