// Hadoop's glob patterns on local paths: * ? [a-z] {a,b} and \ before a special character.
#pragma once

#include <string>
#include <vector>

namespace sluice::connectors {

bool HasGlob(const std::string& path);

/// Whether a single name matches.
bool MatchesGlob(const std::string& pattern, const std::string& name);

/// The paths that a pattern stands for, sorted; a path without a pattern stands for itself.
std::vector<std::string> ExpandGlob(const std::string& path);

}  // namespace sluice::connectors
