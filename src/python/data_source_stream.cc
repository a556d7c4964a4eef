// Streams of Python data sources: a reader that lives as long as its query, and a sink.
#include <arrow/ipc/reader.h>
#include <fmt/format.h>

#include <mutex>
#include <type_traits>

#include "base/arrow_status.h"
#include "base/error.h"
#include "python/arrow_exchange.h"
#include "python/connected_process.h"
#include "python/data_source.h"
#include "python/planner_run.h"

namespace sluice::python {
namespace {

// Calls of pyspark.sql.streaming.python_streaming_source_runner.
enum Call {
  kInitialOffset = 884,
  kLatestOffset = 885,
  kPartitions = 886,
  kCommit = 887,
  kSupportedFeatures = 888,
  kPrepareForAvailableNow = 889,
  kLatestOffsetWithLimit = 890,
  kDefaultReadLimit = 891,
  kReportLatestOffset = 892,
};
constexpr int kAdmissionControl = 1, kTriggerAvailableNow = 2;
constexpr int kPrefetchedRows = 1, kPrefetchedNothing = 2;
constexpr int kPythonExceptionThrown = -2;
constexpr char kAllAvailable[] = R"({"_type": "ReadAllAvailable"})";
constexpr int kNull = -5;
constexpr char kInitialize[] = "initialize source";

/// The reader's process. Thread safe: a call at a time.
class StreamReaderProcess {
 public:
  StreamReaderProcess(WorkerPool& pool, const DataSourceInstance& instance, const base::SqlConf& conf)
      : process_(pool.options(), "pyspark.sql.streaming.python_streaming_source_runner") {
    Guarded(kInitialize, [&](SocketStream& socket) {
      socket.WriteString(pool.python_version());
      socket.WriteString(pool.options().files_folder);
      std::vector<std::string> files = pool.python_files();
      socket.WriteInt(static_cast<int32_t>(files.size()));
      for (const std::string& file : files) socket.WriteString(file);
      socket.WriteString(instance.pickle);
      socket.WriteString(instance.schema->Json());
      socket.WriteInt(static_cast<int32_t>(conf.GetLong("spark.sql.execution.arrow.maxRecordsPerBatch")));
      return ReadInt(kInitialize, socket);
    });
  }

  std::string Text(Call call, const char* action, const std::vector<std::string>& arguments = {}) {
    return Run(call, action, arguments, [&](SocketStream& socket) { return ReadText(action, socket); });
  }
  int Number(Call call, const char* action, const std::vector<std::string>& arguments = {}) {
    return Run(call, action, arguments, [&](SocketStream& socket) { return ReadInt(action, socket); });
  }

  struct Planned {
    std::vector<std::string> partitions;
    bool prefetched = false;
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  };
  Planned Partitions(const std::string& start, const std::string& end) {
    constexpr char kAction[] = "planPartitions";
    return Run(kPartitions, kAction, {start, end}, [&](SocketStream& socket) {
      Planned out;
      int count = ReadInt(kAction, socket);
      for (int i = 0; i < count; ++i) out.partitions.push_back(ReadText(kAction, socket));
      int status = ReadInt(kAction, socket);
      out.prefetched = status == kPrefetchedRows || status == kPrefetchedNothing;
      if (status != kPrefetchedRows) return out;
      socket.ReadInt();  // the mark of an Arrow stream
      auto stream = base::ValueOrThrow(arrow::ipc::RecordBatchStreamReader::Open(MakeArrowInput(&socket)));
      while (auto batch = base::ValueOrThrow(stream->Next())) out.batches.push_back(std::move(batch));
      return out;
    });
  }

 private:
  [[noreturn]] static void Fail(const std::string& action, const std::string& message) {
    if (action == kInitialize) {
      throw base::Error(base::ErrorKind::kAnalysis, "PYTHON_DATA_SOURCE_ERROR",
                        {{"action", "plan"}, {"type", action}, {"msg", message}});
    }
    throw base::Error(base::ErrorKind::kPython, "PYTHON_STREAMING_DATA_SOURCE_RUNTIME_ERROR",
                      {{"action", action}, {"msg", message}});
  }
  static int ReadInt(const char* action, SocketStream& socket) {
    socket.Flush();
    int value = socket.ReadInt();
    if (value == kPythonExceptionThrown) Fail(action, socket.ReadString());
    return value;
  }
  static std::string ReadText(const char* action, SocketStream& socket) {
    std::string text(static_cast<size_t>(std::max(ReadInt(action, socket), 0)), '\0');
    socket.ReadExactly(text.data(), text.size());
    return text;
  }
  template <typename Body>
  std::invoke_result_t<const Body&, SocketStream&> Guarded(const char* action, const Body& body) {
    std::lock_guard lock(mutex_);
    try {
      if (!process_.socket()) throw PythonWorkerGone{};
      return body(*process_.socket());
    } catch (const PythonWorkerGone&) {
      Fail(action, "The Python process has ended unexpectedly");
    }
  }
  template <typename Read>
  std::invoke_result_t<const Read&, SocketStream&> Run(Call call, const char* action,
                                                       const std::vector<std::string>& arguments, const Read& read) {
    return Guarded(action, [&](SocketStream& socket) {
      socket.WriteInt(call);
      for (const std::string& argument : arguments) socket.WriteString(argument);
      socket.Flush();
      return read(socket);
    });
  }

