// lag and lead: the value some rows before or after.
#include "functions/columns.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using types::TypePtr;

namespace {

/// The row `distance` away from `row`, or -1 outside of the partition.
int64_t RowAt(int64_t row, int64_t distance, int64_t rows) {
  int64_t wanted = row + distance;
  return wanted >= 0 && wanted < rows ? wanted : -1;
}

/// The same counting only rows whose value is not null.
int64_t ValueAt(int64_t row, int64_t distance, int64_t rows, const arrow::Array& values) {
  if (distance == 0) return row;
  int64_t step = distance > 0 ? 1 : -1;
  int64_t left = distance * step;
  for (int64_t at = row + step; at >= 0 && at < rows; at += step) {
    if (values.IsValid(at) && --left == 0) return at;
  }
  return -1;
}

logical::WindowBindingPtr BindOffset(int sign, const BindContext& context, const Arguments& given) {
  // IGNORE NULLS comes as one more argument, true, at the end.
  Arguments arguments = given;
  bool ignore_nulls = arguments.size() > 1 && arguments.back().type->Is(types::TypeId::kBoolean) &&
                      !arguments[0].type->Is(types::TypeId::kBoolean) && arguments.back().literal &&
                      !arguments.back().literal->is_null() && arguments.back().sql == "true";
  if (ignore_nulls) arguments.pop_back();
  CheckCount(context, arguments, 1, 3);
  const TypePtr& type = arguments[0].type;
  int64_t distance = 1;
  auto binding = std::make_shared<logical::WindowBinding>();
  binding->argument_types = {type};
  if (arguments.size() > 1) {
    if (!arguments[1].literal || arguments[1].literal->is_null() || !arguments[1].type->IsIntegral()) {
      throw TypeMismatch(
          context, arguments, "NON_FOLDABLE_INPUT",
          {{"inputName", "`offset`"}, {"inputType", "\"INT\""}, {"inputExpr", QuotedSql(arguments[1].sql)}});
    }
    distance = LongLiteral(arguments[1]);
    binding->argument_types.push_back(arguments[1].type);
  }
  distance *= sign;
  bool has_default = arguments.size() > 2 && !arguments[2].type->Is(types::TypeId::kNull);
  if (arguments.size() > 2) {
    if (has_default && !FindWiderType(type, arguments[2].type, context.ansi)) {
      throw UnexpectedInput(context, arguments, 2, Quoted(*type));
    }
    binding->argument_types.push_back(type);
  }
  binding->name = PrettyName(context);
  binding->type = type;
  binding->nullable = arguments[0].nullable || !has_default || arguments[2].nullable;
  binding->kernel = [distance, has_default, ignore_nulls](EvalContext&, const arrow::ArrayVector& values,
                                                          const std::vector<bool>&, int64_t rows) {
    std::vector<int64_t> picked(rows);
    for (int64_t row = 0; row < rows; ++row) {
      picked[row] = ignore_nulls ? ValueAt(row, distance, rows, *values[0]) : RowAt(row, distance, rows);
      if (picked[row] < 0 && has_default) picked[row] = rows + row;
    }
    return TakeRows(has_default ? Concatenated({values[0], values[2]}) : values[0], picked);
  };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, WindowOffset) {
  registry.Add({.name = "lag",
                .usage = "The value some rows before in the partition, or a default.",
                .example = "SELECT a, lag(a) OVER (ORDER BY a) FROM VALUES (1), (2) t(a)",
                .since = "2.0.0",
                .bind = BindWindow([](const BindContext& context, const Arguments& arguments) {
                  return BindOffset(-1, context, arguments);
                })});
  registry.Add({.name = "lead",
                .usage = "The value some rows after in the partition, or a default.",
                .example = "SELECT a, lead(a) OVER (ORDER BY a) FROM VALUES (1), (2) t(a)",
                .since = "2.0.0",
                .bind = BindWindow([](const BindContext& context, const Arguments& arguments) {
                  return BindOffset(1, context, arguments);
                })});
}

}  // namespace sluice::functions
