// Elementary functions of real numbers.
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "functions/kernels.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::ScalarBindingPtr;
using logical::ScalarKernel;
using types::Double;

namespace {

/// Spark prints most of these functions in capitals, unless they are called by an alias.
BindScalar Named(const char* shown, const char* canonical, BindScalar bind) {
  return [=](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    auto binding = bind(context, arguments);
    if (PrettyName(context) != canonical) return binding;
    auto copy = std::make_shared<logical::ScalarBinding>(*binding);
    copy->name = shown;
    return copy;
  };
}

using RealFunction = double (*)(double);

void AddReal(FunctionRegistry& registry, const char* name, const char* shown, const char* usage, const char* since,
             RealFunction function, const char* example_argument = "1") {
  auto bind = Simple({.parameters = {Double()},
                      .type = Double(),
                      .kernel = TotalKernel<double(double)>(Double(), [function](double v) { return function(v); }),
                      .can_fail = false});
  registry.Add({.name = name,
                .usage = usage,
                .example = fmt::format("SELECT {}({})", name, example_argument),
                .since = since,
                .bind = Named(shown, name, bind)});
}

/// In higher precision, then rounded: std::cbrt may be off in the last digit, Java's is not.
double CubeRoot(double value) { return static_cast<double>(std::cbrt(static_cast<long double>(value))); }

/// Logarithms are null where they are not defined.
void AddLog(FunctionRegistry& registry, const char* name, const char* shown, const char* usage, const char* since,
            RealFunction function, double above) {
  auto bind = Simple({.parameters = {Double()},
                      .type = Double(),
                      .kernel = RowKernel<double(double)>(Double(),
                                                          [function, above](double v) -> std::optional<double> {
                                                            if (v <= above) return std::nullopt;
                                                            return function(v);
                                                          }),
                      .nulls = Nulls::kAlways,
                      .can_fail = false});
  registry.Add({.name = name,
                .usage = usage,
                .example = fmt::format("SELECT {}(1)", name),
                .since = since,
                .bind = Named(shown, name, bind)});
}

using RealFunction2 = double (*)(double, double);

void AddReal2(FunctionRegistry& registry, const char* name, std::vector<std::string> aliases, const char* shown,
              const char* usage, const char* since, RealFunction2 function) {
  auto bind = Simple({.parameters = {Double(), Double()},
                      .type = Double(),
                      .kernel = TotalKernel<double(double, double)>(
                          Double(), [function](double a, double b) { return function(a, b); }),
                      .can_fail = false});
  registry.Add({.name = name,
                .aliases = std::move(aliases),
                .usage = usage,
                .example = fmt::format("SELECT {}(3, 4)", name),
                .since = since,
                .bind = Named(shown, name, bind)});
}

double Cot(double v) { return 1 / std::tan(v); }
double Sec(double v) { return 1 / std::cos(v); }
double Csc(double v) { return 1 / std::sin(v); }
double Degrees(double v) { return v * (180.0 / std::numbers::pi); }
double Radians(double v) { return v / 180.0 * std::numbers::pi; }
double Signum(double v) { return v > 0 ? 1 : v < 0 ? -1 : v; }
/// Java's atan2(-0.0, …) of Spark adds 0.0 to both, so that -0.0 counts as 0.0.
double Atan2(double y, double x) { return std::atan2(y + 0.0, x + 0.0); }
/// Math.pow: a NaN exponent gives NaN, also for base 1; 1 to an infinite power is NaN.
double Power(double a, double b) {
  if (b != b) return b;
  if (std::isinf(b) && (a == 1 || a == -1)) return std::nan("");
  return std::pow(a, b);
}
double Asinh(double v) {
  if (v == -INFINITY) return v;
  return std::log(v + std::sqrt(v * v + 1));
}
double Acosh(double v) { return std::log(v + std::sqrt(v * v - 1)); }
double Atanh(double v) { return 0.5 * (std::log1p(v) - std::log1p(-v)); }
double Log2(double v) { return std::log(v) / std::log(2.0); }
double Rint(double v) { return std::nearbyint(v); }

ScalarBindingPtr BindLog(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  auto types = Coerce(context, arguments, {Double()});
  if (arguments.size() == 1) {
    auto kernel = RowKernel<double(double)>(Double(), [](double v) -> std::optional<double> {
      if (v <= 0) return std::nullopt;
      return std::log(v);
    });
    auto binding = NewBinding(context, arguments, Double(), types, kernel, Nulls::kAlways);
    binding->sql = [](const std::vector<std::string>& texts) { return "LOG(E(), " + texts[0] + ")"; };
    return binding;
  }
  auto kernel = RowKernel<double(double, double)>(Double(), [](double base, double v) -> std::optional<double> {
    if (base <= 0 || v <= 0) return std::nullopt;
    return std::log(v) / std::log(base);
  });
  auto binding = NewBinding(context, arguments, Double(), types, kernel, Nulls::kAlways);
  binding->name = "LOG";
  return binding;
}

void AddConstant(FunctionRegistry& registry, const char* name, const char* shown, const char* usage, double value) {
  auto bind = [shown, value](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 0, 0);
    auto kernel = [value](logical::EvalContext&, const std::vector<arrow::Datum>&, int64_t) {
      return arrow::Datum(std::make_shared<arrow::DoubleScalar>(value));
    };
    auto binding = NewBinding(context, arguments, Double(), {}, kernel, Nulls::kNever);
    binding->name = shown;
    binding->can_fail = false;
    return binding;
  };
  registry.Add({.name = name,
                .usage = usage,
                .example = fmt::format("SELECT {}()", name),
                .since = "1.5.0",
                .bind = BindScalar(bind)});
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Powers) {
  AddReal(registry, "sqrt", "SQRT", "The square root.", "1.1.1", std::sqrt, "4");
  AddReal(registry, "cbrt", "CBRT", "The cube root.", "1.4.0", CubeRoot, "27.0");
  AddReal(registry, "exp", "EXP", "e to a power.", "1.4.0", std::exp, "0");
  AddReal(registry, "expm1", "EXPM1", "e to a power, less 1.", "1.4.0", std::expm1, "0");
  AddReal2(registry, "power", {"pow"}, "POWER", "The first number to the power of the second.", "1.4.0", Power);
  AddReal2(registry, "hypot", {}, "HYPOT", "The square root of the sum of two squares.", "1.4.0", std::hypot);
}

