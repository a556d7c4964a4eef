// What a client's connections to the brokers suffer from, to be told when a wait for the brokers ends in vain.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

namespace sluice::connectors::kafka {

struct Trouble {
  std::string text;      ///< names the broker; empty: there is none
  bool refused = false;  ///< a wrong password or certificate: waiting does not help
};

/// Thread safe. Note is for the client library's callback for errors, which is run by whoever polls the client.
class ConnectionTrouble {
 public:
  using Clock = std::chrono::steady_clock;
  void Note(int error, const char* text);
  /// The last one that was noted since then.
  Trouble Since(Clock::time_point time) const;

 private:
  mutable std::mutex mutex_;
  Trouble last_;
  Clock::time_point noted_{};
};

}  // namespace sluice::connectors::kafka
