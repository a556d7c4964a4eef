// What the optimizer may know of calls of from_json.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "logical/binding.h"

namespace sluice::functions {

/// Whether the binding is from_json with a struct as its result.
bool IsJsonCall(const logical::ScalarBinding& binding);

struct NarrowJson {
  logical::ScalarBindingPtr binding;
  std::vector<int> fields;  ///< of the original struct, those of the narrower one in order
};

/// The call with only the fields `used`, and those that have to stay lest the values of these change for documents that
/// don't fit the schema. Nothing if that are all of them, or if it can be seen which fields there are: under FAILFAST,
/// or with a column for corrupt records.
std::optional<NarrowJson> NarrowJsonCall(const logical::ScalarBinding& binding, const std::set<int>& used);

/// What Spark makes of fields `used` that are taken from the call itself: a call for each, of nothing but that field.
/// Here those that cannot be told apart from it are one call. Empty if Spark leaves the call as it is.
std::vector<NarrowJson> SplitJsonCall(const logical::ScalarBinding& binding, const std::set<int>& used);

}  // namespace sluice::functions
