// JSON tokens.
#include "formats/json/json_lexer.h"

#include <simdjson.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <cstring>

namespace sluice::formats {
namespace {

constexpr size_t kMaxNumberLength = 1000;

bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

bool IsNamePart(char c) {
  return (c | 0x20) >= 'a' ? (c | 0x20) <= 'z' || static_cast<unsigned char>(c) >= 0x80
                           : IsDigit(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

void AppendUtf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xc0 | code >> 6);
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xe0 | code >> 12);
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *out += static_cast<char>(0xf0 | code >> 18);
    *out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

bool HexDigits(const char* at, const char* end, uint32_t* code) {
  if (end - at < 4) return false;
  *code = 0;
  for (int i = 0; i < 4; ++i) {
    char c = at[i];
    uint32_t digit;
    if (IsDigit(c)) {
      digit = c - '0';
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = (c | 0x20) - 'a' + 10;
    } else {
      return false;
    }
    *code = *code << 4 | digit;
  }
  return true;
}

// Behind "\u": one character or a surrogate pair; a lone half becomes '?', as Java encodes it.
const char* UnicodeEscape(const char* at, const char* end, std::string* out) {
  uint32_t code;
  if (!HexDigits(at, end, &code)) return nullptr;
  at += 4;
  if (code < 0xd800 || code > 0xdfff) {
    AppendUtf8(code, out);
    return at;
  }
  uint32_t low;
  if (code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' && HexDigits(at + 2, end, &low) &&
      low >= 0xdc00 && low <= 0xdfff) {
    AppendUtf8(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), out);
    return at + 6;
  }
  *out += '?';
  return at;
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'f':
      return '\f';
    case 'r':
      return '\r';
    case '"':
    case '/':
    case '\\':
      return c;
    default:
      return '\0';
  }
}

}  // namespace

const char* ScanString(const char* at, const char* end, char quote, bool* non_ascii) {
#if defined(__SSE2__)
  const __m128i quotes = _mm_set1_epi8(quote);
  const __m128i backslashes = _mm_set1_epi8('\\');
  const __m128i controls = _mm_set1_epi8(0x1f);
  while (end - at >= 16) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, backslashes));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_max_epu8(bytes, controls), controls));
    auto found = static_cast<uint32_t>(_mm_movemask_epi8(special));
    auto high = static_cast<uint32_t>(_mm_movemask_epi8(bytes));
    if (found != 0) {
      int index = __builtin_ctz(found);
      *non_ascii |= (high & ((1u << index) - 1)) != 0;
      return at + index;
    }
    *non_ascii |= high != 0;
    at += 16;
  }
#endif
  for (; at < end; ++at) {
    auto c = static_cast<unsigned char>(*at);
    if (c == static_cast<unsigned char>(quote) || c == '\\' || c < 0x20) return at;
    *non_ascii |= c >= 0x80;
  }
  return at;
}

const char* UnescapeStrict(const char* at, const char* end, std::string* out) {
  bool non_ascii = false;
  size_t start = out->size();
  for (;;) {
    const char* stop = ScanString(at, end, '"', &non_ascii);
    out->append(at, stop);
    if (stop >= end) return nullptr;
    if (*stop == '"') {
      if (non_ascii && !simdjson::validate_utf8(out->data() + start, out->size() - start)) return nullptr;
      return stop + 1;
    }
    if (*stop != '\\' || stop + 1 >= end) return nullptr;
    at = stop + 2;
    if (stop[1] == 'u') {
      at = UnicodeEscape(at, end, out);
      if (!at) return nullptr;
    } else {
      char c = SimpleEscape(stop[1]);
      if (c == '\0') return nullptr;
      *out += c;
    }
  }
}

void JsonLexer::Start(std::string_view text) {
  begin_ = at_ = text.data();
  end_ = begin_ + text.size();
  if (text.starts_with("\xef\xbb\xbf")) at_ += 3;
  token_ = JsonToken::kNone;
  has_ahead_ = false;
  depth_ = 0;
  if (levels_.empty()) levels_.resize(8);
  levels_[0] = Level();
}

const std::string* JsonLexer::name() const {
  // At the start of an object or array the name is that of the field it is the value of.
  size_t depth = depth_;
  if ((token_ == JsonToken::kStartObject || token_ == JsonToken::kStartArray) && depth > 0) --depth;
  const Level& level = levels_[depth];
  return level.object && level.has_name ? &level.name : nullptr;
}

