// Durable files and folders on the local file system.
#include "base/durable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/durable_writer.h"
#include "base/error.h"

namespace sluice::base {
namespace {

[[noreturn]] void ThrowErrno(const char* what, const std::string& path) {
  int code = errno;
  throw Error::Plain(code == ENOENT ? ErrorKind::kFileNotFound : ErrorKind::kSpark,
                     fmt::format("Cannot {} {}: {}", what, path, std::strerror(code)))
      .WithDomain(ErrorDomain::kExternal, code != ENOENT);
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, int mode = 0644) : fd_(open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

void SyncFolder(const std::string& path) {
  Descriptor folder(path, O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0) ThrowErrno("open folder", path);
  if (fsync(folder.get()) != 0) ThrowErrno("sync folder", path);
}

void CreateFoldersDurably(const std::string& path) {
  std::filesystem::path existing(path);
  std::error_code ignored;
  while (existing.has_relative_path() && !std::filesystem::exists(existing, ignored)) existing = existing.parent_path();
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed || !std::filesystem::is_directory(path)) {
    errno = failed ? failed.value() : ENOTDIR;
    ThrowErrno("create folder", path);
  }
  // A new folder is durable once the one above it is synced.
  std::filesystem::path created(path);
  while (created != existing && created.has_relative_path()) {
    created = created.parent_path();
    SyncFolder(created.string());
  }
}

bool WriteFileDurably(const std::string& path, std::string_view content, Existing existing, FolderSync folder_sync,
                      const std::function<void()>& before_name) {
  DurableWriter writer(path);
  writer.Append(content);
  return writer.Publish(existing, folder_sync, before_name);
}

std::string ReadWholeFile(const std::string& path) {
  Descriptor file(path, O_RDONLY);
  if (file.get() < 0) ThrowErrno("read", path);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) ThrowErrno("read", path);
  if (!S_ISREG(status.st_mode)) {
    throw Error::Plain(ErrorKind::kSpark, fmt::format("Cannot read {}: not a regular file", path));
  }
  std::string content(status.st_size, '\0');
  size_t have = 0;
  while (have < content.size()) {
    ssize_t got = read(file.get(), content.data() + have, content.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ThrowErrno("read", path);
    if (got == 0) break;
    have += got;
  }
  content.resize(have);
  return content;
}

void RemoveSideFile(const std::string& path) {
  std::filesystem::path file(path);
  unlink((file.parent_path() / ("." + file.filename().string() + ".crc")).c_str());
}

bool RemoveFile(const std::string& path) {
  RemoveSideFile(path);
  if (unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  ThrowErrno("delete", path);
}

std::string LocalPath(const std::string& path_or_uri) {
  std::string path = path_or_uri;
  if (path.starts_with("file:")) {
    path.erase(0, 5);
    size_t slashes = path.find_first_not_of('/');
    path = "/" + (slashes == std::string::npos ? "" : path.substr(slashes));
  }
  std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
  std::string out = absolute.string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

}  // namespace sluice::base
