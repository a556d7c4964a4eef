// Parsing of the rate sources' options.
#include "connectors/rate/rate_options.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

#include "base/error.h"

namespace sluice::connectors {
namespace {

using base::Error;
using base::ErrorKind;

std::optional<int64_t> WholeNumber(std::string_view text) {
  if (text.size() > 1 && text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void Require(bool holds, int64_t value, const std::string& name, const char* complaint) {
  if (holds) return;
  throw Error::Plain(ErrorKind::kIllegalArgument,
                     fmt::format("Invalid value '{}'. The option '{}' {}", value, name, complaint));
}

}  // namespace

std::optional<int64_t> IntegerOption(const plan::Options& options, const std::string& name) {
  auto text = plan::FindOption(options, name);
  if (!text) return std::nullopt;
  auto value = WholeNumber(*text);
  if (!value) throw Error::Plain(ErrorKind::kNumberFormat, fmt::format("For input string: \"{}\"", *text));
  return value;
}

int64_t PositiveOption(const plan::Options& options, const std::string& name, int64_t default_value) {
  int64_t value = IntegerOption(options, name).value_or(default_value);
  Require(value > 0, value, name, "must be positive");
  return value;
}

int64_t NonNegativeOption(const plan::Options& options, const std::string& name, int64_t default_value,
                          const char* complaint) {
  int64_t value = IntegerOption(options, name).value_or(default_value);
  Require(value >= 0, value, name, complaint);
  return value;
}

int64_t SecondsOption(const plan::Options& options, const std::string& name, int64_t default_value) {
  auto text = plan::FindOption(options, name);
  if (!text) return default_value;
  std::string time = *text;
  for (char& c : time) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  size_t digits = time.find_first_not_of("-0123456789");
  auto number = WholeNumber(std::string_view(time).substr(0, digits));
  std::string unit = digits == std::string::npos ? "s" : time.substr(digits);
  static const std::map<std::string, int64_t> kMicros = {
      {"us", 1},           {"ms", 1000},         {"s", 1'000'000},     {"m", 60'000'000},
      {"min", 60'000'000}, {"h", 3'600'000'000}, {"d", 86'400'000'000}};
  auto micros = kMicros.find(unit);
  if (!number || micros == kMicros.end()) {
    throw Error::Plain(ErrorKind::kNumberFormat,
                       "Time must be specified as seconds (s), milliseconds (ms), microseconds (us), minutes (m "
                       "or "
                       "min), hour (h), or day (d). E.g. 50s, 100ms, or 250us.\nFailed to parse time string: " +
                           *text);
  }
  return *number * micros->second / 1'000'000;
}

types::TypePtr RateSchema() {
  static const types::TypePtr schema = types::Struct({{"timestamp", types::Timestamp()}, {"value", types::Long()}});
  return schema;
}

void RefuseSchema(const types::TypePtr& given, const std::string& provider) {
  if (given) throw Error(ErrorKind::kUnsupportedOperation, "_LEGACY_ERROR_TEMP_2242", {{"provider", provider}});
}

}  // namespace sluice::connectors
