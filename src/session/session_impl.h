// What a session keeps, and the functions that its command files share.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "exec/operator.h"
#include "plan/command.h"
#include "python/udf_operator.h"
#include "python/worker_pool.h"
#include "session/cached_frames.h"
#include "session/session.h"

namespace sluice::session {

struct Session::Impl {
  std::mutex mutex;
  std::map<std::string, logical::PlanPtr> relations;
  std::map<std::string, std::shared_ptr<const plan::PythonUdf>> functions;  ///< by lower-case name
  std::map<std::string, std::string> blobs;                                 ///< by SHA-256
  std::vector<std::string> python_files;
  std::shared_ptr<python::WorkerPool> workers;
  std::map<std::string, python::DataSourceClass> data_sources;  ///< by lower-case name
  /// With them; the last one counts, the others may still be in use.
  std::vector<std::shared_ptr<const connectors::ConnectorRegistry>> connectors;
  CachedFrames frames;

  std::shared_ptr<python::WorkerPool> Workers(const Session& session);
  logical::EvalContext MakeEvalContext(const Session& session, const base::SqlConf& conf);
  analyzer::AnalyzerContext MakeAnalyzerContext(Session& session);
  exec::OperatorPtr PlanBatch(Session& session, const logical::PlanPtr& plan,
                              const std::shared_ptr<const base::SqlConf>& conf);
  void PrepareContext(Session& session, exec::ExecContext* context, const std::shared_ptr<const base::SqlConf>& conf);
  std::vector<std::shared_ptr<arrow::RecordBatch>> Collect(Session& session, const logical::PlanPtr& plan);
  /// Runs a plan as it is, without looking for cached frames in it.
  std::vector<std::shared_ptr<arrow::RecordBatch>> CollectUncached(Session& session, const logical::PlanPtr& plan);
};

/// spark.catalog.*: a relation with the answer's rows.
plan::RelationPtr RunCatalogCall(Session& session, const plan::CatalogCall& call);

}  // namespace sluice::session
