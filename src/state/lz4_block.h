// The LZ4Block stream of lz4-java, in which Spark compresses state files.
#pragma once

#include <string>
#include <string_view>

namespace sluice::state {

/// Blocks of 32 KiB and the end mark. What does not shrink is stored as it is.
std::string CompressLz4Blocks(std::string_view content);

/// The content of one or more streams. Throws kIllegalState for a wrong mark, length or checksum,
/// and for a text that ends early.
std::string DecompressLz4Blocks(std::string_view stream);

}  // namespace sluice::state
