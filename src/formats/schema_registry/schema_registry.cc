// The client of Confluent's schema registry.
#include "formats/schema_registry/schema_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.h"
#include "formats/schema_registry/http_request.h"

namespace sluice::formats {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;
using std::chrono::milliseconds;

namespace {

constexpr char kMediaType[] = "application/vnd.schemaregistry.v1+json";
constexpr int64_t kOneRequestMs = 10000;
constexpr milliseconds kFirstPause{100}, kLongestPause{2000};
constexpr std::chrono::seconds kLatestLasts{1};
constexpr size_t kMostKept = 10000;

std::string HostOf(const std::string& url) {
  size_t start = url.find("://");
  start = start == std::string::npos ? 0 : start + 3;
  return url.substr(start, url.find('/', start) - start);
}

[[noreturn]] void Fail(const std::string& message) {
  throw base::Error::Plain(base::ErrorKind::kSpark, message).WithDomain(base::ErrorDomain::kExternal, false);
}

/// Of an answer that says no, what it says: {"error_code":…,"message":"…"}.
std::string Reason(int status, const std::string& body) {
  Json json = Json::parse(body, nullptr, false);
  std::string out = fmt::format("HTTP {}", status);
  if (json.is_object() && json.contains("message") && json["message"].is_string()) {
    out += ": " + json["message"].get<std::string>().substr(0, 500);
  }
  return out;
}

/// Whether "not found" is said of a schema, and not of the whole address.
bool IsUnknownSchema(const std::string& body) {
  Json json = Json::parse(body, nullptr, false);
  return json.is_object() && json.contains("error_code") && json["error_code"] == 40403;
}

bool WorthRepeating(const HttpResponse& response) {
  if (response.too_large) return false;
  return response.status == 0 || response.status >= 500 || response.status == 408 || response.status == 429;
}

/// The answer's text and id; the text must be an Avro schema on its own.
RegisteredSchema ReadSchema(const std::string& body, const std::string& host, const std::string& what) {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("schema") || !json["schema"].is_string()) {
    Fail(fmt::format("The schema registry {} gave no schema for {}", host, what));
  }
  std::string type =
      json.contains("schemaType") && json["schemaType"].is_string() ? json["schemaType"].get<std::string>() : "AVRO";
  if (type != "AVRO") Fail(fmt::format("The schema registry {} has {} as {}, not as Avro", host, what, type));
  if (json.contains("references") && !json["references"].empty()) {
    throw base::Error::Unsupported(
        fmt::format("the references to other subjects of {} in the schema registry {}", what, host));
  }
  int32_t id = json.contains("id") && json["id"].is_number_integer() ? json["id"].get<int32_t>() : 0;
  return {id, json["schema"].get<std::string>()};
}

}  // namespace

std::shared_ptr<SchemaRegistry> SchemaRegistry::For(const RegistrySettings& settings) {
  static std::mutex mutex;
  static std::map<RegistrySettings, std::shared_ptr<SchemaRegistry>> known;
  std::lock_guard lock(mutex);
  if (known.size() > 100) known.clear();
  auto& registry = known[settings];
  if (!registry) registry = std::make_shared<SchemaRegistry>(settings);
  return registry;
}

SchemaRegistry::SchemaRegistry(RegistrySettings settings)
    : settings_(std::move(settings)), host_(HostOf(settings_.urls.front())) {}

