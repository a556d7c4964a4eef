// Reads and writes of one user of a database: writes go in batches, and what is known of keys is not looked up again.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::state {

/// The database has no other writer meanwhile.
class RocksDbWriter {
 public:
  explicit RocksDbWriter(rocksdb::DB* database);
  RocksDbWriter(const RocksDbWriter&) = delete;
  RocksDbWriter& operator=(const RocksDbWriter&) = delete;

  /// False if the key is absent.
  bool Get(const std::string& key, rocksdb::PinnableSlice* value);
  bool Exists(const std::string& key);
  void Put(const std::string& key, std::string_view value);
  void Merge(const std::string& key, std::string_view value);
  void Remove(const std::string& key);
  void RemoveRange(const std::string& first, const std::string& end);
  /// Writes what waits: iterators see it then.
  void Flush();

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  void Remember(const std::string& key, bool exists);
  void FlushLarge();

  rocksdb::DB* database_;
  rocksdb::WriteOptions unlogged_;
  rocksdb::WriteBatch batch_;
  using Known = std::unordered_map<std::string, bool, Hash, std::equal_to<>>;
  Known known_, known_before_;  // whether keys of late are there
};

}  // namespace sluice::state
