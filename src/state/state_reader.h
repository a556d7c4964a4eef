// The state of a checkpoint at any of its versions, read without a query and without changing anything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/column_families.h"
#include "state/rocksdb_options.h"
#include "state/state_store.h"

namespace sluice::state {

/// Where state lies and how it was written, as the offsets log of the checkpoint tells.
struct StateSource {
  std::string root;  ///< <checkpoint>/state
  bool rocksdb = false;
  StateOptions options;
  RocksDbOptions rocksdb_options;
};

/// A store to read: its columns, and by how many of the key's it is searched.
struct StoreToRead {
  StoreId id;
  StoreSchema schema;
  int prefix_columns = 0;
  bool has_families = false;
};

/// Opens a version, from the snapshot given on or from the best one. What is not committed leaves no trace. Throws what
/// StateManager::Open does.
std::shared_ptr<StateStore> OpenForReading(const StateSource& source, const StoreToRead& store, int64_t version,
                                           std::optional<int64_t> snapshot = std::nullopt);
/// The same of a store with families, which only the RocksDB-backed provider has.
std::shared_ptr<FamilyStore> OpenFamiliesForReading(const StateSource& source, const StoreToRead& store,
                                                    int64_t version, std::optional<int64_t> snapshot = std::nullopt);

struct StateChange {
  enum class Kind { kUpdate, kDelete, kAppend } kind = Kind::kUpdate;
  std::string_view key, value;  ///< no value of kDelete
};

/// What led from version-1 to `version`, in order. Throws for a missing or damaged file, naming it.
void ReadStateChanges(const StateSource& source, const StoreToRead& store, int64_t version,
                      const std::function<void(const StateChange&)>& visit);

/// The numbers of an operator's partitions that have a folder, ascending.
std::vector<int> ListPartitions(const std::string& root, int64_t operator_id);

}  // namespace sluice::state
