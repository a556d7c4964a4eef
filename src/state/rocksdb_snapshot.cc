// JSON of a snapshot's metadata.
#include "state/rocksdb_snapshot.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace sluice::state {
namespace {

using Json = nlohmann::ordered_json;

Json FilesJson(const std::vector<SnapshotFile>& files, const char* stored_key) {
  Json out = Json::array();
  for (const SnapshotFile& file : files) {
    out.push_back({{"localFileName", file.local_name}, {stored_key, file.stored_name}, {"sizeBytes", file.bytes}});
  }
  return out;
}

// Names become paths.
std::string FileName(const Json& file, const char* key) {
  auto name = file.at(key).get<std::string>();
  if (name.empty() || name[0] == '.' || name.find('/') != std::string::npos) {
    throw base::Error::Plain(base::ErrorKind::kIllegalState, "The snapshot's metadata names the file " + name);
  }
  return name;
}

std::vector<SnapshotFile> ParseFiles(const Json& parsed, const char* key, const char* stored_key) {
  std::vector<SnapshotFile> files;
  if (!parsed.contains(key)) return files;
  for (const Json& file : parsed.at(key)) {
    files.push_back({FileName(file, "localFileName"), FileName(file, stored_key), file.at("sizeBytes").get<int64_t>()});
  }
  return files;
}

}  // namespace

std::string FormatSnapshotMetadata(const SnapshotMetadata& metadata) {
  Json out;
  out["sstFiles"] = FilesJson(metadata.tables, "dfsSstFileName");
  if (!metadata.logs.empty()) out["logFiles"] = FilesJson(metadata.logs, "dfsLogFileName");
  out["numKeys"] = metadata.keys;
  out["numInternalKeys"] = metadata.internal_keys;
  Json ids = Json::object(), internal = Json::object();
  for (const auto& [name, family] : metadata.families) {
    ids[name] = family.id;
    internal[name] = family.internal;
  }
  out["columnFamilyMapping"] = ids;
  out["columnFamilyTypeMap"] = internal;
  out["maxColumnFamilyId"] = metadata.newest_family;
  return "v1\n" + out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

SnapshotMetadata ParseSnapshotMetadata(std::string_view text) {
  size_t end = text.find('\n');
  if (end == std::string_view::npos || text.substr(0, end) != "v1") {
    throw base::Error(
        base::ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.CANNOT_READ_CHECKPOINT",
        {{"expectedVersion", "v1"}, {"actualVersion", std::string(text.substr(0, std::min(end, size_t{16})))}});
  }
  SnapshotMetadata metadata;
  try {
    Json parsed = Json::parse(text.substr(end + 1));
    metadata.tables = ParseFiles(parsed, "sstFiles", "dfsSstFileName");
    metadata.logs = ParseFiles(parsed, "logFiles", "dfsLogFileName");
    metadata.keys = parsed.at("numKeys").get<int64_t>();
    metadata.internal_keys = parsed.value("numInternalKeys", int64_t{0});
    if (parsed.contains("columnFamilyMapping")) {
      for (const auto& [name, id] : parsed.at("columnFamilyMapping").items()) {
        metadata.families[name].id = id.get<int16_t>();
      }
    }
    if (parsed.contains("columnFamilyTypeMap")) {
      for (const auto& [name, internal] : parsed.at("columnFamilyTypeMap").items()) {
        metadata.families[name].internal = internal.get<bool>();
      }
    }
    metadata.newest_family = parsed.value("maxColumnFamilyId", int16_t{0});
  } catch (const nlohmann::json::exception&) {
    throw base::Error::Plain(base::ErrorKind::kIllegalState, "The snapshot's metadata is malformed");
  }
  return metadata;
}

}  // namespace sluice::state
