// spark.sql(): a command runs now and its rows are sent back, a query is sent back to be run later.
#include "base/uuid.h"
#include "connect/arrow_ipc.h"
#include "connect/invalid_plan.h"
#include "server/decode_plan.h"
#include "server/run_plan.h"
#include "sql/parser.h"

namespace sluice::server {
namespace {

using spark::connect::Relation;
using spark::connect::SqlCommand;

// Older clients send the text itself instead of a relation.
Relation InputOf(const SqlCommand& command) {
  if (command.has_input()) return command.input();
  Relation relation;
  auto* sql = relation.mutable_sql();
  sql->set_query(command.sql());
  *sql->mutable_args() = command.args();
  *sql->mutable_pos_args() = command.pos_args();
  *sql->mutable_named_arguments() = command.named_arguments();
  *sql->mutable_pos_arguments() = command.pos_arguments();
  return relation;
}

/// The frames that spark.sql("… {df}", df=df) refers to, as views while a command runs.
class TemporaryViews {
 public:
  TemporaryViews(session::Session& session, const plan::WithRelations& relations) : session_(session) {
    for (const auto& reference : relations.references) {
      const auto* alias = reference->As<plan::SubqueryAlias>();
      if (!alias) throw connect::InvalidPlan("INVALID_WITH_RELATION_REFERENCE");
      session_.catalog().CreateTempView(alias->name.back(), session_.Analyze(alias->input), true);
      names_.push_back(alias->name.back());
    }
  }
  ~TemporaryViews() {
    for (const std::string& name : names_) session_.catalog().DropTempView(name);
  }

 private:
  session::Session& session_;
  std::vector<std::string> names_;
};

session::CommandResult RunWithRelations(Execution& execution, const plan::RelationPtr& relation) {
  session::Session& session = execution.session();
  const auto* relations = relation->As<plan::WithRelations>();
  const auto* query = relations->root->As<plan::SqlQuery>();
  if (!query) throw connect::InvalidPlan("INVALID_SQL_WITH_REFERENCES", {{"query", plan::ToString(*relations->root)}});
  if (std::holds_alternative<plan::CommandPtr>(sql::ParseStatement(query->text, sql::ParserOptions(session.conf())))) {
    TemporaryViews views(session, *relations);
    return session.ExecuteSql(*query, execution.cancellation());
  }
  session.Analyze(relation);
  session::CommandResult result;
  result.relation = relation;
  return result;
}

session::CommandResult RunInput(Execution& execution, const Relation& input) {
  session::Session& session = execution.session();
  plan::RelationPtr relation = connect::ToPlan(input, ContextOf(session));
  if (const auto* query = relation->As<plan::SqlQuery>()) {
    return session.ExecuteSql(*query, execution.cancellation());
  }
  if (relation->As<plan::WithRelations>()) return RunWithRelations(execution, relation);
  throw connect::InvalidPlan("SQL_COMMAND_EXPECTS_SQL_OR_WITH_RELATIONS",
                             {{"other", connect::OneofCaseName(input, "rel_type", "RELTYPE_NOT_SET")}});
}

}  // namespace

void RunSql(Execution& execution, const SqlCommand& command) {
  Relation input = InputOf(command);
  session::CommandResult result = RunInput(execution, input);
  spark::connect::ExecutePlanResponse response;
  auto* relation = response.mutable_sql_command_result()->mutable_relation();
  if (result.relation && (*result.relation)->As<plan::LocalRelation>()) {
    *relation = connect::ToProto(**result.relation);
  } else {
    *relation = std::move(input);
  }
  execution.Send(std::move(response));
}

}  // namespace sluice::server
