// Functions of arrays with lambdas: transform, filter, exists, forall, aggregate, zip_with, array_sort.
#include <numeric>

#include "functions/cast_kernels.h"
#include "functions/scalar/array_order.h"
#include "functions/scalar/higher_order.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::LambdaEvaluator;
using logical::ScalarBindingPtr;
using types::Boolean;
using types::Integer;
using types::TypeId;
using types::TypePtr;

namespace {

using Lambdas = std::vector<const LambdaEvaluator*>;
using Datums = std::vector<arrow::Datum>;

/// element, or (element, index)
LambdaTypes ElementTypes(const char* function, bool with_index) {
  return [function, with_index](const Arguments& arguments, int, int arity) {
    const TypePtr& array = CheckedNested(function, arguments, 0, TypeId::kArray);
    std::vector<TypePtr> out = {array->element()};
    if (with_index && arity == 2) out.push_back(Integer());
    return out;
  };
}

std::shared_ptr<arrow::Array> OverElements(const LambdaEvaluator& lambda, int arity, EvalContext& context,
                                           const ListElements& elements) {
  Datums variables = {arrow::Datum(elements.values())};
  if (arity == 2) variables.emplace_back(elements.Positions());
  return EvaluateLambda(lambda, context, variables, elements.rows());
}

ScalarBindingPtr BindTransform(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr array = CheckedNested("transform", arguments, 0, TypeId::kArray);
  TypePtr type = types::Array(arguments[1].type, arguments[1].nullable);
  int arity = arguments[1].lambda_arity;
  auto kernel = [type, arity](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    ListColumn lists(values[0]);
    ListElements elements(lists, lists.child(), rows);
    auto results = OverElements(*lambdas[0], arity, eval, elements);
    ListWriter out(rows, elements.validity());
    for (int64_t row = 0; row < rows; ++row) out.EndRow(elements.start(row + 1));
    auto arrow_type = types::ToArrow(type);
    return arrow::Datum(
        out.Finish(arrow_type, arrow::MakeArray(WithType(results->data(), arrow_type->field(0)->type()))));
  };
  return NewLambdaBinding(context, arguments, type, {array, nullptr}, {1}, kernel);
}

ScalarBindingPtr BindFilter(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr array = CheckedNested("filter", arguments, 0, TypeId::kArray);
  CheckPredicate(context, arguments, 1);
  int arity = arguments[1].lambda_arity;
  auto kernel = [array, arity](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    ListColumn lists(values[0]);
    ListElements elements(lists, lists.child(), rows);
    Column<bool> kept(OverElements(*lambdas[0], arity, eval, elements));
    ListPicker out(rows, elements.validity());
    for (int64_t row = 0; row < rows; ++row) {
      Range range = elements.range(row);
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (kept.valid(i) && kept[i]) out.Pick(i);
      }
      out.EndRow();
    }
    return arrow::Datum(out.Finish(array, elements.values()));
  };
  return NewLambdaBinding(context, arguments, array, {array, nullptr}, {1}, kernel);
}

/// exists: true if one element passes, null if none does but one is unknown. forall is its opposite with false.
ScalarBindingPtr BindQuantifier(bool exists, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr array = CheckedNested(exists ? "exists" : "forall", arguments, 0, TypeId::kArray);
  CheckPredicate(context, arguments, 1);
  auto kernel = [exists](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    ListColumn lists(values[0]);
    ListElements elements(lists, lists.child(), rows);
    Column<bool> passed(OverElements(*lambdas[0], 1, eval, elements));
    Writer<bool> out(arrow::boolean(), rows, elements.validity());
    for (int64_t row = 0; row < rows; ++row) {
      Range range = elements.range(row);
      bool decided = false, unknown = false;
      for (int64_t i = range.begin; i < range.end && !decided; ++i) {
        unknown = unknown || !passed.valid(i);
        decided = passed.valid(i) && passed[i] == exists;
      }
      if (!decided && unknown) {
        out.SetNull(row);
      } else {
        out.Set(row, decided == exists);
      }
    }
    return arrow::Datum(out.Finish());
  };
  auto binding = NewLambdaBinding(context, arguments, Boolean(), {array, nullptr}, {1}, kernel);
  binding->nullable = binding->nullable || arguments[1].nullable;
  return binding;
}

