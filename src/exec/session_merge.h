// Session windows of rows that touch become one.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <vector>

#include "exec/aggregation.h"

namespace sluice::exec {

/// Rows in order of key and window, and the sessions that they make.
struct MergedSessions {
  std::vector<int32_t> order;         ///< row numbers
  std::vector<uint32_t> session;      ///< of each row in that order; ascending from 0
  std::vector<int32_t> first_row;     ///< of each session: the number of its first row
  std::vector<int64_t> starts, ends;  ///< of each session
};

/// A window that starts before or where the session of its key ends belongs to it. `windows` are struct<start, end>.
MergedSessions MergeSessions(const arrow::ArrayVector& keys, const arrow::Array& windows, int64_t rows);

/// A column of windows of `type` with these starts and ends.
std::shared_ptr<arrow::Array> SessionWindows(const std::shared_ptr<arrow::DataType>& type, std::vector<int64_t> starts,
                                             std::vector<int64_t> ends);

/// All columns but one: the keys without the session.
arrow::ArrayVector Without(const arrow::ArrayVector& columns, size_t index);

/// Groups of which key `session` is a window, merged into one group a session. `merged` are the sessions of the rows.
PartialRows MergeGroups(const AggregationPlan& plan, size_t session, logical::EvalContext& context,
                        const PartialRows& rows, const MergedSessions& merged);

}  // namespace sluice::exec
