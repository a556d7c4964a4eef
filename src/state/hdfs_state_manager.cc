// All stores of a query run on a local folder, in the layout of Spark's HDFS-backed provider.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "state/schema_file.h"
#include "state/state_partition.h"
#include "state/state_store.h"

namespace sluice::state {
namespace {

using base::Error;
using base::ErrorKind;

bool IsDefault(const std::string& store) { return store.empty() || store == "default"; }

std::string NamesOf(const std::map<int64_t, std::string>& operators) {
  std::string out;
  for (const auto& [id, name] : operators) {
    if (!out.empty()) out += ", ";
    out += fmt::format("(OperatorId: {} -> OperatorName: {})", id, name);
  }
  return out;
}

// What a parser throws says what is wrong; the file's name belongs to it.
template <typename Parse>
auto ReadAndParse(const std::string& path, Parse&& parse) {
  std::string content = base::ReadWholeFile(path);
  try {
    return parse(content);
  } catch (const Error& error) {
    throw Error::Plain(ErrorKind::kIllegalState,
                       fmt::format("Failed to read state file file:{}. {}", path, error.message()))
        .WithDomain(base::ErrorDomain::kExternal, false);
  }
}

class HdfsStateManager : public StateManager {
 public:
  HdfsStateManager(std::string root, StateOptions options) : root_(std::move(root)), options_(std::move(options)) {
    CheckStateCodec(options_.codec);
  }

  void Prepare(const std::vector<OperatorInfo>& operators, int64_t first_version) override {
    std::map<int64_t, std::string> in_plan, recorded = RecordedOperators();
    for (const OperatorInfo& info : operators) in_plan[info.id] = info.name;
    // A first batch that was cut off may have recorded some of them only.
    if (first_version > 0 && !recorded.empty() && recorded != in_plan) {
      throw Error(ErrorKind::kRuntime, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
                  {{"OpsInMetadataSeq", NamesOf(recorded)}, {"OpsInCurBatchSeq", NamesOf(in_plan)}});
    }
    std::error_code failed;
    bool no_state = !std::filesystem::exists(root_, failed) || std::filesystem::is_empty(root_, failed);
    if (!operators.empty() && first_version > 0 && no_state) {
      throw Error(ErrorKind::kRuntime, "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
                  {{"OpsInCurBatchSeq", NamesOf(in_plan)}});
    }
    for (const OperatorInfo& info : operators) {
      for (const StoreInfo& store : info.stores) CheckSchema(info.id, store);
      base::FaultPoint("state.after_schema");
      std::string metadata = OperatorFolder(info.id) + "/_metadata/metadata";
      base::WriteFileDurably(metadata, FormatOperatorMetadata(info), base::Existing::kFail);
    }
  }

  std::shared_ptr<StateStore> Open(const StoreId& id, const StoreSchema& schema, int64_t version) override {
    std::shared_ptr<StatePartition> partition;
    {
      std::lock_guard lock(mutex_);
      auto& found = partitions_[{id.operator_id, id.partition, IsDefault(id.name) ? "" : id.name}];
      if (!found) found = std::make_shared<StatePartition>(StoreFolder(id), id, schema, options_);
      partition = found;
    }
    return partition->Open(version);
  }

  std::shared_ptr<FamilyStore> OpenFamilies(const StoreId& id, int64_t version) override {
    throw Error(ErrorKind::kUnsupportedOperation, "UNSUPPORTED_FEATURE.STATE_STORE_MULTIPLE_COLUMN_FAMILIES",
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
  std::string OperatorFolder(int64_t id) const { return fmt::format("{}/{}", root_, id); }
  std::string StoreFolder(const StoreId& id) const {
    std::string folder = fmt::format("{}/{}/{}", root_, id.operator_id, id.partition);
    return IsDefault(id.name) ? folder : folder + "/" + id.name;
  }

  std::map<int64_t, std::string> RecordedOperators() const {
    std::map<int64_t, std::string> found;
    std::error_code failed;
    for (std::filesystem::directory_iterator entry(root_, failed), end; !failed && entry != end;
         entry.increment(failed)) {
      std::string path = entry->path().string() + "/_metadata/metadata";
      if (!std::filesystem::exists(path, failed)) continue;
      OperatorInfo info = ReadAndParse(path, ParseOperatorMetadata);
      found[info.id] = info.name;
    }
    return found;
  }

  void CheckSchema(int64_t operator_id, const StoreInfo& store) const {
    std::string path = StoreFolder({operator_id, 0, store.name}) + "/_metadata/schema";
    if (base::WriteFileDurably(path, FormatSchemaFile(store.schema), base::Existing::kFail)) return;
    if (!options_.check_schema) return;
    StoreSchema stored = ReadAndParse(path, ParseSchemaFile);
    auto check = [](const types::DataType& now, const types::DataType& before, const std::string& what) {
      if (SchemasCompatible(now, before)) return;
      bool key = what == "KEY";
      throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_" + what + "_SCHEMA_NOT_COMPATIBLE",
                  {{key ? "storedKeySchema" : "storedValueSchema", SchemaText(before)},
                   {key ? "newKeySchema" : "newValueSchema", SchemaText(now)}});
    };
    check(*store.schema.key, *stored.key, "KEY");
    check(*store.schema.value, *stored.value, "VALUE");
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
