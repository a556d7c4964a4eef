// Unresolved plan → logical plan: names, types, coercion, and the checks that refuse a query.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/sql_conf.h"
#include "catalog/catalog.h"
#include "connectors/spi/registry.h"
#include "functions/registry.h"
#include "logical/plan.h"
#include "plan/command.h"

namespace sluice::analyzer {

/// What analysis needs of a session.
struct AnalyzerContext {
  std::shared_ptr<const base::SqlConf> conf;
  std::shared_ptr<catalog::Catalog> catalog;
  const functions::FunctionRegistry* functions = nullptr;
  const connectors::ConnectorRegistry* connectors = nullptr;
  /// Session functions (spark.udf.register), by lower-case name; null if unknown.
  std::function<std::shared_ptr<const plan::PythonUdf>(const std::string& name)> find_python_function;
  /// A frame kept for the client (checkpoint, foreachBatch); null if unknown.
  std::function<logical::PlanPtr(const std::string& relation_id)> find_cached_relation;
  /// Runs spark.catalog.* calls: they need the session.
  std::function<logical::PlanPtr(const plan::CatalogCall&)> run_catalog_call;
  /// Runs a query to the end, for what analysis must know from data (pivot values, approxQuantile, crosstab).
  std::function<std::vector<std::shared_ptr<arrow::RecordBatch>>(const logical::PlanPtr&)> execute;
  /// df.cache(): gives the cached form of a plan that was persisted, or null.
  std::function<logical::PlanPtr(const logical::PlanPtr&)> find_persisted;
};

/// Resolves a relation. Throws base::Error kAnalysis with Spark's conditions; messages of plan errors carry the plan.
logical::PlanPtr Analyze(const plan::RelationPtr& relation, const AnalyzerContext& context);

/// Refuses a batch action on a streaming plan (_LEGACY_ERROR_TEMP_3102, "Queries with streaming sources must be
/// executed with writeStream.start()…").
void CheckBatch(const logical::PlanPtr& plan);
/// UnsupportedOperationChecker.checkForStreaming.
void CheckStreaming(const logical::PlanPtr& plan, connectors::OutputMode mode, const base::SqlConf& conf);

/// The type of an expression over no input; for parameters, VALUES and tests.
logical::ExprPtr ResolveConstant(const plan::ExpressionPtr& expression, const AnalyzerContext& context);

}  // namespace sluice::analyzer
