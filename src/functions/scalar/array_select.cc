// Arrays with some of the elements of an array: distinct, remove, compact, slice.
#include <fmt/format.h>

#include <unordered_set>

#include "functions/kernels.h"
#include "functions/scalar/array_arguments.h"
#include "functions/sort_keys.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Integer;
using types::TypeId;
using types::TypePtr;

namespace {

logical::ScalarBindingPtr BindDistinct(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type = Coerce(context, arguments, {Expected::Array()})[0];
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    auto validity = AndValidity({&lists}, scope.rows());
    Column<std::string_view> keys(ElementKeys(type, lists));
    ListPicker out(scope.rows(), validity);
    std::unordered_set<std::string_view> seen;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = lists[row];
        seen.clear();
        for (int64_t i = range.begin; i < range.end; ++i) {
          if (seen.insert(keys[i]).second) out.Pick(i);
        }
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, lists.child()));
  };
  return NewBinding(context, arguments, type, {type}, kernel);
}

logical::ScalarBindingPtr BindRemove(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = CoerceArrayAndValue(context, arguments);
  auto kernel = [type = types.array](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    ColumnBase value(values[1]);
    auto validity = AndValidity({&lists, &value}, scope.rows());
    auto child = lists.child();
    Column<std::string_view> keys(ElementKeys(type, lists)), wanted(SortKeys(type->element(), value.array()));
    ListPicker out(scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = lists[row];
        for (int64_t i = range.begin; i < range.end; ++i) {
          if (keys[i] != wanted[value.index(row)]) out.Pick(i);
        }
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, child));
  };
  return NewBinding(context, arguments, types.array, {types.array, types.value}, kernel);
}

logical::ScalarBindingPtr BindCompact(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr from = Coerce(context, arguments, {Expected::Array()})[0];
  TypePtr type = types::Array(from->element(), false);
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    auto validity = AndValidity({&lists}, scope.rows());
    auto child = lists.child();
    ColumnBase elements(child);
    ListPicker out(scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = lists[row];
        for (int64_t i = range.begin; i < range.end; ++i) {
          if (elements.valid(i)) out.Pick(i);
        }
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, child));
  };
  return NewBinding(context, arguments, type, {from}, kernel);
}

base::Error InvalidSlice(const char* sub, const char* parameter, int32_t value) {
  base::Error::Parameters parameters{{"parameter", fmt::format("`{}`", parameter)}, {"functionName", "`slice`"}};
  if (std::string_view(parameter) == "length") parameters["length"] = std::to_string(value);
  return base::Error(base::ErrorKind::kRuntime, fmt::format("INVALID_PARAMETER_VALUE.{}", sub), std::move(parameters));
}

logical::ScalarBindingPtr BindSlice(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  auto types = Coerce(context, arguments, {Expected::Array(), Integer(), Integer()});
  TypePtr type = types[0];
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    Column<int32_t> start(values[1]), length(values[2]);
    auto validity = AndValidity({&lists, &start, &length}, scope.rows());
    ListPicker out(scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = lists[row];
        if (start[row] == 0) throw InvalidSlice("START", "start", start[row]);
        if (length[row] < 0) throw InvalidSlice("LENGTH", "length", length[row]);
        int64_t first = start[row] > 0 ? range.begin + start[row] - 1 : range.end + start[row];
        int64_t last = std::min<int64_t>(first + length[row], range.end);
        for (int64_t i = first; first >= range.begin && i < last; ++i) out.Pick(i);
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, lists.child()));
  };
  return NewBinding(context, arguments, type, types, kernel);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ArraySelect) {
  registry.Add({.name = "array_distinct",
                .usage = "The array without repeated elements.",
                .example = "SELECT array_distinct(array(1, 2, 3, NULL, 3))",
                .since = "2.4.0",
                .bind = BindScalar(BindDistinct)});
  registry.Add({.name = "array_remove",
                .usage = "The array without the elements equal to the value.",
                .example = "SELECT array_remove(array(1, 2, 3, NULL, 3), 3)",
                .since = "2.4.0",
                .bind = BindScalar(BindRemove)});
  registry.Add({.name = "array_compact",
                .usage = "The array without nulls.",
                .example = "SELECT array_compact(array(1, 2, 3, NULL))",
                .since = "3.4.0",
                .bind = BindScalar(BindCompact)});
  registry.Add({.name = "slice",
                .usage = "The elements of an array from a position (from 1, or from the end if negative).",
                .example = "SELECT slice(array(1, 2, 3, 4), 2, 2)",
                .since = "2.4.0",
                .bind = BindScalar(BindSlice)});
}

}  // namespace sluice::functions
