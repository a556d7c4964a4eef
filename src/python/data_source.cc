// Batch reading and writing through pyspark's data source workers.
#include "python/data_source.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <mutex>

#include "base/arrow_status.h"
#include "base/error.h"
#include "python/arrow_exchange.h"
#include "python/bounded_queue.h"
#include "python/planner_run.h"

namespace sluice::python {
namespace {

constexpr char kPartitionSchema[] =
    R"({"type":"struct","fields":[{"name":"partition","type":"binary","nullable":true,"metadata":{}}]})";
constexpr char kMessageSchema[] =
    R"({"type":"struct","fields":[{"name":"message","type":"binary","nullable":true,"metadata":{}}]})";
constexpr int kDdlSchema = 1;
constexpr int kNull = -5;

logical::Attributes AttributesOf(const types::DataType& schema) {
  logical::Attributes out;
  for (const types::StructField& field : schema.fields()) {
    out.push_back(std::make_shared<logical::AttributeExpr>(field.name, field.type, field.nullable));
  }
  return out;
}

void WriteOptions(PlannerRun& run, const plan::Options& options) {
  run.WriteInt(static_cast<int32_t>(options.size()));
  for (const auto& [key, value] : options) {
    run.WriteBytes(key);
    run.WriteBytes(value);
  }
}

// Rows in one struct column, as functions over Arrow batches take them.
std::shared_ptr<arrow::RecordBatch> AsStruct(const arrow::RecordBatch& rows) {
  auto column =
      std::make_shared<arrow::StructArray>(arrow::struct_(rows.schema()->fields()), rows.num_rows(), rows.columns());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("_0", column->type())}), rows.num_rows(), {column});
}

TaskSpec MapTask(const std::string& function, int partition, const base::SqlConf& conf) {
  TaskSpec spec;
  spec.eval_type = kMapArrowIterUdf;
  spec.functions = {{{{"", 0}}, {function}}};
  spec.partition_id = partition;
  spec.runner_conf = RunnerConf(conf);
  return spec;
}

class PartitionReader : public connectors::BatchReader {
 public:
  PartitionReader(WorkerPool* pool, TaskSpec spec, const std::string& partition, types::TypePtr schema,
                  const connectors::ScanRequest& request)
      : schema_(std::move(schema)),
        request_(request),
        attributes_(AttributesOf(*schema_)),
        arrow_schema_(logical::ArrowSchema(attributes_)) {
    auto cancellation = request.cancellation ? request.cancellation : std::make_shared<base::CancellationToken>();
    task_ = std::make_unique<Task>(pool, std::move(spec), cancellation, [partition](SocketStream& socket) {
      arrow::BinaryBuilder builder;
      base::ThrowIfError(builder.Append(partition));
      auto column = base::ValueOrThrow(builder.Finish());
      auto row =
          AsStruct(*arrow::RecordBatch::Make(arrow::schema({arrow::field("partition", arrow::binary())}), 1, {column}));
      ArrowStreamWriter writer(socket, row->schema());
      writer.Write(*row);
      writer.Close();
    });
  }
  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto results = task_->NextBatch();
    if (!results) return nullptr;
    return NarrowTo(request_, *schema_, *FromStructBatch(*results, attributes_, arrow_schema_));
  }

 private:
  types::TypePtr schema_;
  connectors::ScanRequest request_;
  logical::Attributes attributes_;
  std::shared_ptr<arrow::Schema> arrow_schema_;
  std::unique_ptr<Task> task_;
};

struct PickledPartition : connectors::InputPartition {
  explicit PickledPartition(std::string pickle) : pickle(std::move(pickle)) {}
  std::string pickle;
};

class DataSourceTable : public connectors::BatchTable {
 public:
  DataSourceTable(std::shared_ptr<WorkerPool> pool, DataSourceInstance instance, base::SqlConf conf)
      : pool_(std::move(pool)), instance_(std::move(instance)), conf_(std::move(conf)) {}
  types::TypePtr schema() const override { return instance_.schema; }
  std::string Describe() const override { return "BatchScan " + instance_.name; }

