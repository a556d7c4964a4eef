// Argument checks of binders and the errors they raise.
#include "functions/signature.h"

#include <arrow/scalar.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace sluice::functions {

using types::TypePtr;

std::string PrettyName(const BindContext& context) {
  std::string out = context.name;
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string CallSql(const BindContext& context, const Arguments& arguments) {
  std::string out = PrettyName(context) + "(";
  for (size_t i = 0; i < arguments.size(); ++i) out += (i ? ", " : "") + arguments[i].sql;
  return out + ")";
}

bool AnyNullable(const Arguments& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const Argument& argument) { return argument.nullable; });
}

std::string QuotedName(const BindContext& context) { return "`" + PrettyName(context) + "`"; }
std::string Quoted(const types::DataType& type) { return "\"" + type.Sql() + "\""; }
std::string QuotedSql(const std::string& sql) { return "\"" + sql + "\""; }

std::string QuotedTypes(const Arguments& arguments) {
  std::string out;
  for (const Argument& argument : arguments) out += (out.empty() ? "" : ", ") + Quoted(*argument.type);
  return out;
}

std::string QuotedTypesOr(const Arguments& arguments) {
  std::string out;
  for (const Argument& argument : arguments) out += (out.empty() ? "" : " or ") + Quoted(*argument.type);
  return out;
}

void CheckCount(const BindContext& context, const Arguments& arguments, int least, int most) {
  int count = static_cast<int>(arguments.size());
  if (count >= least && (most == kUnlimited || count <= most)) return;
  std::string expected;
  if (most == kUnlimited) {
    expected = fmt::format("> {}", least - 1);
  } else if (least == most) {
    expected = std::to_string(least);
  } else {
    for (int i = least; i <= most; ++i) expected += (i == least ? "[" : ", ") + std::to_string(i);
    expected += "]";
  }
  throw base::Error(base::ErrorKind::kAnalysis, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                    {{"functionName", QuotedName(context)},
                     {"expectedNum", expected},
                     {"actualNum", std::to_string(count)},
                     {"docroot", "https://spark.apache.org/docs/latest"}});
}

std::string Ordinal(int position) {
  static constexpr const char* kNames[] = {"first",      "second",     "third",     "fourth",   "fifth",    "sixth",
                                           "seventh",    "eighth",     "ninth",     "tenth",    "eleventh", "twelfth",
                                           "thirteenth", "fourteenth", "fifteenth", "sixteenth"};
  if (position < static_cast<int>(std::size(kNames))) return kNames[position];
  return fmt::format("{}th", position + 1);
}

base::Error TypeMismatch(const std::string& sql, const std::string& sub, base::Error::Parameters parameters) {
  parameters["sqlExpr"] = QuotedSql(sql);
  return base::Error(base::ErrorKind::kAnalysis, "DATATYPE_MISMATCH." + sub, std::move(parameters));
}

base::Error TypeMismatch(const BindContext& context, const Arguments& arguments, const std::string& sub,
                         base::Error::Parameters parameters) {
  return TypeMismatch(CallSql(context, arguments), sub, std::move(parameters));
}

base::Error UnexpectedInput(const BindContext& context, const Arguments& arguments, int position,
                            const std::string& required) {
  const Argument& argument = arguments[position];
  return TypeMismatch(context, arguments, "UNEXPECTED_INPUT_TYPE",
                      {{"paramIndex", Ordinal(position)},
                       {"requiredType", required},
                       {"inputSql", QuotedSql(argument.sql)},
                       {"inputType", Quoted(*argument.type)}});
}

std::vector<TypePtr> Coerce(const BindContext& context, const Arguments& arguments,
                            const std::vector<Expected>& expected, const std::string& sql) {
  std::vector<TypePtr> out;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Expected& wanted = expected[std::min(i, expected.size() - 1)];
    TypePtr type = wanted.ImplicitCast(arguments[i].type, context.ansi);
    if (!type) {
      throw TypeMismatch(sql, "UNEXPECTED_INPUT_TYPE",
                         {{"paramIndex", Ordinal(static_cast<int>(i))},
                          {"requiredType", wanted.Sql()},
                          {"inputSql", QuotedSql(arguments[i].sql)},
                          {"inputType", Quoted(*arguments[i].type)}});
    }
    out.push_back(std::move(type));
  }
  return out;
}

std::vector<TypePtr> Coerce(const BindContext& context, const Arguments& arguments,
                            const std::vector<Expected>& expected) {
  return Coerce(context, arguments, expected, CallSql(context, arguments));
}

std::string StringLiteral(const Argument& argument) {
  return static_cast<const arrow::BaseBinaryScalar&>(*argument.literal->value).value->ToString();
}

bool IsNullLiteral(const Argument& argument) { return argument.literal && argument.literal->is_null(); }

int64_t LongLiteral(const Argument& argument) {
  const arrow::Scalar& value = *argument.literal->value;
  switch (value.type->id()) {
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Scalar&>(value).value;
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Scalar&>(value).value;
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Scalar&>(value).value;
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Scalar&>(value).value;
    default:
      throw base::Error::Internal("A constant is not an integer: " + value.ToString());
  }
}

bool BoolLiteral(const Argument& argument) {
  return static_cast<const arrow::BooleanScalar&>(*argument.literal->value).value;
}

std::shared_ptr<logical::ScalarBinding> NewBinding(const BindContext& context, const Arguments& arguments, TypePtr type,
                                                   std::vector<TypePtr> argument_types, logical::ScalarKernel kernel,
                                                   Nulls nulls) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = PrettyName(context);
  binding->type = std::move(type);
  bool forced = false;
  for (size_t i = 0; i < arguments.size() && i < argument_types.size(); ++i) {
    forced = forced || CastForcesNull(*arguments[i].type, *argument_types[i]);
  }
  binding->nullable = nulls == Nulls::kAlways || (nulls == Nulls::kPropagate && (AnyNullable(arguments) || forced));
  binding->argument_types = std::move(argument_types);
  binding->kernel = std::move(kernel);
  return binding;
}

BindScalar Simple(SimpleRule rule) {
  return [rule = std::move(rule)](const BindContext& context, const Arguments& arguments) {
    int declared = static_cast<int>(rule.parameters.size());
    CheckCount(context, arguments, declared - rule.optional, rule.variadic ? kUnlimited : declared);
    auto types = arguments.empty() ? std::vector<TypePtr>{} : Coerce(context, arguments, rule.parameters);
    auto binding = NewBinding(context, arguments, rule.type, std::move(types), rule.kernel, rule.nulls);
    binding->can_fail = rule.can_fail;
    return binding;
  };
}

}  // namespace sluice::functions
