// Sends rows to topics and says whether the brokers have them.
#pragma once

#include <arrow/record_batch.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/cancellation.h"
#include "connectors/kafka/client.h"
#include "connectors/kafka/connection_trouble.h"
#include "connectors/kafka/kafka_options.h"
#include "types/data_type.h"

struct rd_kafka_message_s;

namespace sluice::connectors::kafka {

/// Which columns of the rows a record is made of; -1 = there is none. `fixed_topic` is where all rows go. Throws what
/// Spark's KafkaWriter complains of
/// (_LEGACY_ERROR_TEMP_3080).
struct RecordLayout {
  RecordLayout(const types::DataType& schema, const SinkOptions& options);
  int key = -1, value = -1, topic = -1, partition = -1, headers = -1;
  std::optional<std::string> fixed_topic;
};

/// Thread safe. A failed record makes the next call throw; it names the topic, the partition and what the brokers said.
/// So does a connection that the brokers refuse. Calls that wait for the brokers end early when the token is cancelled.
class Producer {
 public:
  /// Throws kIllegalArgument if the client library does not take the properties.
  Producer(SinkOptions options, base::CancellationPtr cancellation);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Takes the rows over; waits while the client's memory is full.
  void Send(const arrow::RecordBatch& rows, const RecordLayout& layout);
  /// Returns when the brokers have all that was sent.
  void Flush();
  /// Forgets what has not been sent, and earlier failures.
  void Reset();
  /// Throws if a record has failed.
  void CheckFailure();
  /// Throws if the brokers have given this producer's transactions up.
  void CheckFenced();

  /// What errors call the records that are sent from now on: "batch 5".
  void SetSubject(std::string subject);
  /// A topic that has one of the records which were sent last.
  std::string LastTopic();
  const SinkOptions& options() const { return options_; }
  const base::CancellationPtr& cancellation() const { return cancellation_; }
  rd_kafka_t* client() const { return client_->get(); }

 private:
  friend struct ClientCallbacks;
  class RowSender;
  void NoteFailure(const rd_kafka_message_s& record);
  void NoteFailure(const std::string& topic, int32_t partition, const std::string& what);
  void Fail(const std::string& failure);
  void NoteTrouble(int error, const char* text);
  std::string Subject();
  void CheckCancelled() const;
  void AwaitRoom();

  SinkOptions options_;
  base::CancellationPtr cancellation_;
  ConnectionTrouble trouble_;
  ConnectionTrouble::Clock::time_point flushed_{};  ///< earlier trouble has passed
  std::mutex mutex_;
  std::atomic<bool> failed_{false};
  std::string failure_, subject_, last_topic_;
  std::unique_ptr<Client> client_;  ///< the last member: its callbacks use the others
};

}  // namespace sluice::connectors::kafka
