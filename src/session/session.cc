// Sessions: analysis, execution of batch queries, and what a client keeps on the server.
#include "session/session.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/uuid.h"
#include "exec/compiled_expression.h"
#include "exec/planner.h"
#include "optimizer/optimizer.h"
#include "session/session_impl.h"

namespace sluice::session {
namespace {

std::string AbsolutePath(const std::string& path) {
  std::error_code unknown;
  std::filesystem::path absolute = std::filesystem::absolute(path, unknown);
  return unknown ? path : absolute.lexically_normal().string();
}

// A session has temporary views and a current database of its own; all else of the catalog is one for the process.
std::shared_ptr<catalog::Catalog> NewCatalog(Environment& environment) {
  std::call_once(environment.catalog_once, [&] {
    environment.catalog = std::make_shared<catalog::Catalog>(AbsolutePath(environment.warehouse));
  });
  return environment.catalog->Clone();
}

}  // namespace

Session::Session(std::shared_ptr<Environment> environment, std::string user_id, std::string session_id)
    : environment_(std::move(environment)),
      user_id_(std::move(user_id)),
      session_id_(std::move(session_id)),
      server_side_id_(base::NewUuid()),
      artifact_folder_(fmt::format("{}/sluice-{}", environment_->temporary_folder, server_side_id_.substr(0, 13))),
      conf_(std::make_shared<base::SqlConf>()),
      catalog_(NewCatalog(*environment_)),
      queries_(std::make_unique<streaming::QueryManager>()),
      impl_(std::make_unique<Impl>()) {
  for (const auto& [key, value] : InitialConf()) conf_->Set(key, value);
}

std::map<std::string, std::string> Session::InitialConf() const {
  auto conf = environment_->conf;
  conf["spark.sql.warehouse.dir"] = "file:" + AbsolutePath(environment_->warehouse);
  return conf;
}

Session::~Session() { Close(); }

void Session::Close() {
  queries_->StopAll();
  impl_->frames.Clear();
  {
    std::lock_guard lock(impl_->mutex);
    impl_->relations.clear();
    impl_->functions.clear();
    impl_->workers.reset();
  }
  std::error_code ignored;
  std::filesystem::remove_all(artifact_folder_, ignored);
}

std::shared_ptr<Session> Session::Clone(const std::string& new_session_id) {
  auto clone = std::make_shared<Session>(environment_, user_id_, new_session_id);
  clone->conf_ = std::make_shared<base::SqlConf>(*conf_);
  clone->catalog_ = catalog_->Clone();
  std::map<std::string, python::DataSourceClass> data_sources;
  {
    std::lock_guard lock(impl_->mutex);
    clone->impl_->functions = impl_->functions;
    clone->impl_->blobs = impl_->blobs;
    data_sources = impl_->data_sources;
  }
  for (const auto& [name, source] : data_sources) clone->RegisterDataSource(source);
  return clone;
}

const connectors::ConnectorRegistry& Session::connectors() {
  std::lock_guard lock(impl_->mutex);
  return impl_->connectors.empty() ? environment_->connectors : *impl_->connectors.back();
}

void Session::RegisterDataSource(python::DataSourceClass source) {
  if (environment_->connectors.Find(source.name)) {
    throw base::Error(base::ErrorKind::kAnalysis, "DATA_SOURCE_ALREADY_EXISTS", {{"provider", source.name}});
  }
  auto registry = std::make_shared<connectors::ConnectorRegistry>(connectors());
  registry->Replace(python::MakeDataSourceEntry(worker_pool(), source));
  std::lock_guard lock(impl_->mutex);
  impl_->connectors.push_back(std::move(registry));
  impl_->data_sources[source.name] = std::move(source);
}

std::shared_ptr<python::WorkerPool> Session::Impl::Workers(const Session& session) {
  std::lock_guard lock(mutex);
  if (!workers) {
    python::WorkerOptions options;
    options.executable = session.environment_->python_executable;
    options.environment = session.environment_->python_environment;
    options.folder = session.artifact_folder_;
    options.files_folder = session.artifact_folder_ + "/pyfiles";
    options.python_files = python_files;
    workers = std::make_shared<python::WorkerPool>(std::move(options));
  }
  return workers;
}

python::WorkerOptions Session::worker_options() { return worker_pool()->options(); }
std::shared_ptr<python::WorkerPool> Session::worker_pool() { return impl_->Workers(*this); }

logical::EvalContext Session::Impl::MakeEvalContext(const Session& session, const base::SqlConf& conf) {
  logical::EvalContext eval;
  eval.ansi = conf.ansi_enabled();
  eval.time_zone = conf.session_time_zone();
  eval.last_map_key_wins = conf.GetString("spark.sql.mapKeyDedupPolicy") == "LAST_WIN";
  eval.current_timestamp_us =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  eval.current_user = session.user_id_;
  eval.current_database = session.catalog_->current_database();
  return eval;
}

logical::EvalContext Session::MakeEvalContext() const { return impl_->MakeEvalContext(*this, *conf_); }

analyzer::AnalyzerContext Session::Impl::MakeAnalyzerContext(Session& session) {
  analyzer::AnalyzerContext context;
  context.conf = session.conf_;
  context.catalog = session.catalog_;
  context.functions = &session.environment_->functions;
  context.connectors = &session.connectors();
  context.find_python_function = [this](const std::string& name) -> std::shared_ptr<const plan::PythonUdf> {
    std::lock_guard lock(mutex);
    auto found = functions.find(name);
    return found == functions.end() ? nullptr : found->second;
  };
  context.find_cached_relation = [&session](const std::string& id) { return session.FindCachedRelation(id); };
  context.run_catalog_call = [&session](const plan::CatalogCall& call) {
    return session.Analyze(RunCatalogCall(session, call));
  };
  context.execute = [&session](const logical::PlanPtr& plan) { return session.impl_->Collect(session, plan); };
  return context;
}

logical::PlanPtr Session::Analyze(const plan::RelationPtr& relation) {
  return analyzer::Analyze(relation, impl_->MakeAnalyzerContext(*this));
}

exec::OperatorPtr Session::Impl::PlanBatch(Session& session, const logical::PlanPtr& plan,
                                           const std::shared_ptr<const base::SqlConf>& conf) {
  logical::EvalContext eval = MakeEvalContext(session, *conf);
  auto fold = [eval](const logical::ExprPtr& expr) mutable { return exec::EvaluateConstant(expr, eval); };
  logical::PlanPtr substituted = frames.Substitute(
      plan, [this, &session](const logical::PlanPtr& cached) { return CollectUncached(session, cached); });
  exec::PlannerOptions options;
  options.conf = conf;
  options.python = python::MakePythonPlanner(Workers(session));
  return exec::PlanOperators(optimizer::Optimize(substituted, fold, *conf), options);
}

void Session::Impl::PrepareContext(Session& session, exec::ExecContext* context,
                                   const std::shared_ptr<const base::SqlConf>& conf) {
  context->conf = conf;
  context->eval = MakeEvalContext(session, *conf);
  context->parallelism = std::max(1, base::ThreadPool::Default().size());
}

std::vector<std::shared_ptr<arrow::RecordBatch>> Session::Impl::CollectUncached(Session& session,
                                                                                const logical::PlanPtr& plan) {
  auto conf = std::make_shared<const base::SqlConf>(*session.conf_);
  logical::EvalContext eval = MakeEvalContext(session, *conf);
  auto fold = [eval](const logical::ExprPtr& expr) mutable { return exec::EvaluateConstant(expr, eval); };
  exec::PlannerOptions options;
  options.conf = conf;
  options.python = python::MakePythonPlanner(Workers(session));
  auto root = exec::PlanOperators(optimizer::Optimize(plan, fold, *conf), options);
  exec::ExecContext context;
  PrepareContext(session, &context, conf);
  return exec::Collect(*root, context);
}

std::vector<std::shared_ptr<arrow::RecordBatch>> Session::Impl::Collect(Session& session,
                                                                        const logical::PlanPtr& plan) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> out;
  session.Execute(plan, std::make_shared<base::CancellationToken>(), [&](const auto& batch) {
    out.push_back(batch);
    return true;
  });
  return out;
}

