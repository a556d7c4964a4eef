// Message building and JVM class lists of the engine's exception type.
#include "base/error.h"

#include <fmt/format.h>

namespace sluice::base {
namespace {

std::string Fill(std::string_view text, const Error::Parameters& parameters) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    size_t open = text.find('<', at);
    if (open == std::string_view::npos) break;
    size_t close = text.find('>', open);
    if (close == std::string_view::npos) break;
    auto found = parameters.find(std::string(text.substr(open + 1, close - open - 1)));
    out.append(text.substr(at, open - at));
    out.append(found == parameters.end() ? std::string(text.substr(open, close - open + 1)) : found->second);
    at = close + 1;
  }
  out.append(text.substr(at));
  return out;
}

}  // namespace

Error::Error(ErrorKind kind, std::string condition, Parameters parameters)
    : kind_(kind), condition_(std::move(condition)), parameters_(std::move(parameters)) {
  const ErrorCondition* found = FindErrorCondition(condition_);
  if (!found) {
    message_ = fmt::format("[INTERNAL_ERROR] No message for the error condition {}. SQLSTATE: XX000", condition_);
    condition_ = "INTERNAL_ERROR";
    sql_state_ = "XX000";
    return;
  }
  sql_state_ = found->sql_state;
  std::string text;
  if (size_t dot = condition_.find('.'); dot != std::string::npos) {
    if (const ErrorCondition* main = FindErrorCondition(std::string_view(condition_).substr(0, dot))) {
      text = Fill(main->text, parameters_) + " ";
      if (sql_state_.empty()) sql_state_ = main->sql_state;
    }
  }
  text += Fill(found->text, parameters_);
  bool legacy = condition_.starts_with("_LEGACY_ERROR_");
  message_ = legacy ? text : fmt::format("[{}] {}", condition_, text);
  if (!legacy && !sql_state_.empty()) message_ += " SQLSTATE: " + sql_state_;
}

Error Error::Plain(ErrorKind kind, std::string message, std::string condition) {
  Error error;
  error.kind_ = kind;
  error.message_ = std::move(message);
  error.condition_ = std::move(condition);
  return error;
}

Error Error::Internal(std::string message) {
  Error error(ErrorKind::kInternal, "INTERNAL_ERROR", {{"message", std::move(message)}});
  error.domain_ = ErrorDomain::kInternal;
  return error;
}

Error Error::Unsupported(const std::string& what, const std::string& instead) {
  return Error(ErrorKind::kUnsupportedOperation, "UNSUPPORTED_FEATURE.NOT_IN_SLUICE",
               {{"feature", what}, {"instead", instead.empty() ? "" : " " + instead}});
}

Error& Error::WithDomain(ErrorDomain domain, bool retryable) {
  domain_ = domain;
  retryable_ = retryable;
  return *this;
}

Error& Error::WithCause(std::string cause) {
  causes_.push_back(std::move(cause));
  return *this;
}

Error& Error::Append(const std::string& text) {
  message_ += text;
  return *this;
}

Error& Error::WithPlan(const std::string& plan) {
  if (kind_ == ErrorKind::kAnalysis) kind_ = ErrorKind::kExtendedAnalysis;
  plan_at_ = message_.size();
  message_ += ";\n" + plan;
  return *this;
}

Error& Error::WithOrigin(int line, int position) {
  if (has_origin_) return *this;
  has_origin_ = true;
  message_.insert(plan_at_ == std::string::npos ? message_.size() : plan_at_,
                  fmt::format("; line {} pos {}", line, position));
  return *this;
}

// A ParseException's message starts on a line of its own.
Error& Error::Surround(const std::string& block) {
  std::string message(1, '\n');
  message.append(message_).append(block);
  message_ = std::move(message);
  return *this;
}

