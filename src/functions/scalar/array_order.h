// array_sort without a comparator, for the file that also knows comparators.
#pragma once

#include "functions/signature.h"

namespace sluice::functions {

logical::ScalarBindingPtr BindDefaultArraySort(const BindContext& context, const Arguments& arguments);

}  // namespace sluice::functions
