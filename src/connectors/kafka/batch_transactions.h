// Exactly-once delivery: a transaction a batch, which also holds the marker that tells a restart of it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "connectors/kafka/batch_marker.h"
#include "connectors/kafka/producer.h"
#include "connectors/spi/stream.h"

struct rd_kafka_error_s;

namespace sluice::connectors::kafka {

/// The transactions of one run of a query. Calls wait for the brokers for the producer's delivery.timeout.ms at most
/// and end early when the query stops; what they throw names the batch.
class BatchTransactions {
 public:
  /// The transactional id of a query unless it is given, and its consumer group.
  static std::string NameOf(const std::string& query_id) { return "sluice-" + query_id; }

  BatchTransactions(Producer& producer, std::string query_id);
  /// False if the batch is committed already. The first call fences other producers of the query, and what they have
  /// begun is committed or aborted when it returns.
  bool Begin(const SinkBatch& batch);
  void Commit(bool has_rows);
  /// Tries for a moment; what stays open is aborted by the next run, or by the brokers when its time is up.
  void Abort() noexcept;

 private:
  void Initialize();
  void SendMarker();
  /// Calls `attempt(milliseconds)` until it is done or its failure is final.
  template <typename Attempt>
  void Await(const char* what, int attempt_millis, Attempt&& attempt);
  base::Error Failure(const char* what, const rd_kafka_error_s& error) const;

  Producer& producer_;
  std::string query_id_;
  std::chrono::milliseconds timeout_;
  bool initialized_ = false;
  std::optional<BatchMarker> last_;  ///< committed
  BatchMarker batch_;
};

}  // namespace sluice::connectors::kafka
