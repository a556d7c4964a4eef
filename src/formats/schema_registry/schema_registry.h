// Confluent's schema registry: Avro schemas by id and by subject.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace sluice::formats {

struct RegistrySettings {
  std::vector<std::string> urls;  ///< of one registry; each is tried in turn
  std::string user_info;
  std::string ca_file;
  int64_t timeout_ms = 30000;  ///< how long an answer is waited for, retries included

  bool operator<(const RegistrySettings& other) const {
    return std::tie(urls, user_info, ca_file, timeout_ms) <
           std::tie(other.urls, other.user_info, other.ca_file, other.timeout_ms);
  }
};

/// A schema that the registry knows.
struct RegisteredSchema {
  int32_t id = 0;
  std::string text;
};

/// Asks the registry. What does not answer, or answers that it is busy, is asked again until the time is over; errors
/// name the registry's host and what was asked, and never the credentials. Schemas by id are kept, as they never
/// change; all else for a second. Thread safe.
class SchemaRegistry {
 public:
  /// The one for these settings, which all queries share.
  static std::shared_ptr<SchemaRegistry> For(const RegistrySettings& settings);
  explicit SchemaRegistry(RegistrySettings settings);

  /// Nothing if the registry has no such schema.
  std::optional<std::string> FindById(int32_t id);
  RegisteredSchema Latest(const std::string& subject);
  /// The id of a schema that is registered unless it is already; with `add` false it must be.
  int32_t IdOf(const std::string& subject, const std::string& schema, bool add);

  /// "host:port" of the first URL.
  const std::string& host() const { return host_; }

 private:
  struct Answer {
    int status;
    std::string body;
  };
  /// Throws if there is none but "not found".
  Answer Ask(const std::string& path, const std::string& body, const std::string& what) const;

  RegistrySettings settings_;
  std::string host_;
  std::mutex mutex_;
  std::map<int32_t, std::string> by_id_;
  std::map<std::string, std::pair<std::chrono::steady_clock::time_point, RegisteredSchema>> latest_;
  std::map<std::pair<std::string, std::string>, int32_t> ids_;
};

/// A message in Confluent's form: the schema's id and the value; false if it is none.
bool SplitRegistryMessage(std::string_view message, int32_t* id, std::string_view* value);
/// What a message starts with.
std::string RegistryHeader(int32_t id);

}  // namespace sluice::formats
