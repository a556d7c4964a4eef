// The `kafka.*` options: Java's property names and what they are called in librdkafka.
#pragma once

#include <map>
#include <string>

#include "plan/relation.h"

namespace sluice::connectors::kafka {

/// librdkafka's properties by name.
using ClientProperties = std::map<std::string, std::string>;

/// metadata.max.age.ms of clients that talk to a group's coordinator. The library remembers for so long after the last
/// request who that is, even if it has died: a request that waits longer than this finds the new one when it is
/// repeated.
inline constexpr char kCoordinatorMemory[] = "2000";

enum class ClientRole { kConsumer, kProducer, kTransactionalProducer };

/// The options that begin with "kafka.", by their lower-case Java names without it.
std::map<std::string, std::string> JavaProperties(const plan::Options& options);

/// Those of a consumer's Java properties that a producer on the same cluster has as well.
std::map<std::string, std::string> ProducersPart(const std::map<std::string, std::string>& consumer);

/// Throws UNSUPPORTED_FEATURE.NOT_IN_SLUICE, which names the property and never its value, for one that has no
/// counterpart. What the client relies on (offsets, error handling) is set here as well.
ClientProperties ToClientProperties(const std::map<std::string, std::string>& java, ClientRole role);

/// What a client of the group needs that reads the group's offsets for a producer of these properties.
ClientProperties GroupReaderProperties(const ClientProperties& producer, const std::string& group);

}  // namespace sluice::connectors::kafka
