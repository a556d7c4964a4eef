// Jackson's string escapes, and its copyCurrentStructure.
#include "formats/json/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <vector>

#include "formats/number_parser.h"
#include "types/number_text.h"

namespace sluice::formats {
namespace {

void AppendEscape(uint32_t unit, std::string* out) { fmt::format_to(std::back_inserter(*out), "\\u{:04X}", unit); }

// The code point at `*at`, which moves behind it.
uint32_t CodePoint(std::string_view text, size_t* at) {
  auto lead = static_cast<unsigned char>(text[*at]);
  int length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t code = length == 1 ? lead : lead & (0xff >> (length + 1));
  for (int i = 1; i < length && *at + i < text.size(); ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[*at + i]) & 0x3f);
  }
  *at += length;
  return code;
}

bool IsEscaped(unsigned char lead, JsonEscapes escapes) {
  constexpr unsigned char kNonAsciiLead = 0x80, kSupplementaryLead = 0xf0;
  return (escapes == JsonEscapes::kNonAscii && lead >= kNonAsciiLead) ||
         (escapes == JsonEscapes::kSupplementary && lead >= kSupplementaryLead);
}

}  // namespace

void AppendJsonString(std::string_view text, JsonEscapes escapes, std::string* out) {
  *out += '"';
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    if (IsEscaped(c, escapes)) {
      uint32_t code = CodePoint(text, &i);
      if (code >= 0x10000) {
        AppendEscape(0xd800 + ((code - 0x10000) >> 10), out);
        AppendEscape(0xdc00 + ((code - 0x10000) & 0x3ff), out);
      } else {
        AppendEscape(code, out);
      }
      continue;
    }
    ++i;
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\t':
        *out += "\\t";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\r':
        *out += "\\r";
        break;
      default:
        if (c < 0x20) {
          AppendEscape(c, out);
        } else {
          *out += static_cast<char>(c);
        }
    }
  }
  *out += '"';
}

namespace {

// Jackson makes a double of any number with a point or an exponent.
void AppendFloat(std::string_view text, std::string* out) {
  double value;
  if (!ParseDouble(text.data(), text.size(), &value)) {
    value = text.find("NaN") != std::string_view::npos ? std::numeric_limits<double>::quiet_NaN()
            : text[0] == '-'                           ? -std::numeric_limits<double>::infinity()
                                                       : std::numeric_limits<double>::infinity();
  }
  bool quoted = !std::isfinite(value);
  if (quoted) *out += '"';
  *out += types::FormatDouble(value);
  if (quoted) *out += '"';
}

void AppendScalar(const JsonLexer& lexer, std::string* out) {
  switch (lexer.token()) {
    case JsonToken::kString:
      return AppendJsonString(lexer.text(), JsonEscapes::kSupplementary, out);
    case JsonToken::kInteger:
      out->append(lexer.text() == "-0" ? "0" : lexer.text());
      return;
    case JsonToken::kFloat:
      return AppendFloat(lexer.text(), out);
    case JsonToken::kTrue:
      out->append("true");
      return;
    case JsonToken::kFalse:
      out->append("false");
      return;
    default:
      out->append("null");
  }
}

}  // namespace

bool RewriteJsonValue(JsonLexer& lexer, std::string* out) {
  std::vector<bool> empty;  // of each open object or array
  bool named = false;       // a name came last
  do {
    JsonToken token = lexer.token();
    if (token == JsonToken::kBroken || token == JsonToken::kNone) return false;
    if (token == JsonToken::kEndObject || token == JsonToken::kEndArray) {
      *out += token == JsonToken::kEndObject ? '}' : ']';
      empty.pop_back();
    } else {
      if (!empty.empty() && !named && !empty.back()) *out += ',';
      if (!empty.empty()) empty.back() = false;
      named = token == JsonToken::kName;
      if (named) {
        AppendJsonString(*lexer.name(), JsonEscapes::kSupplementary, out);
        *out += ':';
      } else if (token == JsonToken::kStartObject || token == JsonToken::kStartArray) {
        *out += token == JsonToken::kStartObject ? '{' : '[';
        empty.push_back(true);
      } else {
        AppendScalar(lexer, out);
      }
    }
    if (!empty.empty()) lexer.Next();
  } while (!empty.empty());
  return true;
}

}  // namespace sluice::formats
