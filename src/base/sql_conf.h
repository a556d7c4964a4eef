// Configuration: the keys the engine knows with Spark's defaults, and the values a session has set.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::base {

/// A key with Spark's default value; `modifiable` is false for static and core keys that a session may not set.
struct ConfKey {
  std::string_view name;
  std::optional<std::string_view> default_value;
  bool modifiable = true;
};

const ConfKey* FindConfKey(std::string_view name);
const std::vector<ConfKey>& AllConfKeys();

/// The configuration of one session (Spark's SQLConf). Keys are case sensitive; unknown keys are stored. Thread safe.
class SqlConf {
 public:
  SqlConf() = default;
  SqlConf(const SqlConf& other);
  SqlConf& operator=(const SqlConf&) = delete;

  void Set(const std::string& key, const std::string& value);
  void Unset(const std::string& key);
  /// The value that was set, or the key's default, or nothing.
  std::optional<std::string> Find(std::string_view key) const;
  /// Only what was set explicitly.
  std::optional<std::string> FindExplicit(std::string_view key) const;
  std::map<std::string, std::string> Explicit() const;

  /// Typed getters; a value of the wrong form is INVALID_CONF_VALUE.TYPE_MISMATCH. The key must have a default or a
  /// value, else SQL_CONF_NOT_FOUND.
  std::string GetString(std::string_view key) const;
  bool GetBool(std::string_view key) const;
  int64_t GetLong(std::string_view key) const;
  /// Java-style times "500ms", "10s", "1min", "1h"; a bare number is milliseconds.
  int64_t GetMillis(std::string_view key) const;

  bool ansi_enabled() const { return GetBool("spark.sql.ansi.enabled"); }
  std::string session_time_zone() const { return GetString("spark.sql.session.timeZone"); }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace sluice::base
