// UTF-8 as Spark's UTF8String treats it: characters are code points, bytes that are no UTF-8 count as one each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::functions {

/// Bytes of the character that starts with `first`.
inline int CharSize(char first) {
  auto byte = static_cast<unsigned char>(first);
  if (byte < 0xc2) return 1;
  if (byte < 0xe0) return 2;
  if (byte < 0xf0) return 3;
  return byte < 0xf5 ? 4 : 1;
}
inline bool IsAscii(std::string_view text) {
  unsigned char all = 0;
  for (char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}
/// The number of characters.
int64_t CharCount(std::string_view text);
/// The byte where character `index` starts; the size of the text if it has fewer.
size_t ByteOffset(std::string_view text, int64_t index);
/// Characters [start, end).
std::string_view Chars(std::string_view text, int64_t start, int64_t end);
/// SQL's substring: `position` from 1, 0 as 1, negative from the end; at most `length` characters.
std::string_view SubstringSql(std::string_view text, int64_t position, int64_t length);
/// The code point that starts at `text[*at]`, moving past it; a broken byte gives 0xFFFD.
uint32_t NextCodePoint(std::string_view text, size_t* at);
/// Writes a code point to `out` (room for four bytes) and gives its size.
int EncodeCodePoint(uint32_t code_point, char* out);
void AppendCodePoint(uint32_t code_point, std::string* out);
/// True if the bytes are well-formed UTF-8.
bool IsValidUtf8(std::string_view text);
/// With every ill-formed sequence as U+FFFD.
std::string MakeValidUtf8(std::string_view text);

/// String.toUpperCase, toLowerCase and toTitleCase of the root locale for one text, appended to `out`.
void AppendUpper(std::string_view text, std::string* out);
void AppendLower(std::string_view text, std::string* out);
/// The first letter of each word (after a space) in title case, the rest in lower case.
void AppendInitcap(std::string_view text, std::string* out);
bool IsLetterOrDigit(uint32_t code_point);

}  // namespace sluice::functions
