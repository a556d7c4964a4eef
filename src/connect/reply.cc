// Plans sent back to the client: what spark.sql() gives.
#include <google/protobuf/map.h>

#include "base/error.h"
#include "connect/arrow_ipc.h"
#include "connect/translate.h"
#include "spark/connect/relations.pb.h"

namespace sluice::connect {
namespace {

namespace proto = spark::connect;

proto::Expression LiteralExpression(const plan::Expression& expression) {
  const auto* literal = expression.As<types::Literal>();
  if (!literal) throw base::Error::Internal("Only constant arguments of an SQL text can be sent back.");
  proto::Expression out;
  *out.mutable_literal() = ToProto(*literal);
  return out;
}

void Fill(const plan::SqlQuery& query, proto::SQL* out) {
  out->set_query(query.text);
  for (const auto& [name, value] : query.named_arguments) {
    (*out->mutable_named_arguments())[name] = LiteralExpression(*value);
  }
  for (const auto& value : query.positional_arguments) *out->add_pos_arguments() = LiteralExpression(*value);
}

void Fill(const plan::LocalRelation& local, const std::string& time_zone, proto::LocalRelation* out) {
  auto data = local.data;
  if (!data && local.schema) {
    auto made = arrow::Table::MakeEmpty(types::ToArrowSchema(*local.schema));
    if (!made.ok()) throw base::Error::Internal(made.status().ToString());
    data = *made;
  }
  if (data) out->set_data(EncodeIpcStream(*data, time_zone));
  if (local.schema) out->set_schema(local.schema->Json());
}

}  // namespace

proto::Relation ToProto(const plan::Relation& relation) {
  proto::Relation out;
  if (relation.plan_id) out.mutable_common()->set_plan_id(*relation.plan_id);
  if (const auto* query = relation.As<plan::SqlQuery>()) {
    Fill(*query, out.mutable_sql());
  } else if (const auto* local = relation.As<plan::LocalRelation>()) {
    Fill(*local, "UTC", out.mutable_local_relation());
  } else {
    throw base::Error::Internal("This relation cannot be sent back to the client.");
  }
  return out;
}

}  // namespace sluice::connect
