// Translation of Java's client properties, with Java's defaults where librdkafka has others.
#include "connectors/kafka/client_properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

using Properties = std::map<std::string, std::string>;

// Milliseconds, as Java's.
constexpr char kDeliveryTimeout[] = "120000", kRequestTimeout[] = "30000";

enum class Use { kBoth, kConsumer, kProducer, kTransactions };
struct Property {
  std::string_view java, librdkafka;
  Use use;
};

// Those of the same meaning and the same form of value.
constexpr Property kProperties[] = {
    {"acks", "acks", Use::kProducer},
    {"allow.auto.create.topics", "allow.auto.create.topics", Use::kConsumer},
    {"batch.size", "batch.size", Use::kProducer},
    {"bootstrap.servers", "bootstrap.servers", Use::kBoth},
    {"check.crcs", "check.crcs", Use::kConsumer},
    {"client.id", "client.id", Use::kBoth},
    {"client.rack", "client.rack", Use::kConsumer},
    {"compression.type", "compression.type", Use::kProducer},
    {"connections.max.idle.ms", "connections.max.idle.ms", Use::kBoth},
    {"delivery.timeout.ms", "delivery.timeout.ms", Use::kProducer},
    {"enable.idempotence", "enable.idempotence", Use::kProducer},
    {"fetch.max.bytes", "fetch.max.bytes", Use::kConsumer},
    {"fetch.max.wait.ms", "fetch.wait.max.ms", Use::kConsumer},
    {"fetch.min.bytes", "fetch.min.bytes", Use::kConsumer},
    {"group.id", "group.id", Use::kConsumer},
    {"isolation.level", "isolation.level", Use::kConsumer},
    {"linger.ms", "linger.ms", Use::kProducer},
    {"max.in.flight.requests.per.connection", "max.in.flight.requests.per.connection", Use::kProducer},
    {"max.partition.fetch.bytes", "max.partition.fetch.bytes", Use::kConsumer},
    {"max.request.size", "message.max.bytes", Use::kProducer},
    {"metadata.max.age.ms", "metadata.max.age.ms", Use::kBoth},
    {"receive.buffer.bytes", "socket.receive.buffer.bytes", Use::kBoth},
    {"reconnect.backoff.max.ms", "reconnect.backoff.max.ms", Use::kBoth},
    {"reconnect.backoff.ms", "reconnect.backoff.ms", Use::kBoth},
    {"request.timeout.ms", "request.timeout.ms", Use::kProducer},
    {"request.timeout.ms", "socket.timeout.ms", Use::kConsumer},
    {"retries", "retries", Use::kProducer},
    {"retry.backoff.ms", "retry.backoff.ms", Use::kProducer},
    {"sasl.kerberos.kinit.cmd", "sasl.kerberos.kinit.cmd", Use::kBoth},
    {"sasl.kerberos.service.name", "sasl.kerberos.service.name", Use::kBoth},
    {"sasl.mechanism", "sasl.mechanism", Use::kBoth},
    {"security.protocol", "security.protocol", Use::kBoth},
    {"send.buffer.bytes", "socket.send.buffer.bytes", Use::kBoth},
    {"socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.ms", Use::kBoth},
    {"ssl.cipher.suites", "ssl.cipher.suites", Use::kBoth},
    {"ssl.endpoint.identification.algorithm", "ssl.endpoint.identification.algorithm", Use::kBoth},
    {"ssl.key.password", "ssl.key.password", Use::kBoth},
    {"ssl.keystore.certificate.chain", "ssl.certificate.pem", Use::kBoth},
    {"ssl.keystore.key", "ssl.key.pem", Use::kBoth},
    {"ssl.truststore.certificates", "ssl.ca.pem", Use::kBoth},
    {"transaction.timeout.ms", "transaction.timeout.ms", Use::kTransactions},
    {"transactional.id", "transactional.id", Use::kTransactions},
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Removes a property and gives its value.
std::optional<std::string> Take(Properties& java, const std::string& name) {
  auto found = java.find(name);
  if (found == java.end()) return std::nullopt;
  std::string value = std::move(found->second);
  java.erase(found);
  return value;
}

// key="value" of a JAAS line; quotes within are escaped by a backslash.
std::optional<std::string> JaasOption(std::string_view line, std::string_view name) {
  size_t at = line.find(fmt::format(" {}=", name));
  if (at == std::string_view::npos) return std::nullopt;
  at += name.size() + 2;
  bool quoted = at < line.size() && line[at] == '"';
  std::string value;
  for (at += quoted; at < line.size(); ++at) {
    if (quoted ? line[at] == '"' : line[at] == ' ' || line[at] == ';') break;
    if (line[at] == '\\' && at + 1 < line.size()) ++at;
    value += line[at];
  }
  return value;
}

void TranslateJaas(Properties& java, ClientProperties* out) {
  auto line = Take(java, "sasl.jaas.config");
  if (!line) return;
  bool by_name =
      line->find(".PlainLoginModule") != std::string::npos || line->find(".ScramLoginModule") != std::string::npos;
  if (!by_name) {
    throw base::Error::Unsupported("The login module of the Kafka option 'kafka.sasl.jaas.config'",
                                   "Use PlainLoginModule or ScramLoginModule with a username and a password");
  }
  auto user = JaasOption(*line, "username"), password = JaasOption(*line, "password");
  if (!user || !password) {
    throw IllegalArgument("Kafka option 'kafka.sasl.jaas.config' must have a username and a password");
  }
  (*out)["sasl.username"] = *user;
  (*out)["sasl.password"] = *password;
}

base::Error StoreNotSupported(const std::string& option) {
  return base::Error::Unsupported(fmt::format("A JKS file in the Kafka option 'kafka.{}.location'", option),
                                  fmt::format("Convert it to PEM and set 'kafka.{}.type' to PEM", option));
}

void TranslateTrustStore(Properties& java, ClientProperties* out) {
  std::string type = Take(java, "ssl.truststore.type").value_or("JKS");
  auto location = Take(java, "ssl.truststore.location");
  if (!location) return;
  if (type != "PEM") throw StoreNotSupported("ssl.truststore");
  (*out)["ssl.ca.location"] = *location;
}

void TranslateKeyStore(Properties& java, ClientProperties* out) {
  std::string type = Take(java, "ssl.keystore.type").value_or("JKS");
  auto location = Take(java, "ssl.keystore.location");
  if (!location) return;
  if (type == "PKCS12") {
    (*out)["ssl.keystore.location"] = *location;
    if (auto password = Take(java, "ssl.keystore.password")) (*out)["ssl.keystore.password"] = *password;
  } else if (type == "PEM") {
    (*out)["ssl.certificate.location"] = *location;
    (*out)["ssl.key.location"] = *location;
  } else {
    throw StoreNotSupported("ssl.keystore");
  }
}

// The longest transaction that brokers allow by default: a batch is one, and a backlog takes its time. The library
// wants no record to be tried for longer than that.
void SetTransactionDefaults(ClientProperties* out) {
  const std::string& time = out->emplace("transaction.timeout.ms", "900000").first->second;
  for (auto [name, otherwise] :
       {std::pair("delivery.timeout.ms", kDeliveryTimeout), std::pair("socket.timeout.ms", kRequestTimeout)}) {
    if (std::atoll(time.c_str()) < std::atoll(otherwise)) out->emplace(name, time);
  }
  out->emplace("metadata.max.age.ms", kCoordinatorMemory);
}

void SetDefaults(ClientRole role, ClientProperties* out) {
  auto preset = [&](const char* name, const char* value) { out->emplace(name, value); };
  preset("client.id", "sluice");
  preset("reconnect.backoff.ms", "50");
  preset("reconnect.backoff.max.ms", "1000");
  preset("socket.connection.setup.timeout.ms", "10000");
  if (role == ClientRole::kConsumer) {
    preset("isolation.level", "read_uncommitted");
    preset("socket.timeout.ms", kRequestTimeout);
    // Positions come from the checkpoint only; an offset that is gone is for the source to judge.
    (*out)["enable.auto.commit"] = "false";
    (*out)["enable.auto.offset.store"] = "false";
    (*out)["auto.offset.reset"] = "error";
    (*out)["enable.partition.eof"] = "true";
    // The fetcher rests for a second when the first limit is reached, so only the second one, of bytes, is to bind.
    (*out)["queued.min.messages"] = "10000000";
    (*out)["queued.max.messages.kbytes"] = "32768";
    return;
  }
  if (role == ClientRole::kTransactionalProducer) SetTransactionDefaults(out);
  // In Java it bounds every answer; in the library, that to records alone.
  auto answer = out->find("request.timeout.ms");
  preset("socket.timeout.ms", answer == out->end() ? kRequestTimeout : answer->second.c_str());
  preset("enable.idempotence", "true");
  preset("linger.ms", "5");
  preset("delivery.timeout.ms", kDeliveryTimeout);
  preset("message.max.bytes", "1048576");
  // As Java's: a record with a key goes where its hash says, one without where it likes.
  (*out)["partitioner"] = "murmur2_random";
  (*out)["queue.buffering.max.messages"] = "500000";
  (*out)["queue.buffering.max.kbytes"] = "65536";
}

bool Fits(Use use, ClientRole role) {
  switch (use) {
    case Use::kBoth:
      return true;
    case Use::kConsumer:
      return role == ClientRole::kConsumer;
    case Use::kProducer:
      return role != ClientRole::kConsumer;
    case Use::kTransactions:
      return role == ClientRole::kTransactionalProducer;
  }
  return false;
}

base::Error NoCounterpart(const std::string& name, ClientRole role) {
  bool transactions = role == ClientRole::kProducer && name.starts_with("transaction");
  return base::Error::Unsupported(
      fmt::format("The Kafka option 'kafka.{}' of a {}", name, role == ClientRole::kConsumer ? "source" : "sink"),
      transactions ? "A stream has transactions with sluice.delivery set to exactly-once; else leave it out"
                   : "The client library has no such property; leave it out");
}

}  // namespace

