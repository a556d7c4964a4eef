// Identifiers: quoting with backticks, and dotted attribute names.
#include <cctype>

#include "base/error.h"
#include "types/data_type.h"

namespace sluice::types {
namespace {

bool IsWordStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsWord(char c) { return IsWordStart(c) || std::isdigit(static_cast<unsigned char>(c)); }

std::string Quote(std::string_view name) {
  std::string out = "`";
  for (char c : name) {
    out += c;
    if (c == '`') out += c;
  }
  return out + "`";
}

}  // namespace

std::string QuoteIfNeeded(std::string_view name) {
  bool plain = !name.empty() && IsWordStart(name[0]);
  for (char c : name) plain = plain && IsWord(c);
  return plain ? std::string(name) : Quote(name);
}

std::string QuoteIdentifier(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += ".";
    out += Quote(part);
  }
  return out;
}

std::vector<std::string> ParseAttributeName(std::string_view text) {
  auto fail = [&] {
    return base::Error(base::ErrorKind::kAnalysis, "INVALID_ATTRIBUTE_NAME_SYNTAX", {{"name", std::string(text)}});
  };
  std::vector<std::string> parts;
  std::string part;
  bool in_quotes = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_quotes) {
      if (c != '`') {
        part += c;
      } else if (i + 1 < text.size() && text[i + 1] == '`') {
        part += '`';
        ++i;
      } else {
        in_quotes = false;
        if (i + 1 < text.size() && text[i + 1] != '.') throw fail();
      }
    } else if (c == '`') {
      if (!part.empty()) throw fail();
      in_quotes = true;
    } else if (c == '.') {
      if (i == 0 || text[i - 1] == '.' || i + 1 == text.size()) throw fail();
      parts.push_back(std::move(part));
      part.clear();
    } else {
      part += c;
    }
  }
  if (in_quotes) throw fail();
  parts.push_back(std::move(part));
  return parts;
}

}  // namespace sluice::types
