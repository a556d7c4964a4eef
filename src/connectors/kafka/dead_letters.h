// Dead letters: records that a parser of the query refuses go to a topic, before or with the commit of their batch.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "connectors/kafka/consumer.h"
#include "connectors/kafka/kafka_options.h"
#include "connectors/kafka/producer.h"
#include "connectors/spi/stream.h"

namespace sluice::connectors::kafka {

/// A sink in whose transactions others may have records.
class SharedTransactions {
 public:
  virtual ~SharedTransactions() = default;
  /// The producer of the current batch's transaction; null if the sink has none.
  virtual Producer* transaction() = 0;
  /// The current transaction has records of somebody else. Thread safe.
  virtual void NoteShared() = 0;
};

using DeadLetterCount = std::shared_ptr<std::atomic<int64_t>>;

/// Writes to the topic of the options, by the sink's transactions if those are on the consumer's cluster. `count` is
/// how many records the current batch has.
std::unique_ptr<DeadLetterWriter> MakeDeadLetterWriter(const SourceOptions& options, ConsumerPtr consumer,
                                                       StreamSink& sink, DeadLetterCount count);

}  // namespace sluice::connectors::kafka
