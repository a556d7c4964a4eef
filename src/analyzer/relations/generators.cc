// Rows made by functions: VALUES, LATERAL VIEW, table functions.
#include <arrow/array.h>

#include "analyzer/expression_resolver.h"
#include "analyzer/projection.h"
#include "base/arrow_status.h"
#include "functions/cast_kernels.h"
#include "functions/coercion.h"
#include "functions/columns.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::AliasExpr;
using logical::AttributeExpr;
using logical::Attributes;
using logical::ExprKind;
using logical::ExprPtr;
using logical::PlanPtr;

namespace {

PlanPtr OneRow() {
  auto batch = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 1, arrow::ArrayVector{});
  return std::make_shared<logical::LocalData>(Attributes{}, std::vector<std::shared_ptr<arrow::RecordBatch>>{batch});
}

// All rows as one batch if every value is a constant; null otherwise.
PlanPtr ConstantRows(const std::vector<std::vector<ExprPtr>>& rows, const Attributes& output, bool ansi,
                     const std::string& time_zone) {
  arrow::ArrayVector columns;
  for (size_t c = 0; c < output.size(); ++c) {
    auto type = types::ToArrow(output[c]->type);
    arrow::ArrayVector values;
    for (const auto& row : rows) {
      auto value = TryFold(row[c], ansi, time_zone);
      if (!value) return nullptr;
      if (value->is_null()) {
        values.push_back(functions::NullArray(type, 1));
      } else {
        // Values of a column may differ in the nullability of nested fields.
        auto one = base::ValueOrThrow(arrow::MakeArrayFromScalar(*value->value, 1));
        values.push_back(arrow::MakeArray(functions::WithType(one->data(), type)));
      }
    }
    columns.push_back(functions::Concatenated(values));
  }
  auto batch =
      arrow::RecordBatch::Make(logical::ArrowSchema(output), static_cast<int64_t>(rows.size()), std::move(columns));
  return std::make_shared<logical::LocalData>(output, std::vector<std::shared_ptr<arrow::RecordBatch>>{batch});
}

}  // namespace

PlanPtr Resolver::Node(const plan::Values& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {OneRow()};
  ExpressionResolver resolver(*this, scope);
  std::vector<std::vector<ExprPtr>> rows;
  for (const auto& given : node.rows) {
    std::vector<ExprPtr> row = resolver.ResolveAll(given);
    for (ExprPtr& value : row) {
      if (value->kind == ExprKind::kAlias) value = value->children[0];
    }
    if (!rows.empty() && row.size() != rows[0].size()) {
      throw base::Error(ErrorKind::kAnalysis, "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                        {{"expectedNumCols", std::to_string(rows[0].size())},
                         {"actualNumCols", std::to_string(row.size())},
                         {"rowIndex", std::to_string(rows.size())}});
    }
    rows.push_back(std::move(row));
  }
  Attributes output;
  for (size_t c = 0; c < rows[0].size(); ++c) {
    std::vector<types::TypePtr> types;
    bool nullable = false;
    for (const auto& row : rows) {
      types.push_back(row[c]->type);
      nullable |= row[c]->nullable;
    }
    types::TypePtr common = functions::FindWiderType(types, ansi_);
    std::string name = "col" + std::to_string(c + 1);
    if (!common) {
      throw base::Error(ErrorKind::kAnalysis, "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE",
                        {{"colName", types::QuoteIdentifier({name})}});
    }
    for (auto& row : rows) row[c] = ImplicitCast(row[c], common, ansi_);
    output.push_back(std::make_shared<AttributeExpr>(name, common, nullable));
  }
  if (PlanPtr constant = ConstantRows(rows, output, ansi_, time_zone_)) return constant;
  std::vector<PlanPtr> parts;
  for (const auto& row : rows) {
    std::vector<ExprPtr> named;
    for (size_t c = 0; c < row.size(); ++c) named.push_back(std::make_shared<AliasExpr>(row[c], output[c]->name));
    parts.push_back(ProjectPlan(OneRow(), std::move(named)));
  }
  if (parts.size() == 1) return parts[0];
  return std::make_shared<logical::Union>(std::move(parts), std::move(output));
}

