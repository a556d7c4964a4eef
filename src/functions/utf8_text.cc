// Characters of UTF-8 texts and their case.
#include "functions/utf8_text.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <array>

namespace sluice::functions {
namespace {

/// glibc's Unicode tables; the C.UTF-8 locale is built in.
locale_t UnicodeLocale() {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

/// Code points whose upper case is more than one code point (Unicode's SpecialCasing, unconditional part).
struct SpecialUpper {
  uint32_t from;
  std::array<uint32_t, 3> to;
};
constexpr SpecialUpper kSpecialUpper[] = {
    {0x00DF, {0x53, 0x53}},          {0x0149, {0x2BC, 0x4E}},         {0x01F0, {0x4A, 0x30C}},
    {0x0390, {0x399, 0x308, 0x301}}, {0x03B0, {0x3A5, 0x308, 0x301}}, {0x0587, {0x535, 0x552}},
    {0x1E96, {0x48, 0x331}},         {0x1E97, {0x54, 0x308}},         {0x1E98, {0x57, 0x30A}},
    {0x1E99, {0x59, 0x30A}},         {0x1E9A, {0x41, 0x2BE}},         {0x1F50, {0x3A5, 0x313}},
    {0x1F52, {0x3A5, 0x313, 0x300}}, {0x1F54, {0x3A5, 0x313, 0x301}}, {0x1F56, {0x3A5, 0x313, 0x342}},
    {0x1FB6, {0x391, 0x342}},        {0x1FC6, {0x397, 0x342}},        {0x1FD2, {0x399, 0x308, 0x300}},
    {0x1FD3, {0x399, 0x308, 0x301}}, {0x1FD6, {0x399, 0x342}},        {0x1FD7, {0x399, 0x308, 0x342}},
    {0x1FE2, {0x3A5, 0x308, 0x300}}, {0x1FE3, {0x3A5, 0x308, 0x301}}, {0x1FE4, {0x3A1, 0x313}},
    {0x1FE6, {0x3A5, 0x342}},        {0x1FE7, {0x3A5, 0x308, 0x342}}, {0x1FF6, {0x3A9, 0x342}},
    {0xFB00, {0x46, 0x46}},          {0xFB01, {0x46, 0x49}},          {0xFB02, {0x46, 0x4C}},
    {0xFB03, {0x46, 0x46, 0x49}},    {0xFB04, {0x46, 0x46, 0x4C}},    {0xFB05, {0x53, 0x54}},
    {0xFB06, {0x53, 0x54}},          {0xFB13, {0x544, 0x546}},        {0xFB14, {0x544, 0x535}},
    {0xFB15, {0x544, 0x53B}},        {0xFB16, {0x54E, 0x546}},        {0xFB17, {0x544, 0x53D}},
};

bool AppendSpecialUpper(uint32_t c, std::string* out) {
  auto found = std::lower_bound(std::begin(kSpecialUpper), std::end(kSpecialUpper), c,
                                [](const SpecialUpper& entry, uint32_t wanted) { return entry.from < wanted; });
  if (found != std::end(kSpecialUpper) && found->from == c) {
    for (uint32_t part : found->to) {
      if (part) AppendCodePoint(part, out);
    }
    return true;
  }
  // Greek with iota subscript: the capital of the bare letter and a capital iota.
  if (c >= 0x1F80 && c <= 0x1FAF) {
    uint32_t base = c < 0x1F90 ? 0x1F08 : c < 0x1FA0 ? 0x1F28 : 0x1F68;
    AppendCodePoint(base + (c & 7), out);
    AppendCodePoint(0x399, out);
    return true;
  }
  return false;
}

uint32_t Upper(uint32_t c) { return towupper_l(static_cast<wint_t>(c), UnicodeLocale()); }
uint32_t Lower(uint32_t c) { return towlower_l(static_cast<wint_t>(c), UnicodeLocale()); }
bool IsLetter(uint32_t c) { return iswalpha_l(static_cast<wint_t>(c), UnicodeLocale()) != 0; }

constexpr uint32_t kCapitalSigma = 0x3A3;

/// Σ is ς at the end of a word.
bool IsFinalSigma(std::string_view text, size_t start, size_t end, bool letter_before) {
  size_t at = end;
  bool letter_after = at < text.size() && IsLetter(NextCodePoint(text, &at));
  (void)start;
  return letter_before && !letter_after;
}

/// Lower case of the code point at [start, end) of the text.
void AppendLowerChar(uint32_t c, std::string_view text, size_t start, size_t end, bool letter_before,
                     std::string* out) {
  if (c == 0x130) {  // İ: i with a combining dot
    out->append("i\u0307");
  } else if (c == kCapitalSigma) {
    AppendCodePoint(IsFinalSigma(text, start, end, letter_before) ? 0x3C2 : 0x3C3, out);
  } else {
    AppendCodePoint(Lower(c), out);
  }
}

}  // namespace

int64_t CharCount(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); at += CharSize(text[at])) ++count;
  return count;
}

size_t ByteOffset(std::string_view text, int64_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += CharSize(text[at]);
  return std::min(at, text.size());
}

std::string_view Chars(std::string_view text, int64_t start, int64_t end) {
  if (start >= end) return {};
  size_t first = ByteOffset(text, start);
  std::string_view rest = text.substr(first);
  return rest.substr(0, ByteOffset(rest, end - start));
}

