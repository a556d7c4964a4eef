// How the RocksDB-backed provider lays out the keys of a family, so that their bytes are found and ordered as asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state/state_store.h"

namespace sluice::state {

/// UnsafeRow keys of one family <-> the database's keys. Immutable and thread safe.
class KeyEncoder {
 public:
  /// `id` is that of the family, none in a store without families. Throws Spark's conditions for a layout that the key
  /// cannot have.
  KeyEncoder(types::TypePtr key, KeyLayout layout, std::optional<int16_t> id);

  /// Replaces `out`.
  void Encode(std::string_view row, std::string* out) const;
  /// The row of a database's key; `buffer` may hold it. Throws kIllegalState for a key of another form.
  std::string_view Decode(std::string_view stored, std::string* buffer) const;
  /// With what every key of the family begins.
  std::string FamilyPrefix() const;
  /// With what the keys begin whose prefix or ordered columns are those of the row.
  std::string ScanPrefix(std::string_view row) const;
  const KeyLayout& layout() const { return layout_; }

 private:
  struct Field {
    types::TypePtr type;
    int ordinal = 0;
  };
  void AppendOrdered(std::string_view row, bool projected, std::string* out) const;
  std::string RestoreOrdered(std::string_view stored) const;

  types::TypePtr key_;
  KeyLayout layout_;
  std::optional<int16_t> id_;
  std::vector<Field> first_, rest_;  // of the two rows that a key is split into
};

}  // namespace sluice::state
