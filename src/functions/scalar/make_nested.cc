// Making arrays, maps and structs of single values.
#include <fmt/format.h>

#include "functions/cast_kernels.h"
#include "functions/list_picker.h"
#include "functions/scalar/map_building.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using types::TypeId;
using types::TypePtr;

namespace {

/// Values of several columns, row by row: element (row, i) is row `row` of column i.
std::shared_ptr<arrow::Array> Interleaved(const std::vector<arrow::Datum>& columns, int64_t rows, size_t first,
                                          size_t step) {
  arrow::ArrayVector arrays;
  for (size_t i = first; i < columns.size(); i += step) arrays.push_back(ToArray(columns[i], rows));
  auto count = static_cast<int64_t>(arrays.size());
  if (count == 1) return arrays[0];
  std::vector<int64_t> indices;
  indices.reserve(static_cast<size_t>(count * rows));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t i = 0; i < count; ++i) indices.push_back(i * rows + row);
  }
  return TakeRows(Concatenated(arrays), indices);
}

logical::ScalarBindingPtr BindArray(const BindContext& context, const Arguments& arguments) {
  std::vector<TypePtr> types;
  bool nullable = false;
  for (const Argument& argument : arguments) {
    types.push_back(argument.type);
    nullable = nullable || argument.nullable;
  }
  TypePtr element = FindWiderType(types, context.ansi);
  if (!element) {
    throw TypeMismatch(context, arguments, "DATA_DIFF_TYPES",
                       {{"functionName", QuotedName(context)}, {"dataType", "(" + QuotedTypesOr(arguments) + ")"}});
  }
  for (const TypePtr& type : types) nullable = nullable || CastForcesNull(*type, *element);
  TypePtr type = types::Array(element, nullable);
  auto kernel = [arrow_type = types::ToArrow(type), element](EvalContext&, const std::vector<arrow::Datum>& values,
                                                             int64_t rows) -> arrow::Datum {
    RowScope scope(values, rows);
    auto count = static_cast<int64_t>(values.size());
    auto child = values.empty() ? NullArray(types::ToArrow(element), 0) : Interleaved(values, scope.rows(), 0, 1);
    ListWriter lists(scope.rows());
    for (int64_t row = 0; row < scope.rows(); ++row) lists.EndRow((row + 1) * count);
    return scope.Result(
        lists.Finish(arrow_type, arrow::MakeArray(WithType(child->data(), arrow_type->field(0)->type()))));
  };
  auto binding =
      NewBinding(context, arguments, type, std::vector<TypePtr>(arguments.size(), element), kernel, Nulls::kNever);
  binding->can_fail = false;
  return binding;
}

logical::ScalarBindingPtr BindMap(const BindContext& context, const Arguments& arguments) {
  if (arguments.size() % 2 != 0) {
    throw base::Error(base::ErrorKind::kAnalysis, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                      {{"functionName", QuotedName(context)},
                       {"expectedNum", "2n (n > 0)"},
                       {"actualNum", std::to_string(arguments.size())},
                       {"docroot", "https://spark.apache.org/docs/latest"}});
  }
  Arguments keys, items;
  std::vector<TypePtr> key_types, item_types;
  bool nullable_items = false;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    keys.push_back(arguments[i]);
    items.push_back(arguments[i + 1]);
    key_types.push_back(arguments[i].type);
    item_types.push_back(arguments[i + 1].type);
    nullable_items = nullable_items || arguments[i + 1].nullable;
  }
  TypePtr key = FindWiderType(key_types, context.ansi), item = FindWiderType(item_types, context.ansi);
  if (!key || !item) {
    throw TypeMismatch(
        context, arguments, !key ? "CREATE_MAP_KEY_DIFF_TYPES" : "CREATE_MAP_VALUE_DIFF_TYPES",
        {{"functionName", QuotedName(context)}, {"dataType", "[" + QuotedTypes(!key ? keys : items) + "]"}});
  }
  CheckMapKey(context, arguments, *key);
  for (const TypePtr& type : item_types) nullable_items = nullable_items || CastForcesNull(*type, *item);
  TypePtr type = types::Map(key, item, nullable_items);
  std::vector<TypePtr> types;
  for (size_t i = 0; i < arguments.size(); ++i) types.push_back(i % 2 == 0 ? key : item);
  auto kernel = [type](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) -> arrow::Datum {
    RowScope scope(values, rows);
    auto count = static_cast<int64_t>(values.size() / 2);
    MapAssembler maps(eval, type, scope.rows());
    if (count > 0) {
      maps.SetSource(Interleaved(values, scope.rows(), 0, 2), Interleaved(values, scope.rows(), 1, 2));
    }
    for (int64_t row = 0; row < scope.rows(); ++row) {
      for (int64_t i = 0; i < count; ++i) maps.Add(row * count + i);
      maps.EndRow();
    }
    return scope.Result(maps.Finish());
  };
  return NewBinding(context, arguments, type, types, kernel, Nulls::kNever);
}