  std::mutex mutex_;
  ConnectedProcess process_;
};

struct StreamPartition : connectors::InputPartition {
  std::string pickle;
  bool prefetched = false;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;  // of a simple reader, read ahead
};

/// Batches that a simple reader has read ahead.
class PrefetchedReader : public connectors::BatchReader {
 public:
  PrefetchedReader(std::vector<std::shared_ptr<arrow::RecordBatch>> batches, types::TypePtr schema,
                   connectors::ScanRequest request)
      : batches_(std::move(batches)), schema_(std::move(schema)), request_(std::move(request)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (next_ == batches_.size()) return nullptr;
    const arrow::RecordBatch& batch = *batches_[next_++];
    arrow::ArrayVector columns;
    for (int i = 0; i < batch.num_columns(); ++i) {
      columns.push_back(FromWorkerArray(batch.column(i), schema_->fields()[i].type));
    }
    auto rows = arrow::RecordBatch::Make(types::ToArrowSchema(*schema_), batch.num_rows(), std::move(columns));
    return NarrowTo(request_, *schema_, *rows);
  }

 private:
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  types::TypePtr schema_;
  connectors::ScanRequest request_;
  size_t next_ = 0;
};

class DataSourceStream : public connectors::StreamSource {
 public:
  DataSourceStream(std::shared_ptr<WorkerPool> pool, DataSourceInstance instance, base::SqlConf conf)
      : pool_(std::move(pool)),
        instance_(std::move(instance)),
        conf_(std::move(conf)),
        reader_(*pool_, instance_, conf_),
        features_(reader_.Number(kSupportedFeatures, "checkSupportedFeatures")) {}

  std::string Description() const override { return "PythonDataSourceStream[" + instance_.name + "]"; }
  std::optional<connectors::Offset> InitialOffset() override {
    if (!initial_) initial_ = reader_.Text(kInitialOffset, "initialOffset");
    return initial_;
  }
  std::optional<connectors::Offset> LatestOffset(const std::optional<connectors::Offset>& start,
                                                 const connectors::ReadLimit& limit) override {
    if (fixed_end_) return fixed_end_;
    return Latest(start.value_or(*InitialOffset()), limit.all_available);
  }
  std::optional<connectors::Offset> ReportLatestOffset() override {
    if (!(features_ & kAdmissionControl)) return std::nullopt;
    std::string offset = reader_.Text(kReportLatestOffset, "reportLatestOffset");
    return offset.empty() ? std::nullopt : std::optional(offset);
  }
  void PrepareForTriggerAvailableNow() override {
    if (features_ & kTriggerAvailableNow) {
      reader_.Number(kPrepareForAvailableNow, "prepareForTriggerAvailableNow");
    } else {
      wants_fixed_end_ = true;
    }
  }
  std::vector<connectors::InputPartitionPtr> Partitions(const std::optional<connectors::Offset>& start,
                                                        const connectors::Offset& end,
                                                        const connectors::ScanRequest&) override {
    auto planned = reader_.Partitions(start.value_or(*InitialOffset()), end);
    std::vector<connectors::InputPartitionPtr> out;
    for (std::string& pickle : planned.partitions) {
      auto partition = std::make_shared<StreamPartition>();
      partition->pickle = std::move(pickle);
      partition->prefetched = planned.prefetched;
      if (out.empty()) partition->batches = std::move(planned.batches);
      out.push_back(std::move(partition));
    }
    return out;
  }
  connectors::BatchReaderPtr Open(const connectors::InputPartitionPtr& partition,
                                  const connectors::ScanRequest& request) override {
    const auto& part = static_cast<const StreamPartition&>(*partition);
    if (part.prefetched) return std::make_unique<PrefetchedReader>(part.batches, instance_.schema, request);
    return OpenPartition(pool_.get(), ReadFunction(), part.pickle, instance_.schema, request, conf_);
  }
  void Commit(const connectors::Offset& end) override { reader_.Number(kCommit, "commitSource", {end}); }

 private:
  std::optional<connectors::Offset> Latest(const connectors::Offset& start, bool all_available) {
    std::string end;
    if (features_ & kAdmissionControl) {
      if (!read_limit_) read_limit_ = reader_.Text(kDefaultReadLimit, "getDefaultReadLimit");
      end = reader_.Text(kLatestOffsetWithLimit, "latestOffset",
                         {start, all_available || wants_fixed_end_ ? kAllAvailable : *read_limit_});
    } else {
      end = reader_.Text(kLatestOffset, "latestOffset");
    }
    if (wants_fixed_end_) fixed_end_ = end;
    return end;
  }
  const std::string& ReadFunction() {
    std::lock_guard lock(mutex_);
    if (!function_) function_ = PlanRead(*pool_, instance_, true, conf_).function;
    return *function_;
  }

