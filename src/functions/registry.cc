// The registry's look-up by name and alias.
#include "functions/registry.h"

#include <algorithm>

#include "base/error.h"

namespace sluice::functions {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

}  // namespace

void FunctionRegistry::Add(FunctionEntry entry) {
  if (entry.usage.empty()) throw base::Error::Internal("The function " + entry.name + " has no usage text.");
  std::string name = Lower(entry.name);
  auto taken = [this](const std::string& wanted) { return entries_.contains(wanted) || aliases_.contains(wanted); };
  if (taken(name)) throw base::Error::Internal("The function " + name + " is registered twice.");
  for (const std::string& alias : entry.aliases) {
    std::string lower = Lower(alias);
    if (lower == name || taken(lower)) throw base::Error::Internal("The function " + lower + " is registered twice.");
    aliases_.emplace(std::move(lower), name);
  }
  entries_.emplace(std::move(name), std::move(entry));
}

const FunctionEntry* FunctionRegistry::Find(std::string_view name) const {
  std::string lower = Lower(name);
  auto found = entries_.find(lower);
  if (found != entries_.end()) return &found->second;
  auto alias = aliases_.find(lower);
  return alias == aliases_.end() ? nullptr : &entries_.find(alias->second)->second;
}

std::vector<const FunctionEntry*> FunctionRegistry::Entries() const {
  std::vector<const FunctionEntry*> out;
  out.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) {
    if (!entry.internal) out.push_back(&entry);
  }
  return out;
}

}  // namespace sluice::functions
