// One HTTP request and its answer, bounded in time and size.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::formats {

struct HttpRequest {
  std::string url;         ///< http or https
  std::string body;        ///< a POST if there is one
  std::string media_type;  ///< of the body and of what is accepted
  std::string user_info;   ///< "user:password" for basic authentication; empty: none
  std::string ca_file;     ///< certificates to trust; empty: the system's
  int64_t timeout_ms = 10000;
};

struct HttpResponse {
  int status = 0;  ///< 0: there was no answer
  std::string body;
  std::string failure;  ///< why there was none
  bool too_large = false;
};

/// Asks once. Redirects are not followed, no proxy is used, answers of more than 4 MB are a failure. Thread safe.
HttpResponse SendHttp(const HttpRequest& request);

/// As a part of a URL's path.
std::string UrlEncoded(const std::string& text);

}  // namespace sluice::formats
