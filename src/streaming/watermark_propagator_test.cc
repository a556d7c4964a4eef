// The watermark on its way through operators.
#include "streaming/watermark_propagator.h"

#include <gtest/gtest.h>

#include "exec/stateful/stateful_operator.h"

namespace sluice::streaming {
namespace {

using exec::OperatorPtr;

class Node : public exec::Operator {
 public:
  explicit Node(std::vector<OperatorPtr> children) : Operator({}), children_(std::move(children)) {}
  int Partitions(exec::ExecContext&) const override { return 1; }
  exec::BatchIteratorPtr Open(exec::ExecContext&, int) const override { return nullptr; }
  std::string Describe() const override { return "Node"; }
  std::vector<const Operator*> Children() const override { return Pointers(children_); }
  static std::vector<const Operator*> Pointers(const std::vector<OperatorPtr>& children) {
    std::vector<const Operator*> out;
    for (const OperatorPtr& child : children) out.push_back(child.get());
    return out;
  }

 private:
  std::vector<OperatorPtr> children_;
};

class Defined : public Node, public exec::WatermarkDefinition {
 public:
  using Node::Node;
};

// Holds rows back by `delay_ms`; nothing if it promises nothing.
class Stateful : public exec::StatefulOperator {
 public:
  Stateful(int64_t id, std::vector<OperatorPtr> children, std::optional<int64_t> delay_ms = 0)
      : StatefulOperator(logical::Attributes()), children_(std::move(children)), delay_ms_(delay_ms) {
    info_.id = id;
  }
  int Partitions(exec::ExecContext&) const override { return 1; }
  exec::BatchIteratorPtr Open(exec::ExecContext&, int) const override { return nullptr; }
  std::string Describe() const override { return "Stateful"; }
  std::vector<const Operator*> Children() const override { return Node::Pointers(children_); }
  const state::OperatorInfo& info() const override { return info_; }
  bool has_watermark() const override { return true; }
  std::optional<int64_t> OutputWatermark(int64_t input_ms) const override {
    return delay_ms_ ? std::optional(input_ms - *delay_ms_) : std::nullopt;
  }

 private:
  std::vector<OperatorPtr> children_;
  std::optional<int64_t> delay_ms_;
  state::OperatorInfo info_;
};

template <typename Made, typename... Arguments>
OperatorPtr Make(Arguments&&... arguments) {
  return std::make_shared<Made>(std::forward<Arguments>(arguments)...);
}
using Below = std::vector<OperatorPtr>;

OperatorPtr Leaf() { return Make<Node>(Below{}); }
OperatorPtr Stream() { return Make<Defined>(Below{Leaf()}); }

TEST(WatermarkPropagatorTest, GoesThroughStatefulOperatorsAsTheySay) {
  auto join = Make<Stateful>(1, Below{Stream(), Stream()}, 100);
  auto root = Make<Stateful>(0, Below{Make<Node>(Below{join})});
  OperatorWatermarks found = PropagateWatermark(*root, 1000);
  EXPECT_EQ(found[1], 1000);
  EXPECT_EQ(found[0], 900);
}

TEST(WatermarkPropagatorTest, TheLowestBranchCountsAndThoseWithoutOneDoNot) {
  auto held = Make<Stateful>(1, Below{Stream()}, 300);
  auto root = Make<Stateful>(0, Below{Make<Node>(Below{Stream(), held, Leaf()})});
  EXPECT_EQ(PropagateWatermark(*root, 1000)[0], 700);
}

TEST(WatermarkPropagatorTest, NoneAboveAnOperatorWithoutPromise) {
  auto opaque = Make<Stateful>(1, Below{Stream()}, std::nullopt);
  auto root = Make<Stateful>(0, Below{opaque});
  OperatorWatermarks found = PropagateWatermark(*root, 1000);
  EXPECT_EQ(found[1], 1000);
  EXPECT_EQ(found[0], std::nullopt);
}

TEST(WatermarkPropagatorTest, NothingMovesBeforeTheFirstEventTime) {
  auto join = Make<Stateful>(1, Below{Stream(), Stream()}, 100);
  auto root = Make<Stateful>(0, Below{join});
  EXPECT_EQ(PropagateWatermark(*root, 0)[0], 0);
}

}  // namespace
}  // namespace sluice::streaming
