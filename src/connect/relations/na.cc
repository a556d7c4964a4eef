// DataFrame.na: fill, drop, replace.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::NAFill& fill) {
  if (fill.values_size() == 0) throw InvalidPlan("NA_FILL_VALUES_EMPTY");
  if (fill.values_size() > 1 && fill.values_size() != fill.cols_size()) {
    throw InvalidPlan("NA_FILL_VALUES_LENGTH_MISMATCH");
  }
  plan::FillNa out{translator.Relation(fill.input()), ToVector(fill.cols()), {}};
  for (const auto& value : fill.values()) out.values.push_back(ToLiteral(value));
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::NADrop& drop) {
  plan::DropNa out{translator.Relation(drop.input()), ToVector(drop.cols()), std::nullopt};
  if (drop.has_min_non_nulls()) out.min_non_nulls = drop.min_non_nulls();
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::NAReplace& replace) {
  plan::ReplaceNa out{translator.Relation(replace.input()), ToVector(replace.cols()), {}};
  for (const auto& pair : replace.replacements()) {
    out.replacements.emplace_back(ToLiteral(pair.old_value()), ToLiteral(pair.new_value()));
  }
  return out;
}

}  // namespace sluice::connect
