// Malformed UTF-8 → U+FFFD, as Java's decoders do it.
#pragma once

#include <string>
#include <string_view>

namespace sluice::formats {

/// Appends `text` with each maximal malformed part replaced by U+FFFD.
void RepairUtf8(std::string_view text, std::string* out);

}  // namespace sluice::formats