PlanPtr Resolver::GeneratePlan(PlanPtr input, const plan::ExpressionPtr& generator, bool outer,
                               const std::vector<std::string>& names, const std::string& qualifier) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {std::move(input)};
  ExprPtr resolved = ExpressionResolver(*this, scope).Resolve(generator);
  auto call = std::dynamic_pointer_cast<const logical::GeneratorCall>(resolved);
  if (!call) {
    throw base::Error(ErrorKind::kAnalysis, "UNSUPPORTED_GENERATOR.NOT_GENERATOR",
                      {{"functionName", types::QuoteIdentifier({resolved->Sql()})}, {"classCanonicalName", ""}});
  }
  const auto& outputs = call->binding->outputs;
  if (!names.empty() && names.size() != outputs.size()) {
    throw base::Error(
        ErrorKind::kAnalysis, "UDTF_ALIAS_NUMBER_MISMATCH",
        {{"aliasesSize", std::to_string(outputs.size())}, {"aliasesNames", fmt::format("{}", fmt::join(names, ","))}});
  }
  Attributes generated;
  std::vector<std::string> qualifiers;
  if (!qualifier.empty()) qualifiers.push_back(qualifier);
  for (size_t i = 0; i < outputs.size(); ++i) {
    generated.push_back(std::make_shared<AttributeExpr>(names.empty() ? outputs[i].name : names[i], outputs[i].type,
                                                        outputs[i].nullable || outer || call->binding->outer,
                                                        logical::NextExprId(), qualifiers));
  }
  return std::make_shared<logical::Generate>(scope.inputs[0], call, outer || call->binding->outer,
                                             std::move(generated));
}

PlanPtr Resolver::Node(const plan::LateralView& node) {
  return GeneratePlan(Resolve(node.input), node.generator, node.outer, node.column_aliases, node.table_alias);
}

PlanPtr Resolver::Node(const plan::TableValuedFunction& node) {
  std::string name = ToLower(node.name);
  if (name == "range") return RangeFunction(node);
  const functions::FunctionEntry* entry = context_.functions->Find(name);
  if (!entry || !std::holds_alternative<functions::BindGenerator>(entry->bind)) {
    throw base::Error(ErrorKind::kAnalysis, "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                      {{"name", types::QuoteIdentifier({node.name})}})
        .WithPlan("");
  }
  PlanPtr generate = GeneratePlan(OneRow(), plan::MakeFunction(node.name, node.arguments), false, {}, "");
  return generate;
}

PlanPtr Resolver::RangeFunction(const plan::TableValuedFunction& node) {
  std::vector<int64_t> values;
  Scope scope;
  ExpressionResolver resolver(*this, scope);
  for (const plan::ExpressionPtr& argument : node.arguments) {
    ExprPtr value = ImplicitCast(resolver.Resolve(argument), types::Long(), ansi_);
    auto constant = TryFold(value, ansi_, time_zone_);
    if (!constant || constant->is_null()) {
      throw base::Error(ErrorKind::kAnalysis, "UNEXPECTED_INPUT_TYPE",
                        {{"functionName", "`range`"},
                         {"paramIndex", "first"},
                         {"inputSql", QuotedSql(*value)},
                         {"requiredType", "\"BIGINT\""},
                         {"inputType", QuotedType(*value->type)}});
    }
    values.push_back(std::stoll(constant->ToString()));
  }
  plan::Range range;
  switch (values.size()) {
    case 1:
      range.end = values[0];
      break;
    case 4:
      range.num_partitions = static_cast<int32_t>(values[3]);
      [[fallthrough]];
    case 3:
      range.step = values[2];
      [[fallthrough]];
    case 2:
      range.start = values[0];
      range.end = values[1];
      break;
    default:
      throw base::Error(ErrorKind::kAnalysis, "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                        {{"functionName", "`range`"},
                         {"expectedNum", "[1, 2, 3, 4]"},
                         {"actualNum", std::to_string(values.size())},
                         {"docroot", "https://spark.apache.org/docs/latest"}});
  }
  return Node(range);
}

PlanPtr Resolver::Node(const plan::Parse& node) {
  throw base::Error::Unsupported("Reading " + node.format + " from a frame of strings",
                                 "Use from_" + node.format + " with a schema.");
}

}  // namespace sluice::analyzer
