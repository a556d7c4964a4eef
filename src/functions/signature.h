// What binders share: counting and coercing arguments, and Spark's messages when they don't fit.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "functions/coercion.h"
#include "functions/registry.h"

namespace sluice::functions {

inline constexpr int kUnlimited = -1;

/// Throws WRONG_NUM_ARGS.WITHOUT_SUGGESTION unless least ≤ number of arguments ≤ most.
void CheckCount(const BindContext& context, const Arguments& arguments, int least, int most);

/// Lower-case name for generated column names.
std::string PrettyName(const BindContext& context);
/// "name(a, b)".
std::string CallSql(const BindContext& context, const Arguments& arguments);
bool AnyNullable(const Arguments& arguments);

/// The types the arguments are cast to; the last of `expected` stands for all further arguments. Throws
/// DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE.
std::vector<types::TypePtr> Coerce(const BindContext& context, const Arguments& arguments,
                                   const std::vector<Expected>& expected);
/// The same with the call printed as `sql` in the message (operators).
std::vector<types::TypePtr> Coerce(const BindContext& context, const Arguments& arguments,
                                   const std::vector<Expected>& expected, const std::string& sql);

/// DATATYPE_MISMATCH.`sub` with sqlExpr set to the call.
base::Error TypeMismatch(const BindContext& context, const Arguments& arguments, const std::string& sub,
                         base::Error::Parameters parameters);
/// The same for an expression printed as `sql`.
base::Error TypeMismatch(const std::string& sql, const std::string& sub, base::Error::Parameters parameters);
/// DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE for the argument at `position`, which should have been `required`.
base::Error UnexpectedInput(const BindContext& context, const Arguments& arguments, int position,
                            const std::string& required);
/// "first", "second", … as messages count parameters, from 0.
std::string Ordinal(int position);
/// `"INT"`: a type as messages quote it.
std::string Quoted(const types::DataType& type);
/// `"a + 1"`: an expression as messages quote it.
std::string QuotedSql(const std::string& sql);
/// "`name`": a function name as messages quote it.
std::string QuotedName(const BindContext& context);
/// The arguments' types as lists in messages: `"INT", "STRING"` and `"INT" or "STRING"`.
std::string QuotedTypes(const Arguments& arguments);
std::string QuotedTypesOr(const Arguments& arguments);

/// Literal values of arguments; the argument must have been checked to be a constant that is not null.
std::string StringLiteral(const Argument& argument);
int64_t LongLiteral(const Argument& argument);
bool BoolLiteral(const Argument& argument);
bool IsNullLiteral(const Argument& argument);

/// When a result can be null.
enum class Nulls { kPropagate, kAlways, kNever };

/// The rule of most functions: fixed parameter types, fixed result type, one kernel. The last `optional` parameters may
/// be left out; `variadic` lets the last one repeat.
struct SimpleRule {
  std::vector<Expected> parameters;
  types::TypePtr type;
  logical::ScalarKernel kernel;
  int optional = 0;
  bool variadic = false;
  Nulls nulls = Nulls::kPropagate;
  bool can_fail = true;  ///< see ScalarBinding::can_fail
};
BindScalar Simple(SimpleRule rule);

/// Starts a binding: name, type, nullability from the arguments.
std::shared_ptr<logical::ScalarBinding> NewBinding(const BindContext& context, const Arguments& arguments,
                                                   types::TypePtr type, std::vector<types::TypePtr> argument_types,
                                                   logical::ScalarKernel kernel, Nulls nulls = Nulls::kPropagate);

}  // namespace sluice::functions
