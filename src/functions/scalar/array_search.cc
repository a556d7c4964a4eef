// Looking for elements: array_contains, array_position, arrays_overlap, array_min, array_max.
#include <arrow/scalar.h>

#include <unordered_set>

#include "functions/kernels.h"
#include "functions/scalar/array_arguments.h"
#include "functions/sort_keys.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Boolean;
using types::Long;
using types::TypeId;
using types::TypePtr;

namespace {

/// An array column and a value column, compared by keys.
struct Search {
  Search(const TypePtr& array, const std::vector<arrow::Datum>& arguments, int64_t count)
      : scope(arguments, count),
        lists(arguments[0]),
        value(arguments[1]),
        elements(lists.child()),
        element_keys(ElementKeys(array, lists)),
        value_keys(SortKeys(array->element(), value.array())) {}

  bool IsFound(int64_t row, int64_t element) const {
    return elements.valid(element) && element_keys[element] == value_keys[value.index(row)];
  }

  RowScope scope;
  ListColumn lists;
  ColumnBase value;
  ColumnBase elements;
  Column<std::string_view> element_keys, value_keys;
};

logical::ScalarBindingPtr BindContains(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = CoerceArrayAndValue(context, arguments);
  if (arguments[1].type->Is(TypeId::kNull)) {
    throw TypeMismatch(context, arguments, "NULL_TYPE", {{"functionName", QuotedName(context)}});
  }
  if (!IsOrderable(*types.value)) {
    throw TypeMismatch(context, arguments, "INVALID_ORDERING_TYPE",
                       {{"functionName", QuotedName(context)}, {"dataType", Quoted(*types.value)}});
  }
  auto kernel = [array = types.array](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    Search search(array, values, rows);
    Writer<bool> out(arrow::boolean(), search.scope.rows(),
                     AndValidity({&search.lists, &search.value}, search.scope.rows()));
    for (int64_t row = 0; row < search.scope.rows(); ++row) {
      if (!search.lists.valid(row) || !search.value.valid(row)) continue;
      bool found = false, unknown = false;
      Range range = search.lists[row];
      for (int64_t i = range.begin; i < range.end && !found; ++i) {
        found = search.IsFound(row, i);
        unknown = unknown || !search.elements.valid(i);
      }
      if (found) {
        out.Set(row, true);
      } else if (unknown) {
        out.SetNull(row);
      }
    }
    return search.scope.Result(out.Finish());
  };
  auto binding = NewBinding(context, arguments, Boolean(), {types.array, types.value}, kernel,
                            types.array->contains_null() ? Nulls::kAlways : Nulls::kPropagate);
  binding->can_fail = false;
  return binding;
}

logical::ScalarBindingPtr BindPosition(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = CoerceArrayAndValue(context, arguments);
  auto kernel = [array = types.array](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    Search search(array, values, rows);
    Writer<int64_t> out(arrow::int64(), search.scope.rows(),
                        AndValidity({&search.lists, &search.value}, search.scope.rows()));
    for (int64_t row = 0; row < search.scope.rows(); ++row) {
      out.Set(row, 0);
      if (!search.lists.valid(row) || !search.value.valid(row)) continue;
      Range range = search.lists[row];
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (search.IsFound(row, i)) {
          out.Set(row, i - range.begin + 1);
          break;
        }
      }
    }
    return search.scope.Result(out.Finish());
  };
  return NewBinding(context, arguments, Long(), {types.array, types.value}, kernel);
}

