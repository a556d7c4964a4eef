// Messages of the protocol as plans, and plans, types, literals and rows as messages.
#include "connect/translate.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "base/error.h"
#include "connect/arrow_ipc.h"
#include "spark/connect/commands.pb.h"
#include "spark/connect/relations.pb.h"

namespace sluice::connect {
namespace {

namespace proto = spark::connect;

std::string ConditionOf(const std::function<void()>& body) {
  try {
    body();
  } catch (const base::Error& error) {
    return error.condition();
  }
  return "";
}

proto::Relation Range(int64_t end) {
  proto::Relation relation;
  relation.mutable_range()->set_end(end);
  relation.mutable_range()->set_step(1);
  return relation;
}

std::shared_ptr<arrow::RecordBatch> Numbers(std::vector<int32_t> values) {
  arrow::Int32Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  auto array = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int32())}), array->length(), {array});
}

TEST(Translate, TypesGoBothWays) {
  auto type = types::ParseDdl(
      "a boolean, b tinyint, c smallint, d int not null, e bigint, f float, g double, h decimal(12,3), i string, "
      "j char(3), k varchar(4), l binary, m date, n timestamp, o timestamp_ntz, p interval day to minute, "
      "q interval month, r array<int>, s map<string,array<double>>, t struct<x:int,y:string> comment 'z', u interval");
  auto back = ToType(ToProto(*type));
  EXPECT_TRUE(back->Equals(*type)) << back->Json();
}

TEST(Translate, LiteralsGoBothWays) {
  proto::Expression_Literal array;
  array.mutable_array()->mutable_element_type()->mutable_integer();
  array.mutable_array()->add_elements()->set_integer(7);
  array.mutable_array()->add_elements()->mutable_null()->mutable_integer();
  auto literal = ToLiteral(array);
  EXPECT_EQ(literal.type->SimpleString(), "array<int>");
  EXPECT_EQ(ToProto(literal).SerializeAsString(), array.SerializeAsString());

  proto::Expression_Literal map;
  map.mutable_map()->mutable_key_type()->mutable_string();
  map.mutable_map()->mutable_value_type()->mutable_long_();
  map.mutable_map()->add_keys()->set_string("k");
  map.mutable_map()->add_values()->set_long_(5);
  EXPECT_EQ(ToProto(ToLiteral(map)).SerializeAsString(), map.SerializeAsString());
}

TEST(Translate, DecimalLiteralsKeepTheirScale) {
  proto::Expression_Literal literal;
  literal.mutable_decimal()->set_value("12345678901.25");
  literal.mutable_decimal()->set_precision(10);
  literal.mutable_decimal()->set_scale(0);
  EXPECT_EQ(ToLiteral(literal).type->SimpleString(), "decimal(13,2)");
  literal.mutable_decimal()->set_value("1E+3");
  EXPECT_EQ(ToLiteral(literal).type->SimpleString(), "decimal(10,0)");
  literal.mutable_decimal()->set_value("12x");
  EXPECT_THROW(ToLiteral(literal), base::Error);
}

TEST(Translate, MalformedMessagesAreInvalidPlans) {
  TranslationContext context;
  auto condition = [&](const proto::Relation& relation) { return ConditionOf([&] { ToPlan(relation, context); }); };
  EXPECT_EQ(condition({}), "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SET");
  proto::Relation unknown;
  unknown.mutable_unknown();
  EXPECT_EQ(condition(unknown), "CONNECT_INVALID_PLAN.INVALID_ONE_OF_FIELD_NOT_SUPPORTED");
  proto::Relation join;
  *join.mutable_join()->mutable_left() = Range(1);
  *join.mutable_join()->mutable_right() = Range(1);
  EXPECT_EQ(condition(join), "CONNECT_INVALID_PLAN.INVALID_ENUM");
  proto::Relation local;
  local.mutable_local_relation();
  EXPECT_EQ(condition(local), "CONNECT_INVALID_PLAN.SCHEMA_REQUIRED_FOR_LOCAL_RELATION");
  proto::Relation cached;
  cached.mutable_chunked_cached_local_relation()->add_datahashes("x");
  EXPECT_EQ(condition(cached), "CONNECT_INVALID_PLAN.NOT_FOUND_CHUNKED_CACHED_LOCAL_RELATION");
}

