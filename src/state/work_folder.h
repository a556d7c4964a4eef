// Folders below the temporary directory in which databases work; what a killed process left is removed.
#pragma once

#include <string>

namespace sluice::state {

/// A new empty folder, removed at the end. Throws if it cannot be made.
class WorkFolder {
 public:
  explicit WorkFolder(const std::string& name);
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace sluice::state
