// HTTP by way of libcurl.
#include "formats/schema_registry/http_request.h"

#include <curl/curl.h>

#include <memory>
#include <mutex>

namespace sluice::formats {
namespace {

constexpr size_t kMostBytes = 4 << 20;
constexpr long kConnectMs = 5000;

size_t Receive(char* data, size_t size, size_t count, void* target) {
  auto* body = static_cast<std::string*>(target);
  if (body->size() + size * count > kMostBytes) return 0;
  body->append(data, size * count);
  return size * count;
}

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

HttpResponse SendHttp(const HttpRequest& request) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  HttpResponse response;
  std::unique_ptr<CURL, FreeHandle> handle(curl_easy_init());
  if (!handle) {
    response.failure = "libcurl could not be started";
    return response;
  }
  std::string accept = "Accept: " + request.media_type, content = "Content-Type: " + request.media_type;
  std::unique_ptr<curl_slist, FreeHandle> headers(curl_slist_append(nullptr, accept.c_str()));
  curl_easy_setopt(handle.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(handle.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(handle.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout_ms));
  curl_easy_setopt(handle.get(), CURLOPT_WRITEFUNCTION, Receive);
  curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &response.body);
  if (!request.ca_file.empty()) curl_easy_setopt(handle.get(), CURLOPT_CAINFO, request.ca_file.c_str());
  if (!request.user_info.empty()) {
    curl_easy_setopt(handle.get(), CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(handle.get(), CURLOPT_USERPWD, request.user_info.c_str());
  }
  if (!request.body.empty()) {
    headers.reset(curl_slist_append(headers.release(), content.c_str()));
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(handle.get(), CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  CURLcode code = curl_easy_perform(handle.get());
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
  } else {
    response.too_large = code == CURLE_WRITE_ERROR;
    response.failure = response.too_large ? "the answer has more than 4 MB" : curl_easy_strerror(code);
  }
  return response;
}

std::string UrlEncoded(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = (byte < 0x80 && std::isalnum(byte)) || c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

}  // namespace sluice::formats
