// Reading, checking and writing of operator metadata and state schemas.
#include "state/operator_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/fault_point.h"
#include "base/uuid.h"
#include "state/schema_file.h"

namespace sluice::state {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

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

std::optional<int64_t> NumberOf(const fs::path& path) {
  std::string name = path.filename().string();
  int64_t number = 0;
  auto [end, status] = std::from_chars(name.data(), name.data() + name.size(), number);
  return status == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

std::string SchemaPath(const std::string& root, int64_t operator_id, const std::string& store) {
  return StoreFolder(root, {operator_id, 0, store}) + "/_metadata/schema";
}

// The newest metadata of version 2 up to a version; "" if there is none.
std::string NewestMetadata(const std::string& folder, int64_t version) {
  int64_t newest = -1;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    auto number = NumberOf(entry->path());
    if (number && *number <= version) newest = std::max(newest, *number);
  }
  return newest < 0 ? "" : fmt::format("{}/{}", folder, newest);
}

void CheckSchema(const StoreSchema& now, const StoreSchema& stored) {
  auto check = [](const types::DataType& now_type, const types::DataType& before, const std::string& what) {
    if (SchemasCompatible(now_type, before)) return;
    bool key = what == "KEY";
    throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_" + what + "_SCHEMA_NOT_COMPATIBLE",
                {{key ? "storedKeySchema" : "storedValueSchema", SchemaText(before)},
                 {key ? "newKeySchema" : "newValueSchema", SchemaText(now_type)}});
  };
  check(*now.key, *stored.key, "KEY");
  check(*now.value, *stored.value, "VALUE");
}

void RecordSchema(const std::string& root, const StateOptions& options, int64_t operator_id, const StoreInfo& store) {
  std::string path = SchemaPath(root, operator_id, store.name);
  if (base::WriteFileDurably(path, FormatSchemaFile(store.schema), base::Existing::kFail)) return;
  if (options.check_schema) CheckSchema(store.schema, ReadAndParse(path, ParseSchemaFile));
}

// The file with the families' schemas: the recorded one if it holds the same.
std::string RecordFamilies(const std::string& root, const StateOptions& options, int64_t operator_id,
                           const StoreInfo& store, const StoreInfo* recorded, int64_t version) {
  std::vector<ColumnFamily> families = store.families;
  std::ranges::sort(families, {}, &ColumnFamily::name);
  std::string content = FormatFamilySchemaFile(families);
  if (recorded && !recorded->schema_files.empty()) {
    std::string path = base::LocalPath(recorded->schema_files.back());
    for (const ColumnFamily& stored : ReadAndParse(path, ParseFamilySchemaFile)) {
      auto now = std::ranges::find(store.families, stored.name, &ColumnFamily::name);
      if (now != store.families.end() && options.check_schema) CheckSchema(now->schema, stored.schema);
    }
    if (base::ReadWholeFile(path) == content) return recorded->schema_files.back();
  }
  std::string path =
      fmt::format("{}/{}/_stateSchema/{}/{}_{}", root, operator_id, store.name, version, base::NewUuid());
  base::WriteFileDurably(path, content, base::Existing::kFail);
  return "file:" + path;
}

std::map<std::string, std::string> VariableTypes(const nlohmann::json& properties) {
  std::map<std::string, std::string> out;
  for (const auto& variable : properties.value("stateVariables", nlohmann::json::array())) {
    out[variable.value("stateName", "")] = variable.value("stateVariableType", "");
  }
  return out;
}

