// What a read of the state source is about: the store, its columns, and how they become the table's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/state/state_options.h"
#include "state/state_reader.h"

namespace sluice::connectors {

/// What the rows of a store or family become.
enum class StateShape { kRows, kList, kMap, kMapEntries, kTimers };

struct StateTarget {
  StateReadOptions options;
  state::StateSource source;
  state::StoreToRead store;
  std::vector<int> partitions;
  std::optional<state::ColumnFamily> family;  ///< of transformWithState
  StateShape shape = StateShape::kRows;
  bool joined = false;  ///< a side of a stream-stream join: the index of its keys and the mark of its rows are left out
  types::TypePtr key, value;  ///< of the stored rows
  types::TypePtr schema;      ///< of the table
};

/// The state of a checkpoint as the settings of one of its batches have it. Throws STDS_OFFSET_LOG_UNAVAILABLE and
/// STDS_OFFSET_METADATA_LOG_UNAVAILABLE.
state::StateSource StateSourceOf(const std::string& checkpoint, int64_t batch_id, const base::SqlConf& session);

/// Finds the state that the options name. Throws Spark's STDS_… conditions.
StateTarget FindState(const ReadSpec& spec);

}  // namespace sluice::connectors
