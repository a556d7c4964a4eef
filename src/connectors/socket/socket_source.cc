// The socket source: lines of text from a TCP server, for trying things out. Like Spark's it can't give a line again
// after the query has ended.
#include <arrow/api.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/error.h"
#include "connectors/socket/line_reader.h"
#include "connectors/spi/option_values.h"
#include "connectors/spi/registry.h"
#include "connectors/spi/rows_reader.h"

namespace sluice::connectors {
namespace {

using base::Error;
using base::ErrorKind;

struct SocketSettings {
  std::string host;
  int port = 0;
  bool include_timestamp = false;
};

types::TypePtr SocketSchema(bool include_timestamp) {
  std::vector<types::StructField> fields = {{"value", types::String()}};
  if (include_timestamp) fields.push_back({"timestamp", types::Timestamp()});
  return types::Struct(std::move(fields));
}

// Lines with the numbers first, first + 1 …, as the columns value and timestamp.
struct Chunk {
  int64_t first = 0;
  std::shared_ptr<arrow::RecordBatch> rows;
  size_t bytes = 0;

  int64_t end() const { return first + rows->num_rows(); }
};

std::shared_ptr<arrow::RecordBatch> ToRows(ReceivedLines received) {
  constexpr int64_t kMicrosAMilli = 1000;
  auto rows = static_cast<int64_t>(received.lines.size());
  std::vector<int32_t> offsets = {0};
  offsets.insert(offsets.end(), received.lines.ends.begin(), received.lines.ends.end());
  std::vector<int64_t> times = std::move(received.times_ms);
  for (int64_t& time : times) time *= kMicrosAMilli;
  auto value = std::make_shared<arrow::StringArray>(rows, arrow::Buffer::FromVector(std::move(offsets)),
                                                    arrow::Buffer::FromString(std::move(received.lines.text)));
  auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  auto timestamp = std::make_shared<arrow::TimestampArray>(type, rows, arrow::Buffer::FromVector(std::move(times)));
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("value", arrow::utf8()), arrow::field("timestamp", type)}), rows, {value, timestamp});
}

struct SocketPartition : InputPartition {
  explicit SocketPartition(std::shared_ptr<arrow::RecordBatch> lines) : rows(std::move(lines)) {}
  std::shared_ptr<arrow::RecordBatch> rows;
};

int64_t ParseLineNumber(const Offset& offset) {
  auto number = WholeNumber(offset);
  if (!number) throw Error::Plain(ErrorKind::kIllegalState, "Not an offset of the socket source: " + offset);
  return *number;
}

// Offsets are the number of the last line, -1 before the first.
class SocketSource : public StreamSource {
 public:
  SocketSource(SocketSettings settings, StreamSourceContext context)
      : settings_(std::move(settings)), context_(std::move(context)) {}

  std::string Description() const override {
    return fmt::format("TextSocketV2[host: {}, port: {}]", settings_.host, settings_.port);
  }
  std::optional<Offset> InitialOffset() override { return "-1"; }

  // The first batch is an empty one, as Spark's: only then is the connection made.
  std::optional<Offset> LatestOffset(const std::optional<Offset>& start, const ReadLimit&) override {
    if (!begun_ && start == InitialOffset()) {
      begun_ = true;
      return start;
    }
    if (!reader_) Connect(start ? ParseLineNumber(*start) : -1);
    if (!fixed_) TakeLines();
    return std::to_string(next_ - 1);
  }
  std::optional<Offset> ReportLatestOffset() override { return std::to_string(next_ - 1); }
  void PrepareForTriggerAvailableNow() override { fixed_ = true; }
  bool WakesOnData() const override { return true; }

  void Recover(const std::optional<Offset>&, const Offset& end) override {
    begun_ = true;
    logged_end_ = ParseLineNumber(end);
  }

