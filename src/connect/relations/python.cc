// Frames computed by Python functions: mapInPandas, applyInPandas and their like.
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::MapPartitions& map) {
  if (map.has_profile_id() && map.profile_id() != 0) {
    return plan::Unsupported{"A resource profile for mapInPandas or mapInArrow"};
  }
  return plan::MapPartitions{translator.Relation(map.input()), translator.Function(map.func()), map.is_barrier()};
}

namespace {

plan::TransformWithState TransformWithState(Translator& translator, const proto::GroupMap& map) {
  const proto::TransformWithStateInfo& info = map.transform_with_state_info();
  plan::TransformWithState out;
  out.input = translator.Relation(map.input());
  out.grouping = translator.Expressions(map.grouping_expressions());
  out.function = translator.Function(map.func());
  out.output_schema = ToType(info.output_schema());
  out.output_mode = map.output_mode();
  out.time_mode = info.time_mode();
  out.event_time_column = info.event_time_column_name();
  if (map.has_initial_input()) out.initial = translator.Relation(map.initial_input());
  out.initial_grouping = translator.Expressions(map.initial_grouping_expressions());
  return out;
}

}  // namespace

plan::Relation::Node ToPlan(Translator& translator, const proto::ApplyInPandasWithState& map) {
  plan::ApplyInPandasWithState out;
  out.input = translator.Relation(map.input());
  out.grouping = translator.Expressions(map.grouping_expressions());
  out.function = translator.Function(map.func());
  out.output_schema = types::ParseSchemaText(map.output_schema());
  out.state_schema = types::ParseSchemaText(map.state_schema());
  out.output_mode = map.output_mode();
  out.timeout = map.timeout_conf();
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::GroupMap& map) {
  if (map.has_transform_with_state_info()) return TransformWithState(translator, map);
  if (map.has_is_map_groups_with_state() || map.has_state_schema()) {
    return plan::Unsupported{"KeyValueGroupedDataset.mapGroupsWithState"};
  }
  if (map.has_initial_input() || map.initial_grouping_expressions_size() > 0) {
    return plan::Unsupported{"An initial state of grouped data"};
  }
  if (map.sorting_expressions_size() > 0) return plan::Unsupported{"KeyValueGroupedDataset.flatMapSortedGroups"};
  return plan::GroupMap{translator.Relation(map.input()), translator.Expressions(map.grouping_expressions()),
                        translator.Function(map.func())};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::CoGroupMap& map) {
  if (map.input_sorting_expressions_size() > 0 || map.other_sorting_expressions_size() > 0) {
    return plan::Unsupported{"KeyValueGroupedDataset.cogroupSorted"};
  }
  plan::CoGroupMap out;
  out.input = translator.Relation(map.input());
  out.other = translator.Relation(map.other());
  out.input_grouping = translator.Expressions(map.input_grouping_expressions());
  out.other_grouping = translator.Expressions(map.other_grouping_expressions());
  out.function = translator.Function(map.func());
  return out;
}

}  // namespace sluice::connect
