// One client session: configuration, catalog, functions, artifacts, cached frames, queries. The composition root.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/analyzer.h"
#include "base/sql_conf.h"
#include "catalog/catalog.h"
#include "exec/operator.h"
#include "python/data_source.h"
#include "python/worker_pool.h"
#include "streaming/query_manager.h"

namespace sluice::session {

/// What the process gives to all sessions: registries, and how to reach this server and start Python.
struct Environment {
  functions::FunctionRegistry functions;
  connectors::ConnectorRegistry connectors;
  std::string python_executable = "python3";
  std::vector<std::pair<std::string, std::string>>
      python_environment;   ///< extra variables for workers (PYTHONPATH, TZ)
  std::string connect_url;  ///< "sc://localhost:PORT/", set when listening
  std::string token;        ///< empty = none
  std::string warehouse = "spark-warehouse";
  std::map<std::string, std::string> conf;  ///< the settings of the program's start, which every session begins with
  std::string temporary_folder = "/tmp";
  std::shared_ptr<catalog::Catalog>
      catalog;  ///< tables, databases and global views of all sessions; made with the first
  std::once_flag catalog_once;
};

/// The rows of a query, given to the consumer in order; false = the consumer wants no more.
using BatchConsumer = std::function<bool(const std::shared_ptr<arrow::RecordBatch>&)>;

/// What a command gives back to the client.
struct CommandResult {
  std::optional<plan::RelationPtr> relation;      ///< sql(): LocalRelation of the rows, or the query itself
  streaming::StreamingQueryPtr started;           ///< writeStream.start()
  std::optional<std::string> cached_relation_id;  ///< checkpoint()
};

/// Thread safe: many RPCs of one session run at once.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Environment> environment, std::string user_id, std::string session_id);
  ~Session();

  const std::string& session_id() const { return session_id_; }
  const std::string& user_id() const { return user_id_; }
  const std::string& server_side_id() const { return server_side_id_; }
  base::SqlConf& conf() { return *conf_; }
  /// What conf() holds in a new session, and what RESET goes back to.
  std::map<std::string, std::string> InitialConf() const;
  catalog::Catalog& catalog() { return *catalog_; }
  streaming::QueryManager& queries() { return *queries_; }
  Environment& environment() { return *environment_; }

  /// Resolves a relation (errors as Spark's analysis).
  logical::PlanPtr Analyze(const plan::RelationPtr& relation);
  /// Optimizes, plans and runs a batch query. `schema` is told before the first batch. Observed metrics are returned.
  std::map<std::string, std::shared_ptr<arrow::RecordBatch>> Execute(const logical::PlanPtr& plan,
                                                                     const base::CancellationPtr& cancellation,
                                                                     const BatchConsumer& consume);
  /// Runs a batch query into a write, partition by partition, and commits it; aborts it on any error.
  void RunWrite(const logical::PlanPtr& plan, connectors::BatchWrite& write, const base::CancellationPtr& cancellation);
  /// Time, zone and user as expressions of this session see them.
  logical::EvalContext MakeEvalContext() const;
  /// Runs a command of the protocol or of SQL.
  CommandResult ExecuteCommand(const plan::CommandPtr& command, const base::CancellationPtr& cancellation);
  /// spark.sql(text): a query is not run but given back; a command is run and its rows given back.
  CommandResult ExecuteSql(const plan::SqlQuery& query, const base::CancellationPtr& cancellation);
  /// df.explain(): mode as ExplainCommand's.
  std::string Explain(const plan::RelationPtr& relation, const std::string& mode);

  /// Frames kept for the client.
  std::string AddCachedRelation(logical::PlanPtr plan);
  void SetCachedRelation(const std::string& id, logical::PlanPtr plan);
  void RemoveCachedRelation(const std::string& id);
  logical::PlanPtr FindCachedRelation(const std::string& id) const;

  /// df.persist / unpersist; storage level as the protocol's fields.
  struct StorageLevel {
    bool use_disk = false, use_memory = false, use_off_heap = false, deserialized = false;
    int replication = 1;
  };
  void Persist(const logical::PlanPtr& plan, StorageLevel level);
  void Unpersist(const logical::PlanPtr& plan);
  StorageLevel GetStorageLevel(const logical::PlanPtr& plan) const;
  void ClearCache();

  /// Artifacts: cached blobs by hash, files in a folder of the session's own (Python files on the workers' path).
  void AddArtifact(const std::string& name, std::string data);
  std::optional<std::string> FindBlob(const std::string& sha256) const;
  std::string artifact_folder() const { return artifact_folder_; }

  /// The engine's data sources and those that the session registered. Good until the session closes.
  const connectors::ConnectorRegistry& connectors();
  /// One written in Python; it takes the place of another of that name.
  void RegisterDataSource(python::DataSourceClass source);

  /// How this session's Python processes are started, and the pool of those that run functions.
  python::WorkerOptions worker_options();
  std::shared_ptr<python::WorkerPool> worker_pool();

  std::shared_ptr<Session> Clone(const std::string& new_session_id);
  /// Ends everything the session runs (ReleaseSession).
  void Close();

 private:
  struct Impl;
  std::shared_ptr<Environment> environment_;
  std::string user_id_, session_id_, server_side_id_, artifact_folder_;
  std::shared_ptr<base::SqlConf> conf_;
  std::shared_ptr<catalog::Catalog> catalog_;
  std::unique_ptr<streaming::QueryManager> queries_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::session