std::map<std::string, std::shared_ptr<arrow::RecordBatch>> Session::Execute(const logical::PlanPtr& plan,
                                                                            const base::CancellationPtr& cancellation,
                                                                            const BatchConsumer& consume) {
  analyzer::CheckBatch(plan);
  auto conf = std::make_shared<const base::SqlConf>(*conf_);
  exec::OperatorPtr root = impl_->PlanBatch(*this, plan, conf);
  exec::ExecContext context;
  impl_->PrepareContext(*this, &context, conf);
  context.cancellation = cancellation;
  exec::RunInOrder(*root, context, [&](std::shared_ptr<arrow::RecordBatch> batch) { return consume(batch); });
  return context.observed;
}

std::string Session::Explain(const plan::RelationPtr& relation, const std::string& mode) {
  logical::PlanPtr analyzed = Analyze(relation);
  auto conf = std::make_shared<const base::SqlConf>(*conf_);
  logical::EvalContext eval = impl_->MakeEvalContext(*this, *conf);
  auto fold = [eval](const logical::ExprPtr& expr) mutable { return exec::EvaluateConstant(expr, eval); };
  logical::PlanPtr optimized = optimizer::Optimize(analyzed, fold, *conf);
  exec::PlannerOptions options;
  options.conf = conf;
  options.python = python::MakePythonPlanner(impl_->Workers(*this));
  options.streaming = analyzed->is_streaming;
  std::string physical = exec::Explain(*exec::PlanOperators(optimized, options));
  if (mode == "codegen") return "Found 0 WholeStageCodegen subtrees.\n";  // operators are compiled already
  if (mode == "cost")
    return fmt::format("== Optimized Logical Plan ==\n{}\n{}", logical::TreeString(optimized), physical);
  if (mode != "extended") return physical;
  return fmt::format(
      "== Parsed Logical Plan ==\n{}\n\n== Analyzed Logical Plan ==\n{}\n{}\n== Optimized Logical Plan ==\n{}\n{}",
      plan::ToString(*relation), analyzed->Schema()->Ddl(), logical::TreeString(analyzed),
      logical::TreeString(optimized), physical);
}

