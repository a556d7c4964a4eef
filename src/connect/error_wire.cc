// The one mapping of the engine's errors to the wire.
#include "connect/error_wire.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <nlohmann/json.hpp>

#include "spark/connect/base.pb.h"

namespace sluice::connect {
namespace {

namespace proto = spark::connect;

constexpr int kInternal = 13;  // google.rpc.Code.INTERNAL
constexpr size_t kMaxMessageCharacters = 2048;
// Trailers carry the message twice: percent-encoded, and once more in base 64 inside the details.
constexpr size_t kMaxEncodedMessage = 3000;
constexpr size_t kMaxMetadataValue = 1024;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t EncodedSize(char c) { return c >= 0x20 && c <= 0x7e && c != '%' ? 1 : 3; }

// As much of the text as both limits allow, never half a character, with an ellipsis if something
// is left out.
std::string Abbreviate(const std::string& text) {
  size_t characters = 0;
  size_t encoded = 0;
  size_t cut = 0;  // where the text would be cut to leave room for the ellipsis
  for (size_t i = 0; i < text.size(); ++i) {
    if (!IsContinuation(text[i])) {
      if (characters + 3 <= kMaxMessageCharacters && encoded + 3 <= kMaxEncodedMessage) cut = i;
      ++characters;
    }
    encoded += EncodedSize(text[i]);
    if (characters > kMaxMessageCharacters || encoded > kMaxEncodedMessage) return text.substr(0, cut) + "...";
  }
  return text;
}

std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Messages may quote bytes of bad input; the protocol's texts must be UTF-8.
std::string ValidUtf8(const std::string& text) {
  return nlohmann::json::parse(Dump(nlohmann::json(text))).get<std::string>();
}

void AddCauses(const base::Error& error, proto::FetchErrorDetailsResponse* out) {
  for (const std::string& cause : error.causes()) {
    out->mutable_errors(out->errors_size() - 1)->set_cause_idx(out->errors_size());
    auto* added = out->add_errors();
    size_t colon = cause.find(": ");
    bool named = colon != std::string::npos && cause.find(' ') > colon;
    added->add_error_type_hierarchy(named ? cause.substr(0, colon) : "java.lang.Exception");
    added->set_message(ValidUtf8(named ? cause.substr(colon + 2) : cause));
  }
}

}  // namespace

base::Error ToError(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const base::Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return base::Error::Plain(base::ErrorKind::kSpark, "The server is out of memory.");
  } catch (const std::exception& error) {
    return base::Error::Internal(error.what());
  } catch (...) {
    return base::Error::Internal("An exception of an unknown type was thrown.");
  }
}

google::rpc::Status ToStatus(const base::Error& error, const std::string& error_id) {
  google::rpc::ErrorInfo info;
  std::vector<std::string> classes = error.JvmClasses();
  info.set_reason(classes.front());
  info.set_domain("org.apache.spark");
  auto& metadata = *info.mutable_metadata();
  metadata["classes"] = Dump(classes);
  google::rpc::Status status;
  status.set_code(kInternal);
  std::string message = ValidUtf8(error.message());
  status.set_message(Abbreviate(message));
  bool whole = error.causes().empty() && status.message() == message;
  if (!error.condition().empty()) {
    metadata["errorClass"] = error.condition();
    if (!error.sql_state().empty()) metadata["sqlState"] = error.sql_state();
    std::string parameters = Dump(nlohmann::json(error.parameters()));
    if (parameters.size() <= kMaxMetadataValue) {
      metadata["messageParameters"] = parameters;
    } else {
      whole = false;
    }
  }
  if (!whole && !error_id.empty()) metadata["errorId"] = error_id;
  status.add_details()->PackFrom(info);
  return status;
}

proto::FetchErrorDetailsResponse ToDetails(const base::Error& error) {
  proto::FetchErrorDetailsResponse out;
  out.set_root_error_idx(0);
  auto* root = out.add_errors();
  for (const std::string& name : error.JvmClasses()) root->add_error_type_hierarchy(name);
  root->set_message(ValidUtf8(error.message()));
  if (!error.condition().empty()) {
    auto* throwable = root->mutable_spark_throwable();
    throwable->set_error_class(error.condition());
    if (!error.sql_state().empty()) throwable->set_sql_state(error.sql_state());
    for (const auto& [name, value] : error.parameters()) {
      (*throwable->mutable_message_parameters())[name] = ValidUtf8(value);
    }
  }
  AddCauses(error, &out);
  return out;
}

}  // namespace sluice::connect
