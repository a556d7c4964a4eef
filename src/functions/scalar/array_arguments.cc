// Coercion of arrays and their elements.
#include "functions/scalar/array_arguments.h"

#include "functions/sort_keys.h"

namespace sluice::functions {

using types::TypeId;
using types::TypePtr;

ArrayAndValue CoerceArrayAndValue(const BindContext& context, const Arguments& arguments, int array_at, int value_at) {
  const TypePtr& array = arguments[array_at].type;
  const TypePtr& value = arguments[value_at].type;
  if (array->Is(TypeId::kNull)) {
    throw TypeMismatch(context, arguments, "NULL_TYPE", {{"functionName", QuotedName(context)}});
  }
  if (!array->Is(TypeId::kArray)) throw UnexpectedInput(context, arguments, array_at, "\"ARRAY\"");
  TypePtr element = FindWiderTypeWithoutStrings({array->element(), value}, context.ansi);
  if (!element) {
    throw TypeMismatch(context, arguments, "ARRAY_FUNCTION_DIFF_TYPES",
                       {{"functionName", QuotedName(context)},
                        {"dataType", "\"ARRAY\""},
                        {"leftType", Quoted(*array)},
                        {"rightType", Quoted(*value)}});
  }
  return {types::Array(element, array->contains_null() || CastForcesNull(*array->element(), *element)), element};
}

TypePtr CoerceArrays(const BindContext& context, const Arguments& arguments) {
  std::vector<TypePtr> types;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const TypePtr& type = arguments[i].type;
    if (!type->Is(TypeId::kArray) && !type->Is(TypeId::kNull)) {
      throw UnexpectedInput(context, arguments, static_cast<int>(i), "\"ARRAY\"");
    }
    types.push_back(type);
  }
  TypePtr common = FindWiderTypeWithoutStrings(types, context.ansi);
  if (!common || !common->Is(TypeId::kArray)) {
    throw TypeMismatch(context, arguments, "BINARY_ARRAY_DIFF_TYPES",
                       {{"functionName", QuotedName(context)},
                        {"arrayType", "\"ARRAY\""},
                        {"leftType", Quoted(*arguments[0].type)},
                        {"rightType", Quoted(*arguments[1].type)}});
  }
  return common;
}

std::shared_ptr<arrow::Array> ElementKeys(const TypePtr& array, const ListColumn& lists) {
  return SortKeys(array->element(), lists.child());
}

}  // namespace sluice::functions
