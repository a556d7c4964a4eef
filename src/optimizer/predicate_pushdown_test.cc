// What moves below what, by the plans' texts.
#include <gtest/gtest.h>

#include "optimizer/test_plans.h"

namespace sluice::optimizer {
namespace {

using plan::JoinType;

struct PredicatePushdown : ::testing::Test {
  AttributePtr a = Column("a"), b = Column("b"), c = Column("c"), k = Column("k");
};

TEST_F(PredicatePushdown, CombinesFiltersAndGoesThroughAliases) {
  auto project = std::make_shared<logical::Project>(Scan({a, b}), std::vector<ExprPtr>{Named(Call("f", {a}), k), b});
  EXPECT_EQ(Optimized(Where(Where(project, Call("p", {k})), Call("q", {b}))),
            "Project [f(a) AS k, b]\n"
            "+- Filter (p(f(a)) AND q(b))\n"
            "   +- Relation [a,b] table\n");
}

TEST_F(PredicatePushdown, StaysAboveWhatIsRandom) {
  auto project =
      std::make_shared<logical::Project>(Scan({a}), std::vector<ExprPtr>{Named(Call("rand", {}, false), k), a});
  EXPECT_EQ(Optimized(Where(project, Call("p", {a}))),
            "Filter p(a)\n"
            "+- Project [rand() AS k, a]\n"
            "   +- Relation [a] table\n");
  EXPECT_EQ(Optimized(Where(Where(Scan({a}), Call("rand", {a}, false)), Call("p", {a}))),
            "Filter p(a)\n"
            "+- Filter rand(a)\n"
            "   +- Relation [a] table\n");
}

TEST_F(PredicatePushdown, GoesBelowAnAggregateByItsKeys) {
  auto sum = std::make_shared<logical::AggregateBinding>();
  sum->name = "sum";
  sum->type = types::Long();
  auto call = std::make_shared<logical::AggregateCall>(sum, std::vector<ExprPtr>{b}, false, nullptr);
  auto aggregate = std::make_shared<logical::Aggregate>(Scan({a, b}), std::vector<ExprPtr>{a},
                                                        std::vector<ExprPtr>{a, Named(call, k)});
  EXPECT_EQ(Optimized(Where(aggregate, logical::MakeAnd(Call("p", {a}), Call("q", {k})))),
            "Filter q(k)\n"
            "+- Aggregate [a], [a, sum(b) AS k]\n"
            "   +- Filter p(a)\n"
            "      +- Relation [a,b] table\n");
}

TEST_F(PredicatePushdown, TakesJoinsByTheirTypes) {
  auto join = [&](JoinType type) {
    auto node = std::make_shared<logical::Join>(Scan({a}), Scan({b}), type, Call("on", {a, b}));
    return Optimized(
        Where(node, logical::MakeAnd(logical::MakeAnd(Call("p", {a}), Call("q", {b})), Call("r", {a, b}))));
  };
  EXPECT_EQ(join(JoinType::kInner),
            "Join Inner, (on(a, b) AND r(a, b))\n"
            ":- Filter p(a)\n:  +- Relation [a] table\n"
            "+- Filter q(b)\n   +- Relation [b] table\n");
  EXPECT_EQ(join(JoinType::kLeftOuter),
            "Filter (q(b) AND r(a, b))\n"
            "+- Join LeftOuter, on(a, b)\n"
            "   :- Filter p(a)\n   :  +- Relation [a] table\n"
            "   +- Relation [b] table\n");
  EXPECT_EQ(join(JoinType::kFullOuter),
            "Filter ((p(a) AND q(b)) AND r(a, b))\n"
            "+- Join FullOuter, on(a, b)\n"
            "   :- Relation [a] table\n"
            "   +- Relation [b] table\n");
}

TEST_F(PredicatePushdown, GoesIntoEachSideOfAUnion) {
  auto all = std::make_shared<logical::Union>(std::vector<PlanPtr>{Scan({a}), Scan({b})}, logical::Attributes{c});
  EXPECT_EQ(Optimized(Where(all, Call("p", {c}))),
            "Union false, false\n"
            ":- Filter p(a)\n:  +- Relation [a] table\n"
            "+- Filter p(b)\n   +- Relation [b] table\n");
}

TEST_F(PredicatePushdown, LeavesTheWatermarkItsRows) {
  auto time = std::make_shared<AttributeExpr>("t", types::Timestamp(), true);
  auto watermark = std::make_shared<logical::Watermark>(Scan({time, a}), time, 1000, "1 second");
  std::string text = Optimized(Where(watermark, logical::MakeAnd(Call("p", {time}), Call("q", {a}))));
  EXPECT_EQ(text.find("Filter p(t"), 0u) << text;
  EXPECT_LT(text.find("EventTimeWatermark"), text.find("Filter q(a)")) << text;
}

TEST_F(PredicatePushdown, StaysAboveLimits) {
  auto limit = std::make_shared<logical::LimitPlan>(logical::PlanKind::kLimit, Scan({a}), 3);
  EXPECT_EQ(Optimized(Where(limit, Call("p", {a}))).find("Filter p(a)"), 0u);
}

TEST_F(PredicatePushdown, ReachesTheScan) {
  auto no_folding = [](const ExprPtr&) -> types::Literal { throw base::Error::Internal("not constant"); };
  PlanPtr plan = Optimize(Where(Scan({a, b}), logical::MakeAnd(Call("p", {a}), Call("rand", {b}, false))), no_folding,
                          base::SqlConf());
  const logical::Scan* scan = nullptr;
  logical::Visit(plan,
                 [&](const PlanPtr& node) { scan = node->As<logical::Scan>() ? node->As<logical::Scan>() : scan; });
  ASSERT_EQ(scan->pushed.size(), 1u);
  EXPECT_EQ(scan->pushed[0]->Sql(), "p(a)");
}

TEST_F(PredicatePushdown, DropsConstantConditions) {
  ExprPtr yes = logical::MakeLiteral(types::Literal::Boolean(true));
  ExprPtr no = logical::MakeLiteral(types::Literal::Boolean(false));
  EXPECT_EQ(Optimized(Where(Scan({a}), logical::MakeAnd(yes, Call("p", {a})))), "Filter p(a)\n+- Relation [a] table\n");
  EXPECT_EQ(Optimized(Where(Scan({a}), yes)), "Relation [a] table\n");
  EXPECT_EQ(Optimized(Where(Scan({a}), logical::MakeAnd(Call("p", {a}), no))).find("LocalRelation"), 0u);
}

}  // namespace
}  // namespace sluice::optimizer
