// Functions of maps.
#include <fmt/format.h>

#include "base/arrow_status.h"
#include "functions/cast_kernels.h"
#include "functions/java_regex.h"
#include "functions/kernels.h"
#include "functions/scalar/map_building.h"
#include "functions/sort_keys.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Boolean;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

/// A list column with the offsets and nulls of a map and another child.
arrow::Datum ListLike(const ColumnBase& map, const TypePtr& type, const std::shared_ptr<arrow::Array>& child,
                      bool scalar) {
  const auto& data = *map.array()->data();
  auto arrow_type = types::ToArrow(type);
  auto out = arrow::MakeArray(arrow::ArrayData::Make(arrow_type, data.length, {data.buffers[0], data.buffers[1]},
                                                     {WithType(child->data(), arrow_type->field(0)->type())},
                                                     data.null_count.load(), data.offset));
  return scalar ? AsScalar(out) : arrow::Datum(out);
}

enum class MapPart { kKeys, kValues, kEntries };

logical::ScalarBindingPtr BindPart(MapPart part, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr map = Coerce(context, arguments, {Expected::Map()})[0];
  TypePtr type;
  if (part == MapPart::kKeys) type = types::Array(map->key(), false);
  if (part == MapPart::kValues) type = types::Array(map->value(), map->contains_null());
  if (part == MapPart::kEntries) {
    type =
        types::Array(types::Struct({{"key", map->key(), false}, {"value", map->value(), map->contains_null()}}), false);
  }
  auto kernel = [part, type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t) {
    ColumnBase column(values[0]);
    auto child = part == MapPart::kKeys     ? MapKeys(column)
                 : part == MapPart::kValues ? MapItems(column)
                                            : arrow::MakeArray(column.array()->data()->child_data[0]);
    return ListLike(column, type, child, values[0].is_scalar());
  };
  return NewBinding(context, arguments, type, {map}, kernel);
}

BindScalar Part(MapPart part) {
  return [part](const BindContext& context, const Arguments& arguments) { return BindPart(part, context, arguments); };
}

logical::ScalarBindingPtr BindFromArrays(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {Expected::Array()});
  CheckMapKey(context, arguments, *types[0]->element());
  TypePtr type = types::Map(types[0]->element(), types[1]->element(), types[1]->contains_null());
  auto kernel = [type](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn keys(values[0]), items(values[1]);
    auto validity = AndValidity({&keys, &items}, scope.rows());
    // Pairs are lined up first, as key and value of one map may lie at different places.
    std::vector<int64_t> key_rows, item_rows;
    std::vector<int64_t> ends;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range a = keys[row], b = items[row];
        if (a.size() != b.size()) {
          throw base::Error(base::ErrorKind::kRuntime, "_LEGACY_ERROR_TEMP_2015");
        }
        for (int64_t i = 0; i < a.size(); ++i) {
          key_rows.push_back(a.begin + i);
          item_rows.push_back(b.begin + i);
        }
      }
      ends.push_back(static_cast<int64_t>(key_rows.size()));
    }
    MapAssembler out(eval, type, scope.rows(), validity);
    out.SetSource(TakeRows(keys.child(), key_rows), TakeRows(items.child(), item_rows));
    int64_t at = 0;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      for (; at < ends[row]; ++at) out.Add(at);
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  return NewBinding(context, arguments, type, types, kernel);
}

logical::ScalarBindingPtr BindFromEntries(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  const TypePtr& from = arguments[0].type;
  bool good = from->Is(TypeId::kArray) && from->element()->Is(TypeId::kStruct) && from->element()->fields().size() == 2;
  if (!good) throw UnexpectedInput(context, arguments, 0, "\"ARRAY\" of pair \"STRUCT\"");
  const auto& fields = from->element()->fields();
  CheckMapKey(context, arguments, *fields[0].type);
  TypePtr type = types::Map(fields[0].type, fields[1].type, fields[1].nullable);
  auto kernel = [type](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    auto child = lists.child();
    ColumnBase entries(child);
    const auto& structs = static_cast<const arrow::StructArray&>(*child);
    MapAssembler out(eval, type, scope.rows(), AndValidity({&lists}, scope.rows()));
    out.SetSource(structs.field(0), structs.field(1));
    for (int64_t row = 0; row < scope.rows(); ++row) {
      bool null_entry = false;
      if (lists.valid(row)) {
        Range range = lists[row];
        for (int64_t i = range.begin; i < range.end; ++i) null_entry = null_entry || !entries.valid(i);
        for (int64_t i = range.begin; i < range.end && !null_entry; ++i) out.Add(i);
      }
      if (null_entry) {
        out.EndRowAsNull();
      } else {
        out.EndRow();
      }
    }
    return scope.Result(out.Finish());
  };
  return NewBinding(context, arguments, type, {from}, kernel,
                    from->contains_null() ? Nulls::kAlways : Nulls::kPropagate);
}

