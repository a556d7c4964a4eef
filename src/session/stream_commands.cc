// df.writeStream.start(): from the command to a running query.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/uuid.h"
#include "optimizer/dead_letters.h"
#include "python/foreach_sink.h"
#include "python/udf_operator.h"
#include "session/commands.h"
#include "session/foreach_batch_sink.h"
#include "session/session_impl.h"

namespace sluice::session {
namespace {

using connectors::OutputMode;

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

OutputMode ParseOutputMode(const std::string& text) {
  std::string mode = LowerCase(text);
  if (mode.empty() || mode == "append") return OutputMode::kAppend;
  if (mode == "update") return OutputMode::kUpdate;
  if (mode == "complete") return OutputMode::kComplete;
  throw base::Error(base::ErrorKind::kIllegalArgument, "STREAMING_OUTPUT_MODE.INVALID", {{"outputMode", text}});
}

const char* ModeName(OutputMode mode) {
  return mode == OutputMode::kAppend ? "append" : mode == OutputMode::kUpdate ? "update" : "complete";
}

/// The sink, and what else its kind decides.
struct SinkChoice {
  std::string format;
  std::string path;
  plan::Options options;
  std::vector<std::string> partition_by;
  bool temporary_checkpoint_allowed = false;
};

void CheckPath(Session& session, const plan::WriteStream& command) {
  if (command.path.empty() || !plan::FindOption(command.options, "path")) return;
  if (session.conf().GetBool("spark.sql.legacy.pathOptionBehavior.enabled")) return;
  throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1188");
}

SinkChoice ChooseSink(Session& session, const plan::WriteStream& command, const types::TypePtr& schema) {
  SinkChoice choice;
  choice.options = command.options;
  choice.partition_by = command.partition_by;
  CheckPath(session, command);
  choice.format = command.format.empty() ? session.conf().GetString("spark.sql.sources.default") : command.format;
  choice.path = command.path.empty() ? plan::FindOption(command.options, "path").value_or("") : command.path;
  if (command.foreach_batch || command.foreach_writer) {
    choice.format = command.foreach_batch ? "foreachbatch" : "foreach";
  } else if (!command.table.empty()) {
    if (session.catalog().FindTempView(command.table.back())) {
      throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1190", {{"tableName", command.table.back()}});
    }
    catalog::Table table;
    table.format = choice.format;
    table.schema = schema;
    table.partition_by = command.partition_by;
    table.location = choice.path;
    MakeTable(session, command.table, std::move(table));
    table = RequireTable(session, command.table);
    if (LowerCase(choice.format) != LowerCase(table.format)) {
      throw base::Error(
          base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1192",
          {{"tableName", command.table.back()}, {"sourceName", choice.format}, {"tableProvider", table.format}});
    }
    choice.path = table.location;
    choice.partition_by = table.partition_by;
  }
  static constexpr std::string_view kOneTime[] = {"memory", "foreach", "foreachbatch", "console", "noop"};
  choice.temporary_checkpoint_allowed = std::ranges::count(kOneTime, LowerCase(choice.format)) > 0;
  return choice;
}

/// As StreamingQueryManager.createQuery resolves it: the option, the session's folder, or a temporary one.
void ChooseCheckpoint(Session& session, const plan::WriteStream& command, const SinkChoice& sink,
                      streaming::QueryDefinition* definition) {
  if (auto location = plan::FindOption(command.options, "checkpointLocation")) {
    definition->checkpoint = base::LocalPath(*location);
  } else if (auto root = session.conf().Find("spark.sql.streaming.checkpointLocation")) {
    std::string folder = command.query_name.empty() ? base::NewUuid() : command.query_name;
    definition->checkpoint = base::LocalPath(*root + "/" + folder);
  } else if (sink.temporary_checkpoint_allowed) {
    definition->checkpoint = fmt::format("{}/temporary-{}", session.environment().temporary_folder, base::NewUuid());
    definition->temporary_checkpoint = true;
  } else {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1298");
  }
}

void CheckPartitionColumns(const types::DataType& schema, const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    if (schema.FieldIndex(column)) continue;
    std::string existing;
    for (const types::StructField& field : schema.fields()) existing += (existing.empty() ? "" : ", ") + field.name;
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1196",
                      {{"colName", column}, {"existingCols", existing}});
  }
}

