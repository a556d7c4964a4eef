// df.write and INSERT: batch rows into files and tables.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "exec/planner.h"
#include "session/commands.h"
#include "session/session_impl.h"

namespace sluice::session {
namespace {

void CheckPartitionColumns(const types::DataType& schema, const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    if (schema.FieldIndex(column)) continue;
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1155",
                      {{"col", column}, {"schemaCatalog", schema.SimpleString()}});
  }
}

void CheckDuplicateColumns(const types::DataType& schema, bool case_sensitive) {
  for (size_t i = 0; i < schema.fields().size(); ++i) {
    const std::string& name = schema.fields()[i].name;
    if (schema.FieldIndex(name, case_sensitive) == static_cast<int>(i)) continue;
    std::string shown = name;
    if (!case_sensitive)
      std::transform(shown.begin(), shown.end(), shown.begin(), [](unsigned char c) { return std::tolower(c); });
    throw base::Error(base::ErrorKind::kAnalysis, "COLUMN_ALREADY_EXISTS",
                      {{"columnName", types::QuoteIdentifier({shown})}});
  }
}

plan::RelationPtr ByPosition(const plan::RelationPtr& input, const types::TypePtr& schema,
                             const std::vector<std::string>& columns, const logical::PlanPtr& query,
                             const std::string& table) {
  std::vector<plan::ExpressionPtr> out;
  size_t expected = columns.empty() ? schema->fields().size() : columns.size();
  if (query->output.size() != expected) {
    std::string table_columns, data_columns;
    for (const auto& field : schema->fields())
      table_columns += (table_columns.empty() ? "`" : ", `") + field.name + "`";
    for (const auto& a : query->output) data_columns += (data_columns.empty() ? "`" : ", `") + a->name + "`";
    throw base::Error(base::ErrorKind::kAnalysis,
                      query->output.size() < expected ? "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS"
                                                      : "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS",
                      {{"tableName", table}, {"tableColumns", table_columns}, {"dataColumns", data_columns}});
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < query->output.size(); ++i) names.push_back(fmt::format("_{}", i));
  for (const types::StructField& field : schema->fields()) {
    std::optional<size_t> source;
    if (columns.empty()) {
      source = &field - schema->fields().data();
    } else {
      for (size_t i = 0; i < columns.size(); ++i) {
        if (schema->FieldIndex(columns[i]) == schema->FieldIndex(field.name)) source = i;
      }
    }
    plan::ExpressionPtr value =
        source ? plan::MakeAttribute({names[*source]}) : plan::Make(types::Literal::Null(field.type));
    out.push_back(plan::Make(plan::Alias{plan::Make(plan::Cast{value, field.type}), {field.name}, ""}));
  }
  return plan::MakeRelation(plan::Project{plan::MakeRelation(plan::ToDF{input, names}), std::move(out)});
}

void AppendToTable(Session& session, const catalog::Table& table, const plan::RelationPtr& input, bool overwrite,
                   const std::vector<std::string>& columns, const base::CancellationPtr& cancellation) {
  logical::PlanPtr query = session.Analyze(input);
  logical::PlanPtr rows = session.Analyze(ByPosition(
      input, table.schema, columns, query, fmt::format("`spark_catalog`.`{}`.`{}`", table.database, table.name)));
  connectors::WriteSpec spec;
  spec.format = table.format;
  spec.options = table.options;
  spec.path = table.location;
  spec.mode = overwrite ? plan::SaveMode::kOverwrite : plan::SaveMode::kAppend;
  spec.partition_by = table.partition_by;
  WritePlan(session, rows, std::move(spec), cancellation);
}

}  // namespace

void WritePlan(Session& session, const logical::PlanPtr& plan, connectors::WriteSpec spec,
               const base::CancellationPtr& cancellation) {
  auto conf = std::make_shared<const base::SqlConf>(session.conf());
  if (spec.format.empty()) spec.format = conf->GetString("spark.sql.sources.default");
  spec.schema = plan->Schema();
  spec.conf = conf.get();
  spec.cancellation = cancellation;
  CheckPartitionColumns(*spec.schema, spec.partition_by);
  const connectors::DataSourceEntry& entry = session.connectors().Get(spec.format);
  if (!entry.write) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1200", {{"source", spec.format}});
  }
  if (entry.name != "noop") CheckDuplicateColumns(*spec.schema, conf->GetBool("spark.sql.caseSensitive"));
  connectors::BatchWritePtr write = entry.write(spec);
  if (!write) return;
  session.RunWrite(plan, *write, cancellation);
}

