// df.transpose: the rows become columns, named by the index column's values.
#include <arrow/array.h>

#include "analyzer/expression_resolver.h"
#include "base/arrow_status.h"
#include "functions/coercion.h"
#include "functions/columns.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::AttributePtr;
using logical::Attributes;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

void CheckIndex(const std::vector<ExprPtr>& index) {
  std::string reason;
  if (index.size() > 1) {
    reason = "Only one index column is allowed";
  } else if (index[0]->kind != logical::ExprKind::kAttribute) {
    reason = "Index column must be a resolved attribute";
  } else if (const types::DataType& type = *index[0]->type; type.IsNested() || type.Is(types::TypeId::kVariant)) {
    reason = "Index column must be of atomic type, but found: " + type.SimpleString();
  } else {
    return;
  }
  throw base::Error(ErrorKind::kAnalysis, "TRANSPOSE_INVALID_INDEX_COLUMN", {{"reason", reason}});
}

types::TypePtr CommonType(const Attributes& columns, bool ansi) {
  types::TypePtr common = columns.empty() ? types::String() : columns[0]->type;
  for (const AttributePtr& column : columns) {
    types::TypePtr wider = functions::FindTightestCommonType(common, column->type, ansi);
    if (!wider) {
      throw base::Error(ErrorKind::kAnalysis, "TRANSPOSE_NO_LEAST_COMMON_TYPE",
                        {{"dt1", QuotedType(*common)}, {"dt2", QuotedType(*column->type)}});
    }
    common = wider;
  }
  return common;
}

}  // namespace

PlanPtr Resolver::Node(const plan::Transpose& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {StripHidden(Resolve(node.input))};
  ExpressionResolver resolver(*this, scope);
  const PlanPtr& input = scope.inputs[0];
  std::vector<ExprPtr> index = resolver.ResolveAll(node.index);
  if (index.empty()) index.push_back(input->output.at(0));
  CheckIndex(index);
  Attributes columns;
  for (const AttributePtr& attribute : input->output) {
    if (attribute->id != logical::ToAttribute(index[0])->id) columns.push_back(attribute);
  }
  types::TypePtr common = CommonType(columns, ansi_);

  PlanPtr rows = std::make_shared<logical::Filter>(input, resolver.Bind("isnotnull", {index[0]}));
  auto order = std::make_shared<logical::SortOrderExpr>(index[0], true, true);
  rows = std::make_shared<logical::Sort>(rows, std::vector<std::shared_ptr<const logical::SortOrderExpr>>{order}, true);
  auto most = context_.conf->GetLong("spark.sql.transposeMaxValues");
  rows = std::make_shared<logical::LimitPlan>(logical::PlanKind::kLimit, rows, most + 1);
  auto name = std::make_shared<logical::CastExpr>(index[0], types::String(), logical::CastBehaviour::kLegacy, true);
  std::vector<ExprPtr> wanted{std::make_shared<AliasExpr>(name, "key")};
  for (const AttributePtr& column : columns) {
    wanted.push_back(std::make_shared<AliasExpr>(ImplicitCast(column, common, ansi_), column->name));
  }
  rows = std::make_shared<logical::Project>(rows, std::move(wanted));

  Attributes output{std::make_shared<AttributeExpr>("key", types::String(), false)};
  std::vector<arrow::ArrayVector> values;
  for (const auto& batch : context_.execute(rows)) {
    functions::Column<std::string_view> names(batch->column(0));
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      output.push_back(std::make_shared<AttributeExpr>(std::string(names[row]), common, true));
      arrow::ArrayVector pieces;
      for (int c = 1; c < batch->num_columns(); ++c) pieces.push_back(batch->column(c)->Slice(row, 1));
      values.push_back(std::move(pieces));
    }
  }
  if (static_cast<int64_t>(values.size()) > most) {
    throw base::Error(ErrorKind::kAnalysis, "TRANSPOSE_EXCEED_ROW_LIMIT",
                      {{"maxValues", std::to_string(most)}, {"config", "spark.sql.transposeMaxValues"}});
  }
  arrow::StringBuilder keys;
  for (const AttributePtr& column : columns) base::ThrowIfError(keys.Append(column->name));
  arrow::ArrayVector arrays{base::ValueOrThrow(keys.Finish())};
  for (const arrow::ArrayVector& pieces : values) {
    arrays.push_back(pieces.empty() ? functions::NullArray(types::ToArrow(common), 0)
                                    : functions::Concatenated(pieces));
  }
  auto batch =
      arrow::RecordBatch::Make(logical::ArrowSchema(output), static_cast<int64_t>(columns.size()), std::move(arrays));
  return std::make_shared<logical::LocalData>(std::move(output),
                                              std::vector<std::shared_ptr<arrow::RecordBatch>>{batch});
}

}  // namespace sluice::analyzer
