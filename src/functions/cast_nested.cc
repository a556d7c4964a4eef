// Casts of arrays, maps and structs: their children are cast as columns.
#include <arrow/array/array_nested.h>

#include "base/arrow_status.h"
#include "functions/cast_kernels.h"
#include "functions/columns.h"
#include "functions/writers.h"

namespace sluice::functions {

using logical::ScalarKernel;
using types::TypeId;

namespace {

std::shared_ptr<arrow::Array> Apply(const ScalarKernel& kernel, logical::EvalContext& context,
                                    const std::shared_ptr<arrow::Array>& values) {
  return ToArray(kernel(context, {arrow::Datum(values)}, values->length()), values->length());
}

/// The validity of a sliced array as a bitmap that starts at 0.
std::shared_ptr<arrow::Buffer> OwnValidity(const ColumnBase& column) { return AndValidity({&column}, column.length()); }

ScalarKernel CastStruct(const CastRule& rule) {
  std::vector<ScalarKernel> kernels;
  for (size_t i = 0; i < rule.from->fields().size(); ++i) {
    kernels.push_back(MakeCastKernel(rule.from->fields()[i].type, rule.to->fields()[i].type, rule.behaviour));
  }
  return [type = types::ToArrow(rule.to), kernels](
             logical::EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t) -> arrow::Datum {
    ColumnBase column(arguments[0]);
    const auto& array = static_cast<const arrow::StructArray&>(*column.array());
    std::vector<std::shared_ptr<arrow::ArrayData>> children;
    for (size_t i = 0; i < kernels.size(); ++i) {
      // With the struct's nulls, so that values under them cannot raise errors.
      auto child = base::ValueOrThrow(array.GetFlattenedField(static_cast<int>(i)));
      children.push_back(WithType(Apply(kernels[i], context, child)->data(), type->field(static_cast<int>(i))->type()));
    }
    auto out =
        arrow::MakeArray(arrow::ArrayData::Make(type, array.length(), {OwnValidity(column)}, std::move(children)));
    return arguments[0].is_scalar() ? AsScalar(out) : arrow::Datum(out);
  };
}

/// Rebuilds a list or map over the cast form of the part of its child that it refers to.
template <typename CastChild>
arrow::Datum CastList(const arrow::Datum& argument, const std::shared_ptr<arrow::DataType>& type,
                      CastChild&& cast_child) {
  Column<Range> column(argument);
  int64_t rows = column.length();
  auto child = arrow::MakeArray(column.array()->data()->child_data[0]);
  int64_t begin = rows == 0 ? 0 : column[0].begin;
  int64_t end = rows == 0 ? 0 : column[rows - 1].end;
  auto cast = cast_child(child->Slice(begin, end - begin));
  ListWriter out(rows, OwnValidity(column));
  for (int64_t row = 0; row < rows; ++row) out.EndRow(column[row].end - begin);
  auto array = out.Finish(type, cast);
  return argument.is_scalar() ? AsScalar(array) : arrow::Datum(array);
}

ScalarKernel CastArray(const CastRule& rule) {
  auto kernel = MakeCastKernel(rule.from->element(), rule.to->element(), rule.behaviour);
  return [type = types::ToArrow(rule.to), kernel](logical::EvalContext& context,
                                                  const std::vector<arrow::Datum>& arguments, int64_t) {
    return CastList(arguments[0], type, [&](const std::shared_ptr<arrow::Array>& child) {
      auto cast = Apply(kernel, context, child);
      return arrow::MakeArray(WithType(cast->data(), type->field(0)->type()));
    });
  };
}

ScalarKernel CastMap(const CastRule& rule) {
  auto keys = MakeCastKernel(rule.from->key(), rule.to->key(), rule.behaviour);
  auto values = MakeCastKernel(rule.from->value(), rule.to->value(), rule.behaviour);
  return [type = types::ToArrow(rule.to), keys, values](logical::EvalContext& context,
                                                        const std::vector<arrow::Datum>& arguments, int64_t) {
    return CastList(arguments[0], type, [&](const std::shared_ptr<arrow::Array>& child) {
      const auto& entries = static_cast<const arrow::StructArray&>(*child);
      auto entry_type = type->field(0)->type();
      auto key = Apply(keys, context, entries.field(0));
      auto value = Apply(values, context, entries.field(1));
      return arrow::MakeArray(arrow::ArrayData::Make(
          entry_type, child->length(), {nullptr},
          {WithType(key->data(), entry_type->field(0)->type()), WithType(value->data(), entry_type->field(1)->type())},
          0));
    });
  };
}

}  // namespace

ScalarKernel CastNested(const CastRule& rule) {
  switch (rule.from->id()) {
    case TypeId::kArray:
      return CastArray(rule);
    case TypeId::kMap:
      return CastMap(rule);
    case TypeId::kStruct:
      return CastStruct(rule);
    default:
      throw base::Error::Unsupported("CAST from " + rule.from->Sql() + " to " + rule.to->Sql());
  }
}

}  // namespace sluice::functions
