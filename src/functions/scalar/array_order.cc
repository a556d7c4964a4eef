// The order of elements: sort_array, array_sort, reverse, shuffle.
#include "functions/scalar/array_order.h"

#include <algorithm>
#include <numeric>

#include "functions/kernels.h"
#include "functions/random.h"
#include "functions/scalar/array_arguments.h"
#include "functions/type_dispatch.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Boolean;
using types::TypeId;
using types::TypePtr;

namespace {

/// Sorts the element numbers of each list by their values; nulls come first or last.
template <typename T>
void SortRows(const ListColumn& lists, const std::shared_ptr<arrow::Array>& values, const ColumnBase& nulls,
              int64_t rows, const std::vector<uint8_t>& ascending, bool nulls_last_ascending, ListPicker& out) {
  Column<T> column(values);
  for (int64_t row = 0; row < rows; ++row) {
    if (!lists.valid(row)) {
      out.EndRow();
      continue;
    }
    Range range = lists[row];
    auto& indices = out.indices();
    size_t start = indices.size();
    for (int64_t i = range.begin; i < range.end; ++i) indices.push_back(i);
    auto first = indices.begin() + static_cast<ptrdiff_t>(start);
    bool up = ascending[ascending.size() == 1 ? 0 : row];
    bool nulls_last = nulls_last_ascending || !up;
    auto middle = std::stable_partition(first, indices.end(), [&](int64_t i) { return nulls.valid(i) == nulls_last; });
    auto from = nulls_last ? first : middle;
    auto to = nulls_last ? middle : indices.end();
    std::stable_sort(from, to, [&](int64_t a, int64_t b) {
      return up ? IsLess(T(column[a]), T(column[b])) : IsLess(T(column[b]), T(column[a]));
    });
    out.EndRow();
  }
}

arrow::Datum Sorted(const TypePtr& type, const std::vector<arrow::Datum>& values, int64_t rows,
                    bool nulls_last_ascending) {
  RowScope scope(values, rows);
  ListColumn lists(values[0]);
  auto child = lists.child();
  ColumnBase nulls(child);
  std::vector<uint8_t> ascending = {1};
  std::vector<const ColumnBase*> checked = {&lists};
  std::optional<Column<bool>> flag;
  if (values.size() > 1) {
    flag.emplace(values[1]);
    checked.push_back(&*flag);
    ascending.assign(flag->constant() ? 1 : scope.rows(), 1);
    for (size_t i = 0; i < ascending.size(); ++i)
      ascending[i] = !flag->valid(static_cast<int64_t>(i)) || (*flag)[static_cast<int64_t>(i)];
  }
  ListPicker out(scope.rows(), AndValidity(checked, scope.rows()));
  if (IsPrimitive(*type->element())) {
    WithPrimitive(*type->element(), [&](auto tag) {
      SortRows<typename decltype(tag)::type>(lists, child, nulls, scope.rows(), ascending, nulls_last_ascending, out);
    });
  } else {
    SortRows<std::string_view>(lists, ElementKeys(type, lists), nulls, scope.rows(), ascending, nulls_last_ascending,
                               out);
  }
  return scope.Result(out.Finish(type, child));
}

void CheckOrderable(const BindContext& context, const Arguments& arguments, const TypePtr& array) {
  if (IsOrderable(*array->element())) return;
  throw TypeMismatch(context, arguments, "INVALID_ORDERING_TYPE",
                     {{"functionName", QuotedName(context)}, {"dataType", Quoted(*array)}});
}

logical::ScalarBindingPtr BindSortArray(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {Expected::Array(), Boolean()});
  CheckOrderable(context, arguments, types[0]);
  TypePtr type = types[0];
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    return Sorted(type, values, rows, false);
  };
  auto binding = NewBinding(context, arguments, type, types, kernel);
  if (arguments.size() == 1) {
    binding->sql = [](const std::vector<std::string>& texts) { return "sort_array(" + texts[0] + ", true)"; };
  }
  return binding;
}

logical::ScalarKernel ReverseBytesKernel() {
  return RowKernel<Text(std::string_view)>(types::Binary(), [](TextWriter& out, std::string_view bytes) {
    std::reverse_copy(bytes.begin(), bytes.end(), out.Claim(bytes.size()));
  });
}

