// The session's names: temporary views of its own, databases and tables shared by all sessions of the process.
#include "catalog/catalog.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>

#include "base/error.h"

namespace sluice::catalog {
namespace {

constexpr const char* kCatalogName = "spark_catalog";

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string QualifiedName(const std::string& database, const std::string& name) {
  return types::QuoteIdentifier({kCatalogName, database, name});
}

base::Error SchemaNotFound(const std::string& name) {
  return base::Error(base::ErrorKind::kAnalysis, "SCHEMA_NOT_FOUND",
                     {{"schemaName", types::QuoteIdentifier({kCatalogName, name})}});
}

// Database and table of a name with one to three parts; nothing for another catalog.
std::optional<std::pair<std::string, std::string>> Split(const std::vector<std::string>& name,
                                                         const std::string& current_database) {
  switch (name.size()) {
    case 1:
      return {{current_database, Lower(name[0])}};
    case 2:
      return {{Lower(name[0]), Lower(name[1])}};
    case 3:
      if (Lower(name[0]) != kCatalogName) return std::nullopt;
      return {{Lower(name[1]), Lower(name[2])}};
    default:
      return std::nullopt;
  }
}

}  // namespace

Catalog::Catalog(std::string warehouse)
    : warehouse_(std::move(warehouse)), persistent_(std::make_shared<Persistent>()) {
  persistent_->databases["default"] = {"default", "default database", warehouse_};
}

void Catalog::CreateTempView(const std::string& name, logical::PlanPtr plan, bool replace) {
  std::lock_guard lock(mutex_);
  auto [entry, added] = temp_views_.try_emplace(Lower(name), plan);
  if (!added && !replace) {
    throw base::Error(base::ErrorKind::kAnalysis, "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS",
                      {{"relationName", types::QuoteIdentifier({name})}});
  }
  entry->second = std::move(plan);
}

void Catalog::CreateGlobalTempView(const std::string& name, logical::PlanPtr plan, bool replace) {
  std::lock_guard lock(persistent_->mutex);
  auto [entry, added] = persistent_->global_views.try_emplace(Lower(name), plan);
  if (!added && !replace) {
    throw base::Error(base::ErrorKind::kAnalysis, "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS",
                      {{"relationName", types::QuoteIdentifier({"global_temp", name})}});
  }
  entry->second = std::move(plan);
}

bool Catalog::DropTempView(const std::string& name) {
  std::lock_guard lock(mutex_);
  return temp_views_.erase(Lower(name)) > 0;
}

bool Catalog::DropGlobalTempView(const std::string& name) {
  std::lock_guard lock(persistent_->mutex);
  return persistent_->global_views.erase(Lower(name)) > 0;
}

logical::PlanPtr Catalog::FindTempView(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = temp_views_.find(Lower(name));
  return found == temp_views_.end() ? nullptr : found->second;
}

logical::PlanPtr Catalog::FindGlobalTempView(const std::string& name) const {
  std::lock_guard lock(persistent_->mutex);
  auto found = persistent_->global_views.find(Lower(name));
  return found == persistent_->global_views.end() ? nullptr : found->second;
}

std::vector<std::string> Catalog::TempViews() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, plan] : temp_views_) names.push_back(name);
  return names;
}

std::vector<std::string> Catalog::GlobalTempViews() const {
  std::lock_guard lock(persistent_->mutex);
  std::vector<std::string> names;
  for (const auto& [name, plan] : persistent_->global_views) names.push_back(name);
  return names;
}

std::optional<Table> Catalog::FindTable(const std::vector<std::string>& name) const {
  auto key = Split(name, current_database());
  if (!key) return std::nullopt;
  std::lock_guard lock(persistent_->mutex);
  auto found = persistent_->tables.find(*key);
  if (found == persistent_->tables.end()) return std::nullopt;
  return found->second;
}

void Catalog::CreateTable(Table table, bool if_not_exists) {
  if (table.database.empty()) table.database = current_database();
  std::pair<std::string, std::string> key{Lower(table.database), Lower(table.name)};
  std::lock_guard lock(persistent_->mutex);
  auto database = persistent_->databases.find(key.first);
  if (database == persistent_->databases.end()) throw SchemaNotFound(table.database);
  if (persistent_->tables.count(key)) {
    if (if_not_exists) return;
    throw base::Error(base::ErrorKind::kAnalysis, "TABLE_OR_VIEW_ALREADY_EXISTS",
                      {{"relationName", QualifiedName(key.first, table.name)}});
  }
  table.database = key.first;
  table.name = key.second;
  if (table.location.empty() && table.view_text.empty()) table.location = database->second.location + "/" + key.second;
  persistent_->tables.emplace(std::move(key), std::move(table));
}

