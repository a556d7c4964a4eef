// One locked folder a process, with those of its databases in it.
#include "state/work_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/error.h"
#include "base/uuid.h"

namespace sluice::state {
namespace {

constexpr const char* kPrefix = "sluice-state-";

// Its lock is held as long as the process lives.
int Lock(const std::filesystem::path& folder) {
  int file = open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) return file;
  if (file >= 0) close(file);
  return -1;
}

void RemoveLeftOnes(const std::filesystem::path& temporary) {
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(temporary, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().filename().string().rfind(kPrefix, 0) != 0) continue;
    int file = Lock(entry->path());
    if (file < 0) continue;
    std::error_code ignored;
    std::filesystem::remove_all(entry->path(), ignored);
    close(file);
  }
}

class ProcessFolder {
 public:
  ProcessFolder() {
    std::filesystem::path temporary = std::filesystem::temp_directory_path();
    RemoveLeftOnes(temporary);
    // Under its last name only once it is locked: another process would take it for a left one.
    std::filesystem::path made = temporary / ("." + std::string(kPrefix) + base::NewUuid());
    path_ = (temporary / (kPrefix + base::NewUuid())).string();
    std::error_code failed;
    std::filesystem::create_directories(made, failed);
    lock_ = failed ? -1 : Lock(made);
    if (lock_ >= 0) std::filesystem::rename(made, path_, failed);
    if (lock_ < 0 || failed) {
      throw base::Error::Plain(base::ErrorKind::kSpark, "Cannot make the folder " + path_)
          .WithDomain(base::ErrorDomain::kExternal, true);
    }
  }
  ~ProcessFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    close(lock_);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace

WorkFolder::WorkFolder(const std::string& name) {
  static ProcessFolder process;
  path_ = process.path() + "/" + name + "-" + base::NewUuid();
  std::error_code failed;
  if (std::filesystem::create_directory(path_, failed)) return;
  throw base::Error::Plain(base::ErrorKind::kSpark, "Cannot make the folder " + path_ + ": " + failed.message())
      .WithDomain(base::ErrorDomain::kExternal, true);
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace sluice::state
