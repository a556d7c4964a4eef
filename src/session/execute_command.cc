// Dispatch of commands to their families.
#include <fmt/format.h>

#include "base/error.h"
#include "session/command_rows.h"
#include "session/commands.h"
#include "session/session_impl.h"
#include "sql/parser.h"

namespace sluice::session {
namespace {

std::string LowerCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Runs each kind of command; what is not DDL-like sets the result's other members.
struct Runner {
  Session& session;
  const base::CancellationPtr& cancellation;
  std::function<void(const std::string&, std::shared_ptr<const plan::PythonUdf>)> register_function;
  CommandResult result;

  void operator()(const plan::CreateView& c) { RunCreateView(session, c); }
  void operator()(const plan::WriteOperation& c) { RunWrite(session, c, cancellation); }
  void operator()(const plan::WriteStream& c) { result.started = StartStream(session, c); }
  void operator()(const plan::RegisterFunction& c) {
    const auto* udf = c.function->As<plan::PythonUdf>();
    if (!udf) throw base::Error::Unsupported("Registering a function that is not a Python function");
    register_function(LowerCase(c.name), std::make_shared<plan::PythonUdf>(*udf));
  }
  void operator()(const plan::RegisterDataSource& c) {
    session.RegisterDataSource({LowerCase(c.name), c.source.command, c.source.python_version});
  }
  void operator()(const plan::Checkpoint& c) {
    logical::PlanPtr plan = session.Analyze(c.input);
    auto rows = std::make_shared<Rows>();
    session.Execute(plan, cancellation, [&](const auto& batch) {
      rows->batches.push_back(batch);
      return true;
    });
    result.cached_relation_id =
        session.AddCachedRelation(std::make_shared<logical::InMemory>(plan->output, rows, "checkpointed frame"));
  }
  void operator()(const plan::CreateTable& c) { RunCreateTable(session, c, cancellation); }
  void operator()(const plan::InsertInto& c) { RunInsert(session, c, cancellation); }
  void operator()(const plan::DropTable& c) { RunDropTable(session, c); }
  void operator()(const plan::CreateDatabase& c) {
    session.catalog().CreateDatabase({c.name, "", c.location}, c.if_not_exists);
  }
  void operator()(const plan::DropDatabase& c) { session.catalog().DropDatabase(c.name, c.if_exists, c.cascade); }
  void operator()(const plan::UseDatabase& c) { session.catalog().SetCurrentDatabase(c.name.back()); }
  void operator()(const plan::ShowTables& c) { result.relation = RunShowTables(session, c); }
  void operator()(const plan::ShowDatabases& c) { result.relation = RunShowDatabases(session, c); }
  void operator()(const plan::ShowColumns& c) { result.relation = RunShowColumns(session, c); }
  void operator()(const plan::ShowFunctions& c) { result.relation = RunShowFunctions(session, c); }
  void operator()(const plan::DescribeTable& c) { result.relation = RunDescribeTable(session, c); }
  void operator()(const plan::DescribeQuery& c) { result.relation = RunDescribeQuery(session, c); }
  void operator()(const plan::DescribeFunction& c) { result.relation = RunDescribeFunction(session, c); }
  void operator()(const plan::SetConf& c) { result.relation = RunSetConf(session, c); }
  void operator()(const plan::CacheTable& c) { RunCacheTable(session, c); }
  // Files are listed anew for every query, so there is nothing to forget.
  void operator()(const plan::RefreshTable& c) { RequireTable(session, c.name); }
  void operator()(const plan::ExplainCommand& c) {
    result.relation = MakeRows({{"plan", types::String(), true}}, {{session.Explain(c.query, c.mode)}});
  }
  void operator()(const plan::UnsupportedCommand& c) { throw base::Error::Unsupported(c.what); }

  struct Rows : logical::BatchSource {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    std::vector<std::shared_ptr<arrow::RecordBatch>> Snapshot() const override { return batches; }
  };
};

}  // namespace

CommandResult Session::ExecuteCommand(const plan::CommandPtr& command, const base::CancellationPtr& cancellation) {
  Runner runner{*this,
                cancellation,
                [this](const std::string& name, std::shared_ptr<const plan::PythonUdf> udf) {
                  std::lock_guard lock(impl_->mutex);
                  impl_->functions[name] = std::move(udf);
                },
                {}};
  std::visit(runner, command->node);
  if (!runner.result.relation && !runner.result.started && !runner.result.cached_relation_id) {
    runner.result.relation = NoRows();
  }
  return std::move(runner.result);
}

CommandResult Session::ExecuteSql(const plan::SqlQuery& query, const base::CancellationPtr& cancellation) {
  plan::Statement statement = sql::ParseStatement(query.text, sql::ParserOptions(*conf_));
  if (const auto* command = std::get_if<plan::CommandPtr>(&statement)) return ExecuteCommand(*command, cancellation);
  // A query runs only when its frame is used, but its errors show here.
  plan::RelationPtr relation = plan::MakeRelation(query);
  Analyze(relation);
  CommandResult result;
  result.relation = relation;
  return result;
}

}  // namespace sluice::session
