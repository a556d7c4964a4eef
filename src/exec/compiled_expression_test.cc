// Lazy operators evaluate only what is needed; parts in common once.
#include "exec/compiled_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/test_plans.h"

namespace sluice::exec {
namespace {

using namespace testing;  // NOLINT

class CompiledExpressionTest : public ::testing::Test {
 protected:
  std::string Evaluate(const ExprPtr& expr) {
    auto array = Compile(expr, {a, b})->EvaluateArray(context, *rows);
    std::string text;
    for (int64_t i = 0; i < array->length(); ++i) {
      auto scalar = array->GetScalar(i).ValueOrDie();
      text += (i > 0 ? " " : "") + (scalar->is_valid ? scalar->ToString() : "null");
    }
    return text;
  }
  ExprPtr Lazy(logical::ExprKind kind, std::vector<ExprPtr> children) {
    auto type = children[kind == logical::ExprKind::kCase ? 1 : 0]->type;
    return std::make_shared<logical::LazyExpr>(kind, type, true, std::move(children));
  }

  logical::EvalContext context;
  logical::AttributePtr a = Attribute("a", types::Long()), b = Attribute("b", types::Long());
  std::shared_ptr<arrow::RecordBatch> rows = Batch({a, b}, {"[1, 2, null, 8]", "[1, 0, 0, 2]"});
};

TEST_F(CompiledExpressionTest, AndSkipsRowsThatAreFalse) {
  auto nonzero = Call(">", {b, Long(0)});
  auto divided = Call(">", {Call("div", {a, b}), Long(1)});
  EXPECT_EQ(Evaluate(logical::MakeAnd(nonzero, divided)), "false false false true");
  EXPECT_THROW(Evaluate(logical::MakeAnd(divided, nonzero)), base::Error);
}

TEST_F(CompiledExpressionTest, OrIsThreeValued) {
  auto left = Call(">", {a, Long(1)}), right = Call(">", {b, Long(0)});
  EXPECT_EQ(Evaluate(Lazy(logical::ExprKind::kOr, {left, right})), "true true null true");
  EXPECT_EQ(Evaluate(Lazy(logical::ExprKind::kAnd, {left, right})), "false false false true");
}

TEST_F(CompiledExpressionTest, CaseEvaluatesTakenBranchesOnly) {
  auto condition = Call(">", {b, Long(0)});
  EXPECT_EQ(Evaluate(Lazy(logical::ExprKind::kCase, {condition, Call("div", {a, b})})), "1 null null 4");
  EXPECT_EQ(Evaluate(Lazy(logical::ExprKind::kCase, {condition, Call("div", {a, b}), Long(-1)})), "1 -1 -1 4");
}

TEST_F(CompiledExpressionTest, CoalesceStopsAtTheFirstValue) {
  EXPECT_EQ(Evaluate(Lazy(logical::ExprKind::kCoalesce, {a, b})), "1 2 0 8");
  EXPECT_THROW(Evaluate(Lazy(logical::ExprKind::kCoalesce, {a, Call("div", {b, b})})), base::Error);
  EXPECT_EQ(Evaluate(Lazy(logical::ExprKind::kCoalesce, {b, Call("div", {a, b})})), "1 0 0 2");
}

TEST_F(CompiledExpressionTest, SharedPartsAreEvaluatedOnce) {
  int calls = 0;
  auto binding = std::make_shared<logical::ScalarBinding>();
  binding->name = "counted";
  binding->type = types::Long();
  binding->argument_types = {types::Long()};
  binding->kernel = [&calls](logical::EvalContext&, const std::vector<arrow::Datum>& arguments, int64_t) {
    ++calls;
    return arguments[0];
  };
  auto counted = [&] { return std::make_shared<logical::ScalarCall>(binding, std::vector<ExprPtr>{a}); };
  CompiledProjection projection({Call("+", {counted(), b}), counted()}, {a, b});
  projection.EvaluateArrays(context, *rows);
  EXPECT_EQ(calls, 1);
}

TEST_F(CompiledExpressionTest, Constants) {
  auto value = EvaluateConstant(Call("+", {Long(2), Long(3)}), context);
  EXPECT_EQ(value.value->ToString(), "5");
}

}  // namespace
}  // namespace sluice::exec
