// Small files that survive a crash: written under a temporary name, synced, renamed, folder synced.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sluice::base {

enum class Existing { kReplace, kFail };
/// Whether a new name is durable when the write returns, or once SyncFolder has been called. The content always is.
enum class FolderSync { kNow, kLater };

/// Writes `content` to `path` atomically and durably, making missing folders. Also deletes a stale Hadoop side file
/// ".<name>.crc". Returns false (and leaves the file alone) if it exists and `existing` is kFail. Throws on I/O errors
/// (ENOSPC, EIO), naming the path; the target is then untouched.
/// `before_name` is called between the sync of the content and the naming of the file.
bool WriteFileDurably(const std::string& path, std::string_view content, Existing existing,
                      FolderSync folder_sync = FolderSync::kNow, const std::function<void()>& before_name = nullptr);

/// Makes a folder and those above it that are missing, durably. Throws if the path is no folder afterwards.
void CreateFoldersDurably(const std::string& path);

/// The whole content of a file; throws kFileNotFound if it does not exist.
std::string ReadWholeFile(const std::string& path);

/// Deletes the checksum ".<name>.crc" that Hadoop keeps beside a file, if there is one.
void RemoveSideFile(const std::string& path);

/// Deletes a file and its ".<name>.crc"; true if it existed.
bool RemoveFile(const std::string& path);

/// fsync of a folder, after a rename into it.
void SyncFolder(const std::string& path);

/// "file:///a/b", "file:/a/b" or "/a/b" → "/a/b"; relative paths are made absolute against the working directory.
std::string LocalPath(const std::string& path_or_uri);

}  // namespace sluice::base
