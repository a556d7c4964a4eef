// Turns the feed of a partition into batches, until the range's end.
#include "connectors/kafka/record_reader.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

#include "connectors/kafka/client_feed.h"
#include "connectors/kafka/fetched_feed.h"
#include "connectors/kafka/kafka_errors.h"
#include "connectors/kafka/record_columns.h"

namespace sluice::connectors::kafka {
namespace {

// A batch is handed on early when the feed has run empty and it has this many rows, or when it holds so many bytes.
constexpr int64_t kEnoughRows = 1024, kManyBytes = 16 << 20;

class RecordReader : public BatchReader {
 public:
  RecordReader(FeedPoolPtr feeds, ConsumerPtr consumer, const SourceOptions& options, const OffsetRange& range,
               const ScanRequest& request)
      : feeds_(std::move(feeds)),
        consumer_(std::move(consumer)),
        options_(options),
        range_(range),
        batch_rows_(request.batch_rows),
        columns_(request, range.partition) {}
  ~RecordReader() override {
    if (feed_) feeds_->Return(std::move(feed_));
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (done_) return nullptr;
    if (!feed_) Start();
    while (!done_ && columns_.rows() < batch_rows_ && columns_.bytes() < kManyBytes) {
      if (!Fill()) break;
    }
    if (done_ && feed_) feeds_->Return(std::move(feed_));
    return columns_.rows() > 0 ? columns_.Finish() : nullptr;
  }

 private:
  void Start() {
    feed_ = feeds_->Acquire(range_.partition);
    feed_->Seek(range_.from);
  }

  // Adds what lies ready, or what comes first. False if the batch is to go on as it is.
  bool Fill() {
    if (feed_->position() >= range_.until) {
      done_ = true;
      return true;
    }
    auto most = static_cast<size_t>(batch_rows_ - columns_.rows());
    bool enough = columns_.rows() >= kEnoughRows;
    int64_t before = feed_->position();
    auto records = feed_->Take(range_.until, most, enough ? 0 : MillisLeft());
    columns_.Append(records);
    if (!records.empty() || feed_->position() > before) {
      deadline_.reset();
      return true;
    }
    if (consumer_->cancellation()) consumer_->cancellation()->Check();
    if (feed_->unsupported()) {
      feed_ = feeds_->Replace(std::move(feed_));
      return true;
    }
    if (feed_->lost()) {
      Skip();
      return true;
    }
    return !enough && !TooLate();
  }

  // Until the time that the brokers have for the next record is up.
  int MillisLeft() {
    auto now = std::chrono::steady_clock::now();
    if (!deadline_) deadline_ = now + std::chrono::milliseconds(options_.poll_timeout_ms);
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline_ - now).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
  }

  // What ended the wait may also have been a word of trouble that passes.
  bool TooLate() {
    if (MillisLeft() > 0) return false;
    throw BrokerError(
        fmt::format("Cannot fetch record for offset {} of partition {}, in the range [{}, {}), in {} "
                    "milliseconds from Kafka ({})",
                    feed_->position(), range_.partition.ToString(), range_.from, range_.until, options_.poll_timeout_ms,
                    options_.servers));
  }

  // The records at the position are gone: goes on at the first one that there is, where that is allowed.
  void Skip() {
    int64_t position = feed_->position();
    base::Error loss = OffsetRangeNotReadable(range_.partition, position, range_.until, options_.group_id);
    if (options_.fail_on_data_loss) throw base::Error(loss);
    spdlog::warn("{}", loss.message());
    PartitionOffsets earliest = consumer_->OffsetsAt(TopicPartitions{range_.partition}, kEarliestOffset);
    auto found = earliest.find(range_.partition);
    if (found != earliest.end() && found->second > position && found->second < range_.until) {
      feed_->Seek(found->second);
    } else {
      done_ = true;
    }
  }

  FeedPoolPtr feeds_;
  ConsumerPtr consumer_;
  const SourceOptions& options_;
  OffsetRange range_;
  int64_t batch_rows_;
  RecordColumns columns_;
  FeedPool::FeedPtr feed_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  bool done_ = false;
};

}  // namespace

FeedPool::FeedPool(ConsumerPtr consumer, const SourceOptions& options, std::function<void()> wake)
    : consumer_(std::move(consumer)),
      options_(options),
      wake_(std::move(wake)),
      fetcher_(Fetcher::Supports(options.client) ? std::make_shared<Fetcher>(consumer_, options.client, wake_)
                                                 : nullptr) {}

FeedPool::FeedPtr FeedPool::Make(const TopicPartition& partition, bool shared) {
  if (!fetcher_) {
    if (shared && !client_) client_ = ClientFeed::MakeClient(options_.client);
    return std::make_unique<ClientFeed>(shared ? client_ : ClientFeed::MakeClient(options_.client),
                                        consumer_->cancellation(), partition, options_.include_headers,
                                        shared ? wake_ : nullptr);
  }
  auto is = [&](const char* name, std::string_view value) {
    auto found = options_.client.find(name);
    return found != options_.client.end() && found->second == value;
  };
  auto fetcher = shared ? fetcher_ : std::make_shared<Fetcher>(consumer_, options_.client, nullptr);
  return std::make_unique<FetchedFeed>(std::move(fetcher), partition, !is("check.crcs", "false"),
                                       is("isolation.level", "read_committed"));
}

FeedPool::FeedPtr FeedPool::Acquire(const TopicPartition& partition) {
  std::lock_guard lock(mutex_);
  // One client cannot fetch two places of a partition.
  if (used_.contains(partition)) return Make(partition, false);
  auto idle = idle_.extract(partition);
  FeedPtr feed = idle ? std::move(idle.mapped()) : Make(partition, true);
  used_[partition] = feed.get();
  return feed;
}

void FeedPool::Return(FeedPtr feed) {
  std::lock_guard lock(mutex_);
  auto used = used_.find(feed->partition());
  if (used == used_.end() || used->second != feed.get()) return;
  used_.erase(used);
  TopicPartition partition = feed->partition();
  idle_[partition] = std::move(feed);
}

FeedPool::FeedPtr FeedPool::Replace(FeedPtr feed) {
  std::lock_guard lock(mutex_);
  fetcher_ = nullptr;
  auto used = used_.find(feed->partition());
  bool own = used != used_.end() && used->second == feed.get();
  FeedPtr other = Make(feed->partition(), own);
  other->Seek(feed->position());
  if (own) used->second = other.get();
  return other;
}

bool FeedPool::WatchFrom(const PartitionOffsets& offsets) {
  std::lock_guard lock(mutex_);
  std::erase_if(idle_, [&](const auto& feed) { return !offsets.contains(feed.first); });
  bool quiet = true;
  for (const auto& [partition, offset] : offsets) {
    if (used_.contains(partition)) continue;
    FeedPtr& feed = idle_[partition];
    if (!feed) feed = Make(partition, true);
    if (feed->position() != offset || !feed->lost()) feed->Seek(offset);
    if (feed->HasRecord() || feed->unsupported()) quiet = false;
  }
  return quiet;
}

PartitionOffsets FeedPool::KnownEnds() {
  std::lock_guard lock(mutex_);
  return fetcher_ ? fetcher_->KnownEnds() : PartitionOffsets();
}

BatchReaderPtr OpenRecords(FeedPoolPtr feeds, ConsumerPtr consumer, const SourceOptions& options,
                           const OffsetRange& range, const ScanRequest& request) {
  return std::make_unique<RecordReader>(std::move(feeds), std::move(consumer), options, range, request);
}

}  // namespace sluice::connectors::kafka
