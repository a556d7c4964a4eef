// grouping(): one bit of the number that tells which keys a grouping set left out.
#pragma once

#include "logical/binding.h"

namespace sluice::functions {

/// Bit `bit` of a grouping id (bigint), as tinyint.
logical::ScalarBindingPtr BindGroupingBit(int bit);

}  // namespace sluice::functions
