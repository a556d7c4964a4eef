// Functions of maps with lambdas: map_filter, transform_keys, transform_values, map_zip_with.
#include <unordered_map>

#include "functions/cast_kernels.h"
#include "functions/scalar/higher_order.h"
#include "functions/scalar/map_building.h"
#include "functions/sort_keys.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::LambdaEvaluator;
using logical::ScalarBindingPtr;
using types::TypeId;
using types::TypePtr;

namespace {

using Lambdas = std::vector<const LambdaEvaluator*>;
using Datums = std::vector<arrow::Datum>;

LambdaTypes EntryTypes(const char* function) {
  return [function](const Arguments& arguments, int, int) {
    const TypePtr& map = CheckedNested(function, arguments, 0, TypeId::kMap);
    return std::vector<TypePtr>{map->key(), map->value()};
  };
}

/// The entries of a map column and a lambda's values over them.
struct Entries {
  Entries(EvalContext& context, const arrow::Datum& map, const LambdaEvaluator& lambda, int64_t rows)
      : maps(map), elements(maps, MapKeys(maps), rows), items(elements.Pick(MapItems(maps))) {
    results = EvaluateLambda(lambda, context, {arrow::Datum(elements.values()), arrow::Datum(items)}, elements.rows());
  }
  ListColumn maps;
  ListElements elements;
  std::shared_ptr<arrow::Array> items, results;
};

ScalarBindingPtr BindFilter(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr map = CheckedNested("map_filter", arguments, 0, TypeId::kMap);
  CheckPredicate(context, arguments, 1);
  auto kernel = [map](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    Entries entries(eval, values[0], *lambdas[0], rows);
    Column<bool> kept(entries.results);
    ListPicker out(rows, entries.elements.validity());
    for (int64_t row = 0; row < rows; ++row) {
      Range range = entries.elements.range(row);
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (kept.valid(i) && kept[i]) out.Pick(i);
      }
      out.EndRow();
    }
    auto entry_type = types::ToArrow(map)->field(0)->type();
    return arrow::Datum(out.Finish(
        map, MakeStructArray(entry_type, entries.elements.count(), {entries.elements.values(), entries.items})));
  };
  return NewLambdaBinding(context, arguments, map, {map, nullptr}, {1}, kernel);
}

ScalarBindingPtr BindTransform(bool keys, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr map = CheckedNested(keys ? "transform_keys" : "transform_values", arguments, 0, TypeId::kMap);
  TypePtr type = keys ? types::Map(arguments[1].type, map->value(), map->contains_null())
                      : types::Map(map->key(), arguments[1].type, arguments[1].nullable);
  if (keys) CheckMapKey(context, arguments, *type->key());
  auto kernel = [type, keys](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    Entries entries(eval, values[0], *lambdas[0], rows);
    MapAssembler out(eval, type, rows, entries.elements.validity());
    out.SetSource(keys ? entries.results : entries.elements.values(), keys ? entries.items : entries.results);
    for (int64_t row = 0; row < rows; ++row) {
      Range range = entries.elements.range(row);
      for (int64_t i = range.begin; i < range.end; ++i) out.Add(i);
      out.EndRow();
    }
    return arrow::Datum(out.Finish());
  };
  return NewLambdaBinding(context, arguments, type, {map, nullptr}, {1}, kernel);
}

BindScalar Transform(bool keys) {
  return [keys](const BindContext& context, const Arguments& arguments) {
    return BindTransform(keys, context, arguments);
  };
}

/// The keys of both maps of each row, in order of appearance, with the values each map has for them.
struct ZippedEntries {
  std::vector<int64_t> keys;  ///< in the keys of both maps, the right ones after the left ones
  std::vector<int64_t> left, right;
  std::vector<int32_t> parents;
  std::vector<int64_t> ends;
};

ZippedEntries Zip(const ListColumn& a, const ListColumn& b, const Column<std::string_view>& a_keys,
                  const Column<std::string_view>& b_keys, int64_t offset,
                  const std::shared_ptr<arrow::Buffer>& validity, int64_t rows) {
  ZippedEntries out;
  std::unordered_map<std::string_view, size_t> places;
  for (int64_t row = 0; row < rows; ++row) {
    if (IsValid(validity, row)) {
      places.clear();
      auto add = [&](std::string_view key, int64_t source) {
        auto [place, is_new] = places.emplace(key, out.keys.size());
        if (is_new) {
          out.keys.push_back(source);
          out.left.push_back(-1);
          out.right.push_back(-1);
          out.parents.push_back(static_cast<int32_t>(row));
        }
        return place->second;
      };
      Range x = a[row], y = b[row];
      for (int64_t i = x.begin; i < x.end; ++i) out.left[add(a_keys[i], i)] = i;
      for (int64_t i = y.begin; i < y.end; ++i) out.right[add(b_keys[i], offset + i)] = i;
    }
    out.ends.push_back(static_cast<int64_t>(out.keys.size()));
  }
  return out;
}

