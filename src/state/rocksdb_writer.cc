// Batching of writes and memory of keys.
#include "state/rocksdb_writer.h"

#include "state/rocksdb_status.h"

namespace sluice::state {
namespace {

constexpr size_t kMostKnown = 32768;  // more than an operator reads before it writes
constexpr size_t kBatchBytes = size_t{1} << 20;

}  // namespace

RocksDbWriter::RocksDbWriter(rocksdb::DB* database) : database_(database) { unlogged_.disableWAL = true; }

void RocksDbWriter::Remember(const std::string& key, bool exists) {
  if (known_.size() >= kMostKnown) {
    known_before_ = std::move(known_);
    known_.clear();
  }
  known_[key] = exists;
}

bool RocksDbWriter::Get(const std::string& key, rocksdb::PinnableSlice* value) {
  Flush();
  rocksdb::Status status = database_->Get({}, database_->DefaultColumnFamily(), key, value);
  if (!status.IsNotFound()) CheckRocksDb(status, "read state");
  Remember(key, status.ok());
  return status.ok();
}

bool RocksDbWriter::Exists(const std::string& key) {
  for (const auto* known : {&known_, &known_before_}) {
    auto found = known->find(key);
    if (found != known->end()) return found->second;
  }
  rocksdb::PinnableSlice value;
  return Get(key, &value);
}

void RocksDbWriter::Put(const std::string& key, std::string_view value) {
  CheckRocksDb(batch_.Put(key, value), "put");
  Remember(key, true);
  FlushLarge();
}

void RocksDbWriter::Merge(const std::string& key, std::string_view value) {
  CheckRocksDb(batch_.Merge(key, value), "merge");
  Remember(key, true);
  FlushLarge();
}

void RocksDbWriter::Remove(const std::string& key) {
  CheckRocksDb(batch_.Delete(key), "remove");
  Remember(key, false);
  FlushLarge();
}

void RocksDbWriter::RemoveRange(const std::string& first, const std::string& end) {
  CheckRocksDb(batch_.DeleteRange(database_->DefaultColumnFamily(), first, end), "remove a range");
  known_.clear();
  known_before_.clear();
}

void RocksDbWriter::FlushLarge() {
  if (batch_.GetDataSize() >= kBatchBytes) Flush();
}

void RocksDbWriter::Flush() {
  if (batch_.Count() == 0) return;
  CheckRocksDb(database_->Write(unlogged_, &batch_), "write state");
  batch_.Clear();
}

}  // namespace sluice::state
