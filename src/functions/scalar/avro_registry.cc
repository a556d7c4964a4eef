// Settings of schema registries, and the decoders and headers of what is in them.
#include "functions/scalar/avro_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "formats/avro/avro_types.h"
#include "formats/option_reader.h"

namespace sluice::functions {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view kPrefix = "schema.registry.";
constexpr std::string_view kKeys[] = {"url",
                                      "subject",
                                      "basic.auth.user.info",
                                      "ssl.ca.location",
                                      "timeout.ms",
                                      "auto.register.schemas",
                                      "use.latest.version"};

base::Error BadOption(const std::string& name, const std::string& message) {
  return base::Error(base::ErrorKind::kAnalysis, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE",
                     {{"optionName", std::string(kPrefix) + name}, {"message", message}});
}

/// The registry's options of a call and of the session.
class Settings {
 public:
  Settings(const formats::Options& options, const base::SqlConf* conf)
      : format_{options, conf}, reader_(format_), conf_(conf) {}

  bool InCall(const std::string& key) const { return reader_.Find(std::string(kPrefix) + key).has_value(); }
  std::string Get(const std::string& key, const std::string& otherwise) const {
    if (auto given = reader_.Find(std::string(kPrefix) + key)) return *given;
    auto of_session = conf_ ? conf_->Find("spark.sluice." + std::string(kPrefix) + key) : std::nullopt;
    return of_session.value_or(otherwise);
  }
  bool Flag(const std::string& key, bool otherwise) const {
    std::string text = Get(key, otherwise ? "true" : "false");
    if (text != "true" && text != "false") throw BadOption(key, fmt::format("'{}' is neither true nor false.", text));
    return text == "true";
  }
  std::optional<std::string> Schema() const { return reader_.Find("schema"); }

 private:
  formats::FormatContext format_;
  formats::OptionReader reader_;
  const base::SqlConf* conf_;
};

/// "http://a:8081, http://b:8081/path/" without what would show in messages.
std::vector<std::string> Urls(const std::string& text) {
  std::vector<std::string> out;
  for (size_t start = 0; start <= text.size();) {
    size_t end = std::min(text.find(',', start), text.size());
    std::string url = text.substr(start, end - start);
    start = end + 1;
    url.erase(0, std::min(url.find_first_not_of(" "), url.size()));
    while (!url.empty() && (url.back() == ' ' || url.back() == '/')) url.pop_back();
    if (url.empty()) continue;
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      throw BadOption("url", "A URL must begin with http:// or https://.");
    }
    if (url.find('@') != std::string::npos) {
      throw BadOption("url", "Credentials belong into schema.registry.basic.auth.user.info.");
    }
    out.push_back(url);
  }
  if (out.empty()) throw BadOption("url", "There is no URL of a schema registry.");
  return out;
}

int64_t Timeout(const std::string& text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > 3600000) {
    throw BadOption("timeout.ms", fmt::format("'{}' is no number of milliseconds from 1 to 3600000.", text));
  }
  return value;
}

}  // namespace

bool IsRegistryOption(const std::string& lower_name) {
  if (!lower_name.starts_with(kPrefix)) return false;
  std::string_view key = std::string_view(lower_name).substr(kPrefix.size());
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

std::optional<RegistryUse> ReadRegistryUse(const formats::Options& options, const base::SqlConf* conf) {
  bool any = std::any_of(options.begin(), options.end(), [](const auto& option) {
    std::string name = option.first;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return IsRegistryOption(name);
  });
  if (!any) return std::nullopt;
  Settings settings(options, conf);
  RegistryUse use;
  use.settings.urls = Urls(settings.Get("url", ""));
  use.settings.user_info = settings.Get("basic.auth.user.info", "");
  use.settings.ca_file = settings.Get("ssl.ca.location", "");
  use.settings.timeout_ms = Timeout(settings.Get("timeout.ms", "30000"));
  use.subject = settings.Get("subject", "");
  use.adds = settings.Flag("auto.register.schemas", true);
  use.uses_latest = settings.Flag("use.latest.version", false);
  use.schema = settings.Schema();
  use.has_secret = settings.InCall("basic.auth.user.info");
  return use;
}

std::optional<formats::Options> RegistryOptionsOf(const std::string& schema_argument) {
  Json json = Json::parse(schema_argument, nullptr, false);
  if (!json.is_object() || json.contains("type")) return std::nullopt;
  formats::Options out;
  bool any = false;
  for (const auto& [name, value] : json.items()) {
    any = any || name.starts_with(kPrefix);
    out[name] = value.is_string() ? value.get<std::string>() : value.dump();
  }
  if (!any) return std::nullopt;
  for (const auto& [name, value] : out) {
    if (name != "schema" && !IsRegistryOption(name)) {
      throw base::Error::Unsupported(fmt::format("the schema registry's setting '{}' of to_avro", name));
    }
  }
  return out;
}

formats::AvroDecoderPtr RegistryDecoders::Find(int32_t id) {
  {
    std::lock_guard lock(mutex_);
    auto found = decoders_.find(id);
    if (found != decoders_.end()) return found->second;
  }
  auto text = registry_->FindById(id);
  if (!text) return nullptr;
  auto decoder = std::make_shared<formats::AvroDecoder>(reader_, formats::AvroDocument::Parse(*text));
  std::lock_guard lock(mutex_);
  decoders_[id] = decoder;
  return decoder;
}

RegistryWriter::RegistryWriter(RegistryUse use, const types::DataType& type)
    : use_(std::move(use)), registry_(formats::SchemaRegistry::For(use_.settings)) {
  if (use_.subject.empty()) throw BadOption("subject", "to_avro needs the subject that its schema belongs to.");
  if (use_.uses_latest) {
    if (use_.schema) throw BadOption("use.latest.version", "A schema was given, too.");
    formats::RegisteredSchema latest = registry_->Latest(use_.subject);
    schema_ = latest.text;
    id_ = latest.id;
  } else {
    schema_ = use_.schema ? *use_.schema : formats::ToAvroSchema(type, false);
  }
}

std::string RegistryWriter::Header() {
  std::lock_guard lock(mutex_);
  if (!id_) id_ = registry_->IdOf(use_.subject, schema_, use_.adds);
  return formats::RegistryHeader(*id_);
}

}  // namespace sluice::functions
