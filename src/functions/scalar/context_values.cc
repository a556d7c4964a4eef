// Values of the session, the partition and the file that is read; typeof, version, assertions.
#include <fmt/format.h>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::Boolean;
using types::Integer;
using types::Long;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

struct ConstantRule {
  TypePtr type;
  bool deterministic = true;
  std::string name = "";  ///< as Spark prints it, if that isn't the name in lower case
};

/// A value that is the same for all rows of a batch.
template <typename Make>
BindScalar OfContext(ConstantRule rule, Make make) {
  return [rule, make](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 0, 0);
    auto kernel = [make](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t) {
      return arrow::Datum(make(eval));
    };
    auto binding = NewBinding(context, arguments, rule.type, {}, kernel, Nulls::kNever);
    if (!rule.name.empty()) binding->name = rule.name;
    binding->foldable = false;
    binding->deterministic = rule.deterministic;
    binding->can_fail = false;
    return binding;
  };
}

auto TextOf(std::string EvalContext::*member) {
  return [member](const EvalContext& context) { return std::make_shared<arrow::StringScalar>(context.*member); };
}

auto FixedText(std::string text) {
  return [text](const EvalContext&) { return std::make_shared<arrow::StringScalar>(text); };
}

ScalarBindingPtr BindMonotonicId(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 0, 0);
  auto kernel = [](EvalContext& eval, const std::vector<arrow::Datum>&, int64_t rows) {
    Writer<int64_t> out(arrow::int64(), rows);
    int64_t first = (int64_t{eval.partition_id} << 33) + eval.rows_before;
    for (int64_t row = 0; row < rows; ++row) out.values()[row] = first + row;
    return arrow::Datum(out.Finish());
  };
  auto binding = NewBinding(context, arguments, Long(), {}, kernel, Nulls::kNever);
  binding->deterministic = false;
  binding->foldable = false;
  return binding;
}

ScalarBindingPtr BindTypeof(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  auto kernel = [text = arguments[0].type->SimpleString()](EvalContext&, const std::vector<arrow::Datum>&, int64_t) {
    return TextConstant(text);
  };
  auto binding = NewBinding(context, arguments, String(), {arguments[0].type}, kernel, Nulls::kNever);
  binding->can_fail = false;
  return binding;
}

base::Error UserError(std::string_view message) {
  return base::Error(base::ErrorKind::kRuntime, "USER_RAISED_EXCEPTION", {{"errorMessage", std::string(message)}});
}

ScalarBindingPtr BindRaiseError(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {String(), types::Map(String(), String())});
  if (arguments.size() == 2) throw base::Error::Unsupported("raise_error with an error class and parameters");
  auto kernel = [](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) -> arrow::Datum {
    Column<std::string_view> message(values[0]);
    if (rows > 0) throw UserError(message.valid(0) ? message[0] : "null");
    return NullArray(arrow::null(), rows);
  };
  auto binding = NewBinding(context, arguments, types::Null(), types, kernel, Nulls::kAlways);
  binding->sql = [](const std::vector<std::string>& texts) {
    return "raise_error(USER_RAISED_EXCEPTION, map(errorMessage, " + texts[0] + "))";
  };
  // The error is the call's effect: it must not be raised while planning.
  binding->foldable = false;
  return binding;
}

ScalarBindingPtr BindAssertTrue(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {Boolean(), String()});
  std::string default_message = fmt::format("'{}' is not true!", arguments[0].sql);
  auto kernel = [default_message](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) -> arrow::Datum {
    Column<bool> condition(values[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (condition.valid(row) && condition[row]) continue;
      if (values.size() == 1) throw UserError(default_message);
      Column<std::string_view> message(values[1]);
      throw UserError(message.valid(row) ? message[row] : "null");
    }
    return NullArray(arrow::null(), rows);
  };
  auto binding = NewBinding(context, arguments, types::Null(), types, kernel, Nulls::kAlways);
  binding->foldable = false;
  if (arguments.size() == 1) {
    binding->sql = [default_message](const std::vector<std::string>& texts) {
      return fmt::format("assert_true({}, {})", texts[0], default_message);
    };
  }
  return binding;
}

