// Concatenation of arrays, for concat.
#pragma once

#include "functions/signature.h"

namespace sluice::functions {

std::shared_ptr<logical::ScalarBinding> BindArrayConcat(const BindContext& context, const Arguments& arguments);

}  // namespace sluice::functions
