// Moves over tokens and tells what is wrong with them in Spark's words.
#include "types/token_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace sluice::types {
namespace {

constexpr int kMaxDepth = 300;

bool IsPlainName(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c < 0x80 && (std::isalnum(c) || c == '_'); });
}

std::string Shown(const Token& token) {
  if (token.kind == TokenKind::kEnd) return "end of input";
  std::string out = "'";
  for (char c : token.text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace

TokenStream::TokenStream(std::string_view sql, bool quoted_names) : sql_(sql), tokens_(Tokenize(sql, quoted_names)) {}

Token TokenStream::Next() {
  Token token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool TokenStream::Is(std::string_view text, size_t ahead) const { return Peek(ahead).upper == text; }

bool TokenStream::IsAny(std::initializer_list<std::string_view> texts, size_t ahead) const {
  return std::any_of(texts.begin(), texts.end(), [&](std::string_view text) { return Is(text, ahead); });
}

bool TokenStream::IsSequence(std::initializer_list<std::string_view> texts) const {
  size_t ahead = 0;
  return std::all_of(texts.begin(), texts.end(), [&](std::string_view text) { return Is(text, ahead++); });
}

bool TokenStream::Accept(std::string_view text) {
  if (!Is(text)) return false;
  Next();
  return true;
}

bool TokenStream::AcceptSequence(std::initializer_list<std::string_view> texts) {
  if (!IsSequence(texts)) return false;
  at_ += texts.size();
  return true;
}

Token TokenStream::Expect(std::string_view text, bool tell_missing) {
  if (Is(text)) return Next();
  if (Is(text, 1)) throw SyntaxError(": extra input " + Shown(Peek()));
  if (tell_missing) throw SyntaxError(fmt::format(": missing '{}'", text));
  throw SyntaxError();
}

void TokenStream::ExpectSequence(std::initializer_list<std::string_view> texts) {
  for (std::string_view text : texts) Expect(text);
}

bool TokenStream::IsIdentifier(size_t ahead) const {
  TokenKind kind = Peek(ahead).kind;
  return kind == TokenKind::kWord || kind == TokenKind::kQuotedIdentifier;
}

base::Error TokenStream::InvalidIdentifier(const Token& token, const std::string& name) const {
  return ErrorAt(token, "INVALID_IDENTIFIER", {{"ident", name}});
}

std::string TokenStream::Identifier() {
  if (!IsIdentifier()) throw SyntaxError();
  Token token = Next();
  std::string name = IdentifierText(token);
  if (token.kind == TokenKind::kWord && !IsPlainName(name)) throw InvalidIdentifier(token, name);
  return name;
}

std::string TokenStream::StrictName() {
  std::string name = Identifier();
  if (!Is("-") || !IsIdentifier(1)) return name;
  Token minus = Peek();
  while (Is("-") && IsIdentifier(1)) {
    Next();
    name += "-" + std::string(Next().text);
  }
  throw InvalidIdentifier(minus, name);
}

std::vector<std::string> TokenStream::QualifiedName() {
  std::vector<std::string> parts = {StrictName()};
  while (Is(".") && IsIdentifier(1)) {
    Next();
    parts.push_back(StrictName());
  }
  return parts;
}

std::string TokenStream::StringLiteral() {
  if (Peek().kind != TokenKind::kString) throw SyntaxError();
  return UnescapeString(Next().text);
}

int TokenStream::Integer() {
  const Token& token = Peek();
  int value = 0;
  if (token.kind != TokenKind::kInteger) throw SyntaxError();
  if (std::from_chars(token.text.data(), token.text.data() + token.text.size(), value).ec != std::errc())
    throw SyntaxError();
  Next();
  return value;
}

void TokenStream::ExpectEnd(bool semicolons) {
  bool after_semicolon = false;
  while (semicolons && Accept(";")) after_semicolon = true;
  if (AtEnd()) return;
  bool one_too_many = Peek(1).kind == TokenKind::kEnd || (semicolons && Is(";", 1));
  if (after_semicolon || one_too_many) throw SyntaxError(": extra input " + Shown(Peek()));
  throw SyntaxError();
}

base::Error TokenStream::SyntaxErrorAt(const Token& token, const std::string& hint) const {
  bool blank = std::all_of(sql_.begin(), sql_.end(), [](unsigned char c) { return c <= ' '; });
  if (blank) return ErrorAt(token, "PARSE_EMPTY_STATEMENT");
  return ErrorAt(token, "PARSE_SYNTAX_ERROR", {{"error", Shown(token)}, {"hint", hint}});
}

base::Error TokenStream::ErrorAt(const Token& token, std::string condition, base::Error::Parameters parameters) const {
  return ParseErrorAt(base::Error(base::ErrorKind::kParse, std::move(condition), std::move(parameters)), sql_, token);
}

TokenStream::Depth::Depth(TokenStream& stream) : stream_(stream) {
  if (++stream_.depth_ <= kMaxDepth) return;
  --stream_.depth_;
  throw stream_.ErrorAt(stream_.Peek(), "FAILED_TO_PARSE_TOO_COMPLEX");
}

}  // namespace sluice::types
