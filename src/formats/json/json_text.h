// Strings and whole values as JSON text, as Jackson writes them.
#pragma once

#include <string>
#include <string_view>

#include "formats/json/json_lexer.h"

namespace sluice::formats {

/// Which characters are written as \uXXXX, beside control characters.
enum class JsonEscapes {
  kNone,
  kSupplementary,  ///< those of two UTF-16 units, as Jackson does where it writes bytes
  kNonAscii,
};

void AppendJsonString(std::string_view text, JsonEscapes escapes, std::string* out);

/// The lexer's current value, written anew: without spaces, numbers as Java prints them. The lexer is then at the
/// value's end. False if the text ends before, or is not JSON.
bool RewriteJsonValue(JsonLexer& lexer, std::string* out);

}  // namespace sluice::formats
