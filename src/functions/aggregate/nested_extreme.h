// min and max of nested types, for the file that knows all others.
#pragma once

#include <memory>

#include "logical/binding.h"

namespace sluice::functions {

std::unique_ptr<logical::GroupedAccumulator> MakeNestedExtreme(const types::TypePtr& type, bool max);

}  // namespace sluice::functions