std::string Session::AddCachedRelation(logical::PlanPtr plan) {
  std::string id = base::NewUuid();
  SetCachedRelation(id, std::move(plan));
  return id;
}

void Session::SetCachedRelation(const std::string& id, logical::PlanPtr plan) {
  std::lock_guard lock(impl_->mutex);
  impl_->relations[id] = std::move(plan);
}

void Session::RemoveCachedRelation(const std::string& id) {
  std::lock_guard lock(impl_->mutex);
  impl_->relations.erase(id);
}

logical::PlanPtr Session::FindCachedRelation(const std::string& id) const {
  std::lock_guard lock(impl_->mutex);
  auto found = impl_->relations.find(id);
  return found == impl_->relations.end() ? nullptr : found->second;
}

void Session::Persist(const logical::PlanPtr& plan, StorageLevel level) { impl_->frames.Persist(plan, level); }
void Session::Unpersist(const logical::PlanPtr& plan) { impl_->frames.Unpersist(plan); }
Session::StorageLevel Session::GetStorageLevel(const logical::PlanPtr& plan) const { return impl_->frames.Level(plan); }

void Session::ClearCache() { impl_->frames.Clear(); }

namespace {

// "pyfiles/a/b.py" may only name something below the session's folder.
void CheckArtifactName(const std::string& name) {
  std::filesystem::path path(name);
  bool escapes = path.is_absolute() || name.find('\0') != std::string::npos;
  for (const auto& part : path) escapes |= part == "..";
  if (escapes || name.empty()) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "Invalid artifact name: " + name);
  }
}

}  // namespace

void Session::AddArtifact(const std::string& name, std::string data) {
  CheckArtifactName(name);
  if (name.starts_with("cache/")) {
    std::lock_guard lock(impl_->mutex);
    impl_->blobs[name.substr(6)] = std::move(data);
    return;
  }
  std::filesystem::path path = std::filesystem::path(artifact_folder_) / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(data.data(), static_cast<std::streamsize>(data.size()));
  file.close();
  if (!file) throw base::Error::Plain(base::ErrorKind::kSpark, "Cannot write the artifact " + path.string());
  if (name.starts_with("pyfiles/")) {
    std::lock_guard lock(impl_->mutex);
    impl_->python_files.push_back(name.substr(8));
    if (impl_->workers) impl_->workers->AddPythonFile(name.substr(8));
  }
}

std::optional<std::string> Session::FindBlob(const std::string& sha256) const {
  std::lock_guard lock(impl_->mutex);
  auto found = impl_->blobs.find(sha256);
  if (found == impl_->blobs.end()) return std::nullopt;
  return found->second;
}

}  // namespace sluice::session
