// Splits Spark SQL text into tokens, by longest match as Spark's lexer does.
#include "types/sql_lexer.h"

#include <array>
#include <cctype>
#include <cstdint>

namespace sluice::types {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsWordByte(char c) { return IsAsciiLetter(c) || IsDigit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

// Longer symbols before their prefixes.
constexpr std::array<std::string_view, 41> kSymbols = {
    "/*+", "<=>", "*/", "==", "<>", "!=", "<=", "!>", ">=", "!<", "<<", "||", "|>", "::",
    "->",  "=>",  ";",  "(",  ")",  ",",  ".",  "[",  "]",  "!",  "=",  "<",  ">",  "+",
    "-",   "*",   "/",  "%",  "~",  "&",  "|",  "^",  ":",  "?",  "@",  "{",  "}"};

// Bytes of a white space code point beyond ASCII at the start of the text; 0 if there is none.
size_t UnicodeSpace(std::string_view text) {
  if (text.starts_with("\xC2\xA0")) return 2;
  if (text.starts_with("\xE1\x9A\x80") || text.starts_with("\xE2\x80\xAF") || text.starts_with("\xE2\x81\x9F") ||
      text.starts_with("\xE3\x80\x80") || text.starts_with("\xE2\x80\xA8")) {
    return 3;
  }
  if (text.size() >= 3 && text.starts_with("\xE2\x80")) {
    auto last = static_cast<unsigned char>(text[2]);
    if (last >= 0x80 && last <= 0x8A) return 3;
  }
  return 0;
}

class Lexer {
 public:
  Lexer(std::string_view sql, bool quoted_names) : sql_(sql), quoted_names_(quoted_names) {}

  std::vector<Token> Run() {
    while (SkipHidden()) {
      auto [kind, length] = Match();
      Token token;
      token.kind = kind;
      token.text = sql_.substr(at_, length);
      token.offset = at_;
      token.line = line_;
      token.position = position_;
      if (kind == TokenKind::kWord || kind == TokenKind::kSymbol) {
        for (char c : token.text) token.upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      }
      tokens_.push_back(std::move(token));
      Advance(length);
    }
    Token end;
    end.text = sql_.substr(sql_.size());
    end.offset = sql_.size();
    end.line = line_;
    end.position = position_;
    if (unclosed_comment_) {
      throw base::Error(base::ErrorKind::kParse, "UNCLOSED_BRACKETED_COMMENT").WithSqlText(std::string(sql_));
    }
    tokens_.push_back(std::move(end));
    return std::move(tokens_);
  }

 private:
  char At(size_t i) const { return i < sql_.size() ? sql_[i] : '\0'; }

  void Advance(size_t bytes) {
    for (size_t end = at_ + bytes; at_ < end; ++at_) {
      if (sql_[at_] == '\n') {
        ++line_;
        position_ = 0;
      } else if ((static_cast<unsigned char>(sql_[at_]) & 0xC0) != 0x80) {
        ++position_;
      }
    }
  }

  // Skips white space and comments; false at the end of the text.
  bool SkipHidden() {
    while (at_ < sql_.size()) {
      std::string_view rest = sql_.substr(at_);
      char c = rest[0];
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        Advance(1);
      } else if (size_t bytes = UnicodeSpace(rest)) {
        Advance(bytes);
      } else if (rest.starts_with("--")) {
        Advance(LineComment(rest));
      } else if (rest.starts_with("/*") && !rest.starts_with("/*+")) {
        Advance(BracketedComment(rest));
      } else {
        return true;
      }
    }
    return false;
  }

  static size_t LineComment(std::string_view rest) {
    size_t end = 2;
    for (; end < rest.size() && rest[end] != '\n' && rest[end] != '\r'; ++end) {
      if (rest.substr(end).starts_with("\\\n")) ++end;
    }
    return end;
  }

  size_t BracketedComment(std::string_view rest) {
    int depth = 0;
    for (size_t i = 0; i + 1 < rest.size(); ++i) {
      if (rest[i] == '/' && rest[i + 1] == '*' && (i + 2 >= rest.size() || rest[i + 2] != '+')) {
        ++depth;
        ++i;
      } else if (rest[i] == '*' && rest[i + 1] == '/') {
        ++i;
        if (--depth == 0) return i + 1;
      }
    }
    unclosed_comment_ = true;
    return rest.size();
  }

