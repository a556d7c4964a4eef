// Finding the store of a checkpoint that a read asks for.
#include "connectors/state/state_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/error.h"
#include "checkpoint/offset_log.h"
#include "state/operator_records.h"
#include "state/schema_file.h"

namespace sluice::connectors {
namespace {

using base::Error;
using base::ErrorKind;
using state::OperatorInfo;
using types::StructField;
using types::TypePtr;

constexpr const char* kRocksDbProvider = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider";

bool IsTransformWithState(const OperatorInfo& info) {
  return info.name == "transformWithStateExec" || info.name == "transformWithStateInPandasExec";
}

Error SchemaUnreadable(const StateReadOptions& options) {
  return Error(ErrorKind::kRuntime, "STDS_FAILED_TO_READ_STATE_SCHEMA", {{"sourceOptions", options.ToString()}});
}

OperatorInfo FindOperator(const StateReadOptions& options) {
  auto operators = state::ReadOperators(options.checkpoint + "/state", options.batch_id);
  auto found = operators.find(options.operator_id);
  if (found == operators.end()) {
    throw Error(ErrorKind::kRuntime, "STDS_FAILED_TO_READ_OPERATOR_METADATA",
                {{"checkpointLocation", "file:" + options.checkpoint}, {"batchId", std::to_string(options.batch_id)}});
  }
  return found->second;
}

// A name of a variable for the timers, if these are asked for; checks that the operator has what is.
std::optional<std::string> VariableOf(const StateReadOptions& options, const OperatorInfo& info, StateShape* shape) {
  if (!options.variable && !options.registered_timers) return std::nullopt;
  if (!IsTransformWithState(info)) {
    const char* what = options.variable ? "state variable names" : "readRegisteredTimers=true";
    throw StateOptionInvalid(options.variable ? "stateVarName" : "readRegisteredTimers",
                             fmt::format("Providing {} is only supported with the transformWithState operator. Found "
                                         "operator={}. Please remove this option and re-run the query.",
                                         what, info.name));
  }
  if (info.properties_json.empty()) {
    throw StateOptionInvalid("stateVarName", "No state variable names are defined for the transformWithState operator");
  }
  auto properties = nlohmann::json::parse(info.properties_json, nullptr, false);
  std::string mode = properties.value("timeMode", "NoTime");
  if (options.registered_timers) {
    *shape = StateShape::kTimers;
    if (mode == "ProcessingTime") return "$procTimers_keyToTimestamp";
    if (mode == "EventTime") return "$eventTimers_keyToTimestamp";
    throw StateOptionInvalid("readRegisteredTimers", "Registered timers are not available in TimeMode=None.");
  }
  for (const auto& variable : properties.value("stateVariables", nlohmann::json::array())) {
    if (variable.value("stateName", "") != *options.variable) continue;
    std::string type = variable.value("stateVariableType", "");
    if (type == "ListState" && !options.flatten) *shape = StateShape::kList;
    if (type == "MapState") *shape = options.flatten ? StateShape::kMapEntries : StateShape::kMap;
    return options.variable;
  }
  throw StateOptionInvalid("stateVarName", fmt::format("State variable {} is not defined for the transformWithState "
                                                       "operator.",
                                                       *options.variable));
}

state::ColumnFamily FindFamily(const StateReadOptions& options, const OperatorInfo& info, const std::string& name) {
  for (const state::StoreInfo& store : info.stores) {
    for (const std::string& file : store.schema_files) {
      for (state::ColumnFamily& family : state::ParseFamilySchemaFile(base::ReadWholeFile(base::LocalPath(file)))) {
        if (family.name == name) return std::move(family);
      }
    }
  }
  throw SchemaUnreadable(options);
}

TypePtr WithoutLast(const TypePtr& type) {
  std::vector<StructField> fields(type->fields().begin(), type->fields().end() - 1);
  return types::Struct(std::move(fields));
}

void FindStore(StateTarget* target, const OperatorInfo& info) {
  const StateReadOptions& options = target->options;
  std::string name = options.store;
  if (options.join_side != JoinSide::kNone) {
    name = options.join_side == JoinSide::kLeft ? "left-keyWithIndexToValue" : "right-keyWithIndexToValue";
  }
  auto found = std::ranges::find(info.stores, name, &state::StoreInfo::name);
  if (found == info.stores.end()) throw SchemaUnreadable(options);
  target->store.id.name = name == "default" ? "" : name;
  target->store.prefix_columns = found->prefix_columns;
  try {
    target->store.schema = state::ReadStoreSchema(options.checkpoint + "/state", options.operator_id, name);
  } catch (const Error& error) {
    throw SchemaUnreadable(options).WithCause(error.message());
  }
  target->key = target->store.schema.key;
  target->value = target->store.schema.value;
  target->joined = options.join_side != JoinSide::kNone;
}

TypePtr TableSchema(const StateTarget& target) {
  auto field_of = [](const TypePtr& type, size_t index) { return type->fields().at(index).type; };
  StructField partition{"partition_id", types::Integer()};
  switch (target.shape) {
    case StateShape::kTimers:
      return types::Struct({{"key", field_of(target.key, 0)}, {"expiration_timestamp_ms", types::Long()}, partition});
    case StateShape::kList:
      return types::Struct({{"key", target.key}, {"list_value", types::Array(target.value, true)}, partition});
    case StateShape::kMap:
      return types::Struct({{"key", field_of(target.key, 0)},
                            {"map_value", types::Map(field_of(target.key, 1), target.value, true)},
                            partition});
    case StateShape::kMapEntries:
      return types::Struct({{"key", field_of(target.key, 0)},
                            {"user_map_key", field_of(target.key, 1)},
                            {"user_map_value", target.value},
                            partition});
    case StateShape::kRows:
      break;
  }
  bool list = target.family && target.family->multiple_values;
  TypePtr key = target.joined ? WithoutLast(target.key) : target.key;
  TypePtr value = target.joined ? WithoutLast(target.value) : target.value;
  StructField second{list ? "list_element" : "value", value};
  if (!target.options.change_feed) return types::Struct({{"key", key}, second, partition});
  return types::Struct(
      {{"batch_id", types::Long()}, {"change_type", types::String()}, {"key", key}, {"value", value}, partition});
}

}  // namespace

state::StateSource StateSourceOf(const std::string& checkpoint, int64_t batch_id, const base::SqlConf& session) {
  Error::Parameters where{{"batchId", std::to_string(batch_id)}, {"checkpointLocation", "file:" + checkpoint}};
  auto entry = checkpoint::OffsetLog(checkpoint).Get(batch_id);
  if (!entry) throw Error(ErrorKind::kRuntime, "STDS_OFFSET_LOG_UNAVAILABLE", where);
  if (!entry->has_metadata) throw Error(ErrorKind::kRuntime, "STDS_OFFSET_METADATA_LOG_UNAVAILABLE", where);
  base::SqlConf conf = session;
  checkpoint::RestoreLoggedConf(entry->metadata, conf);
  state::StateSource source;
  source.root = checkpoint + "/state";
  source.rocksdb = conf.GetString("spark.sql.streaming.stateStore.providerClass") == kRocksDbProvider;
  source.options.codec = conf.GetString("spark.sql.streaming.stateStore.compression.codec");
  source.options.repair_snapshots = conf.GetBool("spark.sql.streaming.stateStore.autoSnapshotRepair.enabled");
  source.options.row_checksums = conf.GetBool("spark.sql.streaming.stateStore.rowChecksum.enabled");
  if (source.rocksdb) source.rocksdb_options = state::ReadRocksDbOptions(conf);
  return source;
}

StateTarget FindState(const ReadSpec& spec) {
  StateTarget target;
  target.options = ParseStateOptions(spec);
  OperatorInfo info = FindOperator(target.options);
  auto variable = VariableOf(target.options, info, &target.shape);
  target.store.id.operator_id = target.options.operator_id;
  if (variable) {
    target.family = FindFamily(target.options, info, *variable);
    auto properties = nlohmann::json::parse(info.properties_json, nullptr, false);
    for (const auto& known : properties.value("stateVariables", nlohmann::json::array())) {
      if (known.value("stateName", "") != *variable) continue;
      target.family->multiple_values = known.value("stateVariableType", "") == "ListState";
    }
    target.store.has_families = true;
    target.key = target.family->schema.key;
    target.value = target.family->schema.value;
  } else {
    FindStore(&target, info);
  }
  target.schema = TableSchema(target);
  target.source =
      StateSourceOf(target.options.checkpoint, target.options.batch_id, spec.conf ? *spec.conf : base::SqlConf());
  target.partitions = state::ListPartitions(target.source.root, target.options.operator_id);
  if (target.partitions.empty()) {
    throw Error(ErrorKind::kRuntime, "STDS_NO_PARTITION_DISCOVERED_IN_STATE_STORE",
                {{"sourceOptions", target.options.ToString()}});
  }
  if (target.options.snapshot_batch) {
    int wanted = target.options.snapshot_partition;
    if (!std::ranges::binary_search(target.partitions, wanted)) {
      throw Error(ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.SNAPSHOT_PARTITION_ID_NOT_FOUND",
                  {{"snapshotPartitionId", std::to_string(wanted)},
                   {"operatorId", std::to_string(target.options.operator_id)},
                   {"checkpointLocation", "file:" + target.source.root}});
    }
    target.partitions = {wanted};
  }
  return target;
}

}  // namespace sluice::connectors
