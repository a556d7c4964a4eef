// Case rules of names, and Spark's "did you mean".
#include "analyzer/names.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>

namespace sluice::analyzer {
namespace {

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

size_t LevenshteinDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

using Name = std::vector<std::string>;

Name Last(const Name& name, size_t parts) { return Name(name.end() - std::min(parts, name.size()), name.end()); }

size_t DistinctPrefixes(const std::vector<Name>& names, size_t without_last) {
  std::set<Name> prefixes;
  for (const Name& name : names) {
    size_t keep = name.size() > without_last ? name.size() - without_last : 0;
    prefixes.insert(Name(name.begin(), name.begin() + keep));
  }
  return prefixes.size();
}

}  // namespace

bool NameMatcher::operator()(std::string_view a, std::string_view b) const {
  if (case_sensitive_) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return Lower(x) == Lower(y); });
}

std::string NameMatcher::Key(std::string_view name) const {
  return case_sensitive_ ? std::string(name) : ToLower(name);
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

std::string DottedName(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ".") + types::QuoteIfNeeded(part);
  return out;
}

std::vector<std::string> Suggestions(const std::string& name, std::vector<Name> candidates) {
  size_t keep = 0;  // parts of each candidate, 0 = all
  if (DistinctPrefixes(candidates, 1) <= 1) {
    keep = 1;
  } else if (DistinctPrefixes(candidates, 2) <= 1) {
    keep = 2;
  }
  std::vector<std::pair<size_t, Name>> ordered;
  for (Name& candidate : candidates) {
    Name shown = keep > 0 ? Last(candidate, keep) : std::move(candidate);
    // Spark compares the name as written with the quoted candidates.
    size_t distance = LevenshteinDistance(types::QuoteIdentifier(shown), name);
    ordered.emplace_back(distance, std::move(shown));
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  constexpr size_t kMost = 5;
  std::vector<std::string> out;
  for (size_t i = 0; i < std::min(kMost, ordered.size()); ++i) out.push_back(types::QuoteIdentifier(ordered[i].second));
  return out;
}

base::Error UnresolvedColumn(const std::vector<std::string>& name, const logical::Attributes& visible) {
  logical::Attributes sorted = visible;
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a->name != b->name ? a->name < b->name : a->id < b->id; });
  std::vector<Name> candidates;
  for (const auto& attribute : sorted) {
    if (attribute->hidden) continue;
    Name candidate = attribute->qualifier;
    candidate.push_back(attribute->name);
    candidates.push_back(std::move(candidate));
  }
  std::string quoted = types::QuoteIdentifier(name);
  if (candidates.empty()) {
    return base::Error(base::ErrorKind::kAnalysis, "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", {{"objectName", quoted}});
  }
  std::string proposal;
  for (const std::string& text : Suggestions(DottedName(name), std::move(candidates))) {
    proposal += (proposal.empty() ? "" : ", ") + text;
  }
  return base::Error(base::ErrorKind::kAnalysis, "UNRESOLVED_COLUMN.WITH_SUGGESTION",
                     {{"objectName", quoted}, {"proposal", proposal}});
}

}  // namespace sluice::analyzer
