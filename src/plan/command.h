// Commands: what changes something instead of giving rows.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plan/relation.h"

namespace sluice::plan {

struct CreateView {
  RelationPtr input;
  std::vector<std::string> name;
  bool is_global = false;
  bool replace = false;
  bool if_not_exists = false;
  std::string sql_text;  ///< of CREATE VIEW (a persistent one when `is_temporary` is false)
  bool is_temporary = true;
};
enum class SaveMode { kErrorIfExists, kAppend, kOverwrite, kIgnore };
/// df.write. One of `path` (maybe empty: option "path") and `table` applies.
struct WriteOperation {
  RelationPtr input;
  std::string format;  ///< empty = default source
  std::string path;
  std::vector<std::string> table;  ///< saveAsTable / insertInto
  bool insert_into = false;
  SaveMode mode = SaveMode::kErrorIfExists;
  std::vector<std::string> partition_by;
  std::vector<std::string> sort_by;
  bool bucket_by = false;
  Options options;
};

enum class TriggerKind { kDefault, kProcessingTime, kAvailableNow, kOnce, kContinuous, kRealTime };
struct Trigger {
  TriggerKind kind = TriggerKind::kDefault;
  std::string interval;  ///< as the user wrote it
};
struct PythonFunction {
  std::string command;
  std::string python_version;
};
/// df.writeStream.start()
struct WriteStream {
  RelationPtr input;
  std::string format;
  Options options;
  std::vector<std::string> partition_by;
  std::string output_mode;  ///< as the user wrote it; empty = append
  std::string query_name;
  Trigger trigger;
  std::string path;
  std::vector<std::string> table;  ///< toTable
  std::optional<PythonFunction> foreach_batch;
  std::optional<PythonFunction> foreach_writer;
};
/// spark.udf.register
struct RegisterFunction {
  std::string name;
  ExpressionPtr function;  ///< PythonUdf without arguments
};
/// spark.dataSource.register: a class of pyspark.sql.datasource.DataSource.
struct RegisterDataSource {
  std::string name;
  PythonFunction source;
};
/// df.checkpoint / localCheckpoint
struct Checkpoint {
  RelationPtr input;
  bool local = true;
  bool eager = true;
};
struct CreateTable {
  std::vector<std::string> name;
  types::TypePtr schema;  ///< null if inferred or AS SELECT
  std::string format;
  Options options;
  std::string location;
  std::vector<std::string> partition_by;
  std::string comment;
  Options properties;
  RelationPtr as_select;
  bool if_not_exists = false;
  bool or_replace = false;
};
struct InsertInto {
  std::vector<std::string> table;
  std::vector<std::string> columns;
  RelationPtr query;
  bool overwrite = false;
  std::vector<std::pair<std::string, ExpressionPtr>> partition;  ///< value null = dynamic
  bool by_name = false;
};
struct DropTable {
  std::vector<std::string> name;
  bool if_exists = false;
  bool is_view = false;
};
struct CreateDatabase {
  std::string name;
  bool if_not_exists = false;
  std::string location;
  std::string comment;
  Options properties;
};
struct DropDatabase {
  std::string name;
  bool if_exists = false;
  bool cascade = false;
};
struct UseDatabase {
  std::vector<std::string> name;
};
struct ShowTables {
  std::vector<std::string> database;
  std::string pattern;
};
struct ShowDatabases {
  std::string pattern;
};
struct ShowColumns {
  std::vector<std::string> table;
};
struct ShowFunctions {
  std::string pattern;
};
struct DescribeTable {
  std::vector<std::string> table;
  bool extended = false;
  std::vector<std::string> column;  ///< only this one, if given
};
struct DescribeQuery {
  RelationPtr query;
};
struct DescribeFunction {
  std::string name;
  bool extended = false;
};
/// SET key=value; SET key; SET; RESET.
struct SetConf {
  std::string key;                   ///< empty = show all
  std::optional<std::string> value;  ///< nothing = show
  bool reset = false;
};
/// CACHE TABLE, UNCACHE TABLE; CLEAR CACHE has `uncache` and no name.
struct CacheTable {
  std::vector<std::string> name;
  RelationPtr query;
  bool uncache = false;
  bool if_exists = false;
  bool lazy = false;
};
struct RefreshTable {
  std::vector<std::string> name;
};
struct ExplainCommand {
  RelationPtr query;
  std::string mode;  ///< "simple", "extended", "codegen", "cost", "formatted"
};
struct UnsupportedCommand {
  std::string what;
};

struct Command {
  using Node = std::variant<CreateView, WriteOperation, WriteStream, RegisterFunction, Checkpoint, CreateTable,
                            InsertInto, DropTable, CreateDatabase, DropDatabase, UseDatabase, ShowTables, ShowDatabases,
                            ShowColumns, ShowFunctions, DescribeTable, DescribeQuery, DescribeFunction, SetConf,
                            CacheTable, RefreshTable, ExplainCommand, UnsupportedCommand, RegisterDataSource>;
  Node node;

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};
using CommandPtr = std::shared_ptr<const Command>;

/// A parsed SQL statement: a query or a command.
using Statement = std::variant<RelationPtr, CommandPtr>;

template <typename T>
CommandPtr MakeCommand(T node) {
  return std::make_shared<Command>(Command{std::move(node)});
}

/// A tree as for relations; equal commands have equal texts.
std::string ToString(const Command& command);

}  // namespace sluice::plan
