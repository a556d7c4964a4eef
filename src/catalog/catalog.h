// Databases, tables and views of one session.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "logical/plan.h"
#include "plan/command.h"

namespace sluice::catalog {

/// A persistent table: a folder of files in a format.
struct Table {
  std::string database, name;
  std::string format;
  types::TypePtr schema;
  std::string location;  ///< local path
  plan::Options options, properties;
  std::vector<std::string> partition_by;
  std::string comment;
  bool external = false;
  std::string view_text;  ///< of a persistent view; then no location
};

struct Database {
  std::string name, description, location;
};

/// Temporary views hold resolved plans; memory-sink tables are temporary views over a BatchSource. Names are compared
/// without case. Thread safe.
class Catalog {
 public:
  explicit Catalog(std::string warehouse);

  void CreateTempView(const std::string& name, logical::PlanPtr plan,
                      bool replace);  ///< TEMP_TABLE_OR_VIEW_ALREADY_EXISTS
  void CreateGlobalTempView(const std::string& name, logical::PlanPtr plan, bool replace);
  bool DropTempView(const std::string& name);
  bool DropGlobalTempView(const std::string& name);
  logical::PlanPtr FindTempView(const std::string& name) const;
  logical::PlanPtr FindGlobalTempView(const std::string& name) const;
  std::vector<std::string> TempViews() const;
  std::vector<std::string> GlobalTempViews() const;

  /// `name` is [table], [database, table] or [catalog, database, table].
  std::optional<Table> FindTable(const std::vector<std::string>& name) const;
  void CreateTable(Table table, bool if_not_exists);  ///< TABLE_OR_VIEW_ALREADY_EXISTS
  void DropTable(const std::vector<std::string>& name,
                 bool if_exists);  ///< TABLE_OR_VIEW_NOT_FOUND; deletes managed files
  std::vector<Table> Tables(const std::string& database) const;

  std::string current_database() const;
  void SetCurrentDatabase(const std::string& name);  ///< SCHEMA_NOT_FOUND
  void CreateDatabase(Database database, bool if_not_exists);
  void DropDatabase(const std::string& name, bool if_exists, bool cascade);
  std::vector<Database> Databases() const;
  std::optional<Database> FindDatabase(const std::string& name) const;
  const std::string& warehouse() const { return warehouse_; }
  /// The same persistent part, with a copy of the temporary views (CloneSession).
  std::shared_ptr<Catalog> Clone() const;

 private:
  mutable std::mutex mutex_;
  std::string warehouse_;
  std::string current_database_ = "default";
  struct Persistent {
    std::mutex mutex;
    std::map<std::string, Database> databases;
    std::map<std::pair<std::string, std::string>, Table> tables;
    std::map<std::string, logical::PlanPtr> global_views;
  };
  std::shared_ptr<Persistent> persistent_;
  std::map<std::string, logical::PlanPtr> temp_views_;
};

}  // namespace sluice::catalog
