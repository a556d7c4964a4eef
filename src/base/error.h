// The one exception type of the engine: a Spark error condition with its parameters.
#pragma once

#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::base {

/// The JVM exception class a Spark client would see; it decides the Python exception type.
enum class ErrorKind {
  kAnalysis,          ///< org.apache.spark.sql.AnalysisException
  kExtendedAnalysis,  ///< …catalyst.ExtendedAnalysisException: an AnalysisException that carries a plan
  kParse,             ///< org.apache.spark.sql.catalyst.parser.ParseException
  kStreamingQuery,    ///< org.apache.spark.sql.streaming.StreamingQueryException
  kIllegalArgument,   ///< org.apache.spark.SparkIllegalArgumentException
  kUnsupportedOperation,
  kArithmetic,
  kDateTime,
  kNumberFormat,
  kArrayIndexOutOfBounds,
  kNoSuchElement,
  kRuntime,        ///< org.apache.spark.SparkRuntimeException
  kSpark,          ///< org.apache.spark.SparkException
  kSql,            ///< org.apache.spark.SparkSQLException: handles, cursors, cancelled operations
  kClassNotFound,  ///< org.apache.spark.SparkClassNotFoundException
  kPython,         ///< org.apache.spark.api.python.PythonException
  kInvalidPlan,    ///< org.apache.spark.sql.connect.common.InvalidPlanInput
  kIllegalState,   ///< java.lang.IllegalStateException
  kFileNotFound,   ///< java.io.FileNotFoundException
  kConcurrentModification,
  kUpgrade,   ///< org.apache.spark.SparkUpgradeException
  kInternal,  ///< a defect of the engine itself
};

enum class ErrorDomain { kUser, kExternal, kInternal };

/// An error that ends a query, never the server. `what()` is the message a Spark client shows: "[CONDITION] text
/// SQLSTATE: nnnnn" for named conditions, the bare text for `_LEGACY_ERROR_TEMP_…` and unnamed ones.
class Error : public std::exception {
 public:
  using Parameters = std::map<std::string, std::string>;

  /// Builds the message from the template of `condition` (error_conditions.cc); a "Main.SUB" condition joins both
  /// texts. An unknown condition is a defect and becomes an INTERNAL_ERROR that names it.
  Error(ErrorKind kind, std::string condition, Parameters parameters = {});

  /// An error without a condition (or with a legacy one) and with its message given as it is.
  static Error Plain(ErrorKind kind, std::string message, std::string condition = "");
  /// INTERNAL_ERROR: a broken invariant of the engine.
  static Error Internal(std::string message);
  /// UNSUPPORTED_FEATURE-like answer: names the thing and says what to do instead.
  static Error Unsupported(const std::string& what, const std::string& instead = "");

  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& message() const { return message_; }
  ErrorKind kind() const { return kind_; }
  const std::string& condition() const { return condition_; }
  const std::string& sql_state() const { return sql_state_; }
  const Parameters& parameters() const { return parameters_; }
  ErrorDomain domain() const { return domain_; }
  bool retryable() const { return retryable_; }
  /// The exception that caused this one, outermost first ("Caused by" in the client's stack trace).
  const std::vector<std::string>& causes() const { return causes_; }

  Error& WithDomain(ErrorDomain domain, bool retryable);
  Error& WithCause(std::string cause);
  /// Appends `text` to the message as it is.
  Error& Append(const std::string& text);
  /// Appends ";\n" and the plan, as an AnalysisException with a plan prints.
  Error& WithPlan(const std::string& plan);
  /// Appends "; line L pos P", before the plan if there is one; the first call, from the innermost expression, counts.
  Error& WithOrigin(int line, int position);
  /// Appends " (line L, pos P)" and the "== SQL ==" block of a ParseException. `line` from 1, `position` from 0.
  Error& WithSqlPosition(const std::string& sql, int line, int position);
  /// Appends the "== SQL (line 1, position 8) ==" block of QueryContext::Summary().
  Error& WithQueryContext(const std::string& summary);
  /// The same for a ParseException that knows no position.
  Error& WithSqlText(const std::string& sql);

  /// The JVM class names from the most derived up, as ErrorInfo's `classes` lists them.
  std::vector<std::string> JvmClasses() const;

 private:
  Error() = default;
  Error& Surround(const std::string& block);
  ErrorKind kind_ = ErrorKind::kInternal;
  std::string condition_;
  std::string sql_state_;
  std::string message_;
  size_t plan_at_ = std::string::npos;
  bool has_origin_ = false;
  Parameters parameters_;
  ErrorDomain domain_ = ErrorDomain::kUser;
  bool retryable_ = false;
  std::vector<std::string> causes_;
};

/// The text template and SQLSTATE of a condition; `text` has `<parameter>` marks. Null if unknown.
struct ErrorCondition {
  std::string_view name;
  std::string_view sql_state;
  std::string_view text;
};
const ErrorCondition* FindErrorCondition(std::string_view name);

}  // namespace sluice::base
