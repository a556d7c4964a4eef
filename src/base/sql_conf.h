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

/// Who may set a key: a session; or only the start of the program, as a static SQL key or a key of Spark's core.
enum class ConfScope { kSession, kStatic, kCore };

/// What a value must look like.
enum class ConfType { kString, kBoolean, kInt, kPositiveInt, kLong, kDouble, kMillis, kBytes, kTimeZone, kChoice };

/// A key with Spark's default value.
struct ConfKey {
  std::string_view name;
  std::optional<std::string_view> default_value;
  ConfType type = ConfType::kString;
  ConfScope scope = ConfScope::kSession;
  std::string_view choices = "";      ///< of kChoice, in any case, in the order in which Spark lists them
  std::string_view requirement = "";  ///< the text of the error for a wrong kChoice, if it is not the list of them

  bool modifiable() const { return scope == ConfScope::kSession; }
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
  /// As spark.conf.set and SQL's SET: throws CANNOT_MODIFY_STATIC_CONFIG, CANNOT_MODIFY_CONFIG or INVALID_CONF_VALUE.*.
  void SetByUser(const std::string& key, const std::string& value);
  void UnsetByUser(const std::string& key);
  /// Throws INVALID_CONF_VALUE.* if a known key can't have that value.
  static void CheckValue(const std::string& key, const std::string& value);
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
  /// Sizes "64m", "128MB", "4194304b" as Java's byteStringAsBytes; a bare number is bytes.
  int64_t GetBytes(std::string_view key) const;

  bool ansi_enabled() const { return GetBool("spark.sql.ansi.enabled"); }
  std::string session_time_zone() const { return GetString("spark.sql.session.timeZone"); }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace sluice::base
