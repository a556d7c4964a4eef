// Arrays with elements added: append, prepend, insert, repeat; flatten and arrays_zip.
#include <fmt/format.h>

#include "functions/kernels.h"
#include "functions/scalar/array_arguments.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Integer;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr int64_t kMaxArrayLength = 2147483632;

base::Error TooLong(const char* function, const char* parameter, int64_t count) {
  return base::Error(base::ErrorKind::kRuntime, "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER",
                     {{"numberOfElements", std::to_string(count)},
                      {"maxRoundedArrayLength", std::to_string(kMaxArrayLength)},
                      {"functionName", fmt::format("`{}`", function)},
                      {"parameter", fmt::format("`{}`", parameter)}});
}

/// The elements of a list column followed by the values of another column.
struct Elements {
  Elements(const arrow::Datum& array, const arrow::Datum& added)
      : lists(array), value(added), offset(lists.child()->length()) {}
  int64_t Added(int64_t row) const { return offset + value.index(row); }
  std::shared_ptr<arrow::Array> all() const { return Concatenated({lists.child(), value.array()}); }
  ListColumn lists;
  ColumnBase value;
  int64_t offset;
};

logical::ScalarBindingPtr BindAdd(bool append, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = CoerceArrayAndValue(context, arguments);
  TypePtr type = types::Array(types.value, types.array->contains_null() || arguments[1].nullable);
  auto kernel = [type, append](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    Elements elements(values[0], values[1]);
    auto validity = AndValidity({&elements.lists}, scope.rows());
    ListPicker out(scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = elements.lists[row];
        if (!append) out.Pick(elements.Added(row));
        for (int64_t i = range.begin; i < range.end; ++i) out.Pick(i);
        if (append) out.Pick(elements.Added(row));
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, elements.all()));
  };
  auto binding = NewBinding(context, arguments, type, {types.array, types.value}, kernel);
  binding->nullable = arguments[0].nullable;
  return binding;
}

logical::ScalarBindingPtr BindInsert(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  auto types = CoerceArrayAndValue(context, arguments, 0, 2);
  TypePtr position_type = Expected(Integer()).ImplicitCast(arguments[1].type, context.ansi);
  if (!position_type) throw UnexpectedInput(context, arguments, 1, "\"INT\"");
  TypePtr type = types::Array(types.value, true);
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    Elements elements(values[0], values[2]);
    Column<int32_t> position(values[1]);
    auto validity = AndValidity({&elements.lists, &position}, scope.rows());
    ListPicker out(scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = elements.lists[row];
        int64_t wanted = position[row];
        if (wanted == 0) throw base::Error(base::ErrorKind::kRuntime, "INVALID_INDEX_OF_ZERO");
        // Places before the start or behind the end are filled with nulls.
        int64_t place = wanted > 0 ? wanted - 1 : range.size() + wanted + 1;
        int64_t length = std::max({range.size() + 1, wanted, -wanted});
        if (length > kMaxArrayLength) throw TooLong("array_insert", "pos", length);
        if (place < 0) {
          out.Pick(elements.Added(row));
          for (int64_t i = place + 1; i <= 0; ++i) out.PickNull();
          for (int64_t i = range.begin; i < range.end; ++i) out.Pick(i);
        } else {
          int64_t before = std::min(place, range.size());
          for (int64_t i = 0; i < before; ++i) out.Pick(range.begin + i);
          for (int64_t i = before; i < place; ++i) out.PickNull();
          out.Pick(elements.Added(row));
          for (int64_t i = before; i < range.size(); ++i) out.Pick(range.begin + i);
        }
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, elements.all()));
  };
  auto binding = NewBinding(context, arguments, type, {types.array, position_type, types.value}, kernel);
  binding->nullable = arguments[0].nullable || arguments[1].nullable;
  return binding;
}

logical::ScalarBindingPtr BindRepeat(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr count_type = Expected(Integer()).ImplicitCast(arguments[1].type, context.ansi);
  if (!count_type) throw UnexpectedInput(context, arguments, 1, "\"INT\"");
  TypePtr type = types::Array(arguments[0].type, arguments[0].nullable);
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ColumnBase value(values[0]);
    Column<int32_t> count(values[1]);
    auto validity = AndValidity({&count}, scope.rows());
    ListPicker out(scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        if (count[row] > kMaxArrayLength) throw TooLong("array_repeat", "count", count[row]);
        for (int32_t i = 0; i < count[row]; ++i) out.Pick(value.index(row));
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, value.array()));
  };
  auto binding = NewBinding(context, arguments, type, {arguments[0].type, count_type}, kernel);
  binding->nullable = arguments[1].nullable;
  return binding;
}

logical::ScalarBindingPtr BindFlatten(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  const TypePtr& outer = arguments[0].type;
  if (!outer->Is(TypeId::kArray) || !outer->element()->Is(TypeId::kArray)) {
    throw UnexpectedInput(context, arguments, 0, "\"ARRAY\" of \"ARRAY\"");
  }
  TypePtr type = outer->element();
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    ListColumn inner{arrow::Datum(lists.child())};
    ListPicker out(scope.rows(), AndValidity({&lists}, scope.rows()));
    for (int64_t row = 0; row < scope.rows(); ++row) {
      bool has_null = false;
      if (lists.valid(row)) {
        Range range = lists[row];
        for (int64_t i = range.begin; i < range.end && !has_null; ++i) {
          has_null = !inner.valid(i);
          if (has_null) break;
          Range elements = inner[i];
          for (int64_t k = elements.begin; k < elements.end; ++k) out.Pick(k);
        }
      }
      if (has_null) {
        out.EndRowAsNull();
      } else {
        out.EndRow();
      }
    }
    return scope.Result(out.Finish(type, inner.child()));
  };
  return NewBinding(context, arguments, type, {outer}, kernel,
                    outer->contains_null() ? Nulls::kAlways : Nulls::kPropagate);
}