  std::vector<connectors::InputPartitionPtr> Partitions(const connectors::ScanRequest&, int) override {
    std::vector<connectors::InputPartitionPtr> out;
    for (const std::string& partition : Plan().partitions) out.push_back(std::make_shared<PickledPartition>(partition));
    return out;
  }
  connectors::BatchReaderPtr Open(const connectors::InputPartitionPtr& partition,
                                  const connectors::ScanRequest& request) override {
    const auto& pickled = static_cast<const PickledPartition&>(*partition);
    return OpenPartition(pool_.get(), Plan().function, pickled.pickle, instance_.schema, request, conf_);
  }

 private:
  const ReadPlan& Plan() {
    std::lock_guard lock(mutex_);
    if (!plan_) plan_ = PlanRead(*pool_, instance_, false, conf_);
    return *plan_;
  }

  std::shared_ptr<WorkerPool> pool_;
  DataSourceInstance instance_;
  base::SqlConf conf_;
  std::mutex mutex_;
  std::optional<ReadPlan> plan_;
};

class DataSourcePartitionWriter : public connectors::PartitionWriter {
 public:
  DataSourcePartitionWriter(WorkerPool* pool, TaskSpec spec, types::TypePtr schema, std::string time_zone)
      : time_zone_(std::move(time_zone)),
        columns_(AttributesOf(*schema)),
        schema_(WorkerSchema(columns_, time_zone_)),
        cancellation_(std::make_shared<base::CancellationToken>()) {
    task_ = std::make_unique<Task>(pool, std::move(spec), cancellation_, [this](SocketStream& socket) {
      try {
        auto empty = base::ValueOrThrow(arrow::RecordBatch::MakeEmpty(schema_));
        ArrowStreamWriter writer(socket, AsStruct(*empty)->schema());
        std::shared_ptr<arrow::RecordBatch> batch;
        while (batches_.Pop(&batch)) {
          writer.Write(*AsStruct(*ToWorkerBatch(*batch, columns_, schema_, time_zone_)));
          socket.Flush();
        }
        writer.Close();
      } catch (...) {
        batches_.Close();
        throw;
      }
    });
  }
  ~DataSourcePartitionWriter() override { batches_.Close(); }

  void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    rows_ += batch->num_rows();
    if (batch->num_rows() > 0) batches_.Push(batch);
  }
  connectors::WriterMessage Finish() override {
    batches_.End();
    connectors::WriterMessage message{{}, rows_};
    while (auto results = task_->NextBatch()) {
      const auto& rows = static_cast<const arrow::StructArray&>(*results->column(0));
      const auto& pickles = static_cast<const arrow::BinaryArray&>(*rows.field(0));
      for (int64_t i = 0; i < pickles.length(); ++i) message.files.emplace_back(pickles.GetView(i));
    }
    return message;
  }
  void Abort() override {
    batches_.Close();
    cancellation_->Cancel();
  }

 private:
  std::string time_zone_;
  logical::Attributes columns_;
  std::shared_ptr<arrow::Schema> schema_;
  base::CancellationPtr cancellation_;
  BoundedQueue<std::shared_ptr<arrow::RecordBatch>> batches_;
  int64_t rows_ = 0;
  std::unique_ptr<Task> task_;  // last: its writer uses the queue
};

/// Remembers what the partitions reported, for an abort.
class DataSourceWrite : public connectors::BatchWrite {
 public:
  DataSourceWrite(std::shared_ptr<WorkerPool> pool, WritePlan plan, types::TypePtr schema, base::SqlConf conf)
      : pool_(std::move(pool)), plan_(std::move(plan)), schema_(std::move(schema)), conf_(std::move(conf)) {}

  connectors::PartitionWriterPtr OpenPartition(int partition) override {
    {
      std::lock_guard lock(mutex_);
      if (messages_.size() <= static_cast<size_t>(partition)) messages_.resize(partition + 1);
    }
    return std::make_unique<Reporting>(this, partition,
                                       MakePartitionWriter(pool_.get(), plan_.function, schema_, partition, conf_));
  }
  void Commit(const std::vector<connectors::WriterMessage>&) override { End(false); }
  void Abort() override { End(true); }

