// Data sources by name.
#include "connectors/spi/registry.h"

#include <cctype>

#include "base/error.h"

namespace sluice::connectors {
namespace {

std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

void ConnectorRegistry::Replace(DataSourceEntry entry) {
  entries_.erase(entry.name);
  Add(std::move(entry));
}

void ConnectorRegistry::Add(DataSourceEntry entry) {
  if (entry.usage.empty()) throw base::Error::Internal("The data source " + entry.name + " has no usage text");
  for (const std::string& alias : entry.aliases) {
    if (!aliases_.emplace(LowerCase(alias), entry.name).second) {
      throw base::Error::Internal("The data source alias " + alias + " is registered twice");
    }
  }
  std::string name = entry.name;
  if (!entries_.emplace(name, std::move(entry)).second) {
    throw base::Error::Internal("The data source " + name + " is registered twice");
  }
}

const DataSourceEntry* ConnectorRegistry::Find(std::string_view format) const {
  std::string name = LowerCase(format);
  if (auto alias = aliases_.find(name); alias != aliases_.end()) name = alias->second;
  auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

const DataSourceEntry& ConnectorRegistry::Get(std::string_view format) const {
  if (const DataSourceEntry* entry = Find(format)) return *entry;
  throw base::Error(base::ErrorKind::kClassNotFound, "DATA_SOURCE_NOT_FOUND", {{"provider", std::string(format)}});
}

std::vector<const DataSourceEntry*> ConnectorRegistry::Entries() const {
  std::vector<const DataSourceEntry*> all;
  for (const auto& [name, entry] : entries_) all.push_back(&entry);
  return all;
}

}  // namespace sluice::connectors