ScalarBindingPtr BindZipWith(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  TypePtr left = CheckedNested("map_zip_with", arguments, 0, TypeId::kMap);
  TypePtr right = CheckedNested("map_zip_with", arguments, 1, TypeId::kMap);
  TypePtr key = FindWiderTypeWithoutStrings({left->key(), right->key()}, context.ansi);
  if (!key) {
    throw TypeMismatch(context, arguments, "MAP_ZIP_WITH_DIFF_TYPES",
                       {{"functionName", QuotedName(context)},
                        {"leftType", Quoted(*left->key())},
                        {"rightType", Quoted(*right->key())}});
  }
  TypePtr type = types::Map(key, arguments[2].type, arguments[2].nullable);
  auto kernel = [type, key](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    ListColumn a(values[0]), b(values[1]);
    auto a_keys = MapKeys(a), b_keys = MapKeys(b);
    auto validity = AndValidity({&a, &b}, rows);
    auto zipped = Zip(a, b, Column<std::string_view>(SortKeys(key, a_keys)),
                      Column<std::string_view>(SortKeys(key, b_keys)), a_keys->length(), validity, rows);
    auto keys = TakeRows(Concatenated({a_keys, b_keys}), zipped.keys);
    auto results = EvaluateLambda(*lambdas[0], eval,
                                  {arrow::Datum(keys), arrow::Datum(TakeRows(MapItems(a), zipped.left)),
                                   arrow::Datum(TakeRows(MapItems(b), zipped.right))},
                                  Int32Array(zipped.parents));
    MapAssembler out(eval, type, rows, validity);
    out.SetSource(keys, results);
    int64_t at = 0;
    for (int64_t row = 0; row < rows; ++row) {
      for (; at < zipped.ends[row]; ++at) out.Add(at);
      out.EndRow();
    }
    return arrow::Datum(out.Finish());
  };
  TypePtr left_type = types::Map(key, left->value(), left->contains_null());
  TypePtr right_type = types::Map(key, right->value(), right->contains_null());
  auto binding = NewLambdaBinding(context, arguments, type, {left_type, right_type, nullptr}, {2}, kernel);
  binding->nullable = arguments[0].nullable || arguments[1].nullable;
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, MapFilter) {
  registry.Add({.name = "map_filter",
                .usage = "The entries for which a function of key and value is true.",
                .example = "SELECT map_filter(map(1, 0, 2, 2, 3, -1), (k, v) -> k > v)",
                .since = "3.0.0",
                .bind = BindScalar(BindFilter),
                .lambda_types = EntryTypes("map_filter")});
}

SLUICE_REGISTER(FunctionRegistry, MapTransform) {
  registry.Add({.name = "transform_keys",
                .usage = "The map with each key replaced by a function's value.",
                .example = "SELECT transform_keys(map(1, 1, 2, 2), (k, v) -> k + 1)",
                .since = "3.0.0",
                .bind = Transform(true),
                .lambda_types = EntryTypes("transform_keys")});
  registry.Add({.name = "transform_values",
                .usage = "The map with each value replaced by a function's value.",
                .example = "SELECT transform_values(map(1, 1, 2, 2), (k, v) -> v + 1)",
                .since = "3.0.0",
                .bind = Transform(false),
                .lambda_types = EntryTypes("transform_values")});
}

SLUICE_REGISTER(FunctionRegistry, MapZipWith) {
  registry.Add({.name = "map_zip_with",
                .usage = "A map of all keys of two maps to a function's value for the key and both values.",
                .example = "SELECT map_zip_with(map(1, 'a', 2, 'b'), map(1, 'x', 2, 'y'), (k, a, b) -> concat(a, b))",
                .since = "3.0.0",
                .bind = BindScalar(BindZipWith),
                .lambda_types = [](const Arguments& arguments, int, int) {
                  const TypePtr& left = CheckedNested("map_zip_with", arguments, 0, TypeId::kMap);
                  const TypePtr& right = CheckedNested("map_zip_with", arguments, 1, TypeId::kMap);
                  TypePtr key = FindWiderTypeWithoutStrings({left->key(), right->key()}, true);
                  return std::vector<TypePtr>{key ? key : left->key(), left->value(), right->value()};
                }});
}

}  // namespace sluice::functions