 private:
  class Reporting : public connectors::PartitionWriter {
   public:
    Reporting(DataSourceWrite* write, int partition, connectors::PartitionWriterPtr inner)
        : write_(write), partition_(partition), inner_(std::move(inner)) {}
    void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override { inner_->Write(batch); }
    connectors::WriterMessage Finish() override {
      connectors::WriterMessage message = inner_->Finish();
      std::lock_guard lock(write_->mutex_);
      if (!message.files.empty()) write_->messages_[partition_] = message.files[0];
      return message;
    }
    void Abort() override { inner_->Abort(); }

   private:
    DataSourceWrite* write_;
    int partition_;
    connectors::PartitionWriterPtr inner_;
  };

  void End(bool abort) {
    PlannerRun run(*pool_, "commit_data_source_write", {"commit or abort", "write"});
    run.WriteBytes(plan_.writer);
    std::lock_guard lock(mutex_);
    run.WriteInt(static_cast<int32_t>(messages_.size()));
    for (const auto& message : messages_) {
      if (message) {
        run.WriteBytes(*message);
      } else {
        run.WriteInt(kNull);
      }
    }
    run.WriteBool(abort);
    run.ReadInt();
    run.Finish();
  }

  std::shared_ptr<WorkerPool> pool_;
  WritePlan plan_;
  types::TypePtr schema_;
  base::SqlConf conf_;
  std::mutex mutex_;
  std::vector<std::optional<std::string>> messages_;  // by partition
};

connectors::BatchWritePtr MakeWrite(const std::shared_ptr<WorkerPool>& pool, const DataSourceClass& source,
                                    const connectors::WriteSpec& spec) {
  if (spec.mode != plan::SaveMode::kAppend && spec.mode != plan::SaveMode::kOverwrite) {
    throw base::Error(base::ErrorKind::kAnalysis, "UNSUPPORTED_DATA_SOURCE_SAVE_MODE",
                      {{"source", source.name},
                       {"createMode", spec.mode == plan::SaveMode::kIgnore ? "\"Ignore\"" : "\"ErrorIfExists\""}});
  }
  if (!spec.partition_by.empty()) {
    std::string provided;
    for (const std::string& column : spec.partition_by) {
      provided += (provided.empty() ? "identity(" : ", identity(") + column + ")";
    }
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                             "requirement failed: The provided partitioning or clustering columns do not match the "
                             "existing table's.\n - provided: " +
                                 provided + "\n - table: ");
  }
  plan::Options options = spec.options;
  if (!spec.path.empty()) options["path"] = spec.path;
  WritePlan plan =
      PlanWrite(*pool, source, options, spec.schema, spec.mode == plan::SaveMode::kOverwrite, false, *spec.conf);
  return std::make_unique<DataSourceWrite>(pool, std::move(plan), spec.schema, *spec.conf);
}

plan::Options OptionsOf(const connectors::ReadSpec& spec) {
  plan::Options options = spec.options;
  if (spec.paths.size() == 1) options["path"] = spec.paths[0];
  return options;
}

}  // namespace

DataSourceInstance CreateDataSource(WorkerPool& pool, const DataSourceClass& source, const plan::Options& options,
                                    const types::TypePtr& schema) {
  PlannerRun run(pool, "create_data_source", {"create", "instance"});
  run.WriteBytes(source.command);
  run.WriteBytes(source.name);
  run.WriteBool(schema != nullptr);
  if (schema) run.WriteBytes(schema->Json());
  WriteOptions(run, options);
  DataSourceInstance out;
  out.name = source.name;
  out.pickle = run.ReadBytes();
  bool is_ddl = run.ReadInt() == kDdlSchema;
  std::string text = run.ReadBytes();
  run.Finish();
  out.schema = is_ddl ? types::ParseSchemaText(text) : types::ParseJsonType(text);
  return out;
}

