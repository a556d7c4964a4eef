// Arrays as sets, and arrays one after the other.
#include <unordered_set>

#include "functions/scalar/array_arguments.h"
#include "functions/scalar/array_concat.h"

namespace sluice::functions {

using logical::EvalContext;
using types::TypeId;
using types::TypePtr;

namespace {

enum class SetOp { kUnion, kIntersect, kExcept };

/// Two list columns whose elements are numbered through: the right ones follow the left ones.
struct Pair {
  Pair(const TypePtr& type, const std::vector<arrow::Datum>& values)
      : left(values[0]),
        right(values[1]),
        left_keys(ElementKeys(type, left)),
        right_keys(ElementKeys(type, right)),
        offset(left.child()->length()) {}
  std::shared_ptr<arrow::Array> elements() const { return Concatenated({left.child(), right.child()}); }

  ListColumn left, right;
  Column<std::string_view> left_keys, right_keys;
  int64_t offset;
};

using Keys = std::unordered_set<std::string_view>;

void AddRow(SetOp op, const Pair& pair, int64_t row, Keys& seen, Keys& other, ListPicker& out) {
  Range a = pair.left[row], b = pair.right[row];
  seen.clear();
  other.clear();
  if (op != SetOp::kUnion) {
    for (int64_t i = b.begin; i < b.end; ++i) other.insert(pair.right_keys[i]);
  }
  for (int64_t i = a.begin; i < a.end; ++i) {
    std::string_view key = pair.left_keys[i];
    bool kept = op == SetOp::kUnion || other.contains(key) == (op == SetOp::kIntersect);
    if (kept && seen.insert(key).second) out.Pick(i);
  }
  if (op != SetOp::kUnion) return;
  for (int64_t i = b.begin; i < b.end; ++i) {
    if (seen.insert(pair.right_keys[i]).second) out.Pick(pair.offset + i);
  }
}

logical::ScalarBindingPtr BindSet(SetOp op, const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 2);
  TypePtr common = CoerceArrays(context, arguments);
  bool left_nulls = arguments[0].type->Is(TypeId::kArray) && arguments[0].type->contains_null();
  bool right_nulls = arguments[1].type->Is(TypeId::kArray) && arguments[1].type->contains_null();
  bool nulls = op == SetOp::kUnion    ? left_nulls || right_nulls
               : op == SetOp::kExcept ? left_nulls
                                      : left_nulls && right_nulls;
  TypePtr type = types::Array(common->element(), nulls);
  auto kernel = [op, common, type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    Pair pair(common, values);
    auto validity = AndValidity({&pair.left, &pair.right}, scope.rows());
    ListPicker out(scope.rows(), validity);
    Keys seen, other;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (IsValid(validity, row)) AddRow(op, pair, row, seen, other, out);
      out.EndRow();
    }
    return scope.Result(out.Finish(type, pair.elements()));
  };
  return NewBinding(context, arguments, type, {common, common}, kernel);
}

BindScalar Set(SetOp op) {
  return [op](const BindContext& context, const Arguments& arguments) { return BindSet(op, context, arguments); };
}

arrow::Datum ConcatArrays(const TypePtr& type, const std::vector<arrow::Datum>& values, int64_t rows) {
  RowScope scope(values, rows);
  std::vector<ListColumn> columns;
  std::vector<const ColumnBase*> all;
  std::vector<int64_t> offsets;
  arrow::ArrayVector children;
  int64_t offset = 0;
  columns.reserve(values.size());
  for (const arrow::Datum& value : values) {
    columns.emplace_back(value);
    children.push_back(columns.back().child());
    offsets.push_back(offset);
    offset += children.back()->length();
  }
  for (const ListColumn& column : columns) all.push_back(&column);
  auto validity = AndValidity(all, scope.rows());
  ListPicker out(scope.rows(), validity);
  for (int64_t row = 0; row < scope.rows(); ++row) {
    if (IsValid(validity, row)) {
      for (size_t c = 0; c < columns.size(); ++c) {
        Range range = columns[c][row];
        for (int64_t i = range.begin; i < range.end; ++i) out.Pick(offsets[c] + i);
      }
    }
    out.EndRow();
  }
  return scope.Result(out.Finish(type, Concatenated(children)));
}

}  // namespace

std::shared_ptr<logical::ScalarBinding> BindArrayConcat(const BindContext& context, const Arguments& arguments) {
  std::vector<TypePtr> types;
  for (const Argument& argument : arguments) types.push_back(argument.type);
  TypePtr type = FindWiderType(types, context.ansi);
  if (!type || !type->Is(TypeId::kArray)) {
    throw TypeMismatch(context, arguments, "DATA_DIFF_TYPES",
                       {{"functionName", QuotedName(context)}, {"dataType", "(" + QuotedTypesOr(arguments) + ")"}});
  }
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    return ConcatArrays(type, values, rows);
  };
  return NewBinding(context, arguments, type, std::vector<TypePtr>(arguments.size(), type), kernel);
}

SLUICE_REGISTER(FunctionRegistry, ArraySets) {
  registry.Add({.name = "array_union",
                .usage = "The distinct elements of both arrays.",
                .example = "SELECT array_union(array(1, 2, 3), array(1, 3, 5))",
                .since = "2.4.0",
                .bind = Set(SetOp::kUnion)});
  registry.Add({.name = "array_intersect",
                .usage = "The distinct elements that both arrays have.",
                .example = "SELECT array_intersect(array(1, 2, 3), array(1, 3, 5))",
                .since = "2.4.0",
                .bind = Set(SetOp::kIntersect)});
  registry.Add({.name = "array_except",
                .usage = "The distinct elements of the first array that the second does not have.",
                .example = "SELECT array_except(array(1, 2, 3), array(1, 3, 5))",
                .since = "2.4.0",
                .bind = Set(SetOp::kExcept)});
}

}  // namespace sluice::functions