BindScalar Quantifier(bool exists) {
  return [exists](const BindContext& context, const Arguments& arguments) {
    return BindQuantifier(exists, context, arguments);
  };
}

/// Folds all rows at once: step k merges the k-th elements of the rows that have as many.
std::shared_ptr<arrow::Array> Fold(const LambdaEvaluator& merge, EvalContext& context, const ListElements& elements,
                                   std::shared_ptr<arrow::Array> totals, int64_t rows) {
  std::vector<int64_t> active, picked;
  for (int64_t k = 0;; ++k) {
    active.clear();
    picked.clear();
    std::vector<int32_t> parents;
    for (int64_t row = 0; row < rows; ++row) {
      if (!IsValid(elements.validity(), row) || elements.range(row).size() <= k) continue;
      active.push_back(row);
      picked.push_back(elements.start(row) + k);
      parents.push_back(static_cast<int32_t>(row));
    }
    if (active.empty()) return totals;
    auto merged = EvaluateLambda(
        merge, context, {arrow::Datum(TakeRows(totals, active)), arrow::Datum(TakeRows(elements.values(), picked))},
        Int32Array(parents));
    merged = arrow::MakeArray(WithType(merged->data(), totals->type()));
    if (static_cast<int64_t>(active.size()) == rows) {
      totals = merged;
      continue;
    }
    std::vector<int64_t> sources(rows);
    std::iota(sources.begin(), sources.end(), 0);
    for (size_t i = 0; i < active.size(); ++i) sources[active[i]] = rows + static_cast<int64_t>(i);
    totals = TakeRows(Concatenated({totals, merged}), sources);
  }
}

ScalarBindingPtr BindFold(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 4);
  TypePtr array = CheckedNested("aggregate", arguments, 0, TypeId::kArray);
  const TypePtr& start = arguments[1].type;
  if (!SameType(arguments[2].type, start)) throw UnexpectedInput(context, arguments, 2, Quoted(*start));
  bool has_finish = arguments.size() == 4;
  TypePtr type = has_finish ? arguments[3].type : start;
  auto kernel = [start, has_finish](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    ListColumn lists(values[0]);
    ListElements elements(lists, lists.child(), rows);
    auto totals = Fold(*lambdas[0], eval, elements, ToArray(values[1], rows), rows);
    if (has_finish) {
      std::vector<int32_t> all(rows);
      std::iota(all.begin(), all.end(), 0);
      totals = EvaluateLambda(*lambdas[1], eval, {arrow::Datum(totals)}, Int32Array(all));
    }
    if (!elements.validity()) return arrow::Datum(totals);
    std::vector<int64_t> kept(rows);
    for (int64_t row = 0; row < rows; ++row) kept[row] = IsValid(elements.validity(), row) ? row : -1;
    return arrow::Datum(TakeRows(totals, kept));
  };
  std::vector<TypePtr> types = {array, start, nullptr};
  std::vector<int> positions = {2};
  if (has_finish) {
    types.push_back(nullptr);
    positions.push_back(3);
  }
  auto binding = NewLambdaBinding(context, arguments, type, types, positions, kernel);
  binding->nullable = binding->nullable || arguments[1].nullable || arguments[2].nullable;
  if (!has_finish) {
    // Spark fills in the identity as the finishing function.
    binding->sql = [](const std::vector<std::string>& texts) {
      return "aggregate(" + texts[0] + ", " + texts[1] + ", " + texts[2] +
             ", lambdafunction(namedlambdavariable(), namedlambdavariable()))";
    };
  }
  return binding;
}

