// Unresolved relations as indented trees: every field shows, so that equal texts mean equal plans.
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/table.h>
#include <fmt/format.h>

#include <array>

#include "base/arrow_status.h"
#include "plan/tree_text.h"

namespace sluice::plan {
namespace {

std::string Fingerprint(const arrow::Table& table) {
  auto sink = base::ValueOrThrow(arrow::io::BufferOutputStream::Create());
  auto writer = base::ValueOrThrow(arrow::ipc::MakeStreamWriter(sink, table.schema()));
  base::ThrowIfError(writer->WriteTable(table));
  base::ThrowIfError(writer->Close());
  auto buffer = base::ValueOrThrow(sink->Finish());
  return fmt::format("{} rows {:016x}", table.num_rows(), std::hash<std::string_view>()(std::string_view(*buffer)));
}

std::string LiteralText(const types::Literal& literal) { return ToString(*Make(literal)); }

std::string JoinName(JoinType type) {
  static constexpr std::array<const char*, 7> kNames = {"INNER",     "LEFT OUTER", "RIGHT OUTER", "FULL OUTER",
                                                        "LEFT SEMI", "LEFT ANTI",  "CROSS"};
  return kNames.at(static_cast<size_t>(type));
}

struct Printer {
  std::string operator()(const NamedTable& r) const {
    return TreeText("Table").Name("name", r.name).Map("options", r.options).Flag("streaming", r.is_streaming).Finish();
  }
  std::string operator()(const DataSource& r) const {
    return TreeText("DataSource")
        .Text("format", r.format)
        .Type("schema", r.schema)
        .Map("options", r.options)
        .Names("paths", r.paths)
        .Flag("streaming", r.is_streaming)
        .Finish();
  }
  std::string operator()(const Project& r) const {
    return TreeText("Project").Exprs("", r.expressions).Input(r.input).Finish();
  }
  std::string operator()(const Filter& r) const {
    return TreeText("Filter").Expr("", r.condition).Input(r.input).Finish();
  }
  std::string operator()(const Join& r) const {
    return TreeText("Join")
        .Text("type", JoinName(r.type))
        .Expr("on", r.condition)
        .Names("using", r.using_columns)
        .Flag("natural", r.natural)
        .Flag("lateral", r.lateral)
        .Input(r.left)
        .Input(r.right)
        .Finish();
  }
  std::string operator()(const SetOp& r) const {
    static constexpr std::array<const char*, 3> kNames = {"Union", "Intersect", "Except"};
    return TreeText(kNames.at(static_cast<size_t>(r.operation)))
        .Flag("all", r.is_all)
        .Flag("by name", r.by_name)
        .Flag("missing columns", r.allow_missing_columns)
        .Input(r.left)
        .Input(r.right)
        .Finish();
  }
  std::string operator()(const Sort& r) const {
    return TreeText(r.is_global ? "Sort" : "SortWithinPartitions").Orders("", r.order).Input(r.input).Finish();
  }
  std::string operator()(const Limit& r) const { return TreeText("Limit").Expr("", r.limit).Input(r.input).Finish(); }
  std::string operator()(const Offset& r) const {
    return TreeText("Offset").Expr("", r.offset).Input(r.input).Finish();
  }
  std::string operator()(const Tail& r) const { return TreeText("Tail").Number("", r.limit).Input(r.input).Finish(); }
  std::string operator()(const Aggregate& r) const {
    static constexpr std::array<const char*, 5> kNames = {"GROUP BY", "ROLLUP", "CUBE", "PIVOT", "GROUPING SETS"};
    TreeText text("Aggregate");
    text.Text("type", kNames.at(static_cast<size_t>(r.group_type))).Exprs("grouping", r.grouping);
    text.Flag("implicit grouping", r.implicit_grouping);
    text.Exprs(r.select_list ? "select" : "aggregates", r.aggregates).Expr("having", r.having);
    if (r.pivot_column) text.Expr("pivot", r.pivot_column).Exprs("values", r.pivot_values);
    for (const auto& set : r.grouping_sets) text.Exprs("set", set);
    return text.Input(r.input).Finish();
  }
  std::string operator()(const Deduplicate& r) const {
    return TreeText("Deduplicate")
        .Names("columns", r.columns)
        .Flag("all columns", r.all_columns)
        .Flag("within watermark", r.within_watermark)
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const LocalRelation& r) const {
    return TreeText("LocalRelation").Text("data", r.data ? Fingerprint(*r.data) : "").Type("schema", r.schema).Finish();
  }
  std::string operator()(const Values& r) const {
    TreeText text("Values");
    for (const auto& row : r.rows) text.Exprs("row", row);
    return text.Finish();
  }
  std::string operator()(const Range& r) const {
    return TreeText("Range")
        .Text("", fmt::format("{}, {}, {}", r.start, r.end, r.step))
        .Text("partitions", r.num_partitions ? std::to_string(*r.num_partitions) : "")
        .Finish();
  }
  std::string operator()(const SubqueryAlias& r) const {
    return TreeText("SubqueryAlias").Name("name", r.name).Names("columns", r.columns).Input(r.input).Finish();
  }
  std::string operator()(const WithColumns& r) const {
    return TreeText("WithColumns").Exprs("", r.columns).Input(r.input).Finish();
  }
  std::string operator()(const WithColumnsRenamed& r) const {
    TreeText text("WithColumnsRenamed");
    for (const auto& [from, to] : r.renames) text.Names("rename", {from, to});
    return text.Input(r.input).Finish();
  }
  std::string operator()(const Drop& r) const {
    return TreeText("Drop").Exprs("columns", r.columns).Names("names", r.column_names).Input(r.input).Finish();
  }
  std::string operator()(const ToDF& r) const {
    return TreeText("ToDF").Names("names", r.names).Input(r.input).Finish();
  }
  std::string operator()(const ToSchema& r) const {
    return TreeText("ToSchema").Type("schema", r.schema).Input(r.input).Finish();
  }
  std::string operator()(const Sample& r) const {
    return TreeText("Sample")
        .Number("lower", r.lower)
        .Number("upper", r.upper)
        .Flag("with replacement", r.with_replacement)
        .Text("seed", r.seed ? std::to_string(*r.seed) : "")
        .Flag("deterministic order", r.deterministic_order)
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const Repartition& r) const {
    return TreeText("Repartition")
        .Number("partitions", r.num_partitions)
        .Flag("shuffle", r.shuffle)
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const RepartitionByExpression& r) const {
    return TreeText("RepartitionByExpression")
        .Exprs("", r.expressions)
        .Text("partitions", r.num_partitions ? std::to_string(*r.num_partitions) : "")
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const Hint& r) const {
    return TreeText("Hint").Text("name", r.name).Exprs("parameters", r.parameters).Input(r.input).Finish();
  }
  std::string operator()(const ShowString& r) const {
    return TreeText("ShowString")
        .Number("rows", r.num_rows)
        .Number("truncate", r.truncate)
        .Flag("vertical", r.vertical)
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const HtmlString& r) const {
    return TreeText("HtmlString").Number("rows", r.num_rows).Number("truncate", r.truncate).Input(r.input).Finish();
  }
  std::string operator()(const FillNa& r) const {
    TreeText text("FillNa");
    for (const types::Literal& value : r.values) text.Text("value", LiteralText(value));
    return text.Names("columns", r.columns).Input(r.input).Finish();
  }
  std::string operator()(const DropNa& r) const {
    return TreeText("DropNa")
        .Names("columns", r.columns)
        .Text("min non nulls", r.min_non_nulls ? std::to_string(*r.min_non_nulls) : "")
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const ReplaceNa& r) const {
    TreeText text("ReplaceNa");
    for (const auto& [from, to] : r.replacements) text.Text("replace", LiteralText(from) + " by " + LiteralText(to));
    return text.Names("columns", r.columns).Input(r.input).Finish();
  }
  std::string operator()(const Transpose& r) const {
    return TreeText("Transpose").Exprs("index", r.index).Input(r.input).Finish();
  }
  std::string operator()(const Describe& r) const {
    return TreeText("Describe").Names("columns", r.columns).Input(r.input).Finish();
  }
  std::string operator()(const Summary& r) const {
    return TreeText("Summary").Names("statistics", r.statistics).Input(r.input).Finish();
  }
  std::string operator()(const Unpivot& r) const {
    TreeText text("Unpivot");
    text.Exprs("ids", r.ids).Flag("implicit ids", r.implicit_ids).Flag("include nulls", r.include_nulls);
    if (r.values) text.Exprs("values", *r.values);
    text.Text("variable", r.variable_column).Text("value", r.value_column);
    return text.Input(r.input).Finish();
  }
  std::string operator()(const WithWatermark& r) const {
    return TreeText("WithWatermark").Text("event time", r.event_time).Text("delay", r.delay).Input(r.input).Finish();
  }
  std::string operator()(const CollectMetrics& r) const {
    return TreeText("CollectMetrics").Text("name", r.name).Exprs("metrics", r.metrics).Input(r.input).Finish();
  }
  std::string operator()(const MapPartitions& r) const {
    return TreeText("MapPartitions").Expr("function", r.function).Flag("barrier", r.is_barrier).Input(r.input).Finish();
  }
  std::string operator()(const GroupMap& r) const {
    return TreeText("GroupMap").Exprs("grouping", r.grouping).Expr("function", r.function).Input(r.input).Finish();
  }
  std::string operator()(const CoGroupMap& r) const {
    return TreeText("CoGroupMap")
        .Exprs("grouping", r.input_grouping)
        .Exprs("other grouping", r.other_grouping)
        .Expr("function", r.function)
        .Input(r.input)
        .Input(r.other)
        .Finish();
  }
  std::string operator()(const ApplyInPandasWithState& r) const {
    return TreeText("ApplyInPandasWithState")
        .Exprs("grouping", r.grouping)
        .Expr("function", r.function)
        .Type("output", r.output_schema)
        .Type("state", r.state_schema)
        .Text("output mode", r.output_mode)
        .Text("timeout", r.timeout)
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const TransformWithState& r) const {
    TreeText text("TransformWithState");
    text.Exprs("grouping", r.grouping).Expr("function", r.function).Type("output", r.output_schema);
    text.Text("output mode", r.output_mode).Text("time mode", r.time_mode);
    text.Text("event time", r.event_time_column).Exprs("initial grouping", r.initial_grouping).Input(r.input);
    if (r.initial) text.Input(r.initial);
    return text.Finish();
  }
  std::string operator()(const CachedRemoteRelation& r) const {
    return TreeText("CachedRemoteRelation").Text("id", r.relation_id).Finish();
  }
  std::string operator()(const Parse& r) const {
    return TreeText("Parse")
        .Text("format", r.format)
        .Type("schema", r.schema)
        .Map("options", r.options)
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const SqlQuery& r) const {
    TreeText text("SqlQuery");
    text.Text("", r.text);
    for (const auto& [name, value] : r.named_arguments) text.Expr(":" + name, value);
    if (!r.positional_arguments.empty()) text.Exprs("arguments", r.positional_arguments);
    return text.Finish();
  }
  std::string operator()(const WithRelations& r) const {
    TreeText text("WithRelations");
    text.Input(r.root);
    for (const RelationPtr& reference : r.references) text.Input(reference);
    return text.Finish();
  }
  std::string operator()(const CommonTableExpressions& r) const {
    TreeText text("With");
    for (const auto& [name, definition] : r.definitions) text.Text("name", name).Input(definition);
    return text.Input(r.input).Finish();
  }
  std::string operator()(const LateralView& r) const {
    return TreeText("LateralView")
        .Expr("generator", r.generator)
        .Text("table", r.table_alias)
        .Names("columns", r.column_aliases)
        .Flag("outer", r.outer)
        .Input(r.input)
        .Finish();
  }
  std::string operator()(const TableValuedFunction& r) const {
    return TreeText("TableValuedFunction").Text("name", r.name).Exprs("arguments", r.arguments).Finish();
  }
  std::string operator()(const CatalogCall& r) const {
    TreeText text("Catalog");
    text.Text("name", r.name);
    for (const auto& [name, value] : r.arguments) text.Text(name, value);
    return text.Type("schema", r.schema).Map("options", r.options).Finish();
  }
  std::string operator()(const Unsupported& r) const { return TreeText("Unsupported").Text("", r.what).Finish(); }
};

}  // namespace

std::string ToString(const Relation& relation) {
  std::string text = std::visit(Printer{}, relation.node);
  if (relation.plan_id) text.insert(text.find('\n'), fmt::format(" #{}", *relation.plan_id));
  return text;
}

}  // namespace sluice::plan
