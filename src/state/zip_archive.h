// Zip archives of a few small files, as the snapshots of the RocksDB-backed provider are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::state {

struct ZipEntry {
  std::string name;
  std::string content;
};

/// Below 4 GB in all.
std::string Zip(const std::vector<ZipEntry>& entries);
/// The files of an archive. Throws kIllegalState for a damaged one, one with folders, and one of more than 1 GB.
std::vector<ZipEntry> Unzip(std::string_view archive);

}  // namespace sluice::state
