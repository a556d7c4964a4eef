// What joins of streams mean for their inputs, by the plans' texts.
#include <gtest/gtest.h>

#include "optimizer/test_plans.h"

namespace sluice::optimizer {
namespace {

using plan::JoinType;

class Stream : public logical::StreamHandle {
 public:
  std::string Describe() const override { return "stream"; }
};

PlanPtr Streaming(const logical::Attributes& output) {
  std::vector<std::string> columns;
  for (const AttributePtr& attribute : output) columns.push_back(attribute->name);
  return std::make_shared<logical::StreamScan>(std::make_shared<Stream>(), output, columns);
}

struct JoinFilters : ::testing::Test {
  AttributePtr a = Column("a"), b = Column("b"), k = Column("k"), j = Column("j");
  PlanPtr Join(JoinType type, PlanPtr left, PlanPtr right) const {
    return std::make_shared<logical::Join>(std::move(left), std::move(right), type, Call("=", {k, j}));
  }
};

TEST_F(JoinFilters, KeepNoRowsWithANullKey) {
  EXPECT_EQ(Optimized(Join(JoinType::kInner, Streaming({k, a}), Streaming({j, b}))),
            "Join Inner, =(k, j)\n"
            ":- Filter (k IS NOT NULL)\n:  +- ~Relation [k,a] stream\n"
            "+- Filter (j IS NOT NULL)\n   +- ~Relation [j,b] stream\n");
  EXPECT_EQ(Optimized(Join(JoinType::kLeftOuter, Streaming({k, a}), Streaming({j, b}))),
            "Join LeftOuter, =(k, j)\n"
            ":- ~Relation [k,a] stream\n"
            "+- Filter (j IS NOT NULL)\n   +- ~Relation [j,b] stream\n");
  std::string full = Optimized(Join(JoinType::kFullOuter, Streaming({k, a}), Streaming({j, b})));
  EXPECT_EQ(full.find("Filter"), std::string::npos) << full;
}

TEST_F(JoinFilters, AskOfOneKeyWhatIsAskedOfTheOther) {
  std::string text = Optimized(Join(JoinType::kInner, Where(Streaming({k, a}), Call("p", {k})), Streaming({j, b})));
  EXPECT_NE(text.find("p(j)"), std::string::npos) << text;
}

TEST_F(JoinFilters, LeaveBatchJoinsAlone) {
  std::string text = Optimized(Join(JoinType::kInner, Scan({k, a}), Scan({j, b})));
  EXPECT_EQ(text.find("Filter"), std::string::npos) << text;
}

TEST_F(JoinFilters, NarrowOuterJoinsWhoseNullsGoOut) {
  auto joined = Join(JoinType::kFullOuter, Streaming({k, a}), Streaming({j, b}));
  EXPECT_EQ(Optimized(Where(joined, Call("<", {a, k}))).find("Join LeftOuter"), 0u);
  EXPECT_EQ(Optimized(Where(joined, Call("<", {a, b}))).find("Join Inner"), 0u);
  EXPECT_NE(Optimized(Where(joined, Call("p", {b}))).find("Join FullOuter"), std::string::npos);
}

TEST_F(JoinFilters, BringInWhatIsUsedAlone) {
  AttributePtr unused = Column("unused");
  auto filtered = Where(Streaming({k, a, unused}), Call("p", {unused}));
  auto joined = Join(JoinType::kInner, filtered, Streaming({j, b}));
  std::string text = Optimized(std::make_shared<logical::Project>(joined, std::vector<ExprPtr>{a, b}));
  EXPECT_NE(text.find("Project [k, a]\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::optimizer
