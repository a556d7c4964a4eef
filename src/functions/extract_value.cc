// Kernels of field, item and key access.
#include "functions/extract_value.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api.h>
#include <fmt/format.h>

#include "base/arrow_status.h"
#include "base/error.h"
#include "functions/columns.h"

namespace sluice::functions {

using arrow::Datum;
using logical::EvalContext;
using logical::ScalarBinding;

namespace {

std::shared_ptr<arrow::Array> AsArray(const Datum& datum, int64_t rows) {
  if (datum.is_array()) return datum.make_array();
  return base::ValueOrThrow(arrow::MakeArrayFromScalar(*datum.scalar(), rows));
}

// The child with the parent's nulls added.
std::shared_ptr<arrow::Array> FieldOf(const arrow::StructArray& structs, int index) {
  return base::ValueOrThrow(structs.GetFlattenedField(index));
}

std::shared_ptr<arrow::Array> Take(const std::shared_ptr<arrow::Array>& values, arrow::Int64Builder& indices) {
  auto positions = base::ValueOrThrow(indices.Finish());
  return base::ValueOrThrow(arrow::compute::Take(values, positions, arrow::compute::TakeOptions::NoBoundsCheck()))
      .make_array();
}

Datum GetItems(const Datum& array, const Datum& index, int64_t rows, bool ansi) {
  auto lists = std::static_pointer_cast<arrow::ListArray>(AsArray(array, rows));
  std::shared_ptr<arrow::Array> wanted = AsArray(index, rows);
  auto positions = base::ValueOrThrow(arrow::compute::Cast(wanted, arrow::int64())).make_array();
  const auto& at = static_cast<const arrow::Int64Array&>(*positions);
  arrow::Int64Builder indices;
  base::ThrowIfError(indices.Reserve(rows));
  for (int64_t row = 0; row < rows; ++row) {
    if (lists->IsNull(row) || at.IsNull(row)) {
      indices.UnsafeAppendNull();
      continue;
    }
    int64_t position = at.Value(row);
    if (position >= 0 && position < lists->value_length(row)) {
      indices.UnsafeAppend(lists->value_offset(row) + position);
    } else if (ansi) {
      throw base::Error(
          base::ErrorKind::kArrayIndexOutOfBounds, "INVALID_ARRAY_INDEX",
          {{"indexValue", std::to_string(position)}, {"arraySize", std::to_string(lists->value_length(row))}});
    } else {
      indices.UnsafeAppendNull();
    }
  }
  return Take(lists->values(), indices);
}

Datum GetValues(const Datum& map, const Datum& key, int64_t rows) {
  auto maps = std::static_pointer_cast<arrow::MapArray>(AsArray(map, rows));
  std::shared_ptr<arrow::Array> wanted = AsArray(key, rows);
  const arrow::Array& keys = *maps->keys();
  arrow::Int64Builder indices;
  base::ThrowIfError(indices.Reserve(rows));
  for (int64_t row = 0; row < rows; ++row) {
    int64_t found = -1;
    if (maps->IsValid(row) && wanted->IsValid(row)) {
      int64_t end = maps->value_offset(row) + maps->value_length(row);
      for (int64_t i = maps->value_offset(row); i < end && found < 0; ++i) {
        if (keys.RangeEquals(i, i + 1, row, *wanted)) found = i;
      }
    }
    if (found >= 0) {
      indices.UnsafeAppend(found);
    } else {
      indices.UnsafeAppendNull();
    }
  }
  return Take(maps->items(), indices);
}

std::string Dotted(const std::vector<std::string>& arguments, const std::string& name) {
  return arguments[0] + "." + name;
}
std::string Bracketed(const std::vector<std::string>& arguments) { return arguments[0] + "[" + arguments[1] + "]"; }

}  // namespace

logical::ScalarBindingPtr BindStructField(const types::TypePtr& type, bool nullable, int index,
                                          const std::string& shown_name) {
  const types::StructField& field = type->fields()[index];
  auto binding = std::make_shared<ScalarBinding>();
  binding->name = "get_struct_field_" + std::to_string(index);
  binding->type = field.type;
  binding->nullable = nullable || field.nullable;
  binding->argument_types = {type};
  binding->struct_field = index;
  binding->kernel = [index](EvalContext&, const std::vector<Datum>& arguments, int64_t) -> Datum {
    if (arguments[0].is_array()) {
      return FieldOf(static_cast<const arrow::StructArray&>(*arguments[0].make_array()), index);
    }
    const auto& scalar = static_cast<const arrow::StructScalar&>(*arguments[0].scalar());
    if (!scalar.is_valid) return arrow::MakeNullScalar(scalar.type->field(index)->type());
    return scalar.value[index];
  };
  std::string name = shown_name.empty() ? field.name : shown_name;
  binding->sql = [name](const std::vector<std::string>& arguments) { return Dotted(arguments, name); };
  return binding;
}

logical::ScalarBindingPtr BindArrayStructFields(const types::TypePtr& type, bool nullable, int index,
                                                const std::string& shown_name) {
  const types::StructField& field = type->element()->fields()[index];
  auto binding = std::make_shared<ScalarBinding>();
  binding->name = "get_array_struct_fields_" + std::to_string(index);
  binding->type = types::Array(field.type, type->contains_null() || field.nullable);
  binding->nullable = nullable;
  binding->argument_types = {type};
  auto result_type = types::ToArrow(binding->type);
  binding->kernel = [index, result_type](EvalContext&, const std::vector<Datum>& arguments, int64_t rows) -> Datum {
    auto lists = std::static_pointer_cast<arrow::ListArray>(AsArray(arguments[0], rows));
    auto fields = FieldOf(static_cast<const arrow::StructArray&>(*lists->values()), index);
    return Datum(std::make_shared<arrow::ListArray>(result_type, lists->length(), lists->value_offsets(), fields,
                                                    lists->null_bitmap(), lists->null_count(), lists->offset()));
  };
  std::string name = shown_name.empty() ? field.name : shown_name;
  binding->sql = [name](const std::vector<std::string>& arguments) { return Dotted(arguments, name); };
  return binding;
}

logical::ScalarBindingPtr BindArrayItem(const types::TypePtr& type, const types::TypePtr& index_type, bool ansi) {
  auto binding = std::make_shared<ScalarBinding>();
  binding->name = "get_array_item";
  binding->type = type->element();
  binding->nullable = true;
  binding->argument_types = {type, index_type};
  binding->kernel = [ansi](EvalContext&, const std::vector<Datum>& arguments, int64_t rows) {
    return GetItems(arguments[0], arguments[1], rows, ansi);
  };
  binding->sql = &Bracketed;
  return binding;
}

logical::ScalarBindingPtr BindMapValue(const types::TypePtr& type) {
  auto binding = std::make_shared<ScalarBinding>();
  binding->name = "get_map_value";
  binding->type = type->value();
  binding->nullable = true;
  binding->argument_types = {type, type->key()};
  binding->kernel = [](EvalContext&, const std::vector<Datum>& arguments, int64_t rows) {
    return GetValues(arguments[0], arguments[1], rows);
  };
  binding->sql = &Bracketed;
  return binding;
}

}  // namespace sluice::functions
