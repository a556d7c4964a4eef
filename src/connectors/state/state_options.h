// Options of the source `statestore`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/spi/registry.h"

namespace sluice::connectors {

enum class JoinSide { kNone, kLeft, kRight };

struct StateReadOptions {
  std::string checkpoint;  ///< a local path
  int64_t batch_id = 0;
  int64_t operator_id = 0;
  std::string store = "default";
  JoinSide join_side = JoinSide::kNone;
  std::optional<std::string> variable;  ///< stateVarName
  bool registered_timers = false, flatten = true, change_feed = false;
  int64_t change_start = 0, change_end = 0;
  std::optional<int64_t> snapshot_batch;
  int snapshot_partition = 0;

  /// As Spark's errors show them.
  std::string ToString() const;
};

std::vector<OptionSpec> StateOptionSpecs();
/// Throws Spark's STDS_… conditions.
StateReadOptions ParseStateOptions(const ReadSpec& spec);

base::Error StateOptionInvalid(const std::string& option, const std::string& message);
/// The last batch in commits/; throws STDS_COMMITTED_BATCH_UNAVAILABLE.
int64_t LastCommittedBatch(const std::string& checkpoint);

}  // namespace sluice::connectors
