// array_sort without a comparator, for the file that also knows comparators.
#pragma once

#include "functions/signature.h"

namespace sluice::functions {

std::shared_ptr<logical::ScalarBinding> BindDefaultArraySort(const BindContext& context, const Arguments& arguments);

}  // namespace sluice::functions