logical::ScalarKernel ReverseTextKernel() {
  return RowKernel<Text(std::string_view)>(types::String(), [](TextWriter& out, std::string_view text) {
    char* end = out.Claim(text.size()) + text.size();
    for (size_t at = 0; at < text.size();) {
      size_t size = std::min<size_t>(CharSize(text[at]), text.size() - at);
      end -= size;
      std::memcpy(end, text.data() + at, size);
      at += size;
    }
  });
}

logical::ScalarBindingPtr BindReverse(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type =
      Coerce(context, arguments, {Expected::OneOf({types::String(), types::Binary(), Expected::Array()})})[0];
  if (type->Is(types::TypeId::kBinary)) return NewBinding(context, arguments, type, {type}, ReverseBytesKernel());
  if (!type->Is(TypeId::kArray)) return NewBinding(context, arguments, types::String(), {type}, ReverseTextKernel());
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    ListColumn lists(values[0]);
    auto validity = AndValidity({&lists}, scope.rows());
    ListPicker out(scope.rows(), validity);
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) {
        Range range = lists[row];
        for (int64_t i = range.end; i-- > range.begin;) out.Pick(i);
      }
      out.EndRow();
    }
    return scope.Result(out.Finish(type, lists.child()));
  };
  return NewBinding(context, arguments, type, {type}, kernel);
}

logical::ScalarBindingPtr BindShuffle(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {Expected::Array(), Expected::Integral()});
  TypePtr type = types[0];
  int64_t seed = arguments.size() == 2 && arguments[1].literal && !arguments[1].literal->is_null()
                     ? LongLiteral(arguments[1])
                     : RandomSeed();
  auto kernel = [type, seed](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    ListColumn lists(values[0]);
    MersenneTwister random(seed + eval.partition_id);
    // A shuffle draws anew in each row, also for a constant array.
    auto validity = AndValidity({&lists}, rows);
    ListPicker out(rows, validity);
    for (int64_t row = 0; row < rows; ++row) {
      if (IsValid(validity, row)) {
        Range range = lists[row];
        auto& indices = out.indices();
        size_t start = indices.size();
        for (int64_t i = range.begin; i < range.end; ++i) {
          auto place = static_cast<int32_t>(i - range.begin);
          size_t other = start + static_cast<size_t>(random.NextInt(place + 1));
          indices.push_back(i);
          std::swap(indices[other], indices.back());
        }
      }
      out.EndRow();
    }
    return arrow::Datum(out.Finish(type, lists.child()));
  };
  auto binding = NewBinding(context, arguments, type, types, kernel);
  binding->deterministic = false;
  binding->foldable = false;
  binding->sql = [](const std::vector<std::string>& texts) { return "shuffle(" + texts[0] + ")"; };
  return binding;
}

}  // namespace

std::shared_ptr<logical::ScalarBinding> BindDefaultArraySort(const BindContext& context, const Arguments& arguments) {
  TypePtr type = Coerce(context, arguments, {Expected::Array()})[0];
  CheckOrderable(context, arguments, type);
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    return Sorted(type, values, rows, true);
  };
  return NewBinding(context, arguments, type, {type}, kernel);
}

SLUICE_REGISTER(FunctionRegistry, ArrayOrder) {
  registry.Add({.name = "sort_array",
                .usage = "The array sorted, nulls first when ascending and last when descending.",
                .example = "SELECT sort_array(array('b', 'd', NULL, 'c', 'a'), true)",
                .since = "1.5.0",
                .bind = BindScalar(BindSortArray)});
  registry.Add({.name = "reverse",
                .usage = "A text or array backwards.",
                .example = "SELECT reverse('Spark SQL')",
                .since = "1.5.0",
                .bind = BindScalar(BindReverse)});
  registry.Add({.name = "shuffle",
                .usage = "The elements of an array in a random order.",
                .example = "SELECT size(shuffle(array(1, 20, 3, 5)))",
                .since = "2.4.0",
                .bind = BindScalar(BindShuffle)});
}

}  // namespace sluice::functions