// Goes to the next character that matters; false at the end of the text or at a character that can't stand there.
bool JsonLexer::SkipSpace() {
  while (at_ < end_) {
    char c = *at_;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at_;
    } else if (c == '/' && options_.comments) {
      if (end_ - at_ < 2) return false;
      if (at_[1] == '*') {
        size_t close = std::string_view(at_ + 2, end_ - at_ - 2).find("*/");
        if (close == std::string_view::npos) return false;
        at_ += close + 4;
      } else if (at_[1] == '/') {
        while (at_ < end_ && *at_ != '\n' && *at_ != '\r') ++at_;
      } else {
        return false;
      }
    } else {
      return true;
    }
  }
  return false;
}

JsonToken JsonLexer::Next() {
  if (token_ == JsonToken::kBroken) return token_;
  if (has_ahead_) {
    has_ahead_ = false;
    token_start_ = ahead_start_;
    token_ = ahead_;
    // Objects and arrays are entered only now, and the characters of a string read.
    if (ahead_ == JsonToken::kStartObject || ahead_ == JsonToken::kStartArray) {
      return Open(ahead_ == JsonToken::kStartObject);
    }
    if (pending_string_) {
      pending_string_ = false;
      char quote = at_[-1];
      if (!ReadString(quote, &scratch_, &value_)) return Break();
    }
    return token_;
  }
  bool more = SkipSpace();
  Level& level = levels_[depth_];
  if (!more) {
    if (at_ < end_ || depth_ > 0) return Break();
    return token_ = JsonToken::kNone;
  }
  if (depth_ == 0) {
    token_start_ = at_ - begin_;
    JsonToken token = Value();
    if (token == JsonToken::kStartObject || token == JsonToken::kStartArray) {
      return Open(token == JsonToken::kStartObject);
    }
    if (pending_string_) {
      pending_string_ = false;
      char quote = at_[-1];
      if (!ReadString(quote, &scratch_, &value_)) return Break();
    }
    return token_ = token;
  }
  token_start_ = at_ - begin_;
  char close = level.object ? '}' : ']';
  if (*at_ == close) return Close(level.object);
  if (!level.first) {
    if (*at_ != ',') return Break();
    ++at_;
    if (!SkipSpace()) return Break();
  }
  level.first = false;
  if (level.object) {
    if (!ReadName(&level.name)) return Break();
    level.has_name = true;
    if (!SkipSpace() || *at_ != ':') return Break();
    ++at_;
    if (!SkipSpace()) return Break();
    ahead_start_ = at_ - begin_;
    ahead_ = Value();
    if (ahead_ == JsonToken::kBroken) return Break();
    has_ahead_ = true;
    return token_ = JsonToken::kName;
  }
  token_start_ = at_ - begin_;
  JsonToken token = Value();
  if (token == JsonToken::kStartObject || token == JsonToken::kStartArray)
    return Open(token == JsonToken::kStartObject);
  if (pending_string_) {
    pending_string_ = false;
    char quote = at_[-1];
    if (!ReadString(quote, &scratch_, &value_)) return Break();
  }
  return token_ = token;
}

JsonToken JsonLexer::Open(bool object) {
  if (++depth_ > static_cast<size_t>(options_.max_depth)) return Break();
  if (levels_.size() <= depth_) levels_.resize(depth_ * 2);
  Level& level = levels_[depth_];
  level.object = object;
  level.first = true;
  level.has_name = false;
  return token_ = object ? JsonToken::kStartObject : JsonToken::kStartArray;
}

JsonToken JsonLexer::Close(bool object) {
  ++at_;
  --depth_;
  return token_ = object ? JsonToken::kEndObject : JsonToken::kEndArray;
}

JsonToken JsonLexer::SkipChildren() {
  if (token_ != JsonToken::kStartObject && token_ != JsonToken::kStartArray) return token_;
  size_t outside = depth_ - 1;
  while (token_ != JsonToken::kBroken && depth_ > outside) Next();
  return token_;
}

// The first token of a value. Of strings only the opening quote is read here (pending_string_).
JsonToken JsonLexer::Value() {
  pending_string_ = false;
  char c = *at_;
  switch (c) {
    case '{':
      ++at_;
      return JsonToken::kStartObject;
    case '[':
      ++at_;
      return JsonToken::kStartArray;
    case '"':
      ++at_;
      pending_string_ = true;
      return JsonToken::kString;
    case '\'':
      if (!options_.single_quotes) return JsonToken::kBroken;
      ++at_;
      pending_string_ = true;
      return JsonToken::kString;
    case 't':
      return ReadLiteral("true", JsonToken::kTrue);
    case 'f':
      return ReadLiteral("false", JsonToken::kFalse);
    case 'n':
      return ReadLiteral("null", JsonToken::kNull);
    case 'N':
    case 'I':
    case '+':
      return ReadSpecialNumber();
    default:
      if (c == '-' || IsDigit(c)) return ReadNumber();
      return JsonToken::kBroken;
  }
}

