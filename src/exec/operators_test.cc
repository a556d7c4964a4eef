// Plans over local rows, through the planner.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/test_plans.h"

namespace sluice::exec {
namespace {

using namespace testing;  // NOLINT
using ::testing::ElementsAre;

class OperatorsTest : public ::testing::Test {
 protected:
  logical::AttributePtr k = Attribute("k", types::String()), v = Attribute("v", types::Long());
  PlanPtr rows = Local({k, v}, {R"(["a", "b", null, "a", null, "c"])", "[1, 2, 3, 4, null, 6]"});
};

TEST_F(OperatorsTest, ProjectFilterLimit) {
  auto filter = std::make_shared<logical::Filter>(rows, Call(">", {v, Long(1)}));
  auto project = std::make_shared<logical::Project>(filter, std::vector<ExprPtr>{k, As(Call("+", {v, v}), "w")});
  EXPECT_THAT(Rows(project), ElementsAre("b null a c", "4 6 8 12"));
  auto limit = std::make_shared<logical::LimitPlan>(logical::PlanKind::kLimit, project, 2);
  EXPECT_THAT(Rows(limit), ElementsAre("b null", "4 6"));
  auto offset = std::make_shared<logical::LimitPlan>(logical::PlanKind::kOffset, project, 3);
  EXPECT_THAT(Rows(offset), ElementsAre("c", "12"));
  auto tail = std::make_shared<logical::LimitPlan>(logical::PlanKind::kTail, project, 3);
  EXPECT_THAT(Rows(tail), ElementsAre("null a c", "6 8 12"));
}

TEST_F(OperatorsTest, GroupByKeepsNullAsOneKey) {
  auto aggregate = std::make_shared<logical::Aggregate>(
      rows, std::vector<ExprPtr>{k},
      std::vector<ExprPtr>{k, As(Aggregate("sum", {v}), "s"), As(Aggregate("count", {Int(1)}), "n")});
  std::vector<std::shared_ptr<const logical::SortOrderExpr>> order = {
      std::make_shared<logical::SortOrderExpr>(k, true, true)};
  auto sort = std::make_shared<logical::Sort>(aggregate, order, true);
  EXPECT_THAT(Rows(sort), ElementsAre("null a b c", "3 5 2 6", "2 2 1 1"));
}

TEST_F(OperatorsTest, GlobalAggregateOfNothingIsOneRow) {
  auto none = std::make_shared<logical::Filter>(rows, Call(">", {v, Long(100)}));
  auto aggregate = std::make_shared<logical::Aggregate>(
      none, std::vector<ExprPtr>{},
      std::vector<ExprPtr>{As(Aggregate("sum", {v}), "s"), As(Aggregate("count", {v}), "n")});
  EXPECT_THAT(Rows(aggregate), ElementsAre("null", "0"));
}

TEST_F(OperatorsTest, DistinctAndFilteredAggregates) {
  auto twice = Attribute("k", types::String()), w = Attribute("v", types::Long());
  auto all = std::make_shared<logical::Union>(std::vector<PlanPtr>{rows, rows}, logical::Attributes{twice, w});
  auto aggregate = std::make_shared<logical::Aggregate>(
      all, std::vector<ExprPtr>{},
      std::vector<ExprPtr>{As(Aggregate("sum", {w}, true), "s"), As(Aggregate("count", {twice}, true), "n"),
                           As(Aggregate("sum", {w}, false, Call(">", {w, Long(2)})), "f")});
  EXPECT_THAT(Rows(aggregate), ElementsAre("16", "3", "26"));
}

TEST_F(OperatorsTest, SortOrdersSpecialDoubles) {
  auto d = Attribute("d", types::Double());
  auto doubles = Local({d}, {"[1.5, NaN, null, -Inf, 0.0, -0.0, Inf]"});
  auto sorted = [&](bool ascending, bool nulls_first) {
    std::vector<std::shared_ptr<const logical::SortOrderExpr>> order = {
        std::make_shared<logical::SortOrderExpr>(d, ascending, nulls_first)};
    return Rows(std::make_shared<logical::Sort>(doubles, order, true));
  };
  EXPECT_THAT(sorted(true, true), ElementsAre("null -inf 0 -0 1.5 inf nan"));
  EXPECT_THAT(sorted(false, false), ElementsAre("nan inf 1.5 0 -0 -inf null"));
}

TEST_F(OperatorsTest, JoinTypes) {
  auto id = Attribute("id", types::Long()), x = Attribute("x", types::String());
  auto other = Local({id, x}, {"[2, 4, 4, 9, null]", R"(["p", "q", "r", "s", "t"])"});
  auto join = [&](plan::JoinType type) {
    return Rows(std::make_shared<logical::Join>(rows, other, type, Call("=", {v, id})));
  };
  EXPECT_THAT(join(plan::JoinType::kInner), ElementsAre("b a a", "2 4 4", "2 4 4", "p q r"));
  EXPECT_THAT(join(plan::JoinType::kLeftOuter), ElementsAre("a b null a a null c", "1 2 3 4 4 null 6",
                                                            "null 2 null 4 4 null null", "null p null q r null null"));
  EXPECT_THAT(join(plan::JoinType::kRightOuter),
              ElementsAre("b a a null null", "2 4 4 null null", "2 4 4 9 null", "p q r s t"));
  EXPECT_THAT(join(plan::JoinType::kFullOuter),
              ElementsAre("a b null a a null c null null", "1 2 3 4 4 null 6 null null",
                          "null 2 null 4 4 null null 9 null", "null p null q r null null s t"));
  EXPECT_THAT(join(plan::JoinType::kLeftSemi), ElementsAre("b a", "2 4"));
  EXPECT_THAT(join(plan::JoinType::kLeftAnti), ElementsAre("a null null c", "1 3 null 6"));
}

TEST_F(OperatorsTest, JoinWithoutEqualKeys) {
  auto id = Attribute("id", types::Long());
  auto other = Local({id}, {"[3, 5]"});
  auto condition = Call("<", {v, id});
  auto join = [&](plan::JoinType type) { return Rows(std::make_shared<logical::Join>(rows, other, type, condition)); };
  EXPECT_THAT(join(plan::JoinType::kLeftOuter),
              ElementsAre("a a b b null a null c", "1 1 2 2 3 4 null 6", "3 5 3 5 5 5 null null"));
  EXPECT_THAT(join(plan::JoinType::kLeftAnti), ElementsAre("null c", "null 6"));
}

TEST_F(OperatorsTest, DeduplicateKeepsFirstRows) {
  auto distinct = std::make_shared<logical::Deduplicate>(rows, logical::Attributes{k}, false);
  std::vector<std::shared_ptr<const logical::SortOrderExpr>> order = {
      std::make_shared<logical::SortOrderExpr>(k, true, true)};
  EXPECT_THAT(Rows(std::make_shared<logical::Sort>(distinct, order, true)), ElementsAre("null a b c", "3 1 2 6"));
}

TEST_F(OperatorsTest, SampleDrawsSparksRows) {
  auto id = Attribute("id", types::Long());
  auto range = std::make_shared<logical::RangePlan>(id, 0, 100, 1, 1);
  EXPECT_THAT(Rows(std::make_shared<logical::Sample>(range, 0, 0.1, false, 42)),
              ElementsAre("7 16 18 50 58 63 66 72 79 88 90"));
}

TEST_F(OperatorsTest, RepartitionUsesSparksHash) {
  auto id = Attribute("id", types::Long());
  auto range = std::make_shared<logical::RangePlan>(id, 0, 8, 1, 1);
  auto parts = std::make_shared<logical::Repartition>(range, 3, true, std::vector<ExprPtr>{id});
  auto root = PlanOperators(parts, {});
  ExecContext context;
  std::vector<int> partition_of_id(8);
  exec::Run(*root, context, [&](int partition, std::shared_ptr<arrow::RecordBatch> batch) {
    const auto& ids = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (int64_t i = 0; i < ids.length(); ++i) partition_of_id[ids.Value(i)] = partition;
  });
  EXPECT_THAT(partition_of_id, ElementsAre(1, 2, 2, 0, 2, 2, 0, 0));
}

TEST_F(OperatorsTest, RunInOrderStopsEarly) {
  auto id = Attribute("id", types::Long());
  auto root = PlanOperators(std::make_shared<logical::RangePlan>(id, 0, 10'000'000'000, 1, 8), {});
  ExecContext context;
  int64_t next = 0;
  RunInOrder(*root, context, [&](std::shared_ptr<arrow::RecordBatch> batch) {
    EXPECT_EQ(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0), next);
    next += batch->num_rows();
    return next < 100'000;
  });
  EXPECT_GE(next, 100'000);
}

TEST_F(OperatorsTest, RunInOrderKeepsOrder) {
  auto id = Attribute("id", types::Long());
  auto root = PlanOperators(std::make_shared<logical::RangePlan>(id, 0, 1'000'000, 1, 16), {});
  ExecContext context;
  int64_t next = 0;
  RunInOrder(*root, context, [&](std::shared_ptr<arrow::RecordBatch> batch) {
    EXPECT_EQ(static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0), next);
    next += batch->num_rows();
    return true;
  });
  EXPECT_EQ(next, 1'000'000);
}

TEST_F(OperatorsTest, ManyGroupsAreMergedInParallel) {
  auto id = Attribute("id", types::Long());
  auto range = std::make_shared<logical::RangePlan>(id, 0, 400'000, 1, 4);
  auto key = std::static_pointer_cast<const logical::AliasExpr>(As(Call("%", {id, Long(100'000)}), "key"));
  auto groups = std::make_shared<logical::Aggregate>(
      range, std::vector<ExprPtr>{key}, std::vector<ExprPtr>{key->ToAttribute(), As(Aggregate("count", {id}), "n")});
  auto n = groups->output[1];
  auto total = std::make_shared<logical::Aggregate>(
      groups, std::vector<ExprPtr>{},
      std::vector<ExprPtr>{As(Aggregate("count", {n}), "groups"), As(Aggregate("min", {n}), "low"),
                           As(Aggregate("max", {n}), "high")});
  EXPECT_THAT(Rows(total), ElementsAre("100000", "4", "4"));
}

TEST_F(OperatorsTest, ObservedMetrics) {
  auto metrics = std::make_shared<logical::CollectMetrics>(
      rows, "stats", std::vector<ExprPtr>{As(Aggregate("count", {Int(1)}), "n"), As(Aggregate("sum", {v}), "s")});
  ExecContext context;
  Rows(metrics, &context);
  ASSERT_EQ(context.observed.size(), 1u);
  EXPECT_EQ(context.observed["stats"]->column(0)->GetScalar(0).ValueOrDie()->ToString(), "6");
  EXPECT_EQ(context.observed["stats"]->column(1)->GetScalar(0).ValueOrDie()->ToString(), "16");
}

TEST_F(OperatorsTest, ShowString) {
  auto text = Rows(std::make_shared<logical::ShowString>(rows, 2, 20, false, false));
  EXPECT_EQ(text[0], "+---+---+\n|  k|  v|\n+---+---+\n|  a|  1|\n|  b|  2|\n+---+---+\nonly showing top 2 rows");
}

}  // namespace
}  // namespace sluice::exec