SLUICE_REGISTER(FunctionRegistry, Logarithms) {
  AddLog(registry, "ln", "ln", "The natural logarithm.", "1.4.0", std::log, 0);
  AddLog(registry, "log10", "LOG10", "The logarithm to base 10.", "1.4.0", std::log10, 0);
  AddLog(registry, "log2", "LOG2", "The logarithm to base 2.", "1.4.0", Log2, 0);
  AddLog(registry, "log1p", "LOG1P", "The natural logarithm of 1 more than the number.", "1.4.0", std::log1p, -1);
  registry.Add({.name = "log",
                .usage = "The logarithm of the last argument to the base of the first, e without one.",
                .example = "SELECT log(10, 100)",
                .since = "1.5.0",
                .bind = BindScalar(BindLog)});
}

SLUICE_REGISTER(FunctionRegistry, Trigonometry) {
  AddReal(registry, "sin", "SIN", "The sine.", "1.4.0", std::sin, "0");
  AddReal(registry, "cos", "COS", "The cosine.", "1.4.0", std::cos, "0");
  AddReal(registry, "tan", "TAN", "The tangent.", "1.4.0", std::tan, "0");
  AddReal(registry, "cot", "COT", "The cotangent.", "2.3.0", Cot);
  AddReal(registry, "sec", "SEC", "The secant.", "3.3.0", Sec);
  AddReal(registry, "csc", "CSC", "The cosecant.", "3.3.0", Csc);
  AddReal(registry, "asin", "ASIN", "The inverse sine.", "1.4.0", std::asin, "0");
  AddReal(registry, "acos", "ACOS", "The inverse cosine.", "1.4.0", std::acos);
  AddReal(registry, "atan", "ATAN", "The inverse tangent.", "1.4.0", std::atan, "0");
  AddReal(registry, "sinh", "SINH", "The hyperbolic sine.", "1.4.0", std::sinh, "0");
  AddReal(registry, "cosh", "COSH", "The hyperbolic cosine.", "1.4.0", std::cosh, "0");
  AddReal(registry, "tanh", "TANH", "The hyperbolic tangent.", "1.4.0", std::tanh, "0");
  AddReal(registry, "asinh", "ASINH", "The inverse hyperbolic sine.", "3.0.0", Asinh, "0");
  AddReal(registry, "acosh", "ACOSH", "The inverse hyperbolic cosine.", "3.0.0", Acosh);
  AddReal(registry, "atanh", "ATANH", "The inverse hyperbolic tangent.", "3.0.0", Atanh, "0");
  AddReal2(registry, "atan2", {}, "ATAN2", "The angle of the point of a y and an x.", "1.4.0", Atan2);
  AddReal(registry, "degrees", "DEGREES", "Radians as degrees.", "1.4.0", Degrees);
  AddReal(registry, "radians", "RADIANS", "Degrees as radians.", "1.4.0", Radians, "180");
}

SLUICE_REGISTER(FunctionRegistry, MathConstants) {
  AddConstant(registry, "pi", "PI", "The number pi.", std::numbers::pi);
  AddConstant(registry, "e", "E", "The base of the natural logarithm.", std::numbers::e);
}

SLUICE_REGISTER(FunctionRegistry, RealRounding) {
  AddReal(registry, "rint", "rint", "The nearest whole number, the even one of two, as a double.", "1.4.0", Rint,
          "12.3456");
}

SLUICE_REGISTER(FunctionRegistry, Signum) {
  // An interval has a sign, too.
  auto bind = [](const BindContext& context, const Arguments& arguments) -> ScalarBindingPtr {
    CheckCount(context, arguments, 1, 1);
    auto type =
        Coerce(context, arguments, {Expected::OneOf({Double(), Expected::YearMonth(), Expected::DayTime()})})[0];
    ScalarKernel kernel = TotalKernel<double(double)>(Double(), Signum);
    if (type->Is(types::TypeId::kYearMonthInterval)) {
      kernel = TotalKernel<double(int32_t)>(Double(), [](int32_t v) { return Signum(v); });
    } else if (type->Is(types::TypeId::kDayTimeInterval)) {
      kernel = TotalKernel<double(int64_t)>(Double(), [](int64_t v) { return Signum(static_cast<double>(v)); });
    }
    auto binding = NewBinding(context, arguments, Double(), {type}, kernel);
    binding->can_fail = false;
    return binding;
  };
  registry.Add({.name = "signum",
                .aliases = {"sign"},
                .usage = "-1, 0 or 1 by the sign of the number.",
                .example = "SELECT signum(40)",
                .since = "1.4.0",
                .bind = Named("SIGNUM", "signum", BindScalar(bind))});
}

}  // namespace sluice::functions
