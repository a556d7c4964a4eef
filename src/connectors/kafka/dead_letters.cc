// Writes dead letters with a producer of their own, or with that of the sink's transactions.
#include "connectors/kafka/dead_letters.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <mutex>

#include "base/error.h"
#include "base/fault_point.h"
#include "connectors/kafka/dead_letter_records.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

constexpr int kClusterMillis = 10000;

types::TypePtr LetterType() {
  auto headers = types::Array(types::Struct({{"key", types::String()}, {"value", types::Binary()}}));
  return types::Struct({{"key", types::Binary()}, {"value", types::Binary()}, {"headers", headers}});
}

std::string ClusterOf(rd_kafka_t* client, const std::string& servers) {
  char* id = rd_kafka_clusterid(client, kClusterMillis);
  if (!id) throw BrokerError(fmt::format("Kafka ({}) does not tell the id of its cluster", servers));
  std::string out = id;
  rd_kafka_mem_free(client, id);
  return out;
}

class KafkaDeadLetters : public DeadLetterWriter {
 public:
  KafkaDeadLetters(const SourceOptions& options, ConsumerPtr consumer, StreamSink& sink, DeadLetterCount count)
      : own_options_{.topic = options.dead_letter_topic,
                     .servers = options.servers,
                     .exactly_once = false,
                     .client = options.dead_letter_client},
        layout_(*LetterType(), own_options_),
        consumer_(std::move(consumer)),
        transactions_(dynamic_cast<SharedTransactions*>(&sink)),
        count_(std::move(count)) {}

  void BeginBatch(const SinkBatch& batch) override {
    std::lock_guard lock(mutex_);
    written_.Clear();
    *count_ = 0;
    subject_ = fmt::format("batch {} (dead letters)", batch.batch_id);
    if (own_) own_->SetSubject(subject_);
    producer_ = Transaction();
  }

  void Write(const arrow::RecordBatch& rows) override {
    Producer* producer;
    std::vector<int64_t> numbers;
    {
      std::lock_guard lock(mutex_);
      numbers = written_.Add(rows);
      if (numbers.empty()) return;
      if (!producer_) producer_ = OwnProducer();
      producer = producer_;
    }
    if (transactions_ && producer != own_.get()) transactions_->NoteShared();
    producer->Send(*DeadLetterRecords(rows, numbers), layout_);
    *count_ += static_cast<int64_t>(numbers.size());
  }

  void Flush() override {
    base::FaultPoint("kafka.dead_letters_sent");
    // What is in a transaction is flushed with it.
    if (own_ && *count_ > 0) own_->Flush();
    base::FaultPoint("kafka.dead_letters_flushed");
  }

  void AbortBatch() override {
    if (own_) own_->Reset();
  }

 private:
  // The sink's producer if it writes to the same cluster in transactions; which cluster that is does not change.
  Producer* Transaction() {
    Producer* producer = transactions_ ? transactions_->transaction() : nullptr;
    if (!producer) return nullptr;
    if (!same_cluster_) {
      same_cluster_ = ClusterOf(producer->client(), producer->options().servers) ==
                      ClusterOf(consumer_->client(), own_options_.servers);
    }
    return *same_cluster_ ? producer : nullptr;
  }

  // Most queries have no dead letters and need none.
  Producer* OwnProducer() {
    if (!own_) own_ = std::make_unique<Producer>(own_options_, consumer_->cancellation());
    own_->SetSubject(subject_);
    return own_.get();
  }

  const SinkOptions own_options_;
  const RecordLayout layout_;
  const ConsumerPtr consumer_;
  SharedTransactions* const transactions_;  ///< null: not this kind of sink
  const DeadLetterCount count_;
  std::mutex mutex_;
  std::optional<bool> same_cluster_;
  std::unique_ptr<Producer> own_;
  Producer* producer_ = nullptr;  ///< of the current batch; null: not chosen yet
  std::string subject_;
  WrittenRecords written_;
};

}  // namespace

std::unique_ptr<DeadLetterWriter> MakeDeadLetterWriter(const SourceOptions& options, ConsumerPtr consumer,
                                                       StreamSink& sink, DeadLetterCount count) {
  return std::make_unique<KafkaDeadLetters>(options, std::move(consumer), sink, std::move(count));
}

}  // namespace sluice::connectors::kafka
