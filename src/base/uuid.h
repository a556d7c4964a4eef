// Random UUIDs (version 4) as text.
#pragma once

#include <string>
#include <string_view>

namespace sluice::base {

std::string NewUuid();
bool IsUuid(std::string_view text);

}  // namespace sluice::base