logical::ScalarBindingPtr BindConcat(const BindContext& context, const Arguments& arguments) {
  std::vector<TypePtr> types;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!arguments[i].type->Is(TypeId::kMap)) {
      throw TypeMismatch(context, arguments, "MAP_CONCAT_DIFF_TYPES",
                         {{"functionName", QuotedName(context)}, {"dataType", "[" + QuotedTypes(arguments) + "]"}});
    }
    types.push_back(arguments[i].type);
  }
  TypePtr type = arguments.empty() ? types::Map(String(), String()) : FindWiderType(types, context.ansi);
  if (!type) {
    throw TypeMismatch(context, arguments, "DATA_DIFF_TYPES",
                       {{"functionName", QuotedName(context)}, {"dataType", "(" + QuotedTypesOr(arguments) + ")"}});
  }
  auto kernel = [type](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    std::vector<ListColumn> maps;
    maps.reserve(values.size());
    std::vector<const ColumnBase*> all;
    std::vector<int64_t> offsets;
    arrow::ArrayVector keys, items;
    int64_t offset = 0;
    for (const arrow::Datum& value : values) {
      maps.emplace_back(value);
      keys.push_back(MapKeys(maps.back()));
      items.push_back(MapItems(maps.back()));
      offsets.push_back(offset);
      offset += keys.back()->length();
    }
    for (const ListColumn& map : maps) all.push_back(&map);
    auto validity = AndValidity(all, scope.rows());
    MapAssembler out(eval, type, scope.rows(), validity);
    if (!values.empty()) out.SetSource(Concatenated(keys), Concatenated(items));
    for (int64_t row = 0; row < scope.rows(); ++row) {
      for (size_t m = 0; m < maps.size() && IsValid(validity, row); ++m) {
        Range range = maps[m][row];
        for (int64_t i = range.begin; i < range.end; ++i) out.Add(offsets[m] + i);
      }
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  return NewBinding(context, arguments, type, std::vector<TypePtr>(arguments.size(), type), kernel);
}

logical::ScalarBindingPtr BindContainsKey(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  const TypePtr& map = arguments[0].type;
  if (arguments[1].type->Is(TypeId::kNull) || map->Is(TypeId::kNull)) {
    throw TypeMismatch(context, arguments, "NULL_TYPE", {{"functionName", QuotedName(context)}});
  }
  if (!map->Is(TypeId::kMap)) throw UnexpectedInput(context, arguments, 0, "\"MAP\"");
  TypePtr key = FindWiderTypeWithoutStrings({map->key(), arguments[1].type}, context.ansi);
  if (!key) {
    throw TypeMismatch(context, arguments, "MAP_FUNCTION_DIFF_TYPES",
                       {{"functionName", QuotedName(context)},
                        {"dataType", "\"MAP\""},
                        {"leftType", Quoted(*map)},
                        {"rightType", Quoted(*arguments[1].type)}});
  }
  TypePtr type = types::Map(key, map->value(), map->contains_null());
  auto kernel = [key](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn maps(values[0]);
    ColumnBase wanted(values[1]);
    Column<std::string_view> keys(SortKeys(key, MapKeys(maps))), wanted_keys(SortKeys(key, wanted.array()));
    Writer<bool> out(arrow::boolean(), scope.rows(), AndValidity({&maps, &wanted}, scope.rows()));
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (!maps.valid(row) || !wanted.valid(row)) continue;
      Range range = maps[row];
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (keys[i] == wanted_keys[wanted.index(row)]) {
          out.Set(row, true);
          break;
        }
      }
    }
    return scope.Result(out.Finish());
  };
  return NewBinding(context, arguments, Boolean(), {type, key}, kernel);
}

