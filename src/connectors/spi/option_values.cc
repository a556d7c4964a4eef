// Parsing of options that several sources take.
#include "connectors/spi/option_values.h"

#include <fmt/format.h>

#include <charconv>

#include "base/error.h"

namespace sluice::connectors {
namespace {

using base::Error;
using base::ErrorKind;

void Require(bool holds, int64_t value, const std::string& name, const char* complaint) {
  if (holds) return;
  throw Error::Plain(ErrorKind::kIllegalArgument,
                     fmt::format("Invalid value '{}'. The option '{}' {}", value, name, complaint));
}

}  // namespace

std::optional<int64_t> WholeNumber(std::string_view text) {
  if (text.size() > 1 && text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

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

void RefuseSchema(const types::TypePtr& given, const std::string& provider) {
  if (given) throw Error(ErrorKind::kUnsupportedOperation, "_LEGACY_ERROR_TEMP_2242", {{"provider", provider}});
}

}  // namespace sluice::connectors