logical::ScalarBindingPtr BindOverlap(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr type = CoerceArrays(context, arguments);
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn left(values[0]), right(values[1]);
    ColumnBase left_elements(left.child()), right_elements(right.child());
    Column<std::string_view> left_keys(ElementKeys(type, left)), right_keys(ElementKeys(type, right));
    Writer<bool> out(arrow::boolean(), scope.rows(), AndValidity({&left, &right}, scope.rows()));
    std::unordered_set<std::string_view> seen;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (!left.valid(row) || !right.valid(row)) continue;
      Range a = left[row], b = right[row];
      bool has_null = false, found = false;
      seen.clear();
      for (int64_t i = a.begin; i < a.end; ++i) {
        if (left_elements.valid(i)) seen.insert(left_keys[i]);
        has_null = has_null || !left_elements.valid(i);
      }
      for (int64_t i = b.begin; i < b.end && !found; ++i) {
        found = right_elements.valid(i) && seen.contains(right_keys[i]);
        has_null = has_null || !right_elements.valid(i);
      }
      if (found) {
        out.Set(row, true);
      } else if (has_null && a.size() > 0 && b.size() > 0) {
        out.SetNull(row);
      }
    }
    return scope.Result(out.Finish());
  };
  return NewBinding(context, arguments, Boolean(), {type, type}, kernel,
                    type->contains_null() ? Nulls::kAlways : Nulls::kPropagate);
}

/// The element that wins in each list, -1 for none.
template <typename T>
std::vector<int64_t> Winners(const ListColumn& lists, const std::shared_ptr<arrow::Array>& elements, int64_t rows,
                             const ColumnBase& nulls, bool greatest) {
  Column<T> values(elements);
  std::vector<int64_t> out(rows, -1);
  for (int64_t row = 0; row < rows; ++row) {
    if (!lists.valid(row)) continue;
    Range range = lists[row];
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (!nulls.valid(i)) continue;
      bool wins = out[row] < 0 ||
                  (greatest ? IsLess(T(values[out[row]]), T(values[i])) : IsLess(T(values[i]), T(values[out[row]])));
      if (wins) out[row] = i;
    }
  }
  return out;
}

logical::ScalarBindingPtr BindExtreme(bool greatest, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type = Coerce(context, arguments, {Expected::Array()})[0];
  if (!IsOrderable(*type->element())) {
    throw TypeMismatch(context, arguments, "INVALID_ORDERING_TYPE",
                       {{"functionName", QuotedName(context)}, {"dataType", Quoted(*type->element())}});
  }
  auto kernel = [type, greatest](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    auto child = lists.child();
    ColumnBase nulls(child);
    std::vector<int64_t> winners;
    if (IsPrimitive(*type->element())) {
      winners = WithPrimitive(*type->element(), [&](auto tag) {
        return Winners<typename decltype(tag)::type>(lists, child, scope.rows(), nulls, greatest);
      });
    } else {
      winners = Winners<std::string_view>(lists, ElementKeys(type, lists), scope.rows(), nulls, greatest);
    }
    return scope.Result(TakeRows(child, winners));
  };
  return NewBinding(context, arguments, type->element(), {type}, kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ArraySearch) {
  registry.Add({.name = "array_contains",
                .usage = "True if the array holds the value; null if it does not but holds nulls.",
                .example = "SELECT array_contains(array(1, 2, 3), 2)",
                .since = "1.5.0",
                .bind = BindScalar(BindContains)});
  registry.Add({.name = "array_position",
                .usage = "The position, from 1, of the first element equal to the value; 0 for none.",
                .example = "SELECT array_position(array(3, 2, 1), 1)",
                .since = "2.4.0",
                .bind = BindScalar(BindPosition)});
  registry.Add({.name = "arrays_overlap",
                .usage = "True if both arrays have an element that is not null in common.",
                .example = "SELECT arrays_overlap(array(1, 2, 3), array(3, 4, 5))",
                .since = "2.4.0",
                .bind = BindScalar(BindOverlap)});
  registry.Add({.name = "array_max",
                .usage = "The greatest element, leaving out nulls.",
                .example = "SELECT array_max(array(1, 20, NULL, 3))",
                .since = "2.4.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindExtreme(true, context, arguments);
                })});
  registry.Add({.name = "array_min",
                .usage = "The least element, leaving out nulls.",
                .example = "SELECT array_min(array(1, 20, NULL, 3))",
                .since = "2.4.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindExtreme(false, context, arguments);
                })});
}

}  // namespace sluice::functions
