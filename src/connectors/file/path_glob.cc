// Patterns through fnmatch and glob, with braces spelled out.
#include "connectors/file/path_glob.h"

#include <fnmatch.h>
#include <glob.h>

#include <algorithm>

namespace sluice::connectors {
namespace {

// "a{b,c{d,e}}" → ab, acd, ace.
void SpellOut(const std::string& pattern, std::vector<std::string>* out) {
  size_t open = pattern.find('{');
  if (open == std::string::npos) {
    out->push_back(pattern);
    return;
  }
  std::vector<std::string> choices;
  size_t begin = open + 1, at = begin;
  for (int depth = 1; at < pattern.size(); ++at) {
    char c = pattern[at];
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) break;
    if (c == ',' && depth == 1) {
      choices.push_back(pattern.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  if (at == pattern.size()) {
    out->push_back(pattern);
    return;
  }
  choices.push_back(pattern.substr(begin, at - begin));
  for (const std::string& choice : choices) SpellOut(pattern.substr(0, open) + choice + pattern.substr(at + 1), out);
}

}  // namespace

bool HasGlob(const std::string& path) { return path.find_first_of("*?[{") != std::string::npos; }

bool MatchesGlob(const std::string& pattern, const std::string& name) {
  std::vector<std::string> plain;
  SpellOut(pattern, &plain);
  return std::any_of(plain.begin(), plain.end(),
                     [&](const std::string& one) { return fnmatch(one.c_str(), name.c_str(), 0) == 0; });
}

std::vector<std::string> ExpandGlob(const std::string& path) {
  if (!HasGlob(path)) return {path};
  std::vector<std::string> plain, out;
  SpellOut(path, &plain);
  for (const std::string& pattern : plain) {
    glob_t found{};
    if (glob(pattern.c_str(), GLOB_NOSORT | GLOB_PERIOD, nullptr, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc; ++i) {
        std::string one = found.gl_pathv[i];
        std::string name = one.substr(one.rfind('/') + 1);
        if (name != "." && name != "..") out.push_back(std::move(one));
      }
    }
    globfree(&found);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace sluice::connectors
