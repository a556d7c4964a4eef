// Getting at the parts of nested values: s.field, array_of_structs.field, array[i], map[k].
#pragma once

#include <string>

#include "logical/binding.h"

namespace sluice::functions {

/// Field `index` of a struct; null where the struct is null. Printed as "struct.name".
logical::ScalarBindingPtr BindStructField(const types::TypePtr& type, bool nullable, int index,
                                          const std::string& shown_name);
/// Field `index` of every struct in an array, as an array.
logical::ScalarBindingPtr BindArrayStructFields(const types::TypePtr& type, bool nullable, int index,
                                                const std::string& shown_name);
/// array[position] from 0. Outside the array: INVALID_ARRAY_INDEX under ANSI, else null.
logical::ScalarBindingPtr BindArrayItem(const types::TypePtr& type, const types::TypePtr& index_type, bool ansi);
/// map[key]: null if the key is missing.
logical::ScalarBindingPtr BindMapValue(const types::TypePtr& type);

}  // namespace sluice::functions
