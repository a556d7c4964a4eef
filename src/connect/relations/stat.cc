// Statistics over columns: describe and summary.
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::StatDescribe& describe) {
  return plan::Describe{translator.Relation(describe.input()), ToVector(describe.cols())};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatSummary& summary) {
  return plan::Summary{translator.Relation(summary.input()), ToVector(summary.statistics())};
}

}  // namespace sluice::connect
