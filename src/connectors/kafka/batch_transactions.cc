// The steps of a batch's transaction, with a named fault point between any two that the brokers keep.
#include "connectors/kafka/batch_transactions.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

#include "base/clock.h"
#include "base/fault_point.h"
#include "connectors/kafka/kafka_errors.h"
#include "connectors/kafka/marker_group.h"

namespace sluice::connectors::kafka {
namespace {

using Clock = std::chrono::steady_clock;

// How long an attempt waits that goes on in the background and is resumed, so that a cancelled query ends soon.
constexpr int kWaitMillis = 100;
// An attempt that is not resumed gets enough for a slow broker, and takes longer than a dead coordinator is remembered.
constexpr int kOffsetsMillis = 4000;
constexpr int kRetryMillis = 20;
constexpr std::chrono::seconds kAbortTime{1};

using ErrorPtr = Handle<rd_kafka_error_t, rd_kafka_error_destroy>;

}  // namespace

BatchTransactions::BatchTransactions(Producer& producer, std::string query_id)
    : producer_(producer),
      query_id_(std::move(query_id)),
      timeout_(std::atoll(producer.options().client.at("delivery.timeout.ms").c_str())) {}

base::Error BatchTransactions::Failure(const char* what, const rd_kafka_error_s& error) const {
  const SinkOptions& options = producer_.options();
  std::string topic = options.topic ? fmt::format(" for topic '{}'", *options.topic) : "";
  return BrokerError(fmt::format("Kafka ({}) did not {} the transaction of batch {}{} (transactional id '{}'): {}",
                                 options.servers, what, batch_.batch_id, topic, options.client.at("transactional.id"),
                                 rd_kafka_error_string(&error)));
}

template <typename Attempt>
void BatchTransactions::Await(const char* what, int attempt_millis, Attempt&& attempt) {
  auto end = Clock::now() + timeout_;
  for (;;) {
    if (producer_.cancellation()) producer_.cancellation()->Check();
    ErrorPtr error(attempt(attempt_millis));
    if (!error) return;
    producer_.CheckFenced();
    producer_.CheckFailure();
    if (!rd_kafka_error_is_retriable(error.get()) || Clock::now() >= end) throw Failure(what, *error);
    if (rd_kafka_error_code(error.get()) != RD_KAFKA_RESP_ERR__TIMED_OUT)
      rd_kafka_poll(producer_.client(), kRetryMillis);
  }
}

void BatchTransactions::Initialize() {
  Await("prepare", kWaitMillis, [&](int millis) { return rd_kafka_init_transactions(producer_.client(), millis); });
  last_ = LastMarker(producer_, NameOf(query_id_), timeout_);
  initialized_ = true;
}

bool BatchTransactions::Begin(const SinkBatch& batch) {
  batch_ = {query_id_, batch.batch_id, batch.timestamp_ms};
  if (!initialized_) Initialize();
  if (IsCommitted(last_, batch_, base::SystemClock().NowMillis())) return false;
  Await("begin", 0, [&](int) { return rd_kafka_begin_transaction(producer_.client()); });
  base::FaultPoint("kafka.after_begin");
  return true;
}

void BatchTransactions::Commit(bool has_rows) {
  base::FaultPoint("kafka.before_flush");
  producer_.Flush();
  base::FaultPoint("kafka.after_flush");
  // Without rows there is nothing that a repetition would double, and the brokers hear nothing of the transaction.
  if (has_rows) SendMarker();
  base::FaultPoint("kafka.before_transaction");
  Await("commit", kWaitMillis, [&](int millis) { return rd_kafka_commit_transaction(producer_.client(), millis); });
  if (has_rows) last_ = batch_;
  base::FaultPoint("kafka.after_transaction");
}

void BatchTransactions::SendMarker() {
  std::string topic = producer_.LastTopic();
  Await("mark", kOffsetsMillis,
        [&](int millis) { return kafka::SendMarker(producer_, NameOf(query_id_), topic, batch_, millis); });
}

void BatchTransactions::Abort() noexcept {
  auto end = Clock::now() + kAbortTime;
  ErrorPtr error;
  do {
    error.reset(rd_kafka_abort_transaction(producer_.client(), kWaitMillis));
  } while (error && rd_kafka_error_is_retriable(error.get()) && Clock::now() < end);
  if (error)
    spdlog::info("The Kafka transaction of batch {} is left open: {}", batch_.batch_id,
                 rd_kafka_error_string(error.get()));
}

}  // namespace sluice::connectors::kafka
