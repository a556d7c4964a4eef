// Plan nodes of user functions that keep state by key.
#pragma once

#include <memory>
#include <string>

#include "logical/plan.h"

namespace sluice::logical {

/// When a key without new rows is called again (GroupStateTimeout).
enum class GroupTimeout { kNone, kProcessingTime, kEventTime };
/// As Spark names it: "NoTimeout", "ProcessingTimeTimeout", "EventTimeTimeout".
const char* NameOf(GroupTimeout timeout);

/// applyInPandasWithState: `grouping` are attributes of the child, `output` those of the function.
struct PandasWithState : Plan {
  PandasWithState(PlanPtr child, Attributes grouping, std::shared_ptr<const plan::PythonUdf> function,
                  types::TypePtr state_type, bool update_mode, GroupTimeout timeout, Attributes output);
  Attributes grouping;
  std::shared_ptr<const plan::PythonUdf> function;
  types::TypePtr state_type;
  bool update_mode;  ///< of the function; else append
  GroupTimeout timeout;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};

/// What the timers of transformWithState go by.
enum class TimeMode { kNone, kProcessingTime, kEventTime };
/// As Spark names it: "NoTime", "ProcessingTime", "EventTime".
const char* NameOf(TimeMode mode);

/// What does not change when transformWithState is copied.
struct TransformWithStateSpec {
  std::shared_ptr<const plan::PythonUdf> function;
  std::string output_mode;  ///< "Append", "Update", "Complete"
  TimeMode time_mode = TimeMode::kNone;
  bool has_event_time_column = false;
  int initial_columns = 0;  ///< of the initial state, without the keys that are computed behind them
};
/// transformWithState and transformWithStateInPandas. The second child, if there is one, is the initial state.
struct TransformWithState : Plan {
  TransformWithState(std::vector<PlanPtr> children, Attributes grouping, Attributes initial_grouping,
                     TransformWithStateSpec spec, Attributes output);
  Attributes grouping, initial_grouping;
  TransformWithStateSpec spec;
  bool has_initial_state() const { return children.size() > 1; }
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};

}  // namespace sluice::logical
