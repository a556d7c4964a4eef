// Local paths as "file:" URIs, escaped the way java.net.URI does.
#pragma once

#include <string>
#include <string_view>

namespace sluice::base {

/// The path with what a URI can't hold escaped: "/a b%" → "/a%20b%25". Letters beyond ASCII stay as they are.
std::string EncodePath(std::string_view path);

/// %XX back to bytes; a broken escape stays as it is.
std::string DecodePath(std::string_view encoded);

/// "file:/a/b" or "file:///a/b" with escapes → "/a/b"; what has no "file:" is taken as an escaped path.
std::string PathFromUri(std::string_view uri);

}  // namespace sluice::base
