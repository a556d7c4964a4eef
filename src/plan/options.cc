// Look-up of options without case.
#include <algorithm>
#include <cctype>

#include "plan/relation.h"

namespace sluice::plan {

std::optional<std::string> FindOption(const Options& options, std::string_view name) {
  for (const auto& [key, value] : options) {
    bool same = std::equal(key.begin(), key.end(), name.begin(), name.end(),
                           [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (same) return value;
  }
  return std::nullopt;
}

}  // namespace sluice::plan
