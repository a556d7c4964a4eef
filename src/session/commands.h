// Commands by family; each runs one plan::Command node in a session.
#pragma once

#include "plan/command.h"
#include "session/session.h"

namespace sluice::session {

void RunCreateView(Session& session, const plan::CreateView& command);
void RunCacheTable(Session& session, const plan::CacheTable& command);

void RunWrite(Session& session, const plan::WriteOperation& command, const base::CancellationPtr& cancellation);
void RunInsert(Session& session, const plan::InsertInto& command, const base::CancellationPtr& cancellation);
/// Writes the rows of a batch plan as `spec` says; used by df.write, INSERT and CREATE TABLE AS.
void WritePlan(Session& session, const logical::PlanPtr& plan, connectors::WriteSpec spec,
               const base::CancellationPtr& cancellation);

void RunCreateTable(Session& session, const plan::CreateTable& command, const base::CancellationPtr& cancellation);
void RunDropTable(Session& session, const plan::DropTable& command);
/// The table as the catalog has it; TABLE_OR_VIEW_NOT_FOUND otherwise.
catalog::Table RequireTable(Session& session, const std::vector<std::string>& name);
/// Makes a managed table of that schema; false if it exists already.
bool MakeTable(Session& session, const std::vector<std::string>& name, catalog::Table table);

plan::RelationPtr RunShowTables(Session& session, const plan::ShowTables& command);
plan::RelationPtr RunShowDatabases(Session& session, const plan::ShowDatabases& command);
plan::RelationPtr RunShowColumns(Session& session, const plan::ShowColumns& command);
plan::RelationPtr RunShowFunctions(Session& session, const plan::ShowFunctions& command);
plan::RelationPtr RunDescribeTable(Session& session, const plan::DescribeTable& command);
plan::RelationPtr RunDescribeQuery(Session& session, const plan::DescribeQuery& command);
plan::RelationPtr RunDescribeFunction(Session& session, const plan::DescribeFunction& command);
plan::RelationPtr RunSetConf(Session& session, const plan::SetConf& command);

streaming::StreamingQueryPtr StartStream(Session& session, const plan::WriteStream& command);

/// True if `name` matches a SHOW pattern: '*' any text, '|' between alternatives, without case.
bool MatchesPattern(const std::string& pattern, const std::string& name);

}  // namespace sluice::session
