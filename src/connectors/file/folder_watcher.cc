// inotify watches on folders, renewed as folders come and go.
#include "connectors/file/folder_watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "connectors/file/file_listing.h"
#include "connectors/file/path_glob.h"

namespace sluice::connectors {
namespace {

namespace fs = std::filesystem;

// More would use up what the kernel gives to all programs of a user.
constexpr size_t kMostFolders = 4096;
constexpr const char* kSinkLog = "_spark_metadata";

// File systems whose files change from elsewhere, without an event here.
bool IsRemote(const std::string& folder) {
  struct statfs status {};
  if (statfs(folder.c_str(), &status) != 0) return true;
  constexpr std::array<uint32_t, 5> kRemote = {0x6969, 0xFF534D42, 0xFE534D42, 0x65735546, 0x01021997};
  return std::find(kRemote.begin(), kRemote.end(), static_cast<uint32_t>(status.f_type)) != kRemote.end();
}

std::vector<std::string> Parts(const std::string& path) {
  std::vector<std::string> out;
  for (const auto& part : fs::path(path)) {
    if (part != "/" && !part.empty()) out.push_back(part.string());
  }
  return out;
}

}  // namespace

FolderWatcher::FolderWatcher(std::string path, std::function<void()> arrived) : arrived_(std::move(arrived)) {
  root_ = "/";
  bool plain = true;
  for (const std::string& part : Parts(path)) {
    plain = plain && !HasGlob(part);
    if (plain) {
      root_ = (fs::path(root_) / part).string();
    } else if (part.find_first_of("{}") != std::string::npos) {
      break;  // Braces may span several folders: what is below here is all watched.
    } else {
      patterns_.push_back(part);
    }
  }
  if (!fs::is_directory(root_) || IsRemote(root_)) return;
  events_ = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
  if (events_ < 0 || stop_ < 0 || !Watch(root_)) return;
  active_ = true;
  thread_ = std::thread([this] { Run(); });
}

FolderWatcher::~FolderWatcher() {
  if (thread_.joinable()) {
    uint64_t one = 1;
    [[maybe_unused]] ssize_t told = write(stop_, &one, sizeof one);
    thread_.join();
  }
  if (events_ >= 0) close(events_);
  if (stop_ >= 0) close(stop_);
}

bool FolderWatcher::Wanted(const std::string& folder) const {
  std::vector<std::string> below = Parts(folder.substr(root_.size()));
  for (size_t i = 0; i < std::min(below.size(), patterns_.size()); ++i) {
    if (!MatchesGlob(patterns_[i], below[i])) return false;
  }
  return true;
}

bool FolderWatcher::Watch(const std::string& folder) {
  if (!Wanted(folder)) return true;
  if (folders_.size() >= kMostFolders) return false;
  constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  int watch = inotify_add_watch(events_, folder.c_str(), kEvents);
  // A folder that has gone again needs no watch.
  if (watch < 0) return (errno == ENOENT || errno == ENOTDIR) && folder != root_;
  if (!folders_.insert_or_assign(watch, folder).second) return true;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(folder, gone)) {
    std::string name = entry.path().filename().string();
    std::error_code raced;
    if ((!IsHiddenName(name) || name == kSinkLog) && entry.is_directory(raced) && !Watch(entry.path().string()))
      return false;
  }
  return true;
}

void FolderWatcher::Run() {
  pollfd waiting[] = {{events_, POLLIN, 0}, {stop_, POLLIN, 0}};
  for (;;) {
    if (poll(waiting, 2, -1) < 0 && errno != EINTR) break;
    if (waiting[1].revents != 0) return;
    bool arrived = false;
    bool goes_on = ReadEvents(&arrived);
    // Also the last time: the caller then finds the watcher inactive and looks for itself.
    if (!goes_on) active_ = false;
    if (arrived || !goes_on) arrived_();
    if (!goes_on) return;
  }
  active_ = false;
  arrived_();
}

bool FolderWatcher::ReadEvents(bool* arrived) {
  alignas(inotify_event) char buffer[16384];
  for (;;) {
    ssize_t size = read(events_, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
      if (event->mask & IN_Q_OVERFLOW) return false;
      auto folder = folders_.find(event->wd);
      if (folder == folders_.end()) continue;
      if (event->mask & IN_IGNORED) {
        folders_.erase(folder);
        continue;
      }
      std::string path = folder->second;
      if (!OnEvent(path, event->len > 0 ? event->name : "", event->mask, arrived)) return false;
    }
  }
}

bool FolderWatcher::OnEvent(const std::string& folder, const std::string& name, uint32_t mask, bool* arrived) {
  // The paths of what was below a moved folder are not known any more.
  if (mask & IN_MOVE_SELF) return false;
  if (mask & IN_DELETE_SELF) return folder != root_;
  bool in_log = fs::path(folder).filename() == kSinkLog;
  if (mask & IN_ISDIR) {
    if (IsHiddenName(name) && name != kSinkLog) return true;
    *arrived = true;  // It may have come with files.
    return Watch(folder + "/" + name);
  }
  if (IsHiddenName(name)) return true;
  if ((mask & IN_CREATE) && !in_log) {
    // A file that was just opened counts when it is closed; a link is complete at once.
    struct stat status {};
    std::string path = folder + "/" + name;
    if (lstat(path.c_str(), &status) != 0) return true;
    if (!S_ISLNK(status.st_mode) && status.st_nlink < 2) return true;
  }
  *arrived = true;
  return true;
}

}  // namespace sluice::connectors
