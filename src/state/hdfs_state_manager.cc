// All stores of a query run on a local folder, in the layout of Spark's HDFS-backed provider.
#include <map>
#include <mutex>
#include <tuple>

#include "base/error.h"
#include "state/column_families.h"
#include "state/operator_records.h"
#include "state/state_partition.h"
#include "state/state_store.h"

namespace sluice::state {
namespace {

class HdfsStateManager : public StateManager {
 public:
  HdfsStateManager(std::string root, StateOptions options) : root_(std::move(root)), options_(std::move(options)) {
    CheckStateCodec(options_.codec);
  }

  void Prepare(const std::vector<OperatorInfo>& operators, int64_t first_version) override {
    PrepareOperators(root_, options_, operators, first_version);
  }

  std::shared_ptr<StateStore> Open(const StoreId& id, const StoreSchema& schema, int64_t version) override {
    std::shared_ptr<StatePartition> partition;
    {
      std::lock_guard lock(mutex_);
      auto& found = partitions_[{id.operator_id, id.partition, IsDefaultStore(id.name) ? "" : id.name}];
      if (!found) found = std::make_shared<StatePartition>(StoreFolder(root_, id), id, schema, options_);
      partition = found;
    }
    return partition->Open(version);
  }

  std::shared_ptr<FamilyStore> OpenFamilies(const StoreId& id, int64_t version) override {
    throw base::Error(base::ErrorKind::kUnsupportedOperation,
                      "UNSUPPORTED_FEATURE.STATE_STORE_MULTIPLE_COLUMN_FAMILIES",
                      {{"stateStoreProvider", "HDFSStateStoreProvider"}});
  }

  void Sync() override {
    for (const auto& partition : Partitions()) partition->Sync();
  }
  void Maintain() override {
    for (const auto& partition : Partitions()) partition->Maintain();
  }

 private:
  std::vector<std::shared_ptr<StatePartition>> Partitions() {
    std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<StatePartition>> partitions;
    for (const auto& [key, partition] : partitions_) partitions.push_back(partition);
    return partitions;
  }

  const std::string root_;
  const StateOptions options_;
  std::mutex mutex_;
  std::map<std::tuple<int64_t, int, std::string>, std::shared_ptr<StatePartition>> partitions_;
};

}  // namespace

std::unique_ptr<StateManager> MakeHdfsBackedStateManager(const std::string& root, const StateOptions& options) {
  return std::make_unique<HdfsStateManager>(root, options);
}

}  // namespace sluice::state
