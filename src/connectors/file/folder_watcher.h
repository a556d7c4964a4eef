// Tells when files arrive in local folders.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace sluice::connectors {

/// Watches the folders that a path or glob stands for, with all folders below them, through inotify: a file counts when
/// its writer closes it or it is moved in. The callback comes from a thread of the watcher's own. On file systems that
/// don't tell of all changes, or once the kernel drops events or refuses a watch, it is inactive and the caller has to
/// look for itself.
class FolderWatcher {
 public:
  /// `path` is absolute and may be a glob.
  FolderWatcher(std::string path, std::function<void()> arrived);
  ~FolderWatcher();
  FolderWatcher(const FolderWatcher&) = delete;
  FolderWatcher& operator=(const FolderWatcher&) = delete;

  bool active() const { return active_.load(std::memory_order_relaxed); }

 private:
  bool Watch(const std::string& folder);
  bool Wanted(const std::string& folder) const;
  void Run();
  /// False if the watcher can't go on.
  bool ReadEvents(bool* arrived);
  bool OnEvent(const std::string& folder, const std::string& name, uint32_t mask, bool* arrived);

  std::function<void()> arrived_;
  std::string root_;                    ///< the part of the path before any pattern
  std::vector<std::string> patterns_;   ///< of the folders below it
  std::map<int, std::string> folders_;  ///< by watch
  int events_ = -1, stop_ = -1;
  std::atomic<bool> active_{false};
  std::thread thread_;
};

}  // namespace sluice::connectors