void Catalog::DropTable(const std::vector<std::string>& name, bool if_exists) {
  auto key = Split(name, current_database());
  std::lock_guard lock(persistent_->mutex);
  auto found = key ? persistent_->tables.find(*key) : persistent_->tables.end();
  if (found == persistent_->tables.end()) {
    if (if_exists) return;
    std::string full = key ? QualifiedName(key->first, name.back()) : types::QuoteIdentifier(name);
    throw base::Error(base::ErrorKind::kAnalysis, "TABLE_OR_VIEW_NOT_FOUND",
                      {{"relationName", full},
                       {"searchPath", fmt::format("[`system`.`builtin`, `system`.`session`, {}]",
                                                  types::QuoteIdentifier({kCatalogName, current_database()}))}});
  }
  const Table& table = found->second;
  if (!table.external && table.view_text.empty() && !table.location.empty()) {
    std::error_code ignored;
    std::filesystem::remove_all(table.location, ignored);
  }
  persistent_->tables.erase(found);
}

std::vector<Table> Catalog::Tables(const std::string& database) const {
  std::string wanted = Lower(database);
  std::lock_guard lock(persistent_->mutex);
  std::vector<Table> tables;
  for (const auto& [key, table] : persistent_->tables) {
    if (key.first == wanted) tables.push_back(table);
  }
  return tables;
}

std::string Catalog::current_database() const {
  std::lock_guard lock(mutex_);
  return current_database_;
}

void Catalog::SetCurrentDatabase(const std::string& name) {
  if (!FindDatabase(name)) throw SchemaNotFound(name);
  std::lock_guard lock(mutex_);
  current_database_ = Lower(name);
}

void Catalog::CreateDatabase(Database database, bool if_not_exists) {
  database.name = Lower(database.name);
  if (database.location.empty()) database.location = warehouse_ + "/" + database.name + ".db";
  std::lock_guard lock(persistent_->mutex);
  if (persistent_->databases.count(database.name)) {
    if (if_not_exists) return;
    throw base::Error(base::ErrorKind::kAnalysis, "SCHEMA_ALREADY_EXISTS",
                      {{"schemaName", types::QuoteIdentifier({database.name})}});
  }
  persistent_->databases.emplace(database.name, std::move(database));
}

void Catalog::DropDatabase(const std::string& name, bool if_exists, bool cascade) {
  std::string key = Lower(name);
  std::lock_guard lock(persistent_->mutex);
  auto found = persistent_->databases.find(key);
  if (found == persistent_->databases.end()) {
    if (if_exists) return;
    throw SchemaNotFound(name);
  }
  auto first = persistent_->tables.lower_bound({key, ""});
  auto last = first;
  while (last != persistent_->tables.end() && last->first.first == key) ++last;
  if (first != last && !cascade) {
    throw base::Error(base::ErrorKind::kAnalysis, "SCHEMA_NOT_EMPTY", {{"schemaName", types::QuoteIdentifier({key})}});
  }
  for (auto table = first; table != last; ++table) {
    std::error_code ignored;
    if (!table->second.external && !table->second.location.empty()) {
      std::filesystem::remove_all(table->second.location, ignored);
    }
  }
  persistent_->tables.erase(first, last);
  persistent_->databases.erase(found);
}

std::vector<Database> Catalog::Databases() const {
  std::lock_guard lock(persistent_->mutex);
  std::vector<Database> databases;
  for (const auto& [name, database] : persistent_->databases) databases.push_back(database);
  return databases;
}

std::optional<Database> Catalog::FindDatabase(const std::string& name) const {
  std::lock_guard lock(persistent_->mutex);
  auto found = persistent_->databases.find(Lower(name));
  if (found == persistent_->databases.end()) return std::nullopt;
  return found->second;
}

std::shared_ptr<Catalog> Catalog::Clone() const {
  auto clone = std::make_shared<Catalog>(warehouse_);
  std::lock_guard lock(mutex_);
  clone->persistent_ = persistent_;
  clone->temp_views_ = temp_views_;
  clone->current_database_ = current_database_;
  return clone;
}

}  // namespace sluice::catalog