  std::shared_ptr<WorkerPool> pool_;
  DataSourceInstance instance_;
  base::SqlConf conf_;
  StreamReaderProcess reader_;
  int features_;
  std::optional<connectors::Offset> initial_, fixed_end_;
  std::optional<std::string> read_limit_;
  bool wants_fixed_end_ = false;  // availableNow over a reader that does not know of it
  std::mutex mutex_;
  std::optional<std::string> function_;
};

class DataSourceStreamDefinition : public connectors::StreamDefinition {
 public:
  DataSourceStreamDefinition(std::shared_ptr<WorkerPool> pool, DataSourceInstance instance)
      : pool_(std::move(pool)), instance_(std::move(instance)) {}
  types::TypePtr schema() const override { return instance_.schema; }
  std::string short_name() const override { return instance_.name; }
  std::string Describe() const override { return instance_.name; }
  std::unique_ptr<connectors::StreamSource> Create(const connectors::StreamSourceContext& context) override {
    return std::make_unique<DataSourceStream>(pool_, instance_, *context.conf);
  }

 private:
  std::shared_ptr<WorkerPool> pool_;
  DataSourceInstance instance_;
};

class DataSourceSink : public connectors::StreamSink {
 public:
  DataSourceSink(std::shared_ptr<WorkerPool> pool, const DataSourceClass& source, const plan::Options& options,
                 const connectors::StreamSinkContext& context)
      : pool_(std::move(pool)),
        schema_(context.schema),
        conf_(*context.conf),
        overwrite_(context.mode == connectors::OutputMode::kComplete),
        instance_(CreateDataSource(*pool_, source, options, schema_)),
        plan_(PlanWrite(*pool_, source, options, schema_, overwrite_, true, conf_)) {}

  std::string Description() const override { return "PythonTable(" + instance_.name + ")"; }
  bool BeginBatch(const connectors::SinkBatch&) override {
    std::lock_guard lock(mutex_);
    messages_.clear();
    return true;
  }
  connectors::PartitionWriterPtr OpenPartition(const connectors::SinkBatch&, int partition) override {
    return MakePartitionWriter(pool_.get(), plan_.function, schema_, partition, conf_);
  }
  void CommitBatch(const connectors::SinkBatch& batch,
                   const std::vector<connectors::WriterMessage>& messages) override {
    rows_ = 0;
    std::vector<std::optional<std::string>> pickles;
    for (const connectors::WriterMessage& message : messages) {
      rows_ += message.rows;
      pickles.push_back(message.files.empty() ? std::nullopt : std::optional(message.files[0]));
    }
    End(batch.batch_id, pickles, false);
  }
  void AbortBatch(const connectors::SinkBatch& batch) override { End(batch.batch_id, {}, true); }
  int64_t LastOutputRows() const override { return rows_; }

 private:
  void End(int64_t batch_id, const std::vector<std::optional<std::string>>& messages, bool abort) {
    PlannerRun run(*pool_, "python_streaming_sink_runner", {"commit or abort", "write"});
    run.WriteBytes(instance_.pickle);
    run.WriteBytes(schema_->Json());
    run.WriteBool(overwrite_);
    run.WriteInt(static_cast<int32_t>(messages.size()));
    for (const auto& message : messages) {
      if (message) {
        run.WriteBytes(*message);
      } else {
        run.WriteInt(kNull);
      }
    }
    run.WriteLong(batch_id);
    run.WriteBool(abort);
    run.ReadInt();
    run.Finish();
  }

  std::shared_ptr<WorkerPool> pool_;
  types::TypePtr schema_;
  base::SqlConf conf_;
  bool overwrite_;
  DataSourceInstance instance_;
  WritePlan plan_;
  int64_t rows_ = -1;
  std::mutex mutex_;
  std::vector<std::string> messages_;
};

}  // namespace

std::shared_ptr<connectors::StreamDefinition> MakeStreamDefinition(std::shared_ptr<WorkerPool> pool,
                                                                   DataSourceInstance instance) {
  return std::make_shared<DataSourceStreamDefinition>(std::move(pool), std::move(instance));
}

std::unique_ptr<connectors::StreamSink> MakeDataSourceSink(std::shared_ptr<WorkerPool> pool,
                                                           const DataSourceClass& source, plan::Options options,
                                                           const connectors::StreamSinkContext& context) {
  if (context.mode == connectors::OutputMode::kUpdate) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                             "requirement failed: " + source.name + " does not support Update mode.");
  }
  return std::make_unique<DataSourceSink>(std::move(pool), source, options, context);
}

}  // namespace sluice::python
