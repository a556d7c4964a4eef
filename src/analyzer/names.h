// Comparing and suggesting names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "logical/plan.h"

namespace sluice::analyzer {

/// Compares names as spark.sql.caseSensitive says.
class NameMatcher {
 public:
  explicit NameMatcher(bool case_sensitive) : case_sensitive_(case_sensitive) {}
  bool operator()(std::string_view a, std::string_view b) const;
  /// The form by which equal names are equal.
  std::string Key(std::string_view name) const;
  bool case_sensitive() const { return case_sensitive_; }

 private:
  bool case_sensitive_;
};

std::string ToLower(std::string_view text);
/// Parts joined by dots, each quoted where needed.
std::string DottedName(const std::vector<std::string>& parts);

/// The names most like `name` first (StringUtils.orderSuggestedIdentifiersBySimilarity), quoted, at most five.
std::vector<std::string> Suggestions(const std::string& name, std::vector<std::vector<std::string>> candidates);
/// UNRESOLVED_COLUMN with suggestions from `visible`, without a plan.
base::Error UnresolvedColumn(const std::vector<std::string>& name, const logical::Attributes& visible);

}  // namespace sluice::analyzer
