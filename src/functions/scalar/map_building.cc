// Assembly of map columns.
#include "functions/scalar/map_building.h"

#include <arrow/scalar.h>

#include <algorithm>

#include "functions/cast_kernels.h"
#include "functions/sort_keys.h"

namespace sluice::functions {

using types::TypeId;

namespace {

bool HoldsMap(const types::DataType& type) {
  switch (type.id()) {
    case TypeId::kMap:
      return true;
    case TypeId::kArray:
      return HoldsMap(*type.element());
    case TypeId::kStruct:
      return std::any_of(type.fields().begin(), type.fields().end(),
                         [](const types::StructField& field) { return HoldsMap(*field.type); });
    default:
      return false;
  }
}

}  // namespace

void CheckMapKey(const BindContext& context, const Arguments& arguments, const types::DataType& key) {
  if (HoldsMap(key)) throw TypeMismatch(context, arguments, "INVALID_MAP_KEY_TYPE", {{"keyType", Quoted(key)}});
}

MapAssembler::MapAssembler(const logical::EvalContext& context, types::TypePtr type, int64_t rows,
                           std::shared_ptr<arrow::Buffer> validity)
    : last_wins_(context.last_map_key_wins), type_(std::move(type)), picker_(rows, std::move(validity)) {}

void MapAssembler::SetSource(std::shared_ptr<arrow::Array> keys, std::shared_ptr<arrow::Array> items) {
  encoded_ = SortKeys(type_->key(), keys);
  keys_ = std::move(keys);
  items_ = std::move(items);
}

void MapAssembler::Add(int64_t index) {
  if (keys_->IsNull(index)) throw base::Error(base::ErrorKind::kRuntime, "NULL_MAP_KEY");
  auto key = static_cast<const arrow::BinaryArray&>(*encoded_).GetView(index);
  auto [place, added] = seen_.try_emplace(key, picker_.indices().size());
  if (!added && last_wins_) {
    picker_.indices()[place->second] = index;
    return;
  }
  if (!added) {
    logical::EvalContext context;
    auto text = ToDisplayStrings(context, type_->key(), keys_->Slice(index, 1));
    throw base::Error(base::ErrorKind::kRuntime, "DUPLICATED_MAP_KEY",
                      {{"key", static_cast<const arrow::StringArray&>(*text).GetString(0)},
                       {"mapKeyDedupPolicy", "\"spark.sql.mapKeyDedupPolicy\""}});
  }
  picker_.Pick(index);
}

void MapAssembler::EndRow() {
  picker_.EndRow();
  seen_.clear();
}

void MapAssembler::EndRowAsNull() {
  picker_.EndRowAsNull();
  seen_.clear();
}

void MapAssembler::Skip() { picker_.Skip(); }

std::shared_ptr<arrow::Array> MapAssembler::Finish() {
  auto arrow_type = types::ToArrow(type_);
  auto entry_type = arrow_type->field(0)->type();
  auto keys = keys_ ? keys_ : NullArray(types::ToArrow(type_->key()), 0);
  auto items = items_ ? items_ : NullArray(types::ToArrow(type_->value()), 0);
  return picker_.Finish(type_, MakeStructArray(entry_type, keys->length(), {keys, items}));
}

}  // namespace sluice::functions