logical::ScalarBindingPtr BindStrToMap(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 3);
  auto types = Coerce(context, arguments, {String()});
  TypePtr type = types::Map(String(), String(), true);
  auto kernel = [type](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    Column<std::string_view> text(values[0]), pairs(values[1]), separator(values[2]);
    auto validity = AndValidity({&text, &pairs, &separator}, scope.rows());
    arrow::StringBuilder keys, items;
    std::vector<int64_t> ends;
    RegexCache pair_cache("str_to_map"), separator_cache("str_to_map");
    for (int64_t row = 0; row < scope.rows(); ++row) {
      for (size_t start = 0; IsValid(validity, row);) {
        JavaRegex& between = pair_cache.Get(pairs[row]);
        bool more = start <= text[row].size() && between.Find(text[row], start) && between.end() > between.start();
        std::string_view entry = text[row].substr(start, more ? between.start() - start : std::string_view::npos);
        JavaRegex& inside = separator_cache.Get(separator[row]);
        bool has_value = inside.Find(entry);
        base::ThrowIfError(keys.Append(has_value ? entry.substr(0, inside.start()) : entry));
        base::ThrowIfError(has_value ? items.Append(entry.substr(inside.end())) : items.AppendNull());
        if (!more) break;
        start = between.end();
      }
      ends.push_back(keys.length());
    }
    std::shared_ptr<arrow::Array> key_array, item_array;
    base::ThrowIfError(keys.Finish(&key_array));
    base::ThrowIfError(items.Finish(&item_array));
    MapAssembler out(eval, type, scope.rows(), validity);
    out.SetSource(key_array, item_array);
    int64_t at = 0;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      for (; at < ends[row]; ++at) out.Add(at);
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  auto binding =
      NewBinding(context, arguments, type, types, WithDefaults(3, {TextConstant(","), TextConstant(":")}, kernel));
  if (arguments.size() < 3) {
    binding->sql = [](const std::vector<std::string>& texts) {
      return fmt::format("str_to_map({}, {}, {})", texts[0], texts.size() > 1 ? texts[1] : ",", ":");
    };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, MapParts) {
  registry.Add({.name = "map_keys",
                .usage = "The keys of a map.",
                .example = "SELECT map_keys(map(1, 'a', 2, 'b'))",
                .since = "2.0.0",
                .bind = Part(MapPart::kKeys)});
  registry.Add({.name = "map_values",
                .usage = "The values of a map.",
                .example = "SELECT map_values(map(1, 'a', 2, 'b'))",
                .since = "2.0.0",
                .bind = Part(MapPart::kValues)});
  registry.Add({.name = "map_entries",
                .usage = "The entries of a map as structs.",
                .example = "SELECT map_entries(map(1, 'a', 2, 'b'))",
                .since = "3.0.0",
                .bind = Part(MapPart::kEntries)});
}

SLUICE_REGISTER(FunctionRegistry, MapMaking) {
  registry.Add({.name = "map_from_arrays",
                .usage = "A map of an array of keys and an array of values.",
                .example = "SELECT map_from_arrays(array(1.0, 3.0), array('2', '4'))",
                .since = "2.4.0",
                .bind = BindScalar(BindFromArrays)});
  registry.Add({.name = "map_from_entries",
                .usage = "A map of an array of pairs.",
                .example = "SELECT map_from_entries(array(struct(1, 'a'), struct(2, 'b')))",
                .since = "2.4.0",
                .bind = BindScalar(BindFromEntries)});
  registry.Add({.name = "map_concat",
                .usage = "The entries of all maps in one.",
                .example = "SELECT map_concat(map(1, 'a', 2, 'b'), map(3, 'c'))",
                .since = "2.4.0",
                .bind = BindScalar(BindConcat)});
  registry.Add({.name = "map_contains_key",
                .usage = "True if the map has the key.",
                .example = "SELECT map_contains_key(map(1, 'a', 2, 'b'), 1)",
                .since = "3.3.0",
                .bind = BindScalar(BindContainsKey)});
  registry.Add({.name = "str_to_map",
                .usage = "A map of a text of pairs, split by regular expressions.",
                .example = "SELECT str_to_map('a:1,b:2,c:3', ',', ':')",
                .since = "2.0.1",
                .bind = BindScalar(BindStrToMap)});
}

}  // namespace sluice::functions