JsonToken JsonLexer::ReadLiteral(std::string_view word, JsonToken token) {
  if (!std::string_view(at_, end_ - at_).starts_with(word)) return JsonToken::kBroken;
  at_ += word.size();
  return at_ < end_ && IsNamePart(*at_) ? JsonToken::kBroken : token;
}

JsonToken JsonLexer::ReadSpecialNumber() {
  if (!options_.non_numeric_numbers) return JsonToken::kBroken;
  std::string_view rest(at_, end_ - at_);
  for (std::string_view word : {"NaN", "Infinity", "+Infinity", "+INF", "-Infinity", "-INF"}) {
    if (rest.starts_with(word) && (rest.size() == word.size() || !IsNamePart(rest[word.size()]))) {
      value_ = rest.substr(0, word.size());
      at_ += word.size();
      return JsonToken::kFloat;
    }
  }
  return JsonToken::kBroken;
}

JsonToken JsonLexer::ReadNumber() {
  const char* start = at_;
  const char* p = at_;
  if (*p == '-') ++p;
  if (p == end_ || !IsDigit(*p)) return *at_ == '-' ? ReadSpecialNumber() : JsonToken::kBroken;
  if (*p == '0' && p + 1 < end_ && IsDigit(p[1]) && !options_.leading_zeros) return JsonToken::kBroken;
  while (p < end_ && IsDigit(*p)) ++p;
  bool whole = true;
  if (p < end_ && *p == '.') {
    whole = false;
    ++p;
    if (p == end_ || !IsDigit(*p)) return JsonToken::kBroken;
    while (p < end_ && IsDigit(*p)) ++p;
  }
  if (p < end_ && (*p | 0x20) == 'e') {
    whole = false;
    ++p;
    if (p < end_ && (*p == '+' || *p == '-')) ++p;
    if (p == end_ || !IsDigit(*p)) return JsonToken::kBroken;
    while (p < end_ && IsDigit(*p)) ++p;
  }
  // At the root a number must be set off from what follows.
  if (depth_ == 0 && p < end_ && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\r') return JsonToken::kBroken;
  if (static_cast<size_t>(p - start) > kMaxNumberLength) return JsonToken::kBroken;
  value_ = std::string_view(start, p - start);
  at_ = p;
  return whole ? JsonToken::kInteger : JsonToken::kFloat;
}

bool JsonLexer::ReadName(std::string* name) {
  char c = *at_;
  if (c == '"' || (c == '\'' && options_.single_quotes)) {
    ++at_;
    std::string_view text;
    name->clear();
    std::string scratch;
    if (!ReadString(c, &scratch, &text)) return false;
    name->assign(text);
    return true;
  }
  if (!options_.unquoted_names || !IsNamePart(c) || IsDigit(c)) return false;
  const char* start = at_;
  while (at_ < end_ && IsNamePart(*at_)) ++at_;
  name->assign(start, at_);
  return true;
}

bool JsonLexer::ReadString(char quote, std::string* scratch, std::string_view* out) {
  const char* start = at_;
  bool non_ascii = false;
  bool copied = false;
  scratch->clear();
  for (;;) {
    const char* stop = ScanString(at_, end_, quote, &non_ascii);
    if (copied) scratch->append(at_, stop);
    if (stop >= end_) return false;
    at_ = stop + 1;
    if (*stop == quote) {
      *out = copied ? std::string_view(*scratch) : std::string_view(start, stop - start);
      return !non_ascii || simdjson::validate_utf8(out->data(), out->size());
    }
    if (!copied) {
      scratch->assign(start, stop);
      copied = true;
    }
    if (*stop == '\\') {
      if (!ReadEscape(scratch)) return false;
    } else {
      if (!options_.control_characters) return false;
      *scratch += *stop;
    }
  }
}

bool JsonLexer::ReadEscape(std::string* out) {
  if (at_ == end_) return false;
  char c = *at_++;
  if (c == 'u') {
    const char* behind = UnicodeEscape(at_, end_, out);
    if (!behind) return false;
    at_ = behind;
    return true;
  }
  if (char plain = SimpleEscape(c)) {
    *out += plain;
    return true;
  }
  // With single quotes allowed Jackson lets a single quote be escaped.
  if (!options_.escape_any_character && !(c == '\'' && options_.single_quotes)) return false;
  *out += c;
  return true;
}

}  // namespace sluice::formats