void Session::RunWrite(const logical::PlanPtr& plan, connectors::BatchWrite& write,
                       const base::CancellationPtr& cancellation) {
  auto conf = std::make_shared<const base::SqlConf>(*conf_);
  exec::OperatorPtr root = impl_->PlanBatch(*this, plan, conf);
  exec::ExecContext context;
  impl_->PrepareContext(*this, &context, conf);
  context.cancellation = cancellation;
  // An empty frame still leaves one file, which carries the schema.
  int partitions = std::max(1, root->Partitions(context));
  std::vector<connectors::WriterMessage> messages(partitions);
  try {
    context.pool->ParallelFor(partitions, [&](int partition) {
      connectors::PartitionWriterPtr writer = write.OpenPartition(partition);
      try {
        if (partition < root->Partitions(context)) {
          exec::BatchIteratorPtr rows = root->Open(context, partition);
          while (auto batch = rows->Next()) {
            cancellation->Check();
            writer->Write(batch);
          }
        }
        messages[partition] = writer->Finish();
      } catch (...) {
        writer->Abort();
        throw;
      }
    });
    write.Commit(messages);
  } catch (...) {
    write.Abort();
    throw;
  }
}

void RunWrite(Session& session, const plan::WriteOperation& command, const base::CancellationPtr& cancellation) {
  logical::PlanPtr plan = session.Analyze(command.input);
  if (plan->is_streaming) {
    throw base::Error(base::ErrorKind::kAnalysis, "CALL_ON_STREAMING_DATASET_UNSUPPORTED", {{"methodName", "`write`"}});
  }
  if (command.bucket_by || !command.sort_by.empty()) {
    throw base::Error::Unsupported("Writing in buckets (bucketBy, sortBy)", "Leave bucketBy out, or use partitionBy.");
  }
  if (command.table.empty()) {
    connectors::WriteSpec spec;
    spec.format = command.format;
    spec.options = command.options;
    spec.path = command.path;
    if (spec.path.empty()) spec.path = plan::FindOption(command.options, "path").value_or("");
    spec.mode = command.mode;
    spec.partition_by = command.partition_by;
    WritePlan(session, plan, std::move(spec), cancellation);
    return;
  }
  if (command.insert_into) {
    AppendToTable(session, RequireTable(session, command.table), command.input,
                  command.mode == plan::SaveMode::kOverwrite, {}, cancellation);
    return;
  }
  bool exists = session.catalog().FindTable(command.table).has_value();
  if (exists && command.mode == plan::SaveMode::kIgnore) return;
  if (exists && command.mode == plan::SaveMode::kErrorIfExists) {
    throw base::Error(base::ErrorKind::kAnalysis, "TABLE_OR_VIEW_ALREADY_EXISTS",
                      {{"relationName", types::QuoteIdentifier({"spark_catalog", session.catalog().current_database(),
                                                                command.table.back()})}});
  }
  if (exists && command.mode == plan::SaveMode::kAppend) {
    AppendToTable(session, RequireTable(session, command.table), command.input, false, {}, cancellation);
    return;
  }
  if (exists) session.catalog().DropTable(command.table, true);
  catalog::Table table;
  table.format = command.format;
  table.schema = plan->Schema();
  table.partition_by = command.partition_by;
  table.options = command.options;
  table.location = plan::FindOption(command.options, "path").value_or("");
  MakeTable(session, command.table, table);
  AppendToTable(session, RequireTable(session, command.table), command.input, false, {}, cancellation);
}

void RunInsert(Session& session, const plan::InsertInto& command, const base::CancellationPtr& cancellation) {
  catalog::Table table = RequireTable(session, command.table);
  if (!command.partition.empty()) {
    throw base::Error::Unsupported("INSERT with a PARTITION clause",
                                   "Give the partition columns as columns of the query.");
  }
  AppendToTable(session, table, command.query, command.overwrite, command.columns, cancellation);
}

}  // namespace sluice::session