ScalarBindingPtr BindZipWith(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 3, 3);
  TypePtr left = CheckedNested("zip_with", arguments, 0, TypeId::kArray);
  TypePtr right = CheckedNested("zip_with", arguments, 1, TypeId::kArray);
  TypePtr type = types::Array(arguments[2].type, arguments[2].nullable);
  auto kernel = [type](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    ListColumn a(values[0]), b(values[1]);
    auto validity = AndValidity({&a, &b}, rows);
    std::vector<int64_t> left_rows, right_rows;
    std::vector<int32_t> parents;
    ListWriter out(rows, validity);
    for (int64_t row = 0; row < rows; ++row) {
      if (IsValid(validity, row)) {
        Range x = a[row], y = b[row];
        for (int64_t i = 0; i < std::max(x.size(), y.size()); ++i) {
          left_rows.push_back(i < x.size() ? x.begin + i : -1);
          right_rows.push_back(i < y.size() ? y.begin + i : -1);
          parents.push_back(static_cast<int32_t>(row));
        }
      }
      out.EndRow(static_cast<int64_t>(parents.size()));
    }
    auto results =
        EvaluateLambda(*lambdas[0], eval,
                       {arrow::Datum(TakeRows(a.child(), left_rows)), arrow::Datum(TakeRows(b.child(), right_rows))},
                       Int32Array(parents));
    auto arrow_type = types::ToArrow(type);
    return arrow::Datum(
        out.Finish(arrow_type, arrow::MakeArray(WithType(results->data(), arrow_type->field(0)->type()))));
  };
  auto binding = NewLambdaBinding(context, arguments, type, {left, right, nullptr}, {2}, kernel);
  binding->nullable = arguments[0].nullable || arguments[1].nullable;
  return binding;
}

/// Sorts by a comparator, all rows at once: in each round neighbours are compared and swapped, alternately the even and
/// the odd pairs, which sorts n elements in n rounds and keeps equal ones in order.
std::vector<int64_t> SortByComparator(const LambdaEvaluator& compare, EvalContext& context,
                                      const ListElements& elements, int64_t rows) {
  std::vector<int64_t> order(static_cast<size_t>(elements.count()));
  std::iota(order.begin(), order.end(), 0);
  int64_t longest = 0;
  for (int64_t row = 0; row < rows; ++row) longest = std::max(longest, elements.range(row).size());
  for (int64_t round = 0; round < longest; ++round) {
    std::vector<int64_t> left, right, places;
    std::vector<int32_t> parents;
    for (int64_t row = 0; row < rows; ++row) {
      Range range = elements.range(row);
      for (int64_t i = range.begin + round % 2; i + 1 < range.end; i += 2) {
        left.push_back(order[i]);
        right.push_back(order[i + 1]);
        places.push_back(i);
        parents.push_back(static_cast<int32_t>(row));
      }
    }
    if (places.empty()) continue;
    Column<int32_t> compared(EvaluateLambda(
        compare, context,
        {arrow::Datum(TakeRows(elements.values(), left)), arrow::Datum(TakeRows(elements.values(), right))},
        Int32Array(parents)));
    for (size_t i = 0; i < places.size(); ++i) {
      auto pair = static_cast<int64_t>(i);
      if (!compared.valid(pair)) {
        throw base::Error(base::ErrorKind::kRuntime, "COMPARATOR_RETURNS_NULL",
                          {{"firstValue", "first"}, {"secondValue", "second"}});
      }
      if (compared[pair] > 0) std::swap(order[places[i]], order[places[i] + 1]);
    }
  }
  return order;
}

/// The comparator that Spark fills in, as it prints it.
constexpr const char* kDefaultComparator =
    ", lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() IS NULL)), 0, "
    "(IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() IS NULL), -1, "
    "(IF((namedlambdavariable() < namedlambdavariable()), -1, (IF((namedlambdavariable() > namedlambdavariable()), 1, "
    "0)))))))))), namedlambdavariable(), namedlambdavariable()))";

