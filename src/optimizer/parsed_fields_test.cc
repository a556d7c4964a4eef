// What is asked of parsers of structs, and that they run once.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "functions/extract_value.h"
#include "optimizer/test_plans.h"

namespace sluice::optimizer {
namespace {

/// parse[x,y,z](…), which can make fewer fields.
logical::ScalarBindingPtr Parser(const std::vector<std::string>& names) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  std::vector<types::StructField> fields;
  for (const std::string& name : names) fields.push_back({name, types::Long()});
  binding->name = fmt::format("parse[{}]", fmt::join(names, ","));
  binding->type = types::Struct(fields);
  binding->expensive = true;
  binding->foldable = false;
  binding->with_fields = [names](const std::vector<int>& wanted) {
    std::vector<std::string> kept;
    for (int field : wanted) kept.push_back(names[field]);
    return Parser(kept);
  };
  return binding;
}

ExprPtr Parse(const ExprPtr& text) {
  return std::make_shared<logical::ScalarCall>(Parser({"x", "y", "z"}), std::vector<ExprPtr>{text});
}

ExprPtr Field(const ExprPtr& of, int index) {
  return std::make_shared<logical::ScalarCall>(functions::BindStructField(of->type, true, index, ""),
                                               std::vector<ExprPtr>{of});
}

PlanPtr Select(PlanPtr child, std::vector<ExprPtr> expressions) {
  return std::make_shared<logical::Project>(std::move(child), std::move(expressions));
}

struct ParsedFields : ::testing::Test {
  AttributePtr text = Column("text"), k = Column("k"), m = Column("m");
  AttributePtr o = std::make_shared<AttributeExpr>("o", Parse(text)->type, true);
  PlanPtr parsed = Select(Scan({text, k}), {Named(Parse(text), o), k});
};

TEST_F(ParsedFields, OnlyThoseThatAreUsedAreMade) {
  EXPECT_EQ(Optimized(Select(Where(parsed, Call("p", {Field(o, 2)})), {Named(Field(o, 1), m)})),
            "Project [o.y AS m]\n"
            "+- Filter p(o.z)\n"
            "   +- Project [parse[y,z](text) AS o]\n"
            "      +- Relation [text] table\n");
}

TEST_F(ParsedFields, AProjectionMayGiveTheStructOn) {
  PlanPtr between = Where(Select(parsed, {o, Named(Call("f", {k}), m)}), Call("p", {Field(o, 0), m}));
  EXPECT_EQ(Optimized(Select(between, {Named(Field(o, 2), k)})),
            "Project [o.z AS k]\n"
            "+- Filter p(o.x, m)\n"
            "   +- Project [parse[x,z](text) AS o, f(k) AS m]\n"
            "      +- Relation [text,k] table\n");
}

TEST_F(ParsedFields, AStructThatIsUsedWholeStaysWhole) {
  EXPECT_EQ(Optimized(Select(Where(parsed, Call("p", {o})), {Named(Field(o, 1), m)})),
            "Project [o.y AS m]\n"
            "+- Filter p(o)\n"
            "   +- Project [parse[x,y,z](text) AS o]\n"
            "      +- Relation [text] table\n");
  EXPECT_EQ(Optimized(parsed), "Project [parse[x,y,z](text) AS o, k]\n+- Relation [text,k] table\n");
  auto twice = std::make_shared<logical::Union>(std::vector<PlanPtr>{parsed, parsed}, parsed->output);
  EXPECT_NE(Optimized(Select(twice, {Named(Field(o, 1), m)})).find("parse[x,y,z]"), std::string::npos);
}

TEST_F(ParsedFields, EqualCallsOfOneNodeStayEqual) {
  EXPECT_EQ(Optimized(Select(Scan({text}), {Named(Call("f", {Field(Parse(text), 0), Field(Parse(text), 2)}), m)})),
            "Project [f(parse[x,z](text).x, parse[x,z](text).z) AS m]\n"
            "+- Relation [text] table\n");
}

}  // namespace
}  // namespace sluice::optimizer
