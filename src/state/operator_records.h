// What a checkpoint's state folder records of the stateful operators: their metadata and schema files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "state/state_store.h"

namespace sluice::state {

inline bool IsDefaultStore(const std::string& name) { return name.empty() || name == "default"; }

/// <root>/<operator>/<partition>[/<name>].
std::string StoreFolder(const std::string& root, const StoreId& id);

/// StateManager::Prepare for state below `root`.
void PrepareOperators(const std::string& root, const StateOptions& options, const std::vector<OperatorInfo>& operators,
                      int64_t first_version);

/// The operators recorded below `root` by id, those of version 2 as of `version`. Throws kIllegalState for a damaged
/// file, naming it.
std::map<int64_t, OperatorInfo> ReadOperators(const std::string& root, int64_t version);

/// The schema recorded of a store without families. Throws as ReadOperators.
StoreSchema ReadStoreSchema(const std::string& root, int64_t operator_id, const std::string& store);

}  // namespace sluice::state