/// nullifzero(x) and zeroifnull(x).
ScalarBindingPtr BindZero(bool to_null, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  TypePtr type =
      arguments[0].type->Is(types::TypeId::kNull) ? Integer() : Coerce(context, arguments, {Expected::Numeric()})[0];
  if (!to_null) type = FindWiderType(type, Integer(), context.ansi);
  auto kernel = WithNumber(*type, [&](auto tag) -> logical::ScalarKernel {
    using T = typename decltype(tag)::type;
    if (to_null) {
      return RowKernel<T(T)>(type, [](T v) -> std::optional<T> {
        if (v == 0) return std::nullopt;
        return v;
      });
    }
    return RowKernel<T(std::optional<T>)>(type, [](std::optional<T> v) { return v.value_or(T{0}); });
  });
  auto binding = NewBinding(context, arguments, type, {type}, kernel, to_null ? Nulls::kAlways : Nulls::kNever);
  binding->can_fail = false;
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, PartitionValues) {
  registry.Add({.name = "monotonically_increasing_id",
                .usage = "A number that grows from row to row: the partition in the upper 31 bits, the row below.",
                .example = "SELECT monotonically_increasing_id()",
                .since = "1.4.0",
                .bind = BindScalar(BindMonotonicId)});
  registry.Add({.name = "spark_partition_id",
                .usage = "The number of the partition.",
                .example = "SELECT spark_partition_id()",
                .since = "1.4.0",
                .bind = OfContext({Integer(), false, "SPARK_PARTITION_ID"}, [](const EvalContext& context) {
                  return std::make_shared<arrow::Int32Scalar>(context.partition_id);
                })});
}

SLUICE_REGISTER(FunctionRegistry, FileValues) {
  registry.Add({.name = "input_file_name",
                .usage = "The name of the file that is read, empty elsewhere.",
                .example = "SELECT input_file_name()",
                .since = "1.5.0",
                .bind = OfContext({String(), false}, TextOf(&EvalContext::input_file_name))});
}

SLUICE_REGISTER(FunctionRegistry, SessionValues) {
  registry.Add({.name = "current_user",
                .aliases = {"user", "session_user"},
                .usage = "The name of the session's user.",
                .example = "SELECT current_user() IS NOT NULL",
                .since = "3.2.0",
                .bind = OfContext({String()}, TextOf(&EvalContext::current_user))});
  registry.Add({.name = "current_database",
                .aliases = {"current_schema"},
                .usage = "The current database.",
                .example = "SELECT current_database()",
                .since = "1.6.0",
                .bind = OfContext({String(), true, "current_schema"}, TextOf(&EvalContext::current_database))});
  registry.Add({.name = "current_catalog",
                .usage = "The current catalog.",
                .example = "SELECT current_catalog()",
                .since = "3.1.0",
                .bind = OfContext({String()}, FixedText("spark_catalog"))});
  registry.Add({.name = "version",
                .usage = "The version of Spark that is spoken, and its revision.",
                .example = "SELECT version() IS NOT NULL",
                .since = "3.0.0",
                .bind = OfContext({String()}, FixedText("4.2.0 sluice"))});
  registry.Add({.name = "typeof",
                .usage = "The type of a value as DDL text.",
                .example = "SELECT typeof(array(1))",
                .since = "3.0.0",
                .bind = BindScalar(BindTypeof)});
}

SLUICE_REGISTER(FunctionRegistry, Assertions) {
  registry.Add({.name = "raise_error",
                .usage = "Raises an error with the given message.",
                .example = "SELECT if(true, 1, raise_error('never'))",
                .since = "3.1.0",
                .bind = BindScalar(BindRaiseError)});
  registry.Add({.name = "assert_true",
                .usage = "Raises an error unless the condition is true.",
                .example = "SELECT assert_true(0 < 1)",
                .since = "2.0.0",
                .bind = BindScalar(BindAssertTrue)});
}

SLUICE_REGISTER(FunctionRegistry, ZeroAndNull) {
  registry.Add({.name = "nullifzero",
                .usage = "Null for 0, else the number.",
                .example = "SELECT nullifzero(0)",
                .since = "4.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindZero(true, context, arguments);
                })});
  registry.Add({.name = "zeroifnull",
                .usage = "0 for null, else the number.",
                .example = "SELECT zeroifnull(NULL)",
                .since = "4.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindZero(false, context, arguments);
                })});
}

}  // namespace sluice::functions
