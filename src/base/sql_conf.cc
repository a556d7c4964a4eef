// Session configuration and its typed getters.
#include "base/sql_conf.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/error.h"

namespace sluice::base {
namespace {

constexpr std::string_view kDefaultParallelism = "2";

const std::vector<ConfKey> kKeys = {
#include "base/conf_keys.inc"
};

}  // namespace

const std::vector<ConfKey>& AllConfKeys() { return kKeys; }

const ConfKey* FindConfKey(std::string_view name) {
  static const auto* index = [] {
    auto* map = new std::unordered_map<std::string_view, const ConfKey*>();
    for (const ConfKey& key : kKeys) map->emplace(key.name, &key);
    return map;
  }();
  auto found = index->find(name);
  return found == index->end() ? nullptr : found->second;
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
  std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
  if (value == "true") return true;
  if (value == "false") return false;
  throw Error(ErrorKind::kIllegalArgument, "INVALID_CONF_VALUE.TYPE_MISMATCH",
              {{"confName", std::string(key)}, {"confValue", value}, {"confType", "boolean"}});
}

int64_t SqlConf::GetLong(std::string_view key) const {
  std::string value = GetString(key);
  int64_t number = 0;
  auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (status != std::errc() || end != value.data() + value.size()) {
    throw Error(ErrorKind::kIllegalArgument, "INVALID_CONF_VALUE.TYPE_MISMATCH",
                {{"confName", std::string(key)}, {"confValue", value}, {"confType", "long"}});
  }
  return number;
}

int64_t SqlConf::GetMillis(std::string_view key) const {
  std::string value = GetString(key);
  int64_t number = 0;
  auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  std::string_view unit(end, value.data() + value.size() - end);
  if (status == std::errc()) {
    if (unit.empty() || unit == "ms") return number;
    if (unit == "s") return number * 1000;
    if (unit == "m" || unit == "min") return number * 60'000;
    if (unit == "h") return number * 3'600'000;
    if (unit == "d") return number * 86'400'000;
    if (unit == "us") return number / 1000;
  }
  throw Error(ErrorKind::kIllegalArgument, "INVALID_CONF_VALUE.TYPE_MISMATCH",
              {{"confName", std::string(key)}, {"confValue", value}, {"confType", "time"}});
}

}  // namespace sluice::base