// Of transformWithState: modes and kinds of variables stay as they are. Variables may come and go.
void CheckProperties(const std::string& now_json, const std::string& before_json) {
  auto now = nlohmann::json::parse(now_json, nullptr, false),
       before = nlohmann::json::parse(before_json, nullptr, false);
  if (!now.is_object() || !before.is_object()) return;
  for (const char* mode : {"timeMode", "outputMode"}) {
    std::string new_mode = now.value(mode, ""), old_mode = before.value(mode, "");
    if (new_mode == old_mode) continue;
    throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_INVALID_CONFIG_AFTER_RESTART",
                {{"configName", mode}, {"oldConfig", old_mode}, {"newConfig", new_mode}});
  }
  std::map<std::string, std::string> new_types = VariableTypes(now);
  for (const auto& [name, old_type] : VariableTypes(before)) {
    auto found = new_types.find(name);
    if (found == new_types.end() || found->second == old_type) continue;
    throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_INVALID_VARIABLE_TYPE_CHANGE",
                {{"stateVarName", name}, {"oldType", old_type}, {"newType", found->second}});
  }
}

void Record(const std::string& root, const StateOptions& options, OperatorInfo info, const OperatorInfo* recorded,
            int64_t version) {
  if (recorded) CheckProperties(info.properties_json, recorded->properties_json);
  for (StoreInfo& store : info.stores) {
    if (store.families.empty()) {
      RecordSchema(root, options, info.id, store);
      continue;
    }
    const StoreInfo* before = nullptr;
    if (recorded) {
      auto found = std::ranges::find(recorded->stores, store.name, &StoreInfo::name);
      if (found != recorded->stores.end()) before = &*found;
    }
    store.schema_files = {RecordFamilies(root, options, info.id, store, before, version)};
  }
  base::FaultPoint("state.after_schema");
  std::string folder = fmt::format("{}/{}/_metadata", root, info.id);
  std::string path = info.properties_json.empty() ? folder + "/metadata" : fmt::format("{}/v2/{}", folder, version);
  base::WriteFileDurably(path, FormatOperatorMetadata(info), base::Existing::kFail);
}

}  // namespace

std::string StoreFolder(const std::string& root, const StoreId& id) {
  std::string folder = fmt::format("{}/{}/{}", root, id.operator_id, id.partition);
  return IsDefaultStore(id.name) ? folder : folder + "/" + id.name;
}

std::map<int64_t, OperatorInfo> ReadOperators(const std::string& root, int64_t version) {
  std::map<int64_t, OperatorInfo> found;
  std::error_code failed;
  for (fs::directory_iterator entry(root, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::string path = NewestMetadata(entry->path().string() + "/_metadata/v2", version);
    if (path.empty()) path = entry->path().string() + "/_metadata/metadata";
    if (!fs::exists(path, failed)) continue;
    OperatorInfo info = ReadAndParse(path, ParseOperatorMetadata);
    found[info.id] = std::move(info);
  }
  return found;
}

StoreSchema ReadStoreSchema(const std::string& root, int64_t operator_id, const std::string& store) {
  return ReadAndParse(SchemaPath(root, operator_id, store), ParseSchemaFile);
}

void PrepareOperators(const std::string& root, const StateOptions& options, const std::vector<OperatorInfo>& operators,
                      int64_t first_version) {
  std::map<int64_t, OperatorInfo> recorded = ReadOperators(root, first_version);
  std::map<int64_t, std::string> in_plan, in_records;
  for (const OperatorInfo& info : operators) in_plan[info.id] = info.name;
  for (const auto& [id, info] : recorded) in_records[id] = info.name;
  // A first batch that was cut off may have recorded some of them only.
  if (first_version > 0 && !in_records.empty() && in_records != in_plan) {
    throw Error(ErrorKind::kRuntime, "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
                {{"OpsInMetadataSeq", NamesOf(in_records)}, {"OpsInCurBatchSeq", NamesOf(in_plan)}});
  }
  std::error_code failed;
  bool no_state = !fs::exists(root, failed) || fs::is_empty(root, failed);
  if (!operators.empty() && first_version > 0 && no_state) {
    throw Error(ErrorKind::kRuntime, "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY",
                {{"OpsInCurBatchSeq", NamesOf(in_plan)}});
  }
  for (const OperatorInfo& info : operators) {
    auto before = recorded.find(info.id);
    Record(root, options, info, before == recorded.end() ? nullptr : &before->second, first_version);
  }
}

}  // namespace sluice::state
