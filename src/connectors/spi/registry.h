// The registry of data sources by format name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "base/registration.h"
#include "base/sql_conf.h"
#include "connectors/spi/batch.h"
#include "connectors/spi/stream.h"
#include "plan/command.h"

namespace sluice::connectors {

/// One option that a source or sink takes, for documentation and for refusing unknown values.
struct OptionSpec {
  std::string name;
  std::string default_value;
  std::string description;
};

/// What the user gave to a reader.
struct ReadSpec {
  std::string format;
  types::TypePtr schema;  ///< null if not given
  plan::Options options;
  std::vector<std::string> paths;
  const base::SqlConf* conf = nullptr;
};
/// What the user gave to a batch writer; `partition_by` columns are in `schema`.
struct WriteSpec {
  std::string format;
  types::TypePtr schema;
  plan::Options options;
  std::string path;
  plan::SaveMode mode = plan::SaveMode::kErrorIfExists;
  std::vector<std::string> partition_by;
  const base::SqlConf* conf = nullptr;
  base::CancellationPtr cancellation;  ///< cancelled when the caller gives up; may be null
};

/// A format or system. What an entry lacks is refused with Spark's error ("Data source X does not support streamed
/// reading.").
struct DataSourceEntry {
  std::string name;                  ///< lower case short name
  std::vector<std::string> aliases;  ///< class names
  std::string usage;
  std::vector<OptionSpec> options;
  std::function<BatchTablePtr(const ReadSpec&)> read;
  std::function<std::shared_ptr<StreamDefinition>(const ReadSpec&)> read_stream;
  std::function<BatchWritePtr(const WriteSpec&)> write;  ///< null result: nothing to do (mode ignore)
  /// Called when the query starts; format-specific checks of mode and options happen here, on the caller's thread.
  std::function<std::unique_ptr<StreamSink>(const StreamSinkContext&, const plan::Options&, const std::string& path)>
      write_stream;
  std::vector<OutputMode> output_modes;  ///< that the sink takes
  /// The sink keeps nothing beyond the query: without a checkpointLocation it gets a temporary one.
  bool temporary_checkpoint = false;
};

class ConnectorRegistry {
 public:
  void Add(DataSourceEntry entry);
  /// The same for one that may take the place of another.
  void Replace(DataSourceEntry entry);
  /// By short name or alias, without case. Throws DATA_SOURCE_NOT_FOUND (kClassNotFound).
  const DataSourceEntry& Get(std::string_view format) const;
  const DataSourceEntry* Find(std::string_view format) const;
  std::vector<const DataSourceEntry*> Entries() const;

 private:
  std::map<std::string, DataSourceEntry, std::less<>> entries_;
  std::map<std::string, std::string, std::less<>> aliases_;
};

/// Adds every source and sink of the engine (generated).
void RegisterAll(ConnectorRegistry& registry);

}  // namespace sluice::connectors
