// Tells a consumer group how far a query has come, for tools that show its lag; nothing is ever read from it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/partition_offsets.h"

namespace sluice::connectors::kafka {

/// Works on a thread of its own, with the newest offsets only. What fails is a warning that names the group.
class GroupCommits {
 public:
  GroupCommits(ConsumerPtr consumer, std::string group);
  /// Gives the last offsets a moment to get there.
  ~GroupCommits();
  GroupCommits(const GroupCommits&) = delete;
  GroupCommits& operator=(const GroupCommits&) = delete;

  void Commit(PartitionOffsets offsets);

 private:
  using Clock = std::chrono::steady_clock;
  struct Failure {
    std::string text;  ///< empty: there is none
    bool passes = false;
  };

  void Run();
  Failure Send(const PartitionOffsets& offsets);
  void Warn(const std::string& failure);
  bool TimeIsUp();

  const ConsumerPtr consumer_;
  const std::string group_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<PartitionOffsets> wanted_;
  std::optional<Clock::time_point> end_;  ///< once the query has ended
  std::string warned_;                    ///< of the thread alone
  std::thread thread_;
};

}  // namespace sluice::connectors::kafka
