// Tells refusals, which stay, from failures that may pass.
#include "connectors/kafka/connection_trouble.h"

#include <librdkafka/rdkafka.h>
#include <spdlog/spdlog.h>

#include <string_view>

namespace sluice::connectors::kafka {
namespace {

bool Has(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

bool IsRefusal(int error, std::string_view text) {
  if (error == RD_KAFKA_RESP_ERR__AUTHENTICATION) return true;
  // A broker that goes down during a handshake is a failure of the handshake as well.
  if (error == RD_KAFKA_RESP_ERR__SSL) return !Has(text, "isconnected");
  // What the broker thinks of our certificate comes, with TLS 1.3, after the handshake.
  return error == RD_KAFKA_RESP_ERR__TRANSPORT && Has(text, "SSL alert");
}

}  // namespace

void ConnectionTrouble::Note(int error, const char* text) {
  spdlog::warn("Kafka client: {}", text);
  // It follows from the others, which say why.
  if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  std::lock_guard lock(mutex_);
  last_ = {text, IsRefusal(error, text)};
  noted_ = Clock::now();
}

Trouble ConnectionTrouble::Since(Clock::time_point time) const {
  std::lock_guard lock(mutex_);
  return noted_ < time ? Trouble() : last_;
}

}  // namespace sluice::connectors::kafka
