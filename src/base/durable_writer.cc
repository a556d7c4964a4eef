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
#include "base/fault_point.h"
#include "base/uuid.h"

namespace sluice::base {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

}  // namespace

DurableWriter::DurableWriter(std::string path) : path_(std::move(path)) {
  std::filesystem::path target(path_);
  folder_ = target.parent_path().string();
  temporary_ = fmt::format("{}/.{}.{}.tmp", folder_, target.filename().string(), NewUuid());
}

DurableWriter::~DurableWriter() {
  if (file_ < 0) return;
  close(file_);
  unlink(temporary_.c_str());
}

bool DurableWriter::TryCreate() {
  file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  return file_ >= 0;
}

void DurableWriter::Create() {
  if (TryCreate()) return;
  if (errno == ENOENT) {
    CreateFoldersDurably(folder_);
    if (TryCreate()) return;
  }
  Fail("create");
}

void DurableWriter::Fail(const char* what) const {
  int code = errno;
  throw Error::Plain(code == ENOENT ? ErrorKind::kFileNotFound : ErrorKind::kSpark,
                     fmt::format("Cannot {} {}: {}", what, path_, std::strerror(code)))
      .WithDomain(ErrorDomain::kExternal, code != ENOENT);
}

void DurableWriter::Append(std::string_view bytes) {
  buffer_.append(bytes);
  if (buffer_.size() >= kBufferBytes) Flush();
}

void DurableWriter::Flush() {
  if (file_ < 0) Create();
  std::string_view left = buffer_;
  while (!left.empty()) {
    ssize_t wrote = write(file_, left.data(), left.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) Fail("write");
    left.remove_prefix(wrote);
  }
  buffer_.clear();
}

// False if the name is taken and may not be replaced.
bool DurableWriter::Name(Existing existing) {
  if (existing == Existing::kReplace) {
    if (rename(temporary_.c_str(), path_.c_str()) != 0) Fail("rename to");
    return true;
  }
  // link() fails when the target exists, which rename() would silently replace.
  if (link(temporary_.c_str(), path_.c_str()) == 0) {
    unlink(temporary_.c_str());
    return true;
  }
  if (errno != EEXIST) Fail("create");
  return false;
}

bool DurableWriter::Publish(Existing existing, FolderSync folder_sync, const std::function<void()>& before_name) {
  Flush();
  if (fdatasync(file_) != 0) Fail("sync");
  if (before_name) before_name();
  FaultPoint("file.before_name");
  if (!Name(existing)) return false;
  close(file_);
  file_ = -1;
  FaultPoint("file.after_name");
  RemoveSideFile(path_);
  if (folder_sync == FolderSync::kNow) SyncFolder(folder_);
  return true;
}

}  // namespace sluice::base
