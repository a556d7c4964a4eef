// Which fields of a parsed JSON text stay.
#include <gtest/gtest.h>

#include "functions/extract_value.h"
#include "functions/registry.h"
#include "optimizer/test_plans.h"

namespace sluice::optimizer {
namespace {

PlanPtr Select(PlanPtr child, std::vector<ExprPtr> expressions) {
  return std::make_shared<logical::Project>(std::move(child), std::move(expressions));
}

ExprPtr FromJson(const ExprPtr& text, const std::string& schema) {
  static const auto* registry = [] {
    auto* all = new functions::FunctionRegistry();
    functions::RegisterAll(*all);
    return all;
  }();
  types::Literal ddl = types::Literal::String(schema);
  functions::Arguments arguments = {{.type = types::String(), .sql = "t"},
                                    {.type = types::String(), .literal = &ddl, .sql = schema}};
  functions::BindContext context;
  context.name = "from_json";
  auto bind = std::get<functions::BindScalar>(registry->Find("from_json")->bind);
  return std::make_shared<logical::ScalarCall>(bind(context, arguments), std::vector<ExprPtr>{text});
}

ExprPtr Field(const ExprPtr& of, int field) {
  auto binding = functions::BindStructField(of->type, true, field, "");
  return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{of});
}

/// The types of all calls of from_json in the optimized plan, from the root down.
std::vector<std::string> Schemas(const PlanPtr& plan) {
  std::vector<std::string> found;
  auto no_folding = [](const ExprPtr&) -> types::Literal { throw base::Error::Internal(""); };
  PlanPtr optimized = Optimize(plan, no_folding, base::SqlConf());
  logical::Visit(optimized, [&](const PlanPtr& node) {
    for (const ExprPtr& expr : node->Expressions()) {
      logical::Visit(expr, [&](const ExprPtr& part) {
        const auto* call = part->As<logical::ScalarCall>();
        if (call && call->binding->name == "from_json") found.push_back(part->type->Ddl());
        return true;
      });
    }
  });
  EXPECT_EQ(optimized->output[0]->id, plan->output[0]->id);
  return found;
}

using Found = std::vector<std::string>;

struct ParserFields : ::testing::Test {
  AttributePtr text = std::make_shared<AttributeExpr>("t", types::String(), true);
  AttributePtr o = nullptr, a = Column("a"), b = Column("b");
  ExprPtr json = FromJson(text, "x INT, y STRING, z BOOLEAN, w DOUBLE");

  PlanPtr Parsed() {
    auto named = std::make_shared<logical::AliasExpr>(json, "o");
    o = named->ToAttribute();
    return Select(Scan({text}), {named, text});
  }
};

TEST_F(ParserFields, OfACallThatIsTakenApartAtOnce) {
  EXPECT_EQ(Schemas(Select(Scan({text}), {Named(Field(json, 2), a)})), Found{"z BOOLEAN"});
  PlanPtr two = Select(Scan({text}), {Named(Field(json, 2), a), Named(Field(json, 0), b)});
  EXPECT_EQ(Schemas(two), (Found{"x INT,z BOOLEAN", "x INT,z BOOLEAN"})) << "one call, which is evaluated once";
  EXPECT_EQ(Schemas(Select(Scan({text}), {Named(Field(json, 2), a), Named(json, b)})),
            (Found{"z BOOLEAN", json->type->Ddl()}));
  json = FromJson(text, "x INT, y ARRAY<INT>, _corrupt_record STRING");
  PlanPtr apart = Select(Scan({text}), {Named(Field(json, 0), a), Named(Field(json, 1), b), Named(Field(json, 2), b)});
  EXPECT_EQ(Schemas(apart), (Found{"x INT", "y ARRAY<INT>", "_corrupt_record STRING"})) << "as in Spark";
}

TEST_F(ParserFields, OfAColumnBelow) {
  PlanPtr parsed = Parsed();
  EXPECT_EQ(Schemas(Select(Where(parsed, Call("p", {Field(o, 1)})), {Named(Field(o, 3), a), Named(Field(o, 2), b)})),
            Found{"y STRING,z BOOLEAN,w DOUBLE"})
      << "a filter takes its field from the column, too";
  parsed = Parsed();
  EXPECT_EQ(Schemas(Select(parsed, {Named(Field(o, 3), a), o})), Found{json->type->Ddl()}) << "all of it is used";
}

TEST_F(ParserFields, OfAColumnNotIfItShows) {
  for (const char* schema : {"x INT, y STRING, _corrupt_record STRING", "x INT, y ARRAY<INT>, z MAP<STRING, INT>",
                             "x INT, x STRING, z INT"}) {
    json = FromJson(text, schema);
    PlanPtr parsed = Parsed();
    EXPECT_EQ(Schemas(Select(parsed, {Named(Field(o, 0), a), Named(Field(o, 0), b)})), Found{json->type->Ddl()})
        << schema;
  }
  json = FromJson(text, "x INT, y ARRAY<INT>, z INT");
  PlanPtr parsed = Parsed();
  EXPECT_EQ(Schemas(Select(parsed, {Named(Field(o, 0), a), Named(Field(o, 0), b)})), Found{"x INT,y ARRAY<INT>"});
}

}  // namespace
}  // namespace sluice::optimizer