bool HoldsBatches(const std::string& checkpoint) {
  std::error_code missing;
  return std::filesystem::exists(checkpoint + "/offsets", missing) &&
         !std::filesystem::is_empty(checkpoint + "/offsets", missing);
}

std::unique_ptr<connectors::StreamSink> MakeSink(Session& session, const plan::WriteStream& command,
                                                 const SinkChoice& choice,
                                                 const connectors::StreamSinkContext& context) {
  if (command.foreach_batch) return MakeForeachBatchSink(session, *command.foreach_batch);
  if (command.foreach_writer) {
    return python::MakeForeachSink(session.worker_pool(), *command.foreach_writer, context.schema);
  }
  const connectors::DataSourceEntry& entry = session.connectors().Get(choice.format);
  if (!entry.write_stream) {
    throw base::Error(base::ErrorKind::kUnsupportedOperation, "_LEGACY_ERROR_TEMP_2049",
                      {{"className", choice.format}, {"operator", "writing"}});
  }
  if (!entry.output_modes.empty() && std::ranges::count(entry.output_modes, context.mode) == 0) {
    throw base::Error(base::ErrorKind::kAnalysis, "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE",
                      {{"outputMode", ModeName(context.mode)}, {"className", choice.format}});
  }
  return entry.write_stream(context, choice.options, choice.path);
}

}  // namespace

streaming::StreamingQueryPtr StartStream(Session& session, const plan::WriteStream& command) {
  logical::PlanPtr plan = session.Analyze(command.input);
  if (!plan->is_streaming) throw base::Error(base::ErrorKind::kAnalysis, "WRITE_STREAM_NOT_ALLOWED");
  streaming::QueryDefinition definition;
  definition.name = command.query_name;
  definition.plan = plan;
  definition.mode = ParseOutputMode(command.output_mode);
  definition.trigger = command.trigger;
  definition.conf = std::make_shared<base::SqlConf>(session.conf());
  definition.python = python::MakePythonPlanner(session.worker_pool());
  definition.eval = session.MakeEvalContext();

  SinkChoice choice = ChooseSink(session, command, plan->Schema());
  if (LowerCase(choice.format) == "memory" && command.query_name.empty()) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1194");
  }
  CheckPartitionColumns(*plan->Schema(), choice.partition_by);
  connectors::StreamSinkContext context;
  context.conf = definition.conf.get();
  context.query_name = command.query_name;
  context.mode = definition.mode;
  context.partition_by = choice.partition_by;
  context.schema = plan->Schema();
  // A sink's own mistakes (format, path, mode) come before a missing checkpoint, as in Spark.
  bool has_checkpoint = plan::FindOption(command.options, "checkpointLocation") ||
                        session.conf().Find("spark.sql.streaming.checkpointLocation") ||
                        choice.temporary_checkpoint_allowed;
  if (has_checkpoint) {
    ChooseCheckpoint(session, command, choice, &definition);
    if (!definition.temporary_checkpoint) context.checkpoint = definition.checkpoint;
    context.recovered = HoldsBatches(definition.checkpoint);
  }
  definition.sink = MakeSink(session, command, choice, context);
  if (!has_checkpoint) ChooseCheckpoint(session, command, choice, &definition);
  analyzer::CheckStreaming(plan, definition.mode, *definition.conf);
  optimizer::CheckDeadLetters(plan);

  auto* table = dynamic_cast<connectors::TableSink*>(definition.sink.get());
  std::shared_ptr<logical::BatchSource> rows = table ? table->rows() : nullptr;
  streaming::StreamingQueryPtr query = session.queries().Start(std::move(definition));
  if (rows) {
    logical::Attributes columns;
    for (const logical::AttributePtr& column : plan->output) {
      columns.push_back(column->WithNewId()->WithQualifier({command.query_name}));
    }
    session.catalog().CreateTempView(command.query_name,
                                     std::make_shared<logical::InMemory>(columns, rows, command.query_name), true);
  }
  return query;
}

}  // namespace sluice::session
