// The parts of a checkpoint as the command line looks at them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/offset_log.h"
#include "state/state_reader.h"
#include "state/state_store.h"

namespace sluice::cli {

/// The state files of one partition of one store.
struct PartitionFiles {
  int partition = 0;
  std::vector<int64_t> changes, snapshots;  ///< versions of deltas or changelogs, and of snapshots; ascending
  int64_t files = 0, bytes = 0;
};

struct CheckpointFiles {
  std::string folder;
  std::string query_id;  ///< "" without the file `metadata`
  std::vector<int64_t> offsets, commits;
  std::map<int64_t, state::OperatorInfo> operators;
  std::vector<std::string> complaints;  ///< why Spark would not go on from here, as far as the names of files tell

  std::optional<int64_t> last_committed() const {
    return commits.empty() ? std::nullopt : std::optional(commits.back());
  }
};

/// Throws if the folder is no checkpoint or a file of its logs cannot be read.
CheckpointFiles ReadCheckpointFiles(const std::string& folder);

PartitionFiles ListPartitionFiles(const std::string& checkpoint, const state::StoreId& id);

/// Why a version cannot be loaded from these files; "" if the names say that it can.
std::string MissingFor(const PartitionFiles& files, int64_t version);

/// Every partition of every store of the operators, in order.
std::vector<state::StoreId> StoresOf(const CheckpointFiles& checkpoint);

}  // namespace sluice::cli
