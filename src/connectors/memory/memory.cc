// The format memory: a sink that is a view of the session, and for tests a source whose rows programs write.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "base/error.h"
#include "connectors/memory/memory_sink.h"
#include "connectors/memory/memory_stream.h"
#include "connectors/spi/option_values.h"
#include "connectors/spi/registry.h"
#include "connectors/spi/rows_reader.h"

namespace sluice::connectors {
namespace {

using base::Error;
using base::ErrorKind;
using MemoryStreamPtr = std::shared_ptr<MemoryStream>;

struct RowsPartition : InputPartition {
  explicit RowsPartition(arrow::RecordBatchVector part) : rows(std::move(part)) {}
  arrow::RecordBatchVector rows;
};

// Parts of about the same size in the rows' order; few rows stay in one.
std::vector<InputPartitionPtr> Divide(const MemoryStream& stream, int64_t from, int64_t to, int parallelism,
                                      int64_t least_rows) {
  std::vector<InputPartitionPtr> partitions;
  int64_t parts = std::clamp<int64_t>((to - from) / least_rows, 1, parallelism);
  for (int64_t part = 0; part < parts && from < to; ++part) {
    int64_t first = from + (to - from) * part / parts, end = from + (to - from) * (part + 1) / parts;
    partitions.push_back(std::make_shared<RowsPartition>(stream.Read(first, end)));
  }
  return partitions;
}

BatchReaderPtr OpenPart(const InputPartitionPtr& partition, const ScanRequest& request) {
  return MakeRowsReader(static_cast<const RowsPartition&>(*partition).rows, request);
}

// Offsets are numbers of rows.
class MemorySource : public StreamSource {
 public:
  MemorySource(std::string name, MemoryStreamPtr stream, std::optional<int64_t> most_rows,
               const StreamSourceContext& context)
      : name_(std::move(name)), stream_(std::move(stream)), most_rows_(most_rows), parallelism_(context.parallelism) {
    listener_ = stream_->AddListener(context.wake ? context.wake : [] {});
  }
  ~MemorySource() override { stream_->RemoveListener(listener_); }

  std::string Description() const override { return fmt::format("MemoryStream[{}]", name_); }
  std::optional<Offset> InitialOffset() override { return "0"; }
  std::optional<Offset> LatestOffset(const std::optional<Offset>& start, const ReadLimit& limit) override {
    int64_t from = start ? Parse(*start) : 0;
    int64_t end = fixed_.value_or(stream_->rows());
    if (from > end) throw Forgotten(from);
    if (most_rows_ && !limit.all_available) end = std::min(end, from + *most_rows_);
    return std::to_string(end);
  }
  std::optional<Offset> ReportLatestOffset() override { return std::to_string(stream_->rows()); }
  void PrepareForTriggerAvailableNow() override { fixed_ = stream_->rows(); }
  bool WakesOnData() const override { return true; }

  std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                            const ScanRequest& request) override {
    int64_t to = Parse(end);
    if (to > stream_->rows()) throw Forgotten(to);
    return Divide(*stream_, start ? Parse(*start) : 0, to, parallelism_, request.batch_rows);
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return OpenPart(partition, request);
  }

 private:
  int64_t Parse(const Offset& offset) const {
    auto number = WholeNumber(offset);
    if (!number || *number < 0) {
      throw Error::Plain(ErrorKind::kIllegalState, fmt::format("Not an offset of {}: {}", Description(), offset));
    }
    return *number;
  }
  Error Forgotten(int64_t wanted) const {
    return Error::Plain(
        ErrorKind::kIllegalState,
        fmt::format("{} has {} rows, and the checkpoint asks for the first {}: it forgets them when the "
                    "server ends. Write them again, or start with a new checkpoint.",
                    Description(), stream_->rows(), wanted));
  }

  const std::string name_;
  const MemoryStreamPtr stream_;
  const std::optional<int64_t> most_rows_;
  const int parallelism_;
  std::optional<int64_t> fixed_;
  int listener_ = 0;
};

class MemoryStreamDefinition : public StreamDefinition {
 public:
  MemoryStreamDefinition(std::string name, MemoryStreamPtr stream, std::optional<int64_t> most_rows)
      : name_(std::move(name)), stream_(std::move(stream)), most_rows_(most_rows) {}
  std::string Describe() const override { return fmt::format("MemoryStream[{}]", name_); }
  std::string short_name() const override { return "memory"; }
  types::TypePtr schema() const override { return stream_->schema(); }
  std::unique_ptr<StreamSource> Create(const StreamSourceContext& context) override {
    return std::make_unique<MemorySource>(name_, stream_, most_rows_, context);
  }

