// UTF-8 decoding with replacement.
#include "formats/utf8_repair.h"

namespace sluice::formats {
namespace {

// The length of the well-formed character at the front; 0 if there is none, and then the length of what to replace.
size_t CharacterLength(std::string_view text, size_t* malformed) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  *malformed = 1;
  if (lead < 0x80) return 1;
  size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                  : lead >= 0xe0 && lead <= 0xef ? 3
                  : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                 : 0;
  if (length == 0) return 0;
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return 0;
    low = 0x80;
    high = 0xbf;
    *malformed = i + 1;
  }
  return length;
}

}  // namespace

void RepairUtf8(std::string_view text, std::string* out) {
  out->reserve(out->size() + text.size());
  while (!text.empty()) {
    size_t malformed;
    size_t length = CharacterLength(text, &malformed);
    if (length > 0) {
      out->append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      out->append("\xef\xbf\xbd");
      text.remove_prefix(malformed);
    }
  }
}

}  // namespace sluice::formats
