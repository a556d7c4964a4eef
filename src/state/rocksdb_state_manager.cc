// All stores of a query run in databases of their own, in the layout of Spark's RocksDB-backed provider.
#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "state/operator_records.h"
#include "state/rocksdb_options.h"
#include "state/rocksdb_partition.h"
#include "state/state_store.h"

namespace sluice::state {
namespace {

class RocksDbStateManager : public StateManager {
 public:
  RocksDbStateManager(std::string root, StateOptions options, RocksDbOptions rocksdb_options)
      : root_(std::move(root)), options_(std::move(options)), rocksdb_options_(std::move(rocksdb_options)) {
    CheckStateCodec(options_.codec);
  }

  void Prepare(const std::vector<OperatorInfo>& operators, int64_t first_version) override {
    PrepareOperators(root_, options_, operators, first_version);
    for (const OperatorInfo& info : operators) {
      for (const StoreInfo& store : info.stores) {
        if (store.prefix_columns > 0) prefixes_[{info.id, Name(store.name)}] = store.prefix_columns;
      }
    }
  }

  std::shared_ptr<StateStore> Open(const StoreId& id, const StoreSchema& schema, int64_t version) override {
    return Find(id, schema, false)->Open(version);
  }
  std::shared_ptr<FamilyStore> OpenFamilies(const StoreId& id, int64_t version) override {
    return Find(id, {}, true)->Open(version);
  }

  void Sync() override {
    for (const auto& partition : Partitions()) partition->Sync();
  }
  void Maintain() override {
    for (const auto& partition : Partitions()) partition->Maintain();
  }

 private:
  static std::string Name(const std::string& store) { return IsDefaultStore(store) ? "" : store; }

  std::shared_ptr<RocksDbPartition> Find(const StoreId& id, const StoreSchema& schema, bool has_families) {
    std::lock_guard lock(mutex_);
    auto& found = partitions_[{id.operator_id, id.partition, Name(id.name)}];
    if (found) return found;
    KeyLayout layout;
    auto prefix = prefixes_.find({id.operator_id, Name(id.name)});
    if (prefix != prefixes_.end()) layout = {KeyLayout::Kind::kPrefix, prefix->second, {}};
    found = std::make_shared<RocksDbPartition>(StoreFolder(root_, id), id, schema, layout, has_families, options_,
                                               rocksdb_options_);
    return found;
  }
  std::vector<std::shared_ptr<RocksDbPartition>> Partitions() {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<RocksDbPartition>> partitions;
    for (const auto& [key, partition] : partitions_) partitions.push_back(partition);
    return partitions;
  }

  const std::string root_;
  const StateOptions options_;
  const RocksDbOptions rocksdb_options_;
  std::mutex mutex_;
  std::map<std::pair<int64_t, std::string>, int> prefixes_;  // of stores that are searched by prefix
  std::map<std::tuple<int64_t, int, std::string>, std::shared_ptr<RocksDbPartition>> partitions_;
};

}  // namespace

std::unique_ptr<StateManager> MakeRocksDbStateManager(const std::string& root, const StateOptions& options,
                                                      const RocksDbOptions& rocksdb_options) {
  return std::make_unique<RocksDbStateManager>(root, options, rocksdb_options);
}

}  // namespace sluice::state
