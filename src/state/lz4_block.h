// The LZ4Block stream of lz4-java, in which Spark compresses state files.
#pragma once

#include <string>
#include <string_view>

namespace sluice::state {

constexpr size_t kLz4BlockBytes = 32 * 1024;

/// Appends blocks of kLz4BlockBytes, the last one shorter. What does not shrink is stored as it is.
void AppendLz4Blocks(std::string_view content, std::string* stream);
/// Appends the end mark.
void EndLz4Blocks(std::string* stream);

/// The content of one or more streams. Throws kIllegalState for a wrong mark, length or checksum,
/// and for a text that ends early.
std::string DecompressLz4Blocks(std::string_view stream);

}  // namespace sluice::state