Error& Error::WithSqlPosition(const std::string& sql, int line, int position) {
  std::string block = fmt::format(" (line {}, pos {})\n\n== SQL ==\n", line, position);
  size_t last = sql.find_last_not_of('\n');
  std::string_view rest = std::string_view(sql).substr(0, last == std::string::npos ? 0 : last + 1);
  for (int number = 1;; ++number) {
    size_t end = rest.find('\n');
    block.append(rest.substr(0, end)).append("\n");
    if (number == line) block.append(position, '-').append("^^^\n");
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return Surround(block);
}

Error& Error::WithQueryContext(const std::string& summary) {
  if (kind_ == ErrorKind::kParse) return Surround("\n" + summary);
  message_.append("\n").append(summary);
  return *this;
}

Error& Error::WithSqlText(const std::string& sql) { return Surround("\n== SQL ==\n" + sql); }

std::vector<std::string> Error::JvmClasses() const {
  auto chain = [](std::initializer_list<const char*> names) {
    std::vector<std::string> out(names.begin(), names.end());
    out.insert(out.end(), {"java.lang.Exception", "java.lang.Throwable", "java.lang.Object"});
    return out;
  };
  switch (kind_) {
    case ErrorKind::kAnalysis:
      return chain({"org.apache.spark.sql.AnalysisException"});
    case ErrorKind::kExtendedAnalysis:
      return chain(
          {"org.apache.spark.sql.catalyst.ExtendedAnalysisException", "org.apache.spark.sql.AnalysisException"});
    case ErrorKind::kParse:
      return chain({"org.apache.spark.sql.catalyst.parser.ParseException", "org.apache.spark.sql.AnalysisException"});
    case ErrorKind::kStreamingQuery:
      return chain({"org.apache.spark.sql.streaming.StreamingQueryException"});
    case ErrorKind::kIllegalArgument:
      return condition_.empty() ? chain({"java.lang.IllegalArgumentException", "java.lang.RuntimeException"})
                                : chain({"org.apache.spark.SparkIllegalArgumentException",
                                         "java.lang.IllegalArgumentException", "java.lang.RuntimeException"});
    case ErrorKind::kUnsupportedOperation:
      if (condition_.empty()) {
        return chain({"java.lang.UnsupportedOperationException", "java.lang.RuntimeException"});
      }
      return chain({"org.apache.spark.SparkUnsupportedOperationException", "java.lang.UnsupportedOperationException",
                    "java.lang.RuntimeException"});
    case ErrorKind::kArithmetic:
      return chain(
          {"org.apache.spark.SparkArithmeticException", "java.lang.ArithmeticException", "java.lang.RuntimeException"});
    case ErrorKind::kDateTime:
      return chain(
          {"org.apache.spark.SparkDateTimeException", "java.time.DateTimeException", "java.lang.RuntimeException"});
    case ErrorKind::kNumberFormat:
      return chain({"org.apache.spark.SparkNumberFormatException", "java.lang.NumberFormatException",
                    "java.lang.IllegalArgumentException", "java.lang.RuntimeException"});
    case ErrorKind::kArrayIndexOutOfBounds:
      return chain({"org.apache.spark.SparkArrayIndexOutOfBoundsException", "java.lang.ArrayIndexOutOfBoundsException",
                    "java.lang.IndexOutOfBoundsException", "java.lang.RuntimeException"});
    case ErrorKind::kNoSuchElement:
      return chain({"org.apache.spark.SparkNoSuchElementException", "java.util.NoSuchElementException",
                    "java.lang.RuntimeException"});
    case ErrorKind::kRuntime:
      return chain({"org.apache.spark.SparkRuntimeException", "java.lang.RuntimeException"});
    case ErrorKind::kSpark:
    case ErrorKind::kInternal:
      return chain({"org.apache.spark.SparkException"});
    case ErrorKind::kSql:
      return chain({"org.apache.spark.SparkSQLException", "java.sql.SQLException"});
    case ErrorKind::kClassNotFound:
      return chain({"org.apache.spark.SparkClassNotFoundException", "java.lang.ClassNotFoundException",
                    "java.lang.ReflectiveOperationException"});
    case ErrorKind::kPython:
      if (condition_ == "STREAMING_PYTHON_RUNNER_INITIALIZATION_FAILURE") {
        return chain({"org.apache.spark.api.python.StreamingPythonRunner$StreamingPythonRunnerInitializationException",
                      "org.apache.spark.SparkPythonException", "java.lang.RuntimeException"});
      }
      return chain({"org.apache.spark.api.python.PythonException", "java.lang.RuntimeException"});
    case ErrorKind::kInvalidPlan:
      return chain({"org.apache.spark.sql.connect.common.InvalidPlanInput"});
    case ErrorKind::kIllegalState:
      return chain({"java.lang.IllegalStateException", "java.lang.RuntimeException"});
    case ErrorKind::kFileNotFound:
      return chain(
          {"org.apache.spark.SparkFileNotFoundException", "java.io.FileNotFoundException", "java.io.IOException"});
    case ErrorKind::kConcurrentModification:
      return chain({"org.apache.spark.SparkConcurrentModificationException",
                    "java.util.ConcurrentModificationException", "java.lang.RuntimeException"});
    case ErrorKind::kUpgrade:
      return chain({"org.apache.spark.SparkUpgradeException", "java.lang.RuntimeException"});
  }
  return chain({});
}

}  // namespace sluice::base
