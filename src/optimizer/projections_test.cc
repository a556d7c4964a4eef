// Which columns are read and computed, and which projections become one.
#include <gtest/gtest.h>

#include "optimizer/test_plans.h"

namespace sluice::optimizer {
namespace {

PlanPtr Select(PlanPtr child, std::vector<ExprPtr> expressions) {
  return std::make_shared<logical::Project>(std::move(child), std::move(expressions));
}

struct Projections : ::testing::Test {
  AttributePtr a = Column("a"), b = Column("b"), c = Column("c"), k = Column("k"), m = Column("m");
};

TEST_F(Projections, ColumnsThatNobodyUsesAreNotRead) {
  PlanPtr wide = Select(Scan({a, b, c}), {a, b, Named(Call("f", {c}), k)});
  EXPECT_EQ(Optimized(Select(Where(wide, Call("p", {b})), {a})),
            "Project [a]\n"
            "+- Filter p(b)\n"
            "   +- Relation [a,b] table\n");
}

TEST_F(Projections, AJoinReadsWhatIsUsedAboveAndInItsCondition) {
  auto join =
      std::make_shared<logical::Join>(Scan({a, b}), Scan({c, k, m}), plan::JoinType::kInner, Call("eq", {b, c}));
  EXPECT_EQ(Optimized(Select(join, {k})),
            "Project [k]\n"
            "+- Join Inner, eq(b, c)\n"
            "   :- Relation [b] table\n"
            "   +- Relation [c,k] table\n");
  auto cross = std::make_shared<logical::Join>(Scan({a, b}), Scan({c, k}), plan::JoinType::kCross, nullptr);
  EXPECT_EQ(Optimized(Select(cross, {k})),
            "Project [k]\n"
            "+- Join Cross\n"
            "   :- Relation [a] table\n"
            "   +- Relation [k] table\n");
}

TEST_F(Projections, StackedOnesBecomeOne) {
  PlanPtr lower = Select(Scan({a, b}), {a, Named(Call("f", {b}), k)});
  EXPECT_EQ(Optimized(Select(lower, {a, k, Named(Call("g", {a}), m)})),
            "Project [a, f(b) AS k, g(a) AS m]\n"
            "+- Relation [a,b] table\n");
}

TEST_F(Projections, NothingIsComputedTwice) {
  PlanPtr lower = Select(Scan({a}), {Named(Call("f", {a}), k)});
  EXPECT_EQ(Optimized(Select(lower, {k, Named(Call("g", {k}), m)})),
            "Project [k, g(k) AS m]\n"
            "+- Project [f(a) AS k]\n"
            "   +- Relation [a] table\n");
  PlanPtr random = Select(Scan({a}), {Named(Call("rand", {}, false), k), a});
  EXPECT_EQ(Optimized(Select(random, {k, a})),
            "Project [k, a]\n"
            "+- Project [rand() AS k, a]\n"
            "   +- Relation [a] table\n");
}

}  // namespace
}  // namespace sluice::optimizer