TEST(Translate, DeepPlansAreRefused) {
  proto::Relation deep = Range(1);
  for (int i = 0; i < 2000; ++i) {
    proto::Relation next;
    next.mutable_limit()->set_limit(1);
    next.mutable_limit()->mutable_input()->Swap(&deep);
    deep.Swap(&next);
  }
  EXPECT_EQ(ConditionOf([&] { ToPlan(deep, {}); }), "CONNECT_INVALID_PLAN.ASSERTION_FAILURE");
}

TEST(Translate, LocalRelationsHoldTheRowsOfAllChunks) {
  std::map<std::string, std::string> blobs = {{"a", EncodeIpcStream(*Numbers({1, 2}), "UTC")},
                                              {"b", EncodeIpcStream(*Numbers({3}), "UTC")},
                                              {"s", R"({"type":"struct","fields":[{"name":"n","type":"long",)"
                                                    R"("nullable":true,"metadata":{}}]})"}};
  TranslationContext context;
  context.find_blob = [&](const std::string& hash) { return std::optional(blobs.at(hash)); };
  proto::Relation relation;
  relation.mutable_chunked_cached_local_relation()->add_datahashes("a");
  relation.mutable_chunked_cached_local_relation()->add_datahashes("b");
  relation.mutable_chunked_cached_local_relation()->set_schemahash("s");
  auto plan = ToPlan(relation, context);
  const auto* local = plan->As<plan::LocalRelation>();
  ASSERT_NE(local, nullptr);
  EXPECT_EQ(local->data->num_rows(), 3);
  EXPECT_EQ(local->schema->SimpleString(), "struct<n:bigint>");
}

TEST(Translate, JunkInsteadOfRowsIsTheClientsFault) {
  proto::Relation relation;
  relation.mutable_local_relation()->set_data("junk");
  try {
    ToPlan(relation, {});
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kIllegalArgument);
  }
}

TEST(Translate, TimeZonesOfResultsAreTheSessions) {
  auto type = arrow::struct_({arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  auto array = arrow::MakeArrayOfNull(type, 2).ValueOrDie();
  auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("s", type)}), 2, {array});
  auto table = DecodeIpcStream(EncodeIpcStream(*batch, "Europe/Berlin"));
  // The engine's own form is UTC again.
  EXPECT_TRUE(table->schema()->field(0)->type()->Equals(type)) << table->schema()->ToString();
}

TEST(Translate, CatalogCallsCarryTheirArguments) {
  proto::Relation relation;
  auto* create = relation.mutable_catalog()->mutable_create_table();
  create->set_table_name("t");
  create->set_source("parquet");
  create->mutable_schema()->mutable_struct_();
  (*create->mutable_options())["path"] = "/x";
  auto plan = ToPlan(relation, {});
  const auto* call = plan->As<plan::CatalogCall>();
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->name, "create_table");
  EXPECT_THAT(call->arguments,
              testing::UnorderedElementsAre(testing::Pair("table_name", "t"), testing::Pair("source", "parquet")));
  EXPECT_TRUE(call->schema);
  EXPECT_EQ(call->options.at("path"), "/x");
}

TEST(Translate, WriteStreamKeepsWhatTheUserWrote) {
  proto::Command command;
  auto* start = command.mutable_write_stream_operation_start();
  *start->mutable_input() = Range(1);
  start->set_output_mode("Update");
  start->set_processing_time_interval("5 seconds");
  start->set_query_name("q");
  auto plan = ToPlan(command, {});
  const auto* write = plan->As<plan::WriteStream>();
  ASSERT_NE(write, nullptr);
  EXPECT_EQ(write->output_mode, "Update");
  EXPECT_EQ(write->trigger.kind, plan::TriggerKind::kProcessingTime);
  EXPECT_EQ(write->trigger.interval, "5 seconds");
}

}  // namespace
}  // namespace sluice::connect
