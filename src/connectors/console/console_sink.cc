// The console sink: prints each batch as a table on standard output.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <mutex>

#include "base/error.h"
#include "connectors/spi/registry.h"
#include "exec/show_table.h"

namespace sluice::connectors {
namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

constexpr const char* kLine = "-------------------------------------------";
constexpr int kCellWidth = 20;

exec::ShowOptions ParseOptions(const plan::Options& options) {
  exec::ShowOptions show;
  if (auto text = plan::FindOption(options, "numRows")) {
    auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), show.num_rows);
    if (status != std::errc() || end != text->data() + text->size()) {
      throw base::Error::Plain(base::ErrorKind::kNumberFormat, fmt::format("For input string: \"{}\"", *text));
    }
  }
  std::string truncate = plan::FindOption(options, "truncate").value_or("true");
  for (char& c : truncate) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (truncate != "true" && truncate != "false") {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument, truncate + " is not a boolean string.");
  }
  show.truncate = truncate == "true" ? kCellWidth : 0;
  return show;
}

void Print(const std::string& text) {
  // One write, so that the tables of several queries don't mix.
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::string TableText(const types::DataType& schema, const Batches& rows, const std::string& time_zone,
                      const exec::ShowOptions& show) {
  logical::EvalContext context;
  context.time_zone = time_zone;
  return exec::ShowTable(context, schema, rows, show) + "\n";
}

// Gathers rows by partition; only the first few are ever shown, the others are counted.
class Gathered {
 public:
  void Reset() {
    parts_.clear();
    rows_ = 0;
  }
  PartitionWriterPtr Open(int partition, int64_t keep) {
    std::lock_guard lock(mutex_);
    if (parts_.size() <= static_cast<size_t>(partition)) parts_.resize(partition + 1);
    return std::make_unique<Writer>(*this, partition, keep);
  }
  Batches All() const {
    Batches all;
    for (const Batches& part : parts_) all.insert(all.end(), part.begin(), part.end());
    return all;
  }
  int64_t rows() const { return rows_; }

 private:
  class Writer : public PartitionWriter {
   public:
    Writer(Gathered& gathered, int partition, int64_t keep) : gathered_(gathered), partition_(partition), keep_(keep) {}
    void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
      if (rows_ < keep_) kept_.push_back(batch->Slice(0, keep_ - rows_));
      rows_ += batch->num_rows();
    }
    WriterMessage Finish() override {
      std::lock_guard lock(gathered_.mutex_);
      gathered_.parts_[partition_] = std::move(kept_);
      gathered_.rows_ += rows_;
      return {{}, rows_};
    }

   private:
    Gathered& gathered_;
    int partition_;
    int64_t keep_, rows_ = 0;
    Batches kept_;
  };

  std::mutex mutex_;
  std::vector<Batches> parts_;
  int64_t rows_ = 0;
};

class ConsoleSink : public StreamSink {
 public:
  ConsoleSink(plan::Options options, std::string time_zone)
      : options_(std::move(options)), time_zone_(std::move(time_zone)) {}

  std::string Description() const override { return "org.apache.spark.sql.execution.streaming.ConsoleTable$@37507a4"; }
  bool BeginBatch(const SinkBatch&) override {
    // Spark looks at the options when it plans the first batch: wrong ones end the query, not its
    // start.
    show_ = ParseOptions(options_);
    gathered_.Reset();
    return true;
  }
  PartitionWriterPtr OpenPartition(const SinkBatch&, int partition) override {
    return gathered_.Open(partition, static_cast<int64_t>(std::max(show_.num_rows, 0)) + 1);
  }
  void CommitBatch(const SinkBatch& batch, const std::vector<WriterMessage>&) override {
    Print(fmt::format("{}\nBatch: {}\n{}\n{}", kLine, batch.batch_id, kLine,
                      TableText(*batch.schema, gathered_.All(), time_zone_, show_)));
  }
  int64_t LastOutputRows() const override { return gathered_.rows(); }

 private:
  const plan::Options options_;
  const std::string time_zone_;
  exec::ShowOptions show_;
  Gathered gathered_;
};

class ConsoleWrite : public BatchWrite {
 public:
  explicit ConsoleWrite(const WriteSpec& spec)
      : schema_(spec.schema),
        time_zone_(spec.conf ? spec.conf->session_time_zone() : "UTC"),
        show_(ParseOptions(spec.options)) {}
  PartitionWriterPtr OpenPartition(int partition) override {
    return gathered_.Open(partition, static_cast<int64_t>(std::max(show_.num_rows, 0)) + 1);
  }
  void Commit(const std::vector<WriterMessage>&) override {
    Print(TableText(*schema_, gathered_.All(), time_zone_, show_));
  }

 private:
  types::TypePtr schema_;
  std::string time_zone_;
  exec::ShowOptions show_;
  Gathered gathered_;
};

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, Console) {
  DataSourceEntry entry;
  entry.name = "console";
  entry.aliases = {"org.apache.spark.sql.execution.streaming.ConsoleSinkProvider"};
  entry.usage = "Prints each batch as a table on the server's standard output.";
  entry.options = {{"numRows", "20", "How many rows of a batch are shown."},
                   {"truncate", "true", "Whether cells are cut to 20 characters."}};
  entry.write_stream = [](const StreamSinkContext& context, const plan::Options& options, const std::string&) {
    return std::make_unique<ConsoleSink>(options, context.conf ? context.conf->session_time_zone() : "UTC");
  };
  entry.write = [](const WriteSpec& spec) { return std::make_unique<ConsoleWrite>(spec); };
  entry.output_modes = {OutputMode::kAppend, OutputMode::kUpdate, OutputMode::kComplete};
  entry.temporary_checkpoint = true;
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
