// What a stream-stream join does, worked out when it is planned: keys, conditions, and how watermarks bound its state.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exec/compiled_expression.h"
#include "exec/operators.h"
#include "exec/stateful/event_time_key.h"
#include "exec/stateful/join_state.h"

namespace sluice::exec {

/// Rows of a side's state that go out.
struct JoinEviction {
  EventTimeKey time;
  bool in_key = false;   ///< the time lies in the key; else in the row
  int64_t limit_ms = 0;  ///< rows at or before it go
};

/// One input of the join. Immutable.
struct JoinSide {
  JoinSide(const std::string& name, const logical::Attributes& columns, const std::vector<logical::ExprPtr>& key_list,
           const logical::ExprPtr& own, bool many_event_times);

  logical::Attributes input;
  std::vector<logical::ExprPtr> key_expressions;
  CompiledProjection keys;
  CompiledExpressionPtr own_condition;     ///< conjuncts over this side alone; null = none
  std::optional<size_t> event_time_index;  ///< the column with the watermark
  JoinStateLayout layout;
  std::vector<size_t> all_fields;  ///< of the state's rows, without their flag
};

struct JoinShape {
  /// Throws if a side has several event-time columns.
  JoinShape(const JoinSpec& spec, const logical::Attributes& left_input, const logical::Attributes& right_input,
            bool many_event_times);

  /// How the side's state is evicted when the watermark is `watermark_ms`; nothing if nothing bounds it.
  std::optional<JoinEviction> EvictionOf(bool of_left, int64_t watermark_ms) const;
  /// No row that the join gives is older.
  int64_t OutputWatermark(int64_t input_ms) const;
  bool KeepsUnmatched(bool of_left) const;
  std::string Describe() const;

  plan::JoinType type;
  JoinSide left, right;
  /// The conjuncts over both sides, and the columns that they are compiled for; null = none.
  CompiledExpressionPtr both;
  std::vector<size_t> both_left_fields, both_right_fields;
  std::shared_ptr<arrow::Schema> both_schema;

 private:
  std::optional<size_t> watermark_key_;  // the key that is an event time, of either side
  logical::ExprPtr condition_;           // all but the keys
  std::string condition_text_;
};

/// The keys as Spark's ExtractEquiJoinKeys has them: a null-safe one becomes its value or a default, and whether it is
/// null.
JoinSpec WithPlainKeys(const JoinSpec& spec);

}  // namespace sluice::exec