std::string_view SubstringSql(std::string_view text, int64_t position, int64_t length) {
  if (length <= 0) return {};
  int64_t start = 0;
  if (position > 0) {
    start = position - 1;
  } else if (position < 0) {
    start = position + (IsAscii(text) ? static_cast<int64_t>(text.size()) : CharCount(text));
  }
  int64_t end = start > INT64_MAX - length ? INT64_MAX : start + length;
  if (end <= 0) return {};
  start = std::max<int64_t>(start, 0);
  if (IsAscii(text)) {
    auto size = static_cast<int64_t>(text.size());
    return start >= size ? std::string_view() : text.substr(start, std::min(end, size) - start);
  }
  return Chars(text, start, end);
}

uint32_t NextCodePoint(std::string_view text, size_t* at) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[*at + i]); };
  unsigned char first = byte(0);
  int size = CharSize(text[*at]);
  if (first < 0x80) {
    ++*at;
    return first;
  }
  if (size == 1 || *at + size > text.size()) {
    ++*at;
    return 0xFFFD;
  }
  uint32_t value = first & (0xff >> (size + 1));
  for (int i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) {
      ++*at;
      return 0xFFFD;
    }
    value = (value << 6) | (byte(i) & 0x3f);
  }
  *at += size;
  return value;
}

int EncodeCodePoint(uint32_t c, char* out) {
  if (c < 0x80) {
    out[0] = static_cast<char>(c);
    return 1;
  }
  if (c < 0x800) {
    out[0] = static_cast<char>(0xc0 | (c >> 6));
    out[1] = static_cast<char>(0x80 | (c & 0x3f));
    return 2;
  }
  if (c < 0x10000) {
    out[0] = static_cast<char>(0xe0 | (c >> 12));
    out[1] = static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out[2] = static_cast<char>(0x80 | (c & 0x3f));
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | (c >> 18));
  out[1] = static_cast<char>(0x80 | ((c >> 12) & 0x3f));
  out[2] = static_cast<char>(0x80 | ((c >> 6) & 0x3f));
  out[3] = static_cast<char>(0x80 | (c & 0x3f));
  return 4;
}

void AppendCodePoint(uint32_t code_point, std::string* out) {
  char bytes[4];
  out->append(bytes, EncodeCodePoint(code_point, bytes));
}

namespace {

/// The size of the well-formed sequence at `at`, 0 if it is ill-formed.
int ValidSize(std::string_view text, size_t at) {
  auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return 1;
  int size = CharSize(text[at]);
  if (size == 1 || at + size > text.size()) return 0;
  auto second = static_cast<unsigned char>(text[at + 1]);
  unsigned low = 0x80, high = 0xbf;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  if (second < low || second > high) return 0;
  for (int i = 2; i < size; ++i) {
    if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return 0;
  }
  return size;
}

/// Bytes of an ill-formed sequence that are replaced together (its longest well-formed beginning).
size_t IllFormedSize(std::string_view text, size_t at) {
  auto first = static_cast<unsigned char>(text[at]);
  int wanted = CharSize(text[at]);
  if (wanted == 1) return 1;
  size_t size = 1;
  for (int i = 1; i < wanted && at + i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[at + i]);
    unsigned low = 0x80, high = 0xbf;
    if (i == 1 && first == 0xe0) low = 0xa0;
    if (i == 1 && first == 0xed) high = 0x9f;
    if (i == 1 && first == 0xf0) low = 0x90;
    if (i == 1 && first == 0xf4) high = 0x8f;
    if (byte < low || byte > high) break;
    ++size;
  }
  return size;
}

}  // namespace

bool IsValidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    int size = ValidSize(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string MakeValidUtf8(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    int size = ValidSize(text, at);
    if (size > 0) {
      out.append(text.substr(at, size));
      at += size;
    } else {
      AppendCodePoint(0xFFFD, &out);
      at += IllFormedSize(text, at);
    }
  }
  return out;
}

void AppendUpper(std::string_view text, std::string* out) {
  for (size_t at = 0; at < text.size();) {
    uint32_t c = NextCodePoint(text, &at);
    if (!AppendSpecialUpper(c, out)) AppendCodePoint(Upper(c), out);
  }
}

void AppendLower(std::string_view text, std::string* out) {
  bool letter_before = false;
  for (size_t at = 0; at < text.size();) {
    size_t start = at;
    uint32_t c = NextCodePoint(text, &at);
    AppendLowerChar(c, text, start, at, letter_before, out);
    letter_before = IsLetter(c);
  }
}

void AppendInitcap(std::string_view text, std::string* out) {
  bool word_start = true;
  for (size_t at = 0; at < text.size();) {
    uint32_t c = NextCodePoint(text, &at);
    if (word_start) {
      AppendCodePoint(c == 0xDF ? c : Upper(c), out);
    } else if (c == 0x130) {
      out->append("i\u0307");
    } else {
      AppendCodePoint(Lower(c), out);
    }
    word_start = c == ' ';
  }
}

bool IsLetterOrDigit(uint32_t code_point) { return iswalnum_l(static_cast<wint_t>(code_point), UnicodeLocale()) != 0; }

}  // namespace sluice::functions
