// Watermarks and observed metrics.
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::WithWatermark& watermark) {
  return plan::WithWatermark{translator.Relation(watermark.input()), watermark.event_time(),
                             watermark.delay_threshold()};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::CollectMetrics& metrics) {
  return plan::CollectMetrics{translator.Relation(metrics.input()), metrics.name(),
                              translator.Expressions(metrics.metrics())};
}

}  // namespace sluice::connect