  std::pair<TokenKind, size_t> Match() const {
    char c = sql_[at_];
    if (c == '\'' || c == '"') return Quoted(at_);
    if (c == '`') return Backquoted();
    if ((c == 'r' || c == 'R') && (At(at_ + 1) == '\'' || At(at_ + 1) == '"')) {
      size_t close = sql_.find(At(at_ + 1), at_ + 2);
      if (close != std::string_view::npos) return {TokenKind::kString, close + 1 - at_};
    }
    auto [kind, number] = Number();
    size_t word = Word();
    if (number > 0 && number >= word) return {kind, number};
    if (word > 0) return {TokenKind::kWord, word};
    for (std::string_view symbol : kSymbols) {
      if (sql_.substr(at_).starts_with(symbol)) return {TokenKind::kSymbol, symbol.size()};
    }
    return {TokenKind::kUnrecognized, 1};
  }

  std::pair<TokenKind, size_t> Quoted(size_t start) const {
    char quote = sql_[start];
    for (size_t i = start + 1; i < sql_.size(); ++i) {
      if (sql_[i] == '\\') {
        ++i;
      } else if (sql_[i] == quote) {
        bool is_name = quote == '"' && quoted_names_;
        if (At(i + 1) != quote) return {is_name ? TokenKind::kQuotedIdentifier : TokenKind::kString, i + 1 - start};
        ++i;
      }
    }
    return {TokenKind::kUnrecognized, 1};
  }

  std::pair<TokenKind, size_t> Backquoted() const {
    for (size_t i = at_ + 1; i < sql_.size(); ++i) {
      if (sql_[i] != '`') continue;
      if (At(i + 1) != '`') return {TokenKind::kQuotedIdentifier, i + 1 - at_};
      ++i;
    }
    return {TokenKind::kUnrecognized, 1};
  }

  size_t Word() const {
    size_t end = at_;
    bool letters = true;
    while (end < sql_.size() && IsWordByte(sql_[end]) && UnicodeSpace(sql_.substr(end)) == 0) {
      letters = letters && IsAsciiLetter(sql_[end]);
      ++end;
    }
    if (end == at_ || !letters || !sql_.substr(end).starts_with("://")) return end - at_;
    // A path such as s3://bucket/key, kept whole so that the message can show it.
    size_t path = end + 3;
    auto in_path = [&](char c) {
      return IsWordByte(c) || std::string_view("/-.?=&#%").find(c) != std::string_view::npos;
    };
    while (path < sql_.size() && in_path(sql_[path])) ++path;
    return (path > end + 3 ? path : end) - at_;
  }

  size_t Digits(size_t from) const {
    size_t end = from;
    while (IsDigit(At(end))) ++end;
    return end;
  }

  size_t Exponent(size_t from) const {
    if (At(from) != 'e' && At(from) != 'E') return from;
    size_t start = from + 1;
    if (At(start) == '+' || At(start) == '-') ++start;
    size_t end = Digits(start);
    return end > start ? end : from;
  }

  // The longest number at the current place.
  std::pair<TokenKind, size_t> Number() const {
    size_t whole = Digits(at_);
    bool has_whole = whole > at_;
    std::pair<TokenKind, size_t> best{TokenKind::kInteger, has_whole ? whole - at_ : 0};
    auto offer = [&](TokenKind kind, size_t end, bool has_point) {
      if (has_point && IsWordByte(At(end))) return;
      if (end - at_ > best.second) best = {kind, end - at_};
    };
    auto offer_suffixes = [&](size_t mantissa, bool has_point) {
      size_t exponent = Exponent(mantissa);
      if (exponent > mantissa) offer(TokenKind::kExponent, exponent, has_point);
      for (size_t end : {mantissa, exponent}) {
        char c = static_cast<char>(std::toupper(static_cast<unsigned char>(At(end))));
        if (c == 'F') offer(TokenKind::kFloat, end + 1, has_point);
        if (c == 'D') offer(TokenKind::kDouble, end + 1, has_point);
        if (c == 'B' && (At(end + 1) == 'd' || At(end + 1) == 'D')) offer(TokenKind::kBigDecimal, end + 2, has_point);
      }
    };
    if (has_whole) {
      switch (std::toupper(static_cast<unsigned char>(At(whole)))) {
        case 'L':
          offer(TokenKind::kLong, whole + 1, false);
          break;
        case 'S':
          offer(TokenKind::kShort, whole + 1, false);
          break;
        case 'Y':
          offer(TokenKind::kByte, whole + 1, false);
          break;
        default:
          break;
      }
      offer_suffixes(whole, false);
    }
    if (At(whole) == '.' && (has_whole || IsDigit(At(whole + 1)))) {
      size_t end = Digits(whole + 1);
      offer(TokenKind::kDecimal, end, true);
      offer_suffixes(end, true);
    }
    return best;
  }