logical::ScalarBindingPtr BindNamedStruct(const BindContext& context, const Arguments& arguments) {
  if (arguments.empty() || arguments.size() % 2 != 0) {
    throw base::Error(base::ErrorKind::kAnalysis, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                      {{"functionName", QuotedName(context)},
                       {"expectedNum", "2n (n > 0)"},
                       {"actualNum", std::to_string(arguments.size())},
                       {"docroot", "https://spark.apache.org/docs/latest"}});
  }
  std::vector<types::StructField> fields;
  std::vector<TypePtr> types;
  std::string bad;
  for (size_t i = 0; i < arguments.size(); i += 2) {
    const Argument& name = arguments[i];
    bool good = name.literal && name.type->IsStringLike();
    if (!good) bad += (bad.empty() ? "" : ", ") + QuotedSql(name.sql);
    if (good && name.literal->is_null()) {
      throw TypeMismatch(context, arguments, "UNEXPECTED_NULL", {{"exprName", "[" + QuotedSql(name.sql) + "]"}});
    }
    fields.push_back({good ? StringLiteral(name) : "", arguments[i + 1].type, arguments[i + 1].nullable});
    types.push_back(name.type);
    types.push_back(arguments[i + 1].type);
  }
  if (!bad.empty()) {
    throw TypeMismatch(context, arguments, "CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING",
                       {{"inputExprs", "[" + bad + "]"}});
  }
  TypePtr type = types::Struct(std::move(fields));
  auto kernel = [arrow_type = types::ToArrow(type)](EvalContext&, const std::vector<arrow::Datum>& values,
                                                    int64_t rows) -> arrow::Datum {
    RowScope scope(values, rows);
    arrow::ArrayVector columns;
    for (size_t i = 1; i < values.size(); i += 2) columns.push_back(ToArray(values[i], scope.rows()));
    return scope.Result(MakeStructArray(arrow_type, scope.rows(), columns));
  };
  auto binding = NewBinding(context, arguments, type, types, kernel, Nulls::kNever);
  binding->can_fail = false;
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, MakeArray) {
  registry.Add({.name = "array",
                .usage = "An array of the arguments, brought to one type.",
                .example = "SELECT array(1, 2, 3)",
                .since = "1.1.0",
                .bind = BindScalar(BindArray)});
}

SLUICE_REGISTER(FunctionRegistry, MakeMap) {
  registry.Add({.name = "map",
                .usage = "A map of alternating keys and values.",
                .example = "SELECT map(1.0, '2', 3.0, '4')",
                .since = "2.0.0",
                .bind = BindScalar(BindMap)});
}

SLUICE_REGISTER(FunctionRegistry, MakeStruct) {
  registry.Add({.name = "named_struct",
                .usage = "A struct of alternating field names and values.",
                .example = "SELECT named_struct('a', 1, 'b', 2)",
                .since = "1.5.0",
                .bind = BindScalar(BindNamedStruct)});
}

}  // namespace sluice::functions
