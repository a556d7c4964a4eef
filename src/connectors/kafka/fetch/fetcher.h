// Fetches partitions from their leaders in the background, as record batches that nobody has looked into yet.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/fetch/broker_connection.h"
#include "connectors/kafka/fetch/fetch_protocol.h"

namespace sluice::connectors::kafka {

/// Record batches of one partition from one answer.
struct FetchedSlice {
  BufferPool::Buffer memory;  ///< where `records` lie
  std::string_view records;   ///< whole batches
  std::vector<AbortedTransaction> aborted;
};

/// What a partition's fetching has come to.
enum class FetchState {
  kFetching,
  kLost,       ///< the offset or the partition is not there
  kOldFormat,  ///< what lies at the offset is for another client to read
};

/// One thread for all brokers; it fetches ahead as far as memory is allowed. Thread safe.
class Fetcher {
 public:
  /// Whether connections of these properties can be made here: without TLS, SASL and the choice of a near replica.
  static bool Supports(const ClientProperties& properties);

  /// `wake` is called when something comes for a partition that had nothing ready; may be null.
  Fetcher(ConsumerPtr consumer, const ClientProperties& properties, std::function<void()> wake);
  ~Fetcher();

  /// Fetches a partition from an offset on; forgets what had been fetched before.
  void Start(const TopicPartition& partition, int64_t offset);
  void Stop(const TopicPartition& partition);
  /// The next slice, waited for as long as it may take; ends early when the consumer's token is cancelled. Throws what
  /// the brokers refuse. A state other than kFetching comes after the last slice.
  std::optional<FetchedSlice> Take(const TopicPartition& partition, int wait_ms, FetchState* state);
  /// The ends of partitions as far as answers told them.
  PartitionOffsets KnownEnds();

 private:
  using Clock = BrokerConnection::Clock;
  struct Partition {
    int64_t offset = 0;
    int64_t end = -1;    ///< what readers may see at most, from the last answer
    uint64_t start = 0;  ///< which Start this is, so that late answers are told apart
    int32_t max_bytes = 0;
    bool asked = false;  ///< a request under way has it
    bool fresh = true;   ///< has not been asked for since its start
    std::string leader;  ///< "host:port"; empty: to be found out
    std::deque<FetchedSlice> ready;
    size_t ready_bytes = 0;
    FetchState state = FetchState::kFetching;
    std::string refused;
    bool wants_more() const { return state == FetchState::kFetching && refused.empty(); }
  };
  struct Asked {
    TopicPartition partition;
    uint64_t start = 0;
  };
  struct Planned {
    FetchRequest request;
    std::vector<Asked> asked;  ///< the same partitions
  };
  struct Broker {
    std::unique_ptr<BrokerConnection> connection;
    std::vector<Asked> asked;
    int32_t correlation_id = 0;
    bool waits_long = false;
  };

  /// The partition if it has not been started anew or stopped since; the mutex is held.
  Partition* Current(const Asked& asked);
  void Run();
  void FindLeaders();
  void SendRequests();
  std::map<std::string, Planned> PlanRequests();
  void Interrupt();
  void Poll();
  void Advance(const std::string& address, Broker& broker, short events);
  void Receive(Broker& broker, const BufferPool::Buffer& memory, std::string_view answer);
  void AddSlice(Partition& partition, const FetchedPartition& fetched, const BufferPool::Buffer& memory);
  void NoteError(Partition& partition, const TopicPartition& name, int16_t error);
  void Drop(const std::string& address, const std::string& why);
  int PollMillis() const;
  void Signal();
  void Announce();

  const ConsumerPtr consumer_;
  const bool read_committed_;
  const int max_wait_ms_, min_bytes_, max_bytes_, max_partition_bytes_, receive_bytes_, request_ms_;
  const std::string client_id_;
  const std::function<void()> wake_;
  const std::shared_ptr<BufferPool> pool_;
  int event_fd_ = -1;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<TopicPartition, Partition> partitions_;
  size_t ready_bytes_ = 0;
  uint64_t starts_ = 0;
  bool stopping_ = false;

  // Of the thread alone.
  std::map<std::string, Broker> brokers_;
  std::set<std::string> failing_;  ///< brokers whose failure has been told
  Clock::time_point retry_at_{};
  int32_t correlation_id_ = 0;
  std::thread thread_;
};

}  // namespace sluice::connectors::kafka
