// Relations with one input that choose, rename or drop columns or rows.
#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {

plan::Relation::Node ToPlan(Translator& translator, const proto::Project& project) {
  plan::Project out;
  if (project.has_input()) out.input = translator.Relation(project.input());
  out.expressions = translator.Expressions(project.expressions());
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Filter& filter) {
  return plan::Filter{translator.Relation(filter.input()), translator.Expression(filter.condition())};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Sort& sort) {
  return plan::Sort{translator.Relation(sort.input()), translator.SortOrders(sort.order()), sort.is_global()};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Limit& limit) {
  return plan::Limit{translator.Relation(limit.input()), plan::Make(types::Literal::Integer(limit.limit()))};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Offset& offset) {
  return plan::Offset{translator.Relation(offset.input()), plan::Make(types::Literal::Integer(offset.offset()))};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Tail& tail) {
  return plan::Tail{translator.Relation(tail.input()), tail.limit()};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Deduplicate& deduplicate) {
  if (deduplicate.all_columns_as_keys() && deduplicate.column_names_size() > 0) {
    throw InvalidPlan("DEDUPLICATE_ALL_COLUMNS_AND_SUBSET");
  }
  if (!deduplicate.all_columns_as_keys() && deduplicate.column_names_size() == 0) {
    throw InvalidPlan("DEDUPLICATE_REQUIRES_COLUMNS_OR_ALL");
  }
  return plan::Deduplicate{translator.Relation(deduplicate.input()), ToVector(deduplicate.column_names()),
                           deduplicate.all_columns_as_keys(), deduplicate.within_watermark()};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::SubqueryAlias& alias) {
  plan::SubqueryAlias out;
  out.input = translator.Relation(alias.input());
  out.name = ToVector(alias.qualifier());
  out.name.push_back(alias.alias());
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::WithColumns& columns) {
  plan::WithColumns out{translator.Relation(columns.input()), {}};
  for (const auto& alias : columns.aliases()) {
    if (alias.name_size() != 1) {
      std::string names;
      for (const auto& name : alias.name()) names += (names.empty() ? "" : ", ") + name;
      throw InvalidPlan("WITH_COLUMNS_REQUIRE_SINGLE_NAME_PART", {{"got", names}});
    }
    out.columns.push_back(translator.Alias(alias));
  }
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::WithColumnsRenamed& renamed) {
  plan::WithColumnsRenamed out{translator.Relation(renamed.input()), {}};
  for (const auto& rename : renamed.renames()) out.renames.emplace_back(rename.col_name(), rename.new_col_name());
  // Older clients send a map, whose order means nothing.
  std::map<std::string, std::string> map(renamed.rename_columns_map().begin(), renamed.rename_columns_map().end());
  for (auto& [from, to] : map) out.renames.emplace_back(from, to);
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Drop& drop) {
  return plan::Drop{translator.Relation(drop.input()), translator.Expressions(drop.columns()),
                    ToVector(drop.column_names())};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::ToDF& to_df) {
  return plan::ToDF{translator.Relation(to_df.input()), ToVector(to_df.column_names())};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::ToSchema& to_schema) {
  auto type = ToType(to_schema.schema());
  if (!type->Is(types::TypeId::kStruct)) throw InvalidPlan("ASSERTION_FAILURE", {{"message", ""}});
  return plan::ToSchema{translator.Relation(to_schema.input()), std::move(type)};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Unpivot& unpivot) {
  plan::Unpivot out;
  out.input = translator.Relation(unpivot.input());
  out.ids = translator.Expressions(unpivot.ids());
  if (unpivot.has_values()) out.values = translator.Expressions(unpivot.values().values());
  out.variable_column = unpivot.variable_column_name();
  out.value_column = unpivot.value_column_name();
  return out;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Hint& hint) {
  return plan::Hint{translator.Relation(hint.input()), hint.name(), translator.Expressions(hint.parameters())};
}

}  // namespace sluice::connect
