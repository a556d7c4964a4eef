// Temporary and persistent views, CACHE TABLE.
#include <fmt/format.h>

#include "base/error.h"
#include "session/commands.h"

namespace sluice::session {
namespace {

// The rows of a view are computed anew at each use; `name` qualifies its columns.
logical::PlanPtr Named(const logical::PlanPtr& plan, const std::string& name) {
  std::vector<logical::ExprPtr> columns;
  for (const logical::AttributePtr& attribute : plan->output) columns.push_back(attribute->WithQualifier({name}));
  return std::make_shared<logical::Project>(plan, std::move(columns));
}

}  // namespace

void RunCreateView(Session& session, const plan::CreateView& command) {
  const std::string& name = command.name.back();
  if (!command.is_temporary) {
    logical::PlanPtr plan = session.Analyze(command.input);
    catalog::Table view;
    view.name = name;
    view.database =
        command.name.size() > 1 ? command.name[command.name.size() - 2] : session.catalog().current_database();
    view.schema = plan->Schema();
    view.view_text = command.sql_text;
    if (command.replace && session.catalog().FindTable(command.name)) session.catalog().DropTable(command.name, true);
    session.catalog().CreateTable(std::move(view), command.if_not_exists);
    return;
  }
  if (command.name.size() > 1 && !command.is_global) {
    throw base::Error(base::ErrorKind::kAnalysis, "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS",
                      {{"actualName", types::QuoteIdentifier(command.name)}});
  }
  logical::PlanPtr plan = Named(session.Analyze(command.input), name);
  if (command.is_global) {
    session.catalog().CreateGlobalTempView(name, plan, command.replace);
  } else {
    session.catalog().CreateTempView(name, plan, command.replace);
  }
}

void RunCacheTable(Session& session, const plan::CacheTable& command) {
  if (command.query) {
    plan::CreateView view;
    view.input = command.query;
    view.name = command.name;
    RunCreateView(session, view);
  }
  plan::RelationPtr table = plan::MakeRelation(plan::NamedTable{command.name, {}, false});
  if (command.uncache && command.if_exists && !session.catalog().FindTempView(command.name.back()) &&
      !session.catalog().FindTable(command.name)) {
    return;
  }
  logical::PlanPtr plan = session.Analyze(table);
  if (command.uncache) {
    session.Unpersist(plan);
  } else {
    session.Persist(plan, {true, true, false, true, 1});
  }
}

}  // namespace sluice::session