 private:
  const std::string name_;
  const MemoryStreamPtr stream_;
  const std::optional<int64_t> most_rows_;
};

class MemoryTable : public BatchTable {
 public:
  MemoryTable(std::string name, MemoryStreamPtr stream) : name_(std::move(name)), stream_(std::move(stream)) {}
  std::string Describe() const override { return fmt::format("MemoryStream[{}]", name_); }
  types::TypePtr schema() const override { return stream_->schema(); }
  std::vector<InputPartitionPtr> Partitions(const ScanRequest& request, int parallelism) override {
    return Divide(*stream_, 0, stream_->rows(), parallelism, request.batch_rows);
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return OpenPart(partition, request);
  }

 private:
  const std::string name_;
  const MemoryStreamPtr stream_;
};

class MemoryWrite : public BatchWrite {
 public:
  explicit MemoryWrite(MemoryStreamPtr stream) : stream_(std::move(stream)) {}
  PartitionWriterPtr OpenPartition(int partition) override {
    std::lock_guard lock(mutex_);
    return std::make_unique<Writer>(parts_[partition]);
  }
  void Commit(const std::vector<WriterMessage>&) override {
    arrow::RecordBatchVector rows;
    for (auto& [partition, part] : parts_) std::ranges::move(part, std::back_inserter(rows));
    stream_->Add(rows);
  }

 private:
  class Writer : public PartitionWriter {
   public:
    explicit Writer(arrow::RecordBatchVector& rows) : rows_(rows) {}
    void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
      rows_.push_back(batch);
      count_ += batch->num_rows();
    }
    WriterMessage Finish() override { return {{}, count_}; }

   private:
    arrow::RecordBatchVector& rows_;
    int64_t count_ = 0;
  };

  const MemoryStreamPtr stream_;
  std::mutex mutex_;
  std::map<int, arrow::RecordBatchVector> parts_;
};

std::string NameOf(const plan::Options& options, const std::vector<std::string>& paths) {
  std::string name = paths.size() == 1 ? paths[0] : plan::FindOption(options, "path").value_or("");
  if (name.empty()) {
    throw Error::Plain(ErrorKind::kIllegalArgument,
                       "A memory stream needs a name: readStream.format(\"memory\").load(NAME), "
                       "write.format(\"memory\").mode(\"append\").save(NAME).");
  }
  return name;
}

MemoryStreamPtr StreamToRead(MemoryStreams& streams, const ReadSpec& spec) {
  std::string name = NameOf(spec.options, spec.paths);
  if (spec.schema) return streams.GetOrMake(name, spec.schema);
  MemoryStreamPtr stream = streams.Find(name);
  if (stream) return stream;
  throw Error::Plain(ErrorKind::kAnalysis,
                     fmt::format("There is no memory stream {}: give its schema to the reader, or write rows to it "
                                 "first.",
                                 name));
}

BatchWritePtr AddToStream(MemoryStreams& streams, const WriteSpec& spec) {
  std::string name = NameOf(spec.options, {spec.path});
  if (spec.mode == plan::SaveMode::kIgnore && streams.Find(name)) return nullptr;
  if (spec.mode == plan::SaveMode::kOverwrite || !spec.partition_by.empty()) {
    throw Error::Unsupported("Overwriting or partitioning a memory stream", "Use mode(\"append\").");
  }
  if (spec.mode == plan::SaveMode::kErrorIfExists && streams.Find(name)) {
    throw Error::Plain(ErrorKind::kAnalysis,
                       fmt::format("There is a memory stream {} already: mode(\"append\") adds to it.", name));
  }
  return std::make_unique<MemoryWrite>(streams.GetOrMake(name, spec.schema));
}

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, Memory) {
  auto streams = std::make_shared<MemoryStreams>();
  DataSourceEntry entry;
  entry.name = "memory";
  entry.usage =
      "Sink: keeps the output as a temporary view named like the query; for tests and small results. "
      "Source, for tests, which Spark has in Scala only: the rows that programs write to a name; the server keeps them "
      "until it ends.";
  entry.options = {{"maxRowsPerTrigger", "", "Source: how many rows a micro-batch takes at most."}};
  entry.read_stream = [streams](const ReadSpec& spec) {
    std::optional<int64_t> most_rows;
    if (plan::FindOption(spec.options, "maxRowsPerTrigger")) {
      most_rows = PositiveOption(spec.options, "maxRowsPerTrigger", 1);
    }
    return std::make_shared<MemoryStreamDefinition>(NameOf(spec.options, spec.paths), StreamToRead(*streams, spec),
                                                    most_rows);
  };
  entry.read = [streams](const ReadSpec& spec) {
    return std::make_shared<MemoryTable>(NameOf(spec.options, spec.paths), StreamToRead(*streams, spec));
  };
  entry.write = [streams](const WriteSpec& spec) { return AddToStream(*streams, spec); };
  entry.write_stream = MakeMemorySink;
  entry.output_modes = {OutputMode::kAppend, OutputMode::kUpdate, OutputMode::kComplete};
  entry.temporary_checkpoint = true;
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