SchemaRegistry::Answer SchemaRegistry::Ask(const std::string& path, const std::string& body,
                                           const std::string& what) const {
  Clock::time_point end = Clock::now() + milliseconds(settings_.timeout_ms);
  milliseconds pause = kFirstPause;
  for (size_t tries = 0;; ++tries) {
    const std::string& base = settings_.urls[tries % settings_.urls.size()];
    int64_t left = std::chrono::duration_cast<milliseconds>(end - Clock::now()).count();
    HttpResponse response = SendHttp({.url = base + path,
                                      .body = body,
                                      .media_type = kMediaType,
                                      .user_info = settings_.user_info,
                                      .ca_file = settings_.ca_file,
                                      .timeout_ms = std::clamp<int64_t>(left, 1, kOneRequestMs)});
    if (response.status == 200 || response.status == 404) return {response.status, std::move(response.body)};
    std::string why = response.status == 0 ? response.failure : Reason(response.status, response.body);
    if (!WorthRepeating(response)) Fail(fmt::format("The schema registry {} refuses {}: {}", HostOf(base), what, why));
    if (Clock::now() + pause >= end) {
      Fail(fmt::format("The schema registry {} could not be asked for {} in {} ms: {}", HostOf(base), what,
                       settings_.timeout_ms, why));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

std::optional<std::string> SchemaRegistry::FindById(int32_t id) {
  std::lock_guard lock(mutex_);  // others that want the same schema wait for it
  auto found = by_id_.find(id);
  if (found != by_id_.end()) return found->second;
  std::string what = fmt::format("schema id {}", id);
  Answer answer = Ask(fmt::format("/schemas/ids/{}", id), "", what);
  if (answer.status == 404) {
    if (IsUnknownSchema(answer.body)) return std::nullopt;
    Fail(fmt::format("The schema registry {} refuses {}: {}", host_, what, Reason(404, answer.body)));
  }
  std::string text = ReadSchema(answer.body, host_, what).text;
  if (by_id_.size() >= kMostKept) by_id_.clear();
  by_id_[id] = text;
  return text;
}

RegisteredSchema SchemaRegistry::Latest(const std::string& subject) {
  std::lock_guard lock(mutex_);
  auto found = latest_.find(subject);
  if (found != latest_.end() && Clock::now() - found->second.first < kLatestLasts) return found->second.second;
  std::string what = fmt::format("the latest schema of subject '{}'", subject);
  Answer answer = Ask("/subjects/" + UrlEncoded(subject) + "/versions/latest", "", what);
  if (answer.status == 404)
    Fail(fmt::format("The schema registry {} does not have {}: {}", host_, what, Reason(404, answer.body)));
  RegisteredSchema schema = ReadSchema(answer.body, host_, what);
  if (latest_.size() >= kMostKept) latest_.clear();
  latest_[subject] = {Clock::now(), schema};
  return schema;
}

int32_t SchemaRegistry::IdOf(const std::string& subject, const std::string& schema, bool add) {
  std::lock_guard lock(mutex_);
  auto found = ids_.find({subject, schema});
  if (found != ids_.end()) return found->second;
  std::string what = fmt::format("the id of a schema of subject '{}'", subject);
  std::string path = "/subjects/" + UrlEncoded(subject) + (add ? "/versions" : "");
  Answer answer = Ask(path, Json{{"schema", schema}}.dump(-1, ' ', false, Json::error_handler_t::replace), what);
  if (answer.status == 404)
    Fail(fmt::format("The schema registry {} does not have {}: {}", host_, what, Reason(404, answer.body)));
  Json json = Json::parse(answer.body, nullptr, false);
  if (!json.is_object() || !json.contains("id") || !json["id"].is_number_integer()) {
    Fail(fmt::format("The schema registry {} did not give {}", host_, what));
  }
  if (ids_.size() >= kMostKept) ids_.clear();
  return ids_[{subject, schema}] = json["id"].get<int32_t>();
}

bool SplitRegistryMessage(std::string_view message, int32_t* id, std::string_view* value) {
  if (message.size() < 5 || message[0] != 0) return false;
  uint32_t bits = 0;
  for (int i = 1; i < 5; ++i) bits = bits << 8 | static_cast<unsigned char>(message[i]);
  *id = static_cast<int32_t>(bits);
  *value = message.substr(5);
  return true;
}

std::string RegistryHeader(int32_t id) {
  auto bits = static_cast<uint32_t>(id);
  return {'\0', static_cast<char>(bits >> 24), static_cast<char>(bits >> 16), static_cast<char>(bits >> 8),
          static_cast<char>(bits)};
}

}  // namespace sluice::formats
