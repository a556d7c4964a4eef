// Sampling and repartitioning.
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::Sample& sample) {
  plan::Sample out;
  out.input = translator.Relation(sample.input());
  out.lower = sample.lower_bound();
  out.upper = sample.upper_bound();
  out.with_replacement = sample.with_replacement();
  if (sample.has_seed()) out.seed = sample.seed();
  out.deterministic_order = sample.deterministic_order();
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Repartition& repartition) {
  return plan::Repartition{translator.Relation(repartition.input()), repartition.num_partitions(),
                           repartition.shuffle()};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::RepartitionByExpression& repartition) {
  plan::RepartitionByExpression out;
  out.input = translator.Relation(repartition.input());
  out.expressions = translator.Expressions(repartition.partition_exprs());
  if (repartition.has_num_partitions()) out.num_partitions = repartition.num_partitions();
  return out;
}

}  // namespace sluice::connect
