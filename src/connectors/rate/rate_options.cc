// Parsing of the rate sources' options.
#include "connectors/rate/rate_options.h"

#include <cctype>
#include <map>

#include "base/error.h"
#include "connectors/spi/option_values.h"

namespace sluice::connectors {

using base::Error;
using base::ErrorKind;

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

}  // namespace sluice::connectors