/// A column gives its name to its field, any other expression its place.
std::string ZipName(const Argument& argument, size_t place) {
  bool is_name = !argument.literal && !argument.sql.empty();
  for (char c : argument.sql) {
    is_name = is_name && (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || (c & 0x80));
  }
  if (!is_name) return std::to_string(place);
  size_t dot = argument.sql.rfind('.');
  return dot == std::string::npos ? argument.sql : argument.sql.substr(dot + 1);
}

logical::ScalarBindingPtr BindZip(const BindContext& context, const Arguments& arguments) {
  auto types = arguments.empty() ? std::vector<TypePtr>{} : Coerce(context, arguments, {Expected::Array()});
  std::vector<types::StructField> fields;
  for (size_t i = 0; i < types.size(); ++i) fields.push_back({ZipName(arguments[i], i), types[i]->element(), true});
  TypePtr element = types::Struct(std::move(fields));
  TypePtr type = types::Array(element, false);
  auto kernel = [type, element](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    std::vector<ListColumn> lists;
    lists.reserve(values.size());
    std::vector<const ColumnBase*> all;
    for (const arrow::Datum& value : values) lists.emplace_back(value);
    for (const ListColumn& list : lists) all.push_back(&list);
    auto validity = AndValidity(all, scope.rows());
    std::vector<std::vector<int64_t>> picked(lists.size());
    ListWriter out(scope.rows(), validity);
    int64_t total = 0;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      int64_t longest = 0;
      if (IsValid(validity, row)) {
        for (const ListColumn& list : lists) longest = std::max(longest, list[row].size());
        for (size_t c = 0; c < lists.size(); ++c) {
          Range range = lists[c][row];
          for (int64_t i = 0; i < longest; ++i) picked[c].push_back(i < range.size() ? range.begin + i : -1);
        }
      }
      total += longest;
      out.EndRow(total);
    }
    arrow::ArrayVector columns;
    for (size_t c = 0; c < lists.size(); ++c) columns.push_back(TakeRows(lists[c].child(), picked[c]));
    auto arrow_type = types::ToArrow(type);
    return scope.Result(out.Finish(arrow_type, MakeStructArray(arrow_type->field(0)->type(), total, columns)));
  };
  return NewBinding(context, arguments, type, types, kernel);
}

logical::ScalarBindingPtr BindJoin(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {Expected::ArrayOf(types::String()), types::String(), types::String()});
  auto kernel = [](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    Column<std::string_view> elements(lists.child()), delimiter(values[1]);
    std::optional<Column<std::string_view>> replacement;
    std::vector<const ColumnBase*> all = {&lists, &delimiter};
    if (values.size() == 3) {
      replacement.emplace(values[2]);
      all.push_back(&*replacement);
    }
    auto validity = AndValidity(all, scope.rows());
    TextWriter out(arrow::utf8(), scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = lists[row];
        bool first = true;
        for (int64_t i = range.begin; i < range.end; ++i) {
          if (!elements.valid(i) && !replacement) continue;
          if (!first) out.Append(delimiter[row]);
          first = false;
          out.Append(elements.valid(i) ? elements[i] : (*replacement)[row]);
        }
      }
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  return NewBinding(context, arguments, types::String(), types, kernel);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ArrayEdit) {
  registry.Add({.name = "array_append",
                .usage = "The array with an element added at its end.",
                .example = "SELECT array_append(array('b', 'd', 'c', 'a'), 'd')",
                .since = "3.4.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindAdd(true, context, arguments);
                })});
  registry.Add({.name = "array_prepend",
                .usage = "The array with an element added at its start.",
                .example = "SELECT array_prepend(array('b', 'd', 'c', 'a'), 'd')",
                .since = "3.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindAdd(false, context, arguments);
                })});
  registry.Add({.name = "array_insert",
                .usage = "The array with an element put at a position, from 1 or from the end if negative.",
                .example = "SELECT array_insert(array(1, 2, 3, 4), 5, 5)",
                .since = "3.4.0",
                .bind = BindScalar(BindInsert)});
  registry.Add({.name = "array_repeat",
                .usage = "An array of a value n times.",
                .example = "SELECT array_repeat('123', 2)",
                .since = "2.4.0",
                .bind = BindScalar(BindRepeat)});
  registry.Add({.name = "flatten",
                .usage = "The elements of the arrays in an array, as one array.",
                .example = "SELECT flatten(array(array(1, 2), array(3, 4)))",
                .since = "2.4.0",
                .bind = BindScalar(BindFlatten)});
  registry.Add({.name = "arrays_zip",
                .usage = "An array of structs, the n-th of which holds the n-th element of every array.",
                .example = "SELECT arrays_zip(array(1, 2, 3), array(2, 3, 4))",
                .since = "2.4.0",
                .bind = BindScalar(BindZip)});
  registry.Add({.name = "array_join",
                .usage = "The texts of an array joined by a delimiter, nulls left out or replaced.",
                .example = "SELECT array_join(array('hello', 'world'), ' ')",
                .since = "2.4.0",
                .bind = BindScalar(BindJoin)});
}

}  // namespace sluice::functions
