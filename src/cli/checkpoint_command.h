// `sluice-server checkpoint`: what a checkpoint holds, whether all of it can be read, and how two of them differ.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::cli {

/// Prints query, batches, settings, sources and state, and whether Spark would go on from here. 0 if it would, else 1.
int ShowCheckpoint(const std::string& folder);
/// Reads every file; prints the defects. 0 if there are none.
int VerifyCheckpoint(const std::string& folder);
/// Prints the rows of state that differ after two batches (-1 = the last committed one), of one checkpoint or of two
/// (`other` may be empty). 0 if none does.
int DiffCheckpoints(const std::string& folder, const std::string& other, int64_t from, int64_t to);

}  // namespace sluice::cli
