// url_encode, url_decode, parse_url.
#include <fmt/format.h>

#include "functions/kernels.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::String;

namespace {

constexpr char kHexDigits[] = "0123456789ABCDEF";

void EncodeUrl(TextWriter& out, std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                 c == '*' || c == '_';
    if (plain) {
      out.Append(c);
    } else if (c == ' ') {
      out.Append('+');
    } else {
      out.Append('%');
      out.Append(kHexDigits[byte >> 4]);
      out.Append(kHexDigits[byte & 15]);
    }
  }
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool DecodeUrl(TextWriter& out, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.Append(' ');
    } else if (text[i] != '%') {
      out.Append(text[i]);
    } else {
      int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
      int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      out.Append(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return true;
}

BindScalar UrlDecode(bool is_try) {
  return Simple(
      {.parameters = {String()},
       .type = String(),
       .kernel = RowKernel<Text(std::string_view)>(
           String(),
           [is_try](TextWriter& out, std::string_view text) {
             bool good = DecodeUrl(out, text);
             if (!good && !is_try) {
               throw base::Error(base::ErrorKind::kIllegalArgument, "CANNOT_DECODE_URL", {{"url", std::string(text)}});
             }
             return good;
           }),
       .nulls = is_try ? Nulls::kAlways : Nulls::kPropagate});
}

/// The parts of a URL as java.net.URI sees them; a part that is missing is not set.
struct Url {
  std::optional<std::string_view> scheme, authority, user_info, host, path, query, fragment;
};

/// Nothing if the text has characters that no URI may have.
std::optional<Url> ParseUri(std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || c == '"' || c == '<' || c == '>' || c == '\\' || c == '^' || c == '`' || c == '{' || c == '|' ||
        c == '}' || byte == 0x7f) {
      return std::nullopt;
    }
  }
  Url out;
  if (size_t hash = text.find('#'); hash != std::string_view::npos) {
    out.fragment = text.substr(hash + 1);
    text = text.substr(0, hash);
  }
  size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon > 0 && text.find_first_of("/?") > colon) {
    out.scheme = text.substr(0, colon);
    text = text.substr(colon + 1);
    // An opaque URI (mailto:a@b) has no other parts.
    if (!text.starts_with('/')) return out;
  }
  if (size_t mark = text.find('?'); mark != std::string_view::npos) {
    out.query = text.substr(mark + 1);
    text = text.substr(0, mark);
  }
  if (text.starts_with("//")) {
    text = text.substr(2);
    size_t slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
    out.authority = authority;
    if (size_t at = authority.rfind('@'); at != std::string_view::npos) {
      out.user_info = authority.substr(0, at);
      authority = authority.substr(at + 1);
    }
    size_t bracket = authority.rfind(']');
    size_t port = authority.rfind(':');
    if (port != std::string_view::npos && (bracket == std::string_view::npos || port > bracket)) {
      authority = authority.substr(0, port);
    }
    if (!authority.empty()) out.host = authority;
  }
  out.path = text;
  return out;
}

struct UrlPart {
  std::string text;
  bool found = false;
};

UrlPart ExtractPart(const Url& url, std::string_view part) {
  auto of = [](const std::optional<std::string_view>& value) {
    return UrlPart{std::string(value.value_or("")), value.has_value()};
  };
  if (part == "HOST") return of(url.host);
  if (part == "PATH") return of(url.path);
  if (part == "QUERY") return of(url.query);
  if (part == "REF") return of(url.fragment);
  if (part == "PROTOCOL") return of(url.scheme);
  if (part == "AUTHORITY") return of(url.authority);
  if (part == "USERINFO") return of(url.user_info);
  if (part == "FILE") {
    if (!url.path) return {};
    UrlPart out = of(url.path);
    if (url.query) out.text += "?" + std::string(*url.query);
    return out;
  }
  return {};
}

/// The value of a key in a query text.
UrlPart QueryValue(std::string_view query, std::string_view key) {
  for (size_t start = 0; start <= query.size();) {
    size_t end = std::min(query.find('&', start), query.size());
    std::string_view pair = query.substr(start, end - start);
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=') {
      return {std::string(pair.substr(key.size() + 1)), true};
    }
    start = end + 1;
  }
  return {};
}

ScalarBindingPtr BindParseUrl(bool is_try, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, arguments, {String()});
  bool fails = context.ansi && !is_try;
  auto extract = [fails](std::string_view url, std::string_view part) -> UrlPart {
    auto parsed = ParseUri(url);
    if (parsed) return ExtractPart(*parsed, part);
    if (fails) {
      throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_URL", {{"url", std::string(url)}});
    }
    return {};
  };
  logical::ScalarKernel kernel;
  if (arguments.size() == 2) {
    kernel = RowKernel<Text(std::string_view, std::string_view)>(
        String(), [extract](TextWriter& out, std::string_view url, std::string_view part) {
          UrlPart found = extract(url, part);
          out.Append(found.text);
          return found.found;
        });
  } else {
    kernel = RowKernel<Text(std::string_view, std::string_view, std::string_view)>(
        String(), [extract](TextWriter& out, std::string_view url, std::string_view part, std::string_view key) {
          if (part != "QUERY") return false;
          UrlPart query = extract(url, part);
          UrlPart value = query.found ? QueryValue(query.text, key) : UrlPart{};
          out.Append(value.text);
          return value.found;
        });
  }
  return NewBinding(context, arguments, String(), types, kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, UrlCoding) {
  registry.Add({.name = "url_encode",
                .usage = "The text as application/x-www-form-urlencoded.",
                .example = "SELECT url_encode('https://spark.apache.org')",
                .since = "3.4.0",
                .bind = Simple({.parameters = {String()},
                                .type = String(),
                                .kernel = RowKernel<Text(std::string_view)>(String(), EncodeUrl)})});
  registry.Add({.name = "url_decode",
                .usage = "The text that was encoded as application/x-www-form-urlencoded.",
                .example = "SELECT url_decode('https%3A%2F%2Fspark.apache.org')",
                .since = "3.4.0",
                .bind = UrlDecode(false)});
  registry.Add({.name = "try_url_decode",
                .usage = "Like url_decode, but null for a malformed text.",
                .example = "SELECT try_url_decode('https%3A%2F%2Fspark.apache.org')",
                .since = "4.0.0",
                .bind = UrlDecode(true)});
}

SLUICE_REGISTER(FunctionRegistry, ParseUrl) {
  registry.Add({.name = "parse_url",
                .usage = "A part of a URL: HOST, PATH, QUERY, REF, PROTOCOL, FILE, AUTHORITY, USERINFO; of a query the "
                         "value of a key.",
                .example = "SELECT parse_url('http://spark.apache.org/path?query=1', 'HOST')",
                .since = "2.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindParseUrl(false, context, arguments);
                })});
  registry.Add({.name = "try_parse_url",
                .usage = "Like parse_url, but null for a malformed URL.",
                .example = "SELECT try_parse_url('http://spark.apache.org/path?query=1', 'HOST')",
                .since = "4.0.0",
                .bind = BindScalar([](const BindContext& context, const Arguments& arguments) {
                  return BindParseUrl(true, context, arguments);
                })});
}

}  // namespace sluice::functions
