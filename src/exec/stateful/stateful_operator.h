// What the streaming loop asks of an operator that keeps state.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "exec/operator.h"
#include "state/state_store.h"

namespace sluice::exec {

/// An operator with state in the query's StateManager. Its partitions open their stores through
/// ExecContext::state at the batch's version, and commit every one of them in each batch, also
/// those without input.
class StatefulOperator : public Operator {
 public:
  using Operator::Operator;
  /// Id, name, partitions and stores: checked against the checkpoint before the first batch.
  virtual const state::OperatorInfo& info() const = 0;
  /// True if a watermark is defined below: the operator then drops late rows and evicts state.
  virtual bool has_watermark() const = 0;
  /// The watermark of the rows that the operator gives when its input's is `input_ms`: none of them is older. Nothing
  /// if the operator makes no such promise, for example because a user's function makes its rows.
  virtual std::optional<int64_t> OutputWatermark(int64_t input_ms) const { return input_ms; }
  /// True if a batch without data is worth running once the watermark has moved from `previous_ms`,
  /// with which the last batch evicted, to `watermark_ms`: it would emit or evict state. Both are those of its input.
  virtual bool NeedsBatchWithoutData(int64_t previous_ms, int64_t watermark_ms) const { return false; }
};

/// An operator below which rows have no watermark and above which they have the query's.
class WatermarkDefinition {
 public:
  virtual ~WatermarkDefinition() = default;
};

/// The stateful operators of a plan from the root down, as progress lists them.
std::vector<const StatefulOperator*> FindStatefulOperators(const Operator& root);

}  // namespace sluice::exec
