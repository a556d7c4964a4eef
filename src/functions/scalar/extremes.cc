// greatest and least of several values, nulls left out.
#include <fmt/format.h>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/sort_keys.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::TypePtr;

namespace {

/// The argument that wins in each row (-1 = all null).
template <typename T>
std::vector<int32_t> Winners(const std::vector<arrow::Datum>& arguments, int64_t rows, bool greatest) {
  std::vector<Column<T>> columns;
  for (const arrow::Datum& argument : arguments) columns.emplace_back(argument);
  std::vector<int32_t> out(rows, -1);
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      if (!columns[i].valid(row)) continue;
      bool wins = out[row] < 0 || (greatest ? IsLess(columns[out[row]][row], columns[i][row])
                                            : IsLess(columns[i][row], columns[out[row]][row]));
      if (wins) out[row] = static_cast<int32_t>(i);
    }
  }
  return out;
}

template <typename T>
arrow::Datum Extreme(const TypePtr& type, const std::vector<arrow::Datum>& arguments, int64_t rows, bool greatest) {
  auto winners = Winners<T>(arguments, rows, greatest);
  std::vector<Column<T>> columns;
  for (const arrow::Datum& argument : arguments) columns.emplace_back(argument);
  if constexpr (std::is_same_v<T, std::string_view>) {
    TextWriter out(types::ToArrow(type), rows);
    for (int64_t row = 0; row < rows; ++row) {
      if (winners[row] < 0) {
        out.EndRowAsNull();
        continue;
      }
      out.Append(columns[winners[row]][row]);
      out.EndRow();
    }
    return out.Finish();
  } else {
    Writer<T> out(types::ToArrow(type), rows);
    for (int64_t row = 0; row < rows; ++row) {
      if (winners[row] < 0) {
        out.SetNull(row);
      } else {
        out.Set(row, columns[winners[row]][row]);
      }
    }
    return out.Finish();
  }
}

/// Nested values: the winner's row is taken from its argument.
arrow::Datum NestedExtreme(const TypePtr& type, const std::vector<arrow::Datum>& arguments, int64_t rows,
                           bool greatest) {
  std::vector<arrow::Datum> keys;
  arrow::ArrayVector all;
  for (const arrow::Datum& argument : arguments) {
    auto array = ToArray(argument, rows);
    ColumnBase column(array);
    auto data = SortKeys(type, array)->data()->Copy();
    data->buffers[0] = AndValidity({&column}, rows);
    data->null_count = arrow::kUnknownNullCount;
    keys.emplace_back(arrow::MakeArray(data));
    all.push_back(std::move(array));
  }
  auto winners = Winners<std::string_view>(keys, rows, greatest);
  std::vector<int64_t> positions(rows);
  for (int64_t row = 0; row < rows; ++row) positions[row] = winners[row] < 0 ? -1 : winners[row] * rows + row;
  return TakeRows(Concatenated(all), positions);
}

ScalarBindingPtr BindExtreme(bool greatest, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, kUnlimited);
  std::vector<TypePtr> types;
  bool nullable = true;
  for (const Argument& argument : arguments) {
    types.push_back(argument.type);
    nullable = nullable && argument.nullable;
  }
  TypePtr type = FindWiderTypeWithoutStrings(types, context.ansi);
  if (!type) {
    throw TypeMismatch(context, arguments, "DATA_DIFF_TYPES",
                       {{"functionName", QuotedName(context)}, {"dataType", "[" + QuotedTypes(arguments) + "]"}});
  }
  if (!IsOrderable(*type)) {
    throw TypeMismatch(context, arguments, "INVALID_ORDERING_TYPE",
                       {{"functionName", QuotedName(context)}, {"dataType", Quoted(*type)}});
  }
  logical::ScalarKernel kernel = [type, greatest](EvalContext&, const std::vector<arrow::Datum>& values,
                                                  int64_t rows) -> arrow::Datum {
    bool constant = AllConstant(values);
    int64_t count = constant ? 1 : rows;
    arrow::Datum out =
        IsPrimitive(*type)
            ? WithPrimitive(
                  *type, [&](auto tag) { return Extreme<typename decltype(tag)::type>(type, values, count, greatest); })
            : NestedExtreme(type, values, count, greatest);
    return constant ? AsScalar(out.make_array()) : out;
  };
  auto binding = NewBinding(context, arguments, type, std::vector<TypePtr>(arguments.size(), type), kernel,
                            nullable ? Nulls::kAlways : Nulls::kNever);
  binding->can_fail = false;
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Extremes) {
  registry.Add({.name = "greatest",
                .usage = "The greatest of its arguments, leaving out nulls.",
                .example = "SELECT greatest(10, 9, 2)",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindExtreme(true, context, arguments);
                })});
  registry.Add({.name = "least",
                .usage = "The least of its arguments, leaving out nulls.",
                .example = "SELECT least(10, 9, 2)",
                .since = "1.5.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindExtreme(false, context, arguments);
                })});
}

}  // namespace sluice::functions