  std::vector<InputPartitionPtr> Partitions(const std::optional<Offset>& start, const Offset& end,
                                            const ScanRequest&) override {
    int64_t from = start ? ParseLineNumber(*start) + 1 : 0, to = ParseLineNumber(end) + 1;
    int64_t kept = chunks_.empty() ? next_ : chunks_.front().first;
    if (from < kept || to > next_) {
      spdlog::warn(
          "{}: lines {} to {} came before the query was started again and are lost: a socket can't be read "
          "again.",
          Description(), from, to - 1);
    }
    std::vector<InputPartitionPtr> partitions;
    for (const Chunk& chunk : chunks_) {
      int64_t first = std::max(from, chunk.first), last = std::min(to, chunk.end());
      if (first >= last) continue;
      partitions.push_back(std::make_shared<SocketPartition>(chunk.rows->Slice(first - chunk.first, last - first)));
    }
    return partitions;
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return MakeRowsReader({static_cast<const SocketPartition&>(*partition).rows}, request);
  }

  void Commit(const Offset& end) override {
    int64_t done = ParseLineNumber(end) + 1;
    while (!chunks_.empty() && chunks_.front().end() <= done) {
      reader_->Release(chunks_.front().bytes);
      chunks_.pop_front();
    }
  }

 private:
  void Connect(int64_t last_line) {
    next_ = std::max(last_line, logged_end_) + 1;
    reader_ = std::make_unique<LineReader>(settings_.host, settings_.port, context_.clock, context_.wake,
                                           context_.cancellation);
  }

  void TakeLines() {
    ReceivedLines received = reader_->Take();
    if (received.lines.size() == 0) return;
    size_t bytes = received.lines.text.size();
    chunks_.push_back({next_, ToRows(std::move(received)), bytes});
    next_ = chunks_.back().end();
  }

  const SocketSettings settings_;
  const StreamSourceContext context_;
  bool begun_ = false, fixed_ = false;
  int64_t logged_end_ = -1;
  int64_t next_ = 0;  // number of the next line to come
  std::deque<Chunk> chunks_;
  std::unique_ptr<LineReader> reader_;
};

class SocketStream : public StreamDefinition {
 public:
  explicit SocketStream(SocketSettings settings) : settings_(std::move(settings)) {}
  std::string Describe() const override { return fmt::format("Socket[{}:{}]", settings_.host, settings_.port); }
  std::string short_name() const override { return "socket"; }
  types::TypePtr schema() const override { return SocketSchema(settings_.include_timestamp); }
  std::unique_ptr<StreamSource> Create(const StreamSourceContext& context) override {
    return std::make_unique<SocketSource>(settings_, context);
  }

 private:
  SocketSettings settings_;
};

bool TimestampOption(const plan::Options& options) {
  std::string text = plan::FindOption(options, "includeTimestamp").value_or("false");
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text != "true" && text != "false") throw Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1297");
  return text == "true";
}

std::shared_ptr<StreamDefinition> ReadSocket(const ReadSpec& spec) {
  constexpr int64_t kLastPort = 65535;
  RefuseSchema(spec.schema, "TextSocketSourceProvider");
  SocketSettings settings;
  auto host = plan::FindOption(spec.options, "host");
  if (!host) throw Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1295");
  if (!plan::FindOption(spec.options, "port")) throw Error(ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_1296");
  settings.host = *host;
  settings.include_timestamp = TimestampOption(spec.options);
  int64_t port = *IntegerOption(spec.options, "port");
  if (port < 0 || port > kLastPort) {
    throw Error::Plain(ErrorKind::kIllegalArgument, fmt::format("port out of range:{}", port));
  }
  settings.port = static_cast<int>(port);
  return std::make_shared<SocketStream>(std::move(settings));
}

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, Socket) {
  DataSourceEntry entry;
  entry.name = "socket";
  entry.aliases = {"org.apache.spark.sql.execution.streaming.sources.TextSocketSourceProvider",
                   "org.apache.spark.sql.execution.streaming.TextSocketSourceProvider"};
  entry.usage =
      "Lines of UTF-8 text from a TCP server, for trying things out: after a restart they can't be read again.";
  entry.options = {{"host", "", "The server's name or address; must be given."},
                   {"port", "", "Its port; must be given."},
                   {"includeTimestamp", "false", "Whether there is a column of when each line came."}};
  entry.read_stream = ReadSocket;
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
