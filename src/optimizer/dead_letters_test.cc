// Where parsers of a stream's records are moved, and which streams are refused.
#include "optimizer/dead_letters.h"

#include <gtest/gtest.h>

#include "optimizer/rules.h"
#include "optimizer/test_plans.h"

namespace sluice::optimizer {
namespace {

class Stream : public logical::StreamHandle {
 public:
  explicit Stream(std::string option) : option_(std::move(option)) {}
  std::string Describe() const override { return "stream"; }
  std::string dead_letter_option() const override { return option_; }

 private:
  std::string option_;
};

ExprPtr Parse(ExprPtr input, bool checked = true) {
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "parse";
  binding->type = types::Binary();
  if (checked) {
    auto form = std::make_shared<logical::ScalarBinding>(*binding);
    form->name = "checked";
    form->type = types::Struct({{"value", types::Binary()}, {"error", types::String()}});
    form->nullable = false;
    binding->checked = form;
  }
  return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{std::move(input)});
}

PlanPtr Select(PlanPtr child, std::vector<ExprPtr> expressions) {
  return std::make_shared<logical::Project>(std::move(child), std::move(expressions));
}

struct DeadLetters : ::testing::Test {
  AttributePtr value = std::make_shared<AttributeExpr>("value", types::Binary(), true);
  AttributePtr offset = Column("offset"), a = Column("a"), b = Column("b");

  PlanPtr Source(const std::string& option = "letters") {
    return std::make_shared<logical::StreamScan>(std::make_shared<Stream>(option), logical::Attributes{value, offset},
                                                 std::vector<std::string>{"value", "offset"});
  }
  static std::string Rewritten(const PlanPtr& plan) {
    return std::regex_replace(logical::TreeString(PutDeadLettersAside(plan, {})), std::regex("#[0-9]+L?"), "");
  }
};

TEST_F(DeadLetters, AParserIsComputedOnceBelowItsUse) {
  PlanPtr plan = Select(Source(), {Named(Parse(value), a), Named(Call("f", {Parse(value)}), b)});
  EXPECT_EQ(Rewritten(plan),
            "Project [parsed_0.value AS a, f(parsed_0.value) AS b]\n"
            "+- DeadLetters stream, [parsed_0.error]\n"
            "   +- Project [value, offset, checked(value) AS parsed_0]\n"
            "      +- ~Relation [value,offset] stream\n");
}

TEST_F(DeadLetters, TheRecordComesAlongPastProjectionsAndFilters) {
  PlanPtr text = Select(Where(Source(), Call("p", {offset})), {Named(Call("cast", {value}), a)});
  EXPECT_EQ(Rewritten(Where(text, Call("q", {Parse(a)}))),
            "Project [a]\n"
            "+- Filter q(parsed_0.value)\n"
            "   +- DeadLetters stream, [parsed_0.error]\n"
            "      +- Project [a, value, offset, checked(a) AS parsed_0]\n"
            "         +- Project [cast(value) AS a, value, offset]\n"
            "            +- Filter p(offset)\n"
            "               +- ~Relation [value,offset] stream\n");
}

TEST_F(DeadLetters, FiltersAboveStayThere) {
  PlanPtr plan = Where(Select(Source(), {Named(Parse(value), a), offset}), Call("p", {offset}));
  EXPECT_EQ(Optimized(plan),
            "Project [parsed_0.value AS a, offset]\n"
            "+- Filter p(offset)\n"
            "   +- DeadLetters stream, [parsed_0.error]\n"
            "      +- Project [value, offset, checked(value) AS parsed_0]\n"
            "         +- ~Relation [value,offset] stream\n");
}

TEST_F(DeadLetters, AnInnerParserRefusesToo) {
  EXPECT_EQ(Rewritten(Select(Source(), {Named(Parse(Parse(value)), a)})),
            "Project [parsed_1.value AS a]\n"
            "+- DeadLetters stream, [parsed_0.error, parsed_1.error]\n"
            "   +- Project [value, offset, checked(value) AS parsed_0, checked(checked(value).value) AS parsed_1]\n"
            "      +- ~Relation [value,offset] stream\n");
}

TEST_F(DeadLetters, OnlyForStreamsThatAskAndParsersOfTheirBytes) {
  for (const PlanPtr& plan :
       {Select(Source(""), {Named(Parse(value), a)}), Select(Source(), {Named(Parse(offset), a)}),
        Select(Source(), {Named(Parse(value, false), a)}), Select(Scan({value}), {Named(Parse(value), a)})}) {
    EXPECT_EQ(PutDeadLettersAside(plan, {}), plan);
  }
  CheckDeadLetters(Select(Source(), {Named(Parse(value), a)}));
  CheckDeadLetters(Select(Source(""), {value}));
  EXPECT_THROW(CheckDeadLetters(Select(Source(), {value})), base::Error);
}

TEST_F(DeadLetters, ABranchParsesOnlyItsRows) {
  auto when = std::make_shared<logical::LazyExpr>(
      logical::ExprKind::kCase, types::Binary(), true,
      std::vector<ExprPtr>{Call("p", {offset}), value, Call("q", {offset}), Parse(value)});
  EXPECT_EQ(Rewritten(Select(Source(), {Named(when, a)})),
            "Project [CASE WHEN p(offset) THEN value WHEN q(offset) THEN parsed_0.value END AS a]\n"
            "+- DeadLetters stream, [parsed_0.error]\n"
            "   +- Project [value, offset, checked(CASE WHEN p(offset) THEN null WHEN q(offset) THEN value END) AS "
            "parsed_0]\n"
            "      +- ~Relation [value,offset] stream\n");
  auto random = std::make_shared<logical::LazyExpr>(logical::ExprKind::kCase, types::Binary(), true,
                                                    std::vector<ExprPtr>{Call("rand", {}, false), Parse(value)});
  EXPECT_THROW(Rewritten(Select(Source(), {Named(random, a)})), base::Error);
}

}  // namespace
}  // namespace sluice::optimizer
