// Escaping of paths in URIs.
#include "base/path_uri.h"

#include <cctype>

namespace sluice::base {
namespace {

bool Legal(unsigned char c) {
  if (c >= 0x80 || std::isalnum(c)) return true;
  return std::string_view("_-!.~'()*,;:$&+=@/").find(static_cast<char>(c)) != std::string_view::npos;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string EncodePath(std::string_view path) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(path.size());
  for (unsigned char c : path) {
    if (Legal(c)) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
  return out;
}

std::string DecodePath(std::string_view encoded) {
  std::string out;
  out.reserve(encoded.size());
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%' && i + 2 < encoded.size() && HexDigit(encoded[i + 1]) >= 0 && HexDigit(encoded[i + 2]) >= 0) {
      out += static_cast<char>(HexDigit(encoded[i + 1]) << 4 | HexDigit(encoded[i + 2]));
      i += 2;
    } else {
      out += encoded[i];
    }
  }
  return out;
}

std::string PathFromUri(std::string_view uri) {
  if (uri.starts_with("file:")) {
    uri.remove_prefix(5);
    while (uri.size() > 1 && uri[0] == '/' && uri[1] == '/') uri.remove_prefix(1);
  }
  return DecodePath(uri);
}

}  // namespace sluice::base
