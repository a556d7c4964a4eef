// What the files of the arithmetic operators share.
#pragma once

#include "functions/signature.h"

namespace sluice::functions {

enum class ArithmeticOp { kAdd, kSubtract, kMultiply, kDivide, kRemainder, kIntegralDivide, kPmod };

/// What happens to a row that overflows or divides by zero.
enum class ArithmeticMode { kAnsi, kLegacy, kTry };

/// "+", "div", …
const char* Symbol(ArithmeticOp op);

/// A kernel over two integers or two floating point numbers of the same type.
logical::ScalarKernel NumberArithmetic(ArithmeticOp op, const types::TypePtr& type, ArithmeticMode mode);
/// The result type of an operator on two decimals. Without `allow_precision_loss` digits after the point are kept
/// rather than those before it.
types::TypePtr DecimalResult(ArithmeticOp op, const types::DataType& left, const types::DataType& right,
                             bool allow_precision_loss);
logical::ScalarKernel DecimalArithmetic(ArithmeticOp op, const types::TypePtr& left, const types::TypePtr& right,
                                        const types::TypePtr& result, ArithmeticMode mode);
/// An operator with a date, timestamp or interval among its operands; null if no rule applies.
logical::ScalarBindingPtr BindDatetimeArithmetic(ArithmeticOp op, const BindContext& context,
                                                 const Arguments& arguments, ArithmeticMode mode);

/// ARITHMETIC_OVERFLOW with the hint to use `function` (none if empty).
base::Error Overflow(const std::string& function, const std::string& message = "overflow");
base::Error DivideByZero();
base::Error RemainderByZero();
base::Error IntervalOverflow(const std::string& function = "");

/// The printed form "(a + b)".
std::function<std::string(const std::vector<std::string>&)> InfixSql(std::string symbol);

}  // namespace sluice::functions