  std::string_view sql_;
  bool quoted_names_;
  size_t at_ = 0;
  int line_ = 1;
  int position_ = 0;
  bool unclosed_comment_ = false;
  std::vector<Token> tokens_;
};

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xC0 | code >> 6);
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xE0 | code >> 12);
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x110000) {
    *out += static_cast<char>(0xF0 | code >> 18);
    *out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    *out += '?';
  }
}

bool ReadNumber(std::string_view text, size_t from, size_t digits, int base, uint32_t* value) {
  if (from + digits > text.size()) return false;
  *value = 0;
  for (char c : text.substr(from, digits)) {
    int digit = IsDigit(c) ? c - '0' : std::isxdigit(static_cast<unsigned char>(c)) ? (c | 0x20) - 'a' + 10 : base;
    if (digit >= base) return false;
    *value = *value * base + digit;
  }
  return true;
}

// Resolves the escape whose backslash is at `at`; gives the place after it.
size_t AppendEscape(std::string_view body, size_t at, std::string* out) {
  uint32_t code = 0;
  char c = body[at + 1];
  if (c == 'u' && ReadNumber(body, at + 2, 4, 16, &code)) {
    uint32_t low = 0;
    bool pair = code >= 0xD800 && code < 0xDC00 && body.substr(at + 6).starts_with("\\u") &&
                ReadNumber(body, at + 8, 4, 16, &low) && low >= 0xDC00 && low < 0xE000;
    AppendUtf8(pair ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : code, out);
    return at + (pair ? 12 : 6);
  }
  if (c == 'U' && ReadNumber(body, at + 2, 8, 16, &code)) {
    AppendUtf8(code, out);
    return at + 10;
  }
  if ((c == '0' || c == '1') && ReadNumber(body, at + 1, 3, 8, &code)) {
    AppendUtf8(code, out);
    return at + 4;
  }
  switch (c) {
    case '0':
      *out += '\0';
      break;
    case 'b':
      *out += '\b';
      break;
    case 'n':
      *out += '\n';
      break;
    case 'r':
      *out += '\r';
      break;
    case 't':
      *out += '\t';
      break;
    case 'Z':
      *out += '\x1A';
      break;
    case '%':
    case '_':
      *out += '\\';
      *out += c;
      break;
    default:
      *out += c;
  }
  return at + 2;
}

}  // namespace

std::vector<Token> Tokenize(std::string_view sql, bool quoted_names) { return Lexer(sql, quoted_names).Run(); }

std::string UnescapeString(std::string_view token) {
  if (token[0] == 'r' || token[0] == 'R') return std::string(token.substr(2, token.size() - 3));
  char quote = token[0];
  std::string_view body = token.substr(1, token.size() - 2);
  std::string out;
  for (size_t i = 0; i < body.size();) {
    if (body[i] == '\\' && i + 1 < body.size()) {
      i = AppendEscape(body, i, &out);
    } else {
      if (body[i] == quote) ++i;
      if (i < body.size()) out += body[i++];
    }
  }
  return out;
}

std::string IdentifierText(const Token& token) {
  if (token.kind != TokenKind::kQuotedIdentifier) return std::string(token.text);
  char quote = token.text[0];
  std::string out;
  for (size_t i = 1; i + 1 < token.text.size(); ++i) {
    out += token.text[i];
    if (token.text[i] == quote) ++i;
  }
  return out;
}

base::Error ParseErrorAt(base::Error error, std::string_view sql, const Token& token) {
  return error.WithSqlPosition(std::string(sql), token.line, token.position);
}

}  // namespace sluice::types
