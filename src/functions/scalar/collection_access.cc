// size, element_at, get and their relatives.
#include "functions/extract_value.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/signature.h"
#include "functions/sort_keys.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::Integer;
using types::TypeId;
using types::TypePtr;

namespace {

/// Null has the size -1 outside of ANSI mode.
ScalarBindingPtr BindSize(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  auto types = Coerce(context, arguments, {Expected::OneOf({Expected::Array(), Expected::Map()})});
  auto size = [](Range range) { return static_cast<int32_t>(range.size()); };
  if (context.ansi) return NewBinding(context, arguments, Integer(), types, RowKernel<int32_t(Range)>(Integer(), size));
  auto kernel = RowKernel<int32_t(std::optional<Range>)>(
      Integer(), [size](std::optional<Range> range) { return range ? size(*range) : -1; });
  return NewBinding(context, arguments, Integer(), types, kernel, Nulls::kNever);
}

enum class OutOfRange { kElementAt, kGet, kNull };

base::Error IndexError(OutOfRange mode, int64_t index, int64_t size) {
  return base::Error(base::ErrorKind::kArrayIndexOutOfBounds,
                     mode == OutOfRange::kElementAt ? "INVALID_ARRAY_INDEX_IN_ELEMENT_AT" : "INVALID_ARRAY_INDEX",
                     {{"indexValue", std::to_string(index)}, {"arraySize", std::to_string(size)}});
}

template <typename Index>
arrow::Datum PickElements(const std::vector<arrow::Datum>& arguments, int64_t rows, OutOfRange mode, bool from_one) {
  RowScope scope(arguments, rows);
  ListColumn lists(arguments[0]);
  Column<Index> index(arguments[1]);
  std::vector<int64_t> picked(scope.rows(), -1);
  for (int64_t row = 0; row < scope.rows(); ++row) {
    if (!lists.valid(row) || !index.valid(row)) continue;
    Range range = lists[row];
    int64_t wanted = index[row];
    if (from_one && wanted == 0) throw base::Error(base::ErrorKind::kRuntime, "INVALID_INDEX_OF_ZERO");
    int64_t at = !from_one ? wanted : wanted > 0 ? wanted - 1 : range.size() + wanted;
    if (at >= 0 && at < range.size()) {
      picked[row] = range.begin + at;
    } else if (mode != OutOfRange::kNull) {
      throw IndexError(mode, wanted, range.size());
    }
  }
  return scope.Result(TakeRows(lists.child(), picked));
}

ScalarBindingPtr BindElementAt(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  const TypePtr& type = arguments[0].type;
  if (type->Is(TypeId::kMap)) {
    TypePtr key = FindTightestCommonType(type->key(), arguments[1].type, context.ansi);
    if (!key) {
      throw TypeMismatch(context, arguments, "MAP_FUNCTION_DIFF_TYPES",
                         {{"functionName", QuotedName(context)},
                          {"dataType", "\"MAP\""},
                          {"leftType", Quoted(*type)},
                          {"rightType", Quoted(*arguments[1].type)}});
    }
    TypePtr map = types::Map(key, type->value(), type->contains_null());
    auto inner = BindMapValue(map);
    return NewBinding(context, arguments, type->value(), {map, key}, inner->kernel, Nulls::kAlways);
  }
  if (!type->Is(TypeId::kArray)) {
    throw UnexpectedInput(context, arguments, 0, "(\"ARRAY\" or \"MAP\")");
  }
  TypePtr index = Expected(Integer()).ImplicitCast(arguments[1].type, context.ansi);
  if (!index) throw UnexpectedInput(context, arguments, 1, "\"INT\"");
  OutOfRange mode = is_try || !context.ansi ? OutOfRange::kNull : OutOfRange::kElementAt;
  auto kernel = [mode](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    return PickElements<int32_t>(values, rows, mode, true);
  };
  return NewBinding(context, arguments, type->element(), {type, index}, kernel, Nulls::kAlways);
}

ScalarBindingPtr BindGet(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  auto types = Coerce(context, arguments, {Expected::Array(), Integer()});
  auto kernel = [](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    return PickElements<int32_t>(values, rows, OutOfRange::kNull, false);
  };
  TypePtr element = types[0]->element();
  return NewBinding(context, arguments, element, std::move(types), kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, CollectionSize) {
  registry.Add({.name = "size",
                .aliases = {"cardinality"},
                .usage = "The number of elements of an array or map.",
                .example = "SELECT size(array('b', 'd', 'c', 'a'))",
                .since = "1.5.0",
                .bind = BindScalar(BindSize)});
  registry.Add({.name = "array_size",
                .usage = "The number of elements of an array.",
                .example = "SELECT array_size(array('b', 'd', 'c', 'a'))",
                .since = "3.3.0",
                .bind = Simple({.parameters = {Expected::Array()},
                                .type = Integer(),
                                .kernel = RowKernel<int32_t(Range)>(
                                    Integer(), [](Range range) { return static_cast<int32_t>(range.size()); })})});
}

SLUICE_REGISTER(FunctionRegistry, ElementAt) {
  registry.Add({.name = "element_at",
                .usage = "The element of an array at a position from 1 (from the end if negative), or the value of a "
                         "map for a key.",
                .example = "SELECT element_at(array(1, 2, 3), 2)",
                .since = "2.4.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindElementAt(false, context, arguments);
                })});
  registry.Add({.name = "try_element_at",
                .usage = "Like element_at, but null outside the array.",
                .example = "SELECT try_element_at(array(1, 2, 3), 4)",
                .since = "3.3.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindElementAt(true, context, arguments);
                })});
  registry.Add({.name = "get",
                .usage = "The element of an array at a position from 0; null outside the array.",
                .example = "SELECT get(array(1, 2, 3), 0)",
                .since = "3.4.0",
                .bind = BindScalar(BindGet)});
}

}  // namespace sluice::functions
