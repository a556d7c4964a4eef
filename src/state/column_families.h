// Several named families of keys within one store, as transformWithState keeps its variables, timers and times to live.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/state_store.h"

namespace sluice::state {

/// A family that was created in an open store; good as long as that is.
using FamilyHandle = int;

/// A store with families. Keys and values are UnsafeRow bytes of the family's schema throughout; how they are laid out
/// on disk is the store's matter. Views given to a visitor live during that call only; what Get gives lives until the
/// next change of the store, as StateStore::Get's. A visitor must not change the store. The members of StateStore
/// without a family work on the family "default". size() counts the keys of all families that are not internal.
class FamilyStore : public StateStore {
 public:
  using Visitor = std::function<bool(std::string_view key, std::string_view value)>;  ///< false stops
  using StateStore::ForEach;
  using StateStore::Get;
  using StateStore::Put;
  using StateStore::Remove;
  using StateStore::RemoveIf;

  /// Makes a family, or finds the one of that name (which keeps its place over restarts). Throws
  /// STATE_STORE_CANNOT_USE_COLUMN_FAMILY_WITH_INVALID_NAME and
  /// STATE_STORE_CANNOT_CREATE_COLUMN_FAMILY_WITH_RESERVED_CHARS.
  virtual FamilyHandle CreateFamily(const ColumnFamily& family) = 0;
  virtual std::optional<FamilyHandle> FindFamily(const std::string& name) const = 0;
  /// Removes a family and its keys; false if there is none of that name.
  virtual bool RemoveFamily(const std::string& name) = 0;

  /// data() is null if the key is absent. Of a family with many values a key, the first.
  virtual std::string_view Get(FamilyHandle family, std::string_view key) const = 0;
  /// All values of a key of a family with `multiple_values`, in the order in which they were merged.
  virtual void ForEachValue(FamilyHandle family, std::string_view key,
                            const std::function<bool(std::string_view value)>& visit) const = 0;
  virtual void Put(FamilyHandle family, std::string_view key, std::string_view value) = 0;
  /// Appends a value to those of the key; only where `multiple_values` is set.
  virtual void Merge(FamilyHandle family, std::string_view key, std::string_view value) = 0;
  virtual void Remove(FamilyHandle family, std::string_view key) = 0;

  /// Visits a family in the order of its layout (kRange: by the ordered columns, nulls last). With many values a key,
  /// each of them.
  virtual void ForEach(FamilyHandle family, const Visitor& visit) const = 0;
  /// Visits the keys whose leading columns are those of `prefix`, an UnsafeRow of just these columns. kPrefix and
  /// kRange.
  virtual void PrefixScan(FamilyHandle family, std::string_view prefix, const Visitor& visit) const = 0;
  /// Visits keys from `from` (included) up to `to` (excluded) by the ordered columns of kRange; both are UnsafeRows of
  /// just these columns, none = unbounded.
  virtual void RangeScan(FamilyHandle family, std::optional<std::string_view> from, std::optional<std::string_view> to,
                         const Visitor& visit) const = 0;
};

}  // namespace sluice::state
