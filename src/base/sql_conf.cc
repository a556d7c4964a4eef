// Session configuration and its typed getters.
#include "base/sql_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <regex>

#include "base/conf_warning.h"
#include "base/error.h"

namespace sluice::base {
namespace {

/// A key and what only checks and warnings need of it.
struct KnownKey {
  ConfKey key;
  std::string_view unit = "";       ///< of kMillis and kBytes, as errors call it; "" = that of the type
  std::optional<int> minimum = {};  ///< of numbers; the error for less is the requirement
  std::string_view warning = "";    ///< what Spark Connect warns of when the key is used
};

const std::vector<KnownKey> kKeys = {
#include "base/conf_keys.inc"
};

const KnownKey* FindKnown(std::string_view name) {
  auto found = std::ranges::lower_bound(kKeys, name, {}, [](const KnownKey& known) { return known.key.name; });
  return found == kKeys.end() || found->key.name != name ? nullptr : &*found;
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

std::optional<bool> ParseBool(std::string_view text) {
  std::string value = Lower(Trim(text));
  if (value == "true") return true;
  if (value == "false") return false;
  return std::nullopt;
}

template <typename T>
std::optional<T> ParseNumber(std::string_view text) {
  T number{};
  auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A number with one of the units; nothing if the unit is unknown.
std::optional<int64_t> ParseWithUnit(std::string_view text,
                                     std::initializer_list<std::pair<std::string_view, int64_t>> units) {
  std::string value = Lower(Trim(text));
  int64_t number = 0;
  auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (status != std::errc()) return std::nullopt;
  std::string_view unit(end, static_cast<size_t>(value.data() + value.size() - end));
  for (auto [name, factor] : units) {
    int64_t out = 0;
    if (unit == name) return __builtin_mul_overflow(number, factor, &out) ? std::nullopt : std::optional(out);
  }
  return std::nullopt;
}

std::optional<int64_t> ParseMillis(std::string_view text) {
  if (auto micros = ParseWithUnit(text, {{"us", 1}})) return *micros / 1000;
  return ParseWithUnit(
      text, {{"", 1}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}});
}

std::optional<int64_t> ParseBytes(std::string_view text) {
  constexpr int64_t kKilo = 1024;
  constexpr int64_t kMega = kKilo * kKilo;
  constexpr int64_t kGiga = kMega * kKilo;
  constexpr int64_t kTera = kGiga * kKilo;
  return ParseWithUnit(text, {{"", 1},
                              {"b", 1},
                              {"k", kKilo},
                              {"kb", kKilo},
                              {"m", kMega},
                              {"mb", kMega},
                              {"g", kGiga},
                              {"gb", kGiga},
                              {"t", kTera},
                              {"tb", kTera},
                              {"p", kTera * kKilo},
                              {"pb", kTera * kKilo}});
}

// "UTC", "Z", "+02:00", "GMT-3" or a name of the time zone database, as java.time.ZoneId takes them.
bool IsTimeZone(std::string_view text) {
  static const std::regex kOffset("(UTC|GMT|UT)?[+-]\\d{1,2}(:?\\d{2}(:?\\d{2})?)?");
  std::string zone(text);
  if (zone == "Z" || zone == "UTC" || zone == "GMT" || zone == "UT") return true;
  if (std::regex_match(zone, kOffset)) return true;
  if (zone.empty() || zone.front() == '/' || zone.find("..") != std::string::npos) return false;
  std::error_code missing;
  return std::filesystem::is_regular_file("/usr/share/zoneinfo/" + zone, missing);
}

Error TypeMismatch(std::string_view key, const std::string& value, const std::string& type) {
  return Error(ErrorKind::kIllegalArgument, "INVALID_CONF_VALUE.TYPE_MISMATCH",
               {{"confName", std::string(key)}, {"confValue", value}, {"confType", type}});
}

Error Requirement(const ConfKey& key, const std::string& value, std::string_view text) {
  return Error(ErrorKind::kIllegalArgument, "INVALID_CONF_VALUE.REQUIREMENT",
               {{"confName", std::string(key.name)}, {"confValue", value}, {"confRequirement", std::string(text)}});
}

void CheckChoice(const ConfKey& key, const std::string& value) {
  std::string wanted = Lower(Trim(value));
  std::string choices = Lower(key.choices);
  for (size_t start = 0; start <= choices.size();) {
    size_t end = std::min(choices.find(", ", start), choices.size());
    if (std::string_view(choices).substr(start, end - start) == wanted) return;
    start = end + 2;
  }
  if (!key.requirement.empty()) throw Requirement(key, value, key.requirement);
  throw Error(ErrorKind::kIllegalArgument, "INVALID_CONF_VALUE.OUT_OF_RANGE_OF_OPTIONS",
              {{"confName", std::string(key.name)}, {"confValue", value}, {"confOptions", std::string(key.choices)}});
}

template <typename T>
void CheckNumber(const KnownKey& known, const std::string& value, std::optional<T> number, const std::string& type) {
  if (!number) throw TypeMismatch(known.key.name, value, known.unit.empty() ? type : std::string(known.unit));
  if (known.minimum && *number < static_cast<T>(*known.minimum))
    throw Requirement(known.key, value, known.key.requirement);
}

void CheckScope(const std::string& key) {
  const ConfKey* known = FindConfKey(key);
  if (!known || known->modifiable()) return;
  std::string quoted = fmt::format("\"{}\"", key);
  if (known->scope == ConfScope::kStatic) {
    throw Error(ErrorKind::kAnalysis, "CANNOT_MODIFY_STATIC_CONFIG", {{"key", quoted}});
  }
  throw Error(ErrorKind::kAnalysis, "CANNOT_MODIFY_CONFIG",
              {{"key", quoted}, {"docroot", "https://spark.apache.org/docs/latest"}});
}

}  // namespace

const std::vector<ConfKey>& AllConfKeys() {
  static const auto* keys = [] {
    auto* all = new std::vector<ConfKey>();
    for (const KnownKey& known : kKeys) all->push_back(known.key);
    return all;
  }();
  return *keys;
}

const ConfKey* FindConfKey(std::string_view name) {
  const KnownKey* known = FindKnown(name);
  return known ? &known->key : nullptr;
}

std::string_view ConfWarning(std::string_view name) {
  const KnownKey* known = FindKnown(name);
  return known ? known->warning : "";
}

SqlConf::SqlConf(const SqlConf& other) {
  std::lock_guard lock(other.mutex_);
  values_ = other.values_;
}

void SqlConf::Set(const std::string& key, const std::string& value) {
  std::lock_guard lock(mutex_);
  values_[key] = value;
}

void SqlConf::Unset(const std::string& key) {
  std::lock_guard lock(mutex_);
  values_.erase(key);
}

void SqlConf::SetByUser(const std::string& key, const std::string& value) {
  CheckScope(key);
  CheckValue(key, value);
  Set(key, value);
}

void SqlConf::UnsetByUser(const std::string& key) {
  CheckScope(key);
  Unset(key);
}

void SqlConf::CheckValue(const std::string& key, const std::string& value) {
  const KnownKey* known = FindKnown(key);
  if (!known) return;
  std::string_view trimmed = Trim(value);
  switch (known->key.type) {
    case ConfType::kString:
      return;
    case ConfType::kBoolean:
      if (!ParseBool(value)) throw TypeMismatch(key, value, "boolean");
      return;
    case ConfType::kInt:
    case ConfType::kPositiveInt:
      return CheckNumber(*known, value, ParseNumber<int32_t>(trimmed), "int");
    case ConfType::kLong:
      return CheckNumber(*known, value, ParseNumber<int64_t>(trimmed), "long");
    case ConfType::kDouble:
      return CheckNumber(*known, value, ParseNumber<double>(trimmed), "double");
    case ConfType::kMillis:
      return CheckNumber(*known, value, ParseMillis(value), "time in MILLISECONDS");
    case ConfType::kBytes:
      return CheckNumber(*known, value, ParseBytes(value), "bytes in BYTE");
    case ConfType::kTimeZone:
      if (!IsTimeZone(value)) {
        throw Error(ErrorKind::kIllegalArgument, "INVALID_CONF_VALUE.TIME_ZONE",
                    {{"confName", key}, {"confValue", value}});
      }
      return;
    case ConfType::kChoice:
      CheckChoice(known->key, value);
      return;
  }
}

std::optional<std::string> SqlConf::FindExplicit(std::string_view key) const {
  std::lock_guard lock(mutex_);
  auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> SqlConf::Find(std::string_view key) const {
  if (auto value = FindExplicit(key)) return value;
  if (const ConfKey* known = FindConfKey(key); known && known->default_value) return std::string(*known->default_value);
  return std::nullopt;
}

std::map<std::string, std::string> SqlConf::Explicit() const {
  std::lock_guard lock(mutex_);
  return {values_.begin(), values_.end()};
}

std::string SqlConf::GetString(std::string_view key) const {
  auto value = Find(key);
  if (!value) throw Error(ErrorKind::kNoSuchElement, "SQL_CONF_NOT_FOUND", {{"sqlConf", fmt::format("\"{}\"", key)}});
  return *value;
}

bool SqlConf::GetBool(std::string_view key) const {
  std::string value = GetString(key);
  if (auto parsed = ParseBool(value)) return *parsed;
  throw TypeMismatch(key, value, "boolean");
}

int64_t SqlConf::GetLong(std::string_view key) const {
  std::string value = GetString(key);
  if (auto parsed = ParseNumber<int64_t>(Trim(value))) return *parsed;
  throw TypeMismatch(key, value, "long");
}

int64_t SqlConf::GetMillis(std::string_view key) const {
  std::string value = GetString(key);
  if (auto parsed = ParseMillis(value)) return *parsed;
  throw TypeMismatch(key, value, "time in MILLISECONDS");
}

int64_t SqlConf::GetBytes(std::string_view key) const {
  std::string value = GetString(key);
  if (auto parsed = ParseBytes(value)) return *parsed;
  throw TypeMismatch(key, value, "bytes in BYTE");
}

}  // namespace sluice::base
