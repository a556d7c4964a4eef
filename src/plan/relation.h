// Unresolved relations.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "plan/expression.h"

namespace arrow {
class Table;
}

namespace sluice::plan {

/// Options keep the user's spelling; look-ups are without case (types of CaseInsensitiveMap).
using Options = std::map<std::string, std::string>;
/// The value of an option, by name without case.
std::optional<std::string> FindOption(const Options& options, std::string_view name);

struct NamedTable {
  std::vector<std::string> name;
  Options options;
  bool is_streaming = false;
};
/// spark.read / readStream. format empty = spark.sql.sources.default. schema null = not given.
struct DataSource {
  std::string format;
  types::TypePtr schema;
  Options options;
  std::vector<std::string> paths;
  bool is_streaming = false;
};
struct Project {
  RelationPtr input;  ///< null for SELECT without FROM
  std::vector<ExpressionPtr> expressions;
};
struct Filter {
  RelationPtr input;
  ExpressionPtr condition;
};
enum class JoinType { kInner, kLeftOuter, kRightOuter, kFullOuter, kLeftSemi, kLeftAnti, kCross };
struct Join {
  RelationPtr left, right;
  JoinType type = JoinType::kInner;
  ExpressionPtr condition;  ///< null if none
  std::vector<std::string> using_columns;
  bool natural = false;
  bool lateral = false;
};
enum class SetOperation { kUnion, kIntersect, kExcept };
struct SetOp {
  RelationPtr left, right;
  SetOperation operation = SetOperation::kUnion;
  bool is_all = true;
  bool by_name = false;
  bool allow_missing_columns = false;
};
struct Sort {
  RelationPtr input;
  std::vector<SortOrder> order;
  bool is_global = true;
};
struct Limit {
  RelationPtr input;
  ExpressionPtr limit;
};
struct Offset {
  RelationPtr input;
  ExpressionPtr offset;
};
struct Tail {
  RelationPtr input;
  int64_t limit = 0;
};
enum class GroupType { kGroupBy, kRollup, kCube, kPivot, kGroupingSets };
struct Aggregate {
  RelationPtr input;
  GroupType group_type = GroupType::kGroupBy;
  std::vector<ExpressionPtr> grouping;
  /// From the protocol: aggregates only (grouping columns are put in front). From SQL: the whole select list, with
  /// `select_list` set.
  std::vector<ExpressionPtr> aggregates;
  bool select_list = false;
  ExpressionPtr having;  ///< SQL only
  /// PIVOT of SQL has `select_list` unset and `grouping` empty with `implicit_grouping` set: it groups by the columns
  /// of the input that it doesn't mention.
  bool implicit_grouping = false;
  ExpressionPtr pivot_column;  ///< struct(a, b) for several
  std::vector<ExpressionPtr> pivot_values;
  std::vector<std::vector<ExpressionPtr>> grouping_sets;
};
struct Deduplicate {
  RelationPtr input;
  std::vector<std::string> columns;
  bool all_columns = false;  ///< if there are no `columns` either: SELECT DISTINCT
  bool within_watermark = false;
};
/// Rows given by the client or VALUES already evaluated; `schema` (a struct) renames and casts by position if set.
struct LocalRelation {
  std::shared_ptr<arrow::Table> data;  ///< null if only a schema is given
  types::TypePtr schema;
};
/// VALUES (…), (…) of SQL.
struct Values {
  std::vector<std::vector<ExpressionPtr>> rows;
};
struct Range {
  int64_t start = 0, end = 0, step = 1;
  std::optional<int32_t> num_partitions;
};
struct SubqueryAlias {
  RelationPtr input;
  std::vector<std::string> name;
  std::vector<std::string> columns;  ///< AS t(a, b)
};
struct WithColumns {
  RelationPtr input;
  std::vector<ExpressionPtr> columns;  ///< aliases
};
struct WithColumnsRenamed {
  RelationPtr input;
  std::vector<std::pair<std::string, std::string>> renames;
};
struct Drop {
  RelationPtr input;
  std::vector<ExpressionPtr> columns;
  std::vector<std::string> column_names;
};
struct ToDF {
  RelationPtr input;
  std::vector<std::string> names;
};
struct ToSchema {
  RelationPtr input;
  types::TypePtr schema;
};
struct Sample {
  RelationPtr input;
  double lower = 0, upper = 1;
  bool with_replacement = false;
  std::optional<int64_t> seed;
  bool deterministic_order = false;
};
struct Repartition {
  RelationPtr input;
  int32_t num_partitions = 1;
  bool shuffle = true;
};
struct RepartitionByExpression {
  RelationPtr input;
  std::vector<ExpressionPtr> expressions;  ///< SortOrder among them = by range
  std::optional<int32_t> num_partitions;
};
struct Hint {
  RelationPtr input;
  std::string name;
  std::vector<ExpressionPtr> parameters;
};
struct ShowString {
  RelationPtr input;
  int32_t num_rows = 20;
  int32_t truncate = 20;
  bool vertical = false;
};
struct HtmlString {
  RelationPtr input;
  int32_t num_rows = 20;
  int32_t truncate = 20;
};
struct FillNa {
  RelationPtr input;
  std::vector<std::string> columns;
  std::vector<types::Literal> values;
};
struct DropNa {
  RelationPtr input;
  std::vector<std::string> columns;
  std::optional<int32_t> min_non_nulls;
};
struct ReplaceNa {
  RelationPtr input;
  std::vector<std::string> columns;
  std::vector<std::pair<types::Literal, types::Literal>> replacements;
};
struct Describe {
  RelationPtr input;
  std::vector<std::string> columns;
};
struct Summary {
  RelationPtr input;
  std::vector<std::string> statistics;
};
struct Unpivot {
  RelationPtr input;
  std::vector<ExpressionPtr> ids;
  std::optional<std::vector<ExpressionPtr>> values;  ///< nothing = all columns that are no ids
  std::string variable_column, value_column;
  /// UNPIVOT of SQL: `ids` are the columns not mentioned, `values` may be named by aliases (the value of the variable
  /// column), and rows whose value is null are dropped unless `include_nulls`.
  bool implicit_ids = false;
  bool include_nulls = true;
};
/// df.transpose: the values of the index column name the new columns; the first column for no index.
struct Transpose {
  RelationPtr input;
  std::vector<ExpressionPtr> index;
};
struct WithWatermark {
  RelationPtr input;
  std::string event_time;
  std::string delay;
};
/// df.observe(name, …)
struct CollectMetrics {
  RelationPtr input;
  std::string name;
  std::vector<ExpressionPtr> metrics;
};
/// mapInPandas, mapInArrow
struct MapPartitions {
  RelationPtr input;
  ExpressionPtr function;  ///< PythonUdf
  bool is_barrier = false;
};
/// applyInPandas, applyInArrow
struct GroupMap {
  RelationPtr input;
  std::vector<ExpressionPtr> grouping;
  ExpressionPtr function;
};
struct CoGroupMap {
  RelationPtr input, other;
  std::vector<ExpressionPtr> input_grouping, other_grouping;
  ExpressionPtr function;
};
/// applyInPandasWithState; mode and timeout as the program wrote them.
struct ApplyInPandasWithState {
  RelationPtr input;
  std::vector<ExpressionPtr> grouping;
  ExpressionPtr function;
  types::TypePtr output_schema, state_schema;
  std::string output_mode, timeout;
};
/// transformWithState and transformWithStateInPandas; modes as the program wrote them.
struct TransformWithState {
  RelationPtr input;
  std::vector<ExpressionPtr> grouping;
  ExpressionPtr function;
  types::TypePtr output_schema;
  std::string output_mode, time_mode;
  std::string event_time_column;  ///< of the output; empty = none
  RelationPtr initial;            ///< null = none
  std::vector<ExpressionPtr> initial_grouping;
};
/// A frame that the server keeps for the session: df.checkpoint(), the batch of foreachBatch.
struct CachedRemoteRelation {
  std::string relation_id;
};
/// spark.read.json(df_of_strings) and csv.
struct Parse {
  RelationPtr input;
  std::string format;
  types::TypePtr schema;
  Options options;
};
/// SQL text with its arguments; the analyzer parses it.
struct SqlQuery {
  std::string text;
  std::vector<std::pair<std::string, ExpressionPtr>> named_arguments;
  std::vector<ExpressionPtr> positional_arguments;
};
/// Named sub-plans by plan id (subqueries) or by view name (`spark.sql("… {df}")`, WITH).
struct WithRelations {
  RelationPtr root;
  std::vector<RelationPtr> references;
};
/// WITH a AS (…), … of SQL.
struct CommonTableExpressions {
  RelationPtr input;
  std::vector<std::pair<std::string, RelationPtr>> definitions;
};
/// explode(…) in FROM or LATERAL VIEW.
struct LateralView {
  RelationPtr input;
  ExpressionPtr generator;
  std::string table_alias;
  std::vector<std::string> column_aliases;
  bool outer = false;
};
struct TableValuedFunction {
  std::string name;
  std::vector<ExpressionPtr> arguments;
};
/// spark.catalog.*: the call's name in snake_case as the protocol has it, with its arguments by their field names.
struct CatalogCall {
  std::string name;
  std::map<std::string, std::string> arguments;
  types::TypePtr schema;
  Options options;
};
/// A relation the engine does not have; the analyzer answers UNSUPPORTED naming it.
struct Unsupported {
  std::string what;
};

struct Relation {
  using Node = std::variant<NamedTable, DataSource, Project, Filter, Join, SetOp, Sort, Limit, Offset, Tail, Aggregate,
                            Deduplicate, LocalRelation, Values, Range, SubqueryAlias, WithColumns, WithColumnsRenamed,
                            Drop, ToDF, ToSchema, Sample, Repartition, RepartitionByExpression, Hint, ShowString,
                            HtmlString, FillNa, DropNa, ReplaceNa, Describe, Summary, Unpivot, Transpose, WithWatermark,
                            CollectMetrics, MapPartitions, GroupMap, CoGroupMap, ApplyInPandasWithState,
                            TransformWithState, CachedRemoteRelation, Parse, SqlQuery, WithRelations,
                            CommonTableExpressions, LateralView, TableValuedFunction, CatalogCall, Unsupported>;
  Node node;
  std::optional<int64_t> plan_id;
  base::QueryContextPtr origin;  ///< the SQL text it came from, or null

  template <typename T>
  const T* As() const {
    return std::get_if<T>(&node);
  }
};

template <typename T>
RelationPtr MakeRelation(T node, std::optional<int64_t> plan_id = std::nullopt,
                         base::QueryContextPtr origin = nullptr) {
  return std::make_shared<Relation>(Relation{std::move(node), plan_id, std::move(origin)});
}

/// An indented tree, one node a line; equal plans have equal texts.
std::string ToString(const Relation& relation);

}  // namespace sluice::plan
