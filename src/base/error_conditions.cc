// The error conditions that the engine raises: name, SQLSTATE and message template, each equal to Apache Spark's.
#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace sluice::base {
namespace {

// Sorted by name; a sub-condition "MAIN.SUB" without a SQLSTATE takes that of MAIN.
constexpr ErrorCondition kConditions[] = {
#include "base/error_conditions.inc"
};

}  // namespace

const ErrorCondition* FindErrorCondition(std::string_view name) {
  auto found = std::find_if(std::begin(kConditions), std::end(kConditions),
                            [&](const ErrorCondition& condition) { return condition.name == name; });
  return found == std::end(kConditions) ? nullptr : found;
}

}  // namespace sluice::base
