// What a client is warned of when it uses a configuration key.
#pragma once

#include <string_view>

namespace sluice::base {

/// Spark's text for a key that is deprecated or means nothing to Spark Connect; empty for all others.
std::string_view ConfWarning(std::string_view name);

}  // namespace sluice::base