ReadPlan PlanRead(WorkerPool& pool, const DataSourceInstance& instance, bool streaming, const base::SqlConf& conf) {
  PlannerRun run(pool, "plan_data_source_read", {"initialize", "reader"});
  run.WriteBytes(instance.pickle);
  run.WriteBytes(kPartitionSchema);
  run.WriteBytes(instance.schema->Json());
  run.WriteInt(static_cast<int32_t>(conf.GetLong("spark.sql.execution.arrow.maxRecordsPerBatch")));
  run.WriteBool(conf.GetBool("spark.sql.python.filterPushdown.enabled"));
  run.WriteBool(streaming);
  run.WriteBool(conf.GetBool("spark.sql.execution.pyspark.binaryAsBytes"));
  ReadPlan plan;
  plan.function = run.ReadBytes();
  run.SetPurpose({"generate", "read partitions"});
  int partitions = run.ReadInt();
  for (int i = 0; i < partitions; ++i) plan.partitions.push_back(run.ReadBytes());
  run.Finish();
  return plan;
}

std::shared_ptr<arrow::RecordBatch> NarrowTo(const connectors::ScanRequest& request, const types::DataType& schema,
                                             const arrow::RecordBatch& batch) {
  arrow::ArrayVector columns;
  for (const std::string& name : request.columns) {
    columns.push_back(batch.column(*schema.FieldIndex(name, true)));
  }
  return arrow::RecordBatch::Make(types::ToArrowSchema(*request.schema), batch.num_rows(), std::move(columns));
}

connectors::BatchReaderPtr OpenPartition(WorkerPool* pool, const std::string& function, const std::string& partition,
                                         const types::TypePtr& schema, const connectors::ScanRequest& request,
                                         const base::SqlConf& conf) {
  return std::make_unique<PartitionReader>(pool, MapTask(function, 0, conf), partition, schema, request);
}

WritePlan PlanWrite(WorkerPool& pool, const DataSourceClass& source, const plan::Options& options,
                    const types::TypePtr& schema, bool overwrite, bool streaming, const base::SqlConf& conf) {
  PlannerRun run(pool, "write_into_data_source", {"initialize", "writer"});
  run.WriteBytes(source.command);
  run.WriteBytes(source.name);
  run.WriteBytes(schema->Json());
  run.WriteBytes(kMessageSchema);
  WriteOptions(run, options);
  run.WriteBool(overwrite);
  run.WriteBool(streaming);
  run.WriteBool(conf.GetBool("spark.sql.execution.pyspark.binaryAsBytes"));
  WritePlan plan;
  plan.function = run.ReadBytes();
  plan.writer = run.ReadBytes();
  run.Finish();
  return plan;
}

connectors::PartitionWriterPtr MakePartitionWriter(WorkerPool* pool, const std::string& function,
                                                   const types::TypePtr& schema, int partition,
                                                   const base::SqlConf& conf) {
  return std::make_unique<DataSourcePartitionWriter>(pool, MapTask(function, partition, conf), schema,
                                                     conf.session_time_zone());
}

connectors::DataSourceEntry MakeDataSourceEntry(std::shared_ptr<WorkerPool> pool, DataSourceClass source) {
  connectors::DataSourceEntry entry;
  entry.name = source.name;
  entry.usage = "A data source of the session, written in Python.";
  entry.read = [pool, source](const connectors::ReadSpec& spec) -> connectors::BatchTablePtr {
    auto instance = CreateDataSource(*pool, source, OptionsOf(spec), spec.schema);
    return std::make_shared<DataSourceTable>(pool, std::move(instance), *spec.conf);
  };
  entry.read_stream = [pool, source](const connectors::ReadSpec& spec) {
    return MakeStreamDefinition(pool, CreateDataSource(*pool, source, OptionsOf(spec), spec.schema));
  };
  entry.write = [pool, source](const connectors::WriteSpec& spec) { return MakeWrite(pool, source, spec); };
  entry.write_stream = [pool, source](const connectors::StreamSinkContext& context, const plan::Options& options,
                                      const std::string& path) {
    plan::Options all = options;
    if (!path.empty()) all["path"] = path;
    return MakeDataSourceSink(pool, source, std::move(all), context);
  };
  return entry;
}

}  // namespace sluice::python
