// Typed access to reader and writer options, with the errors that Spark's option classes raise.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formats/file_format.h"

namespace sluice::formats {

class OptionReader {
 public:
  explicit OptionReader(const FormatContext& context) : options_(context.options), conf_(context.conf) {}

  /// By name, without case.
  std::optional<std::string> Find(std::string_view name) const;
  std::string Get(std::string_view name, std::string_view otherwise) const;
  /// "true" or "false"; else what String.toBoolean says (kIllegalArgument).
  bool GetBoolean(std::string_view name, bool otherwise) const;
  /// A flag of CSVOptions: _LEGACY_ERROR_TEMP_2147 for other texts.
  bool GetFlag(std::string_view name, bool otherwise) const;
  /// _LEGACY_ERROR_TEMP_2146 for what is no integer.
  int GetInt(std::string_view name, int otherwise) const;
  /// kNumberFormat for what is no number.
  double GetDouble(std::string_view name, double otherwise) const;
  /// One character; "" is the character NUL. OPTION_VALUE_EXCEEDS_ONE_CHARACTER for more, unsupported beyond ASCII.
  char GetChar(std::string_view name, char otherwise) const;
  /// A configuration value with its default, or `otherwise` for a key the engine does not know.
  std::string Conf(std::string_view key, std::string_view otherwise) const;
  bool ConfBoolean(std::string_view key, bool otherwise) const;

  /// An option that the engine can't honour: an error that names it if it is given (with another value than
  /// `harmless`).
  void Refuse(std::string_view name, std::string_view harmless = "") const;

 private:
  const Options& options_;
  const base::SqlConf* conf_;
};

/// What to do with records that don't fit.
enum class ParseMode { kPermissive, kDropMalformed, kFailFast };
/// Unknown names mean PERMISSIVE, as in Spark.
ParseMode ParseModeOf(const OptionReader& options);
/// The column that takes the text of bad records.
std::string CorruptColumnOf(const OptionReader& options);
/// Option "encoding" or "charset", upper case. INVALID_PARAMETER_VALUE.CHARSET for one that Spark does not take;
/// `owner` names the option class in the message.
std::string EncodingOf(const OptionReader& options, std::string_view owner);
/// Throws INVALID_CORRUPT_RECORD_TYPE if the schema has that column with another type than a nullable string.
void CheckCorruptColumn(const types::DataType& schema, const std::string& column);
/// UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN if nothing but that column is wanted.
void CheckNotOnlyCorruptColumn(const types::DataType& wanted, const types::DataType& schema, const std::string& column);
/// MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION inside FAILED_READ_FILE, for mode FAILFAST.
[[noreturn]] void ThrowMalformedRecord(const std::string& path, const std::string& record);

}  // namespace sluice::formats