ScalarBindingPtr BindSort(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  if (arguments.size() == 1) {
    auto binding = BindDefaultArraySort(context, arguments);
    binding->sql = [](const std::vector<std::string>& texts) { return "array_sort(" + texts[0] + kDefaultComparator; };
    return binding;
  }
  TypePtr array = CheckedNested("array_sort", arguments, 0, TypeId::kArray);
  if (!arguments[1].type->Is(TypeId::kInteger)) {
    throw UnexpectedInput(context, arguments, 1, "\"INT\"");
  }
  auto kernel = [array](EvalContext& eval, const Datums& values, const Lambdas& lambdas, int64_t rows) {
    ListColumn lists(values[0]);
    ListElements elements(lists, lists.child(), rows);
    auto order = SortByComparator(*lambdas[0], eval, elements, rows);
    ListPicker out(rows, elements.validity());
    for (int64_t row = 0; row < rows; ++row) {
      Range range = elements.range(row);
      for (int64_t i = range.begin; i < range.end; ++i) out.Pick(order[i]);
      out.EndRow();
    }
    return arrow::Datum(out.Finish(array, elements.values()));
  };
  return NewLambdaBinding(context, arguments, array, {array, nullptr}, {1}, kernel);
}

LambdaTypes AggregateTypes() {
  return [](const Arguments& arguments, int position, int) {
    const TypePtr& array = CheckedNested("aggregate", arguments, 0, TypeId::kArray);
    std::vector<TypePtr> out = {arguments[1].type};
    if (position == 2) out.push_back(array->element());
    return out;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ArrayTransform) {
  registry.Add({.name = "transform",
                .usage = "The array of a function's values for each element, and its index from 0 if it takes two.",
                .example = "SELECT transform(array(1, 2, 3), x -> x + 1)",
                .since = "2.4.0",
                .bind = BindScalar(BindTransform),
                .lambda_types = ElementTypes("transform", true)});
  registry.Add({.name = "filter",
                .usage = "The elements for which a function is true.",
                .example = "SELECT filter(array(1, 2, 3), x -> x % 2 = 1)",
                .since = "2.4.0",
                .bind = BindScalar(BindFilter),
                .lambda_types = ElementTypes("filter", true)});
}

SLUICE_REGISTER(FunctionRegistry, ArrayQuantifiers) {
  registry.Add({.name = "exists",
                .usage = "True if a function is true for an element.",
                .example = "SELECT exists(array(1, 2, 3), x -> x % 2 = 0)",
                .since = "2.4.0",
                .bind = Quantifier(true),
                .lambda_types = ElementTypes("exists", false)});
  registry.Add({.name = "forall",
                .usage = "True if a function is true for all elements.",
                .example = "SELECT forall(array(1, 2, 3), x -> x % 2 = 0)",
                .since = "3.0.0",
                .bind = Quantifier(false),
                .lambda_types = ElementTypes("forall", false)});
}

SLUICE_REGISTER(FunctionRegistry, ArrayAggregate) {
  registry.Add({.name = "aggregate",
                .aliases = {"reduce"},
                .usage = "The elements merged one by one into a start value, then finished by a second function.",
                .example = "SELECT aggregate(array(1, 2, 3), 0, (acc, x) -> acc + x)",
                .since = "2.4.0",
                .bind = BindScalar(BindFold),
                .lambda_types = AggregateTypes()});
}

SLUICE_REGISTER(FunctionRegistry, ZipWith) {
  registry.Add(
      {.name = "zip_with",
       .usage = "The array of a function's values for the elements of two arrays, the shorter filled with nulls.",
       .example = "SELECT zip_with(array(1, 2, 3), array('a', 'b', 'c'), (x, y) -> struct(y, x))",
       .since = "2.4.0",
       .bind = BindScalar(BindZipWith),
       .lambda_types = [](const Arguments& arguments, int, int) {
         return std::vector<TypePtr>{CheckedNested("zip_with", arguments, 0, TypeId::kArray)->element(),
                                     CheckedNested("zip_with", arguments, 1, TypeId::kArray)->element()};
       }});
}

SLUICE_REGISTER(FunctionRegistry, ArraySort) {
  registry.Add({.name = "array_sort",
                .usage = "The array sorted, nulls last, or as a comparing function says.",
                .example = "SELECT array_sort(array('b', 'd', NULL, 'c', 'a'))",
                .since = "2.4.0",
                .bind = BindScalar(BindSort),
                .lambda_types = [](const Arguments& arguments, int, int) {
                  const TypePtr& element = CheckedNested("array_sort", arguments, 0, TypeId::kArray)->element();
                  return std::vector<TypePtr>{element, element};
                }});
}

}  // namespace sluice::functions
