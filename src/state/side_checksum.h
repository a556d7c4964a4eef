// The checksum file ".<name>.crc" that Hadoop's local file system leaves beside each file.
#pragma once

#include <string>
#include <string_view>

namespace sluice::state {

/// What is wrong with the content of `path` by its side file; "" if it agrees or there is none
/// (files of this engine).
std::string FindSideChecksumDefect(const std::string& path, std::string_view content);

}  // namespace sluice::state
