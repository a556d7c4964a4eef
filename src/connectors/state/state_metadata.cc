// The source `state-metadata`: the stateful operators of a checkpoint and the batches whose state is there.
#include <arrow/api.h>

#include "base/arrow_status.h"
#include "base/durable_file.h"
#include "base/error.h"
#include "checkpoint/commit_log.h"
#include "connectors/spi/registry.h"
#include "state/operator_records.h"

namespace sluice::connectors {
namespace {

struct StoreEntry {
  state::OperatorInfo info;
  state::StoreInfo store;
  int64_t first_batch = -1, last_batch = -1;
};

std::vector<StoreEntry> ReadEntries(const std::string& checkpoint) {
  std::vector<int64_t> batches = checkpoint::CommitLog(checkpoint).Batches();
  std::vector<StoreEntry> entries;
  for (const auto& [id, info] : state::ReadOperators(checkpoint + "/state", batches.empty() ? 0 : batches.back())) {
    for (const state::StoreInfo& store : info.stores) {
      StoreEntry entry{info, store};
      if (!batches.empty()) {
        entry.first_batch = batches.front();
        entry.last_batch = batches.back();
      }
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Column(const std::vector<StoreEntry>& entries, Value&& value) {
  Builder builder;
  for (const StoreEntry& entry : entries) base::ThrowIfError(builder.Append(value(entry)));
  return base::ValueOrThrow(builder.Finish());
}

std::shared_ptr<arrow::Array> ColumnOf(const std::string& name, const std::vector<StoreEntry>& entries) {
  using Entry = const StoreEntry&;
  if (name == "operatorId") return Column<arrow::Int64Builder>(entries, [](Entry of) { return of.info.id; });
  if (name == "operatorName") return Column<arrow::StringBuilder>(entries, [](Entry of) { return of.info.name; });
  if (name == "stateStoreName") return Column<arrow::StringBuilder>(entries, [](Entry of) { return of.store.name; });
  if (name == "numPartitions") return Column<arrow::Int32Builder>(entries, [](Entry of) { return of.info.partitions; });
  if (name == "minBatchId") return Column<arrow::Int64Builder>(entries, [](Entry of) { return of.first_batch; });
  if (name == "maxBatchId") return Column<arrow::Int64Builder>(entries, [](Entry of) { return of.last_batch; });
  if (name == "operatorProperties") {
    // An operator of the first version has none.
    arrow::StringBuilder builder;
    for (const StoreEntry& entry : entries) {
      const std::string& properties = entry.info.properties_json;
      base::ThrowIfError(properties.empty() ? builder.AppendNull() : builder.Append(properties));
    }
    return base::ValueOrThrow(builder.Finish());
  }
  return Column<arrow::Int32Builder>(entries, [](Entry of) { return of.store.prefix_columns; });
}

class MetadataReader : public BatchReader {
 public:
  MetadataReader(std::string checkpoint, const ScanRequest& request)
      : checkpoint_(std::move(checkpoint)), request_(request) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (read_) return nullptr;
    read_ = true;
    std::vector<StoreEntry> entries = ReadEntries(checkpoint_);
    arrow::ArrayVector columns;
    for (const std::string& name : request_.columns) columns.push_back(ColumnOf(name, entries));
    return arrow::RecordBatch::Make(types::ToArrowSchema(*request_.schema), static_cast<int64_t>(entries.size()),
                                    columns);
  }

 private:
  const std::string checkpoint_;
  const ScanRequest request_;
  bool read_ = false;
};

class MetadataTable : public BatchTable {
 public:
  explicit MetadataTable(std::string checkpoint) : checkpoint_(std::move(checkpoint)) {}
  types::TypePtr schema() const override {
    return types::Struct({{"operatorId", types::Long()},
                          {"operatorName", types::String()},
                          {"stateStoreName", types::String()},
                          {"numPartitions", types::Integer()},
                          {"minBatchId", types::Long()},
                          {"maxBatchId", types::Long()},
                          {"operatorProperties", types::String()}});
  }
  types::TypePtr metadata_columns() const override { return types::Struct({{"_numColsPrefixKey", types::Integer()}}); }
  std::string Describe() const override { return "state-metadata-table"; }
  std::vector<InputPartitionPtr> Partitions(const ScanRequest&, int) override {
    return {std::make_shared<InputPartition>()};
  }
  BatchReaderPtr Open(const InputPartitionPtr&, const ScanRequest& request) override {
    return std::make_unique<MetadataReader>(checkpoint_, request);
  }

 private:
  const std::string checkpoint_;
};

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, StateMetadata) {
  DataSourceEntry entry;
  entry.name = "state-metadata";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.v2.state.metadata.StateMetadataSource"};
  entry.usage = "The stateful operators that a query's checkpoint holds the state of.";
  entry.options = {{"path", "", "The checkpoint; required."}};
  entry.read = [](const ReadSpec& spec) {
    auto path = plan::FindOption(spec.options, "path");
    if (!path && !spec.paths.empty()) path = spec.paths.front();
    if (!path) {
      throw base::Error(base::ErrorKind::kRuntime, "STDS_REQUIRED_OPTION_UNSPECIFIED", {{"optionName", "path"}});
    }
    return std::make_shared<MetadataTable>(base::LocalPath(*path));
  };
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
