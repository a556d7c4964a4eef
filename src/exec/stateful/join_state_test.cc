// Keys of a join's state with and without their index.
#include "exec/stateful/join_state.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/arrow_status.h"

namespace sluice::exec {
namespace {

logical::AttributePtr Column(const std::string& name, types::TypePtr type) {
  return std::make_shared<logical::AttributeExpr>(name, std::move(type), true);
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Values(const std::vector<std::optional<Value>>& values) {
  Builder builder;
  for (const auto& value : values) base::ThrowIfError(value ? builder.Append(*value) : builder.AppendNull());
  return base::ValueOrThrow(builder.Finish());
}

struct JoinStateLayoutTest : ::testing::Test {
  std::vector<logical::ExprPtr> keys{Column("a", types::String()), Column("b", types::Integer()),
                                     Column("c", types::Binary())};
  logical::Attributes input{Column("a", types::String()), Column("n", types::Long())};
  JoinStateLayout layout{"left", keys, input};
  arrow::ArrayVector columns{Values<arrow::StringBuilder, std::string>({"x", "", std::nullopt, "longer than a word"}),
                             Values<arrow::Int32Builder, int32_t>({1, std::nullopt, 3, 4}),
                             Values<arrow::BinaryBuilder, std::string>({std::nullopt, "ab", "", "another of those"})};
};

TEST_F(JoinStateLayoutTest, MakesTheRowThatTheSchemaAsksFor) {
  state::UnsafeRows rows = layout.EncodeKeys(columns, 4);
  arrow::ArrayVector with_index = columns;
  with_index.push_back(Values<arrow::Int64Builder, int64_t>({0, 1, 7, int64_t{1} << 40}));
  state::UnsafeRows wanted = state::UnsafeRowEncoder(layout.rows().schema.key).Encode(with_index, 4);
  const int64_t indexes[] = {0, 1, 7, int64_t{1} << 40};
  std::string buffer, back;
  for (int64_t i = 0; i < 4; ++i) {
    std::string_view made = layout.WithIndex(rows[i], indexes[i], &buffer);
    EXPECT_EQ(made, wanted[i]) << i;
    EXPECT_EQ(layout.WithoutIndex(made, &back), rows[i]) << i;
  }
}

TEST_F(JoinStateLayoutTest, KnowsWhereTheFlagIs) {
  arrow::ArrayVector values{columns[0], Values<arrow::Int64Builder, int64_t>({1, 2, 3, 4}),
                            Values<arrow::BooleanBuilder, bool>({true, false, false, true})};
  state::UnsafeRows rows = layout.EncodeRows(values, 4);
  EXPECT_TRUE(layout.IsMatched(rows[0]));
  EXPECT_FALSE(layout.IsMatched(rows[1]));
  std::string changed(rows[1]);
  layout.SetMatched(&changed);
  EXPECT_TRUE(layout.IsMatched(changed));
  auto flag = state::DecodeUnsafeRows(layout.row_type(), {changed}, {2});
  EXPECT_TRUE(static_cast<const arrow::BooleanArray&>(*flag[0]).Value(0));
}

}  // namespace
}  // namespace sluice::exec