Properties JavaProperties(const plan::Options& options) {
  Properties out;
  for (const auto& [name, value] : options) {
    std::string lower = Lower(name);
    if (lower.starts_with("kafka.")) out[lower.substr(6)] = value;
  }
  return out;
}

Properties ProducersPart(const Properties& consumer) {
  Properties out;
  for (const auto& [name, value] : consumer) {
    auto has = [&name](ClientRole role) {
      return std::ranges::any_of(
          kProperties, [&](const Property& property) { return property.java == name && Fits(property.use, role); });
    };
    if (has(ClientRole::kProducer) || !has(ClientRole::kConsumer)) out.emplace(name, value);
  }
  return out;
}

ClientProperties ToClientProperties(const Properties& given, ClientRole role) {
  Properties java = given;
  ClientProperties out;
  TranslateJaas(java, &out);
  TranslateTrustStore(java, &out);
  TranslateKeyStore(java, &out);
  for (const auto& [name, value] : java) {
    auto known = std::ranges::find_if(
        kProperties, [&](const Property& property) { return property.java == name && Fits(property.use, role); });
    if (known == std::end(kProperties)) throw NoCounterpart(name, role);
    std::string translated = value;
    // Java turns host name verification off by an empty value.
    if (name == "ssl.endpoint.identification.algorithm" && value.empty()) translated = "none";
    out[std::string(known->librdkafka)] = translated;
  }
  SetDefaults(role, &out);
  return out;
}

ClientProperties GroupReaderProperties(const ClientProperties& producer, const std::string& group) {
  ClientProperties out = producer;
  for (const Property& property : kProperties) {
    if (property.use != Use::kBoth && property.librdkafka != "socket.timeout.ms")
      out.erase(std::string(property.librdkafka));
  }
  for (const char* name : {"partitioner", "queue.buffering.max.messages", "queue.buffering.max.kbytes"})
    out.erase(name);
  out["group.id"] = group;
  return out;
}

}  // namespace sluice::connectors::kafka
