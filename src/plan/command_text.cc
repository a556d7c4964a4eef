// Commands as text: every field shows, so that equal texts mean equal commands.
#include <array>

#include "plan/command.h"
#include "plan/tree_text.h"

namespace sluice::plan {
namespace {

const char* ModeName(SaveMode mode) {
  static constexpr std::array<const char*, 4> kNames = {"error", "append", "overwrite", "ignore"};
  return kNames.at(static_cast<size_t>(mode));
}

std::string FunctionText(const std::optional<PythonFunction>& function) {
  if (!function) return "";
  PythonUdf udf;
  udf.command = function->command;
  udf.python_version = function->python_version;
  return ToString(*Make(std::move(udf)));
}

struct Printer {
  std::string operator()(const CreateView& c) const {
    return TreeText("CreateView")
        .Name("name", c.name)
        .Flag("global", c.is_global)
        .Flag("temporary", c.is_temporary)
        .Flag("replace", c.replace)
        .Flag("if not exists", c.if_not_exists)
        .Text("text", c.sql_text)
        .Input(c.input)
        .Finish();
  }
  std::string operator()(const WriteOperation& c) const {
    return TreeText("Write")
        .Text("format", c.format)
        .Text("path", c.path)
        .Name("table", c.table)
        .Flag("insert", c.insert_into)
        .Text("mode", ModeName(c.mode))
        .Names("partition by", c.partition_by)
        .Names("sort by", c.sort_by)
        .Flag("bucket by", c.bucket_by)
        .Map("options", c.options)
        .Input(c.input)
        .Finish();
  }
  std::string operator()(const WriteStream& c) const {
    return TreeText("WriteStream")
        .Text("format", c.format)
        .Map("options", c.options)
        .Names("partition by", c.partition_by)
        .Text("output mode", c.output_mode)
        .Text("query name", c.query_name)
        .Number("trigger", static_cast<int>(c.trigger.kind))
        .Text("interval", c.trigger.interval)
        .Text("path", c.path)
        .Name("table", c.table)
        .Text("foreachBatch", FunctionText(c.foreach_batch))
        .Text("foreach", FunctionText(c.foreach_writer))
        .Input(c.input)
        .Finish();
  }
  std::string operator()(const RegisterDataSource& c) const {
    return TreeText("RegisterDataSource").Text("name", c.name).Finish();
  }
  std::string operator()(const RegisterFunction& c) const {
    return TreeText("RegisterFunction").Text("name", c.name).Expr("function", c.function).Finish();
  }
  std::string operator()(const Checkpoint& c) const {
    return TreeText("Checkpoint").Flag("local", c.local).Flag("eager", c.eager).Input(c.input).Finish();
  }
  std::string operator()(const CreateTable& c) const {
    return TreeText("CreateTable")
        .Name("name", c.name)
        .Type("schema", c.schema)
        .Text("format", c.format)
        .Map("options", c.options)
        .Text("location", c.location)
        .Names("partition by", c.partition_by)
        .Text("comment", c.comment)
        .Map("properties", c.properties)
        .Flag("if not exists", c.if_not_exists)
        .Flag("replace", c.or_replace)
        .Input(c.as_select)
        .Finish();
  }
  std::string operator()(const InsertInto& c) const {
    TreeText text("InsertInto");
    text.Name("table", c.table).Names("columns", c.columns).Flag("overwrite", c.overwrite).Flag("by name", c.by_name);
    for (const auto& [column, value] : c.partition) {
      text.Text("partition", column);
      text.Expr("value", value);
    }
    return text.Input(c.query).Finish();
  }
  std::string operator()(const DropTable& c) const {
    return TreeText(c.is_view ? "DropView" : "DropTable").Name("name", c.name).Flag("if exists", c.if_exists).Finish();
  }
  std::string operator()(const CreateDatabase& c) const {
    return TreeText("CreateDatabase")
        .Text("name", c.name)
        .Flag("if not exists", c.if_not_exists)
        .Text("location", c.location)
        .Text("comment", c.comment)
        .Map("properties", c.properties)
        .Finish();
  }
  std::string operator()(const DropDatabase& c) const {
    return TreeText("DropDatabase")
        .Text("name", c.name)
        .Flag("if exists", c.if_exists)
        .Flag("cascade", c.cascade)
        .Finish();
  }
  std::string operator()(const UseDatabase& c) const { return TreeText("Use").Name("name", c.name).Finish(); }
  std::string operator()(const ShowTables& c) const {
    return TreeText("ShowTables").Name("database", c.database).Text("pattern", c.pattern).Finish();
  }
  std::string operator()(const ShowDatabases& c) const {
    return TreeText("ShowDatabases").Text("pattern", c.pattern).Finish();
  }
  std::string operator()(const ShowColumns& c) const { return TreeText("ShowColumns").Name("table", c.table).Finish(); }
  std::string operator()(const ShowFunctions& c) const {
    return TreeText("ShowFunctions").Text("pattern", c.pattern).Finish();
  }
  std::string operator()(const DescribeTable& c) const {
    return TreeText("DescribeTable")
        .Name("table", c.table)
        .Flag("extended", c.extended)
        .Name("column", c.column)
        .Finish();
  }
  std::string operator()(const DescribeQuery& c) const { return TreeText("DescribeQuery").Input(c.query).Finish(); }
  std::string operator()(const DescribeFunction& c) const {
    return TreeText("DescribeFunction").Text("name", c.name).Flag("extended", c.extended).Finish();
  }
  std::string operator()(const SetConf& c) const {
    TreeText text(c.reset ? "Reset" : "Set");
    text.Text("key", c.key).Flag("value", c.value.has_value());
    return text.Text("", c.value.value_or("")).Finish();
  }
  std::string operator()(const CacheTable& c) const {
    return TreeText(c.uncache ? "Uncache" : "Cache")
        .Name("name", c.name)
        .Flag("if exists", c.if_exists)
        .Flag("lazy", c.lazy)
        .Input(c.query)
        .Finish();
  }
  std::string operator()(const RefreshTable& c) const { return TreeText("Refresh").Name("name", c.name).Finish(); }
  std::string operator()(const ExplainCommand& c) const {
    return TreeText("Explain").Text("mode", c.mode).Input(c.query).Finish();
  }
  std::string operator()(const UnsupportedCommand& c) const {
    return TreeText("Unsupported").Text("", c.what).Finish();
  }
};

}  // namespace

std::string ToString(const Command& command) { return std::visit(Printer{}, command.node); }

}  // namespace sluice::plan
