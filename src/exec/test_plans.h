// Builds small plans by hand for the unit tests.
#pragma once

#include <arrow/json/from_string.h>
#include <arrow/pretty_print.h>
#include <arrow/table.h>

#include <string>
#include <vector>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/planner.h"
#include "functions/registry.h"

namespace sluice::exec::testing {

using logical::ExprPtr;
using logical::PlanPtr;

inline logical::AttributePtr Attribute(const std::string& name, types::TypePtr type) {
  return std::make_shared<logical::AttributeExpr>(name, std::move(type), true);
}

inline std::shared_ptr<arrow::RecordBatch> Batch(const logical::Attributes& output,
                                                 const std::vector<std::string>& columns) {
  auto schema = logical::ArrowSchema(output);
  arrow::ArrayVector arrays;
  for (size_t c = 0; c < columns.size(); ++c) {
    arrays.push_back(
        base::ValueOrThrow(arrow::json::ArrayFromJSONString(schema->field(static_cast<int>(c))->type(), columns[c])));
  }
  int64_t rows = arrays.empty() ? 0 : arrays[0]->length();
  return arrow::RecordBatch::Make(schema, rows, arrays);
}

/// One JSON array per column.
inline PlanPtr Local(const logical::Attributes& output, const std::vector<std::string>& columns) {
  return std::make_shared<logical::LocalData>(output,
                                              std::vector<std::shared_ptr<arrow::RecordBatch>>{Batch(output, columns)});
}

inline const functions::FunctionRegistry& Functions() {
  static const functions::FunctionRegistry* registry = [] {
    auto* made = new functions::FunctionRegistry;
    functions::RegisterAll(*made);
    return made;
  }();
  return *registry;
}

inline functions::Arguments ArgumentsOf(const std::vector<ExprPtr>& arguments) {
  functions::Arguments all;
  for (const ExprPtr& argument : arguments) {
    functions::Argument one;
    one.type = argument->type;
    one.nullable = argument->nullable;
    one.sql = argument->Sql();
    if (auto* literal = argument->As<logical::LiteralExpr>()) one.literal = &literal->literal;
    all.push_back(one);
  }
  return all;
}

inline const functions::FunctionEntry& Entry(const std::string& name) {
  const auto* entry = Functions().Find(name);
  if (!entry) throw base::Error::Internal("no function " + name);
  return *entry;
}

inline ExprPtr Call(const std::string& name, std::vector<ExprPtr> arguments) {
  auto binding = std::get<functions::BindScalar>(Entry(name).bind)({.name = name}, ArgumentsOf(arguments));
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!types::Equal(arguments[i]->type, binding->argument_types[i], true)) {
      arguments[i] = std::make_shared<logical::CastExpr>(arguments[i], binding->argument_types[i],
                                                         logical::CastBehaviour::kAnsi, true);
    }
  }
  return std::make_shared<logical::ScalarCall>(binding, std::move(arguments));
}

inline ExprPtr Aggregate(const std::string& name, std::vector<ExprPtr> arguments, bool distinct = false,
                         ExprPtr filter = nullptr) {
  auto binding = std::get<functions::BindAggregate>(Entry(name).bind)({.name = name}, ArgumentsOf(arguments), distinct);
  return std::make_shared<logical::AggregateCall>(binding, std::move(arguments), distinct, filter);
}

inline ExprPtr Int(int32_t value) { return logical::MakeLiteral(types::Literal::Integer(value)); }
inline ExprPtr Long(int64_t value) { return logical::MakeLiteral(types::Literal::Long(value)); }
inline ExprPtr As(ExprPtr child, const std::string& name) {
  return std::make_shared<logical::AliasExpr>(std::move(child), name);
}

/// Columns as JSON-like texts, one a column, of all rows in order.
inline std::vector<std::string> Rows(const PlanPtr& plan, ExecContext* given = nullptr) {
  auto root = PlanOperators(plan, {});
  ExecContext own;
  ExecContext& context = given ? *given : own;
  auto batches = Collect(*root, context);
  auto table = base::ValueOrThrow(arrow::Table::FromRecordBatches(root->schema(), batches));
  std::vector<std::string> columns;
  for (int c = 0; c < table->num_columns(); ++c) {
    auto chunks = table->column(c);
    std::string text;
    for (int64_t i = 0; i < chunks->length(); ++i) {
      auto scalar = base::ValueOrThrow(chunks->GetScalar(i));
      text += (i > 0 ? " " : "") + (scalar->is_valid ? scalar->ToString() : "null");
    }
    columns.push_back(text);
  }
  return columns;
}

}  // namespace sluice::exec::testing
