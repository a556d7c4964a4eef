// Aggregation by sliding windows without a copy of each row for each of its windows.
#pragma once

#include <arrow/array/array_nested.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "logical/plan.h"

namespace sluice::exec {

/// A key that is the latest of `windows` windows, each `slide` microseconds before the one after it.
struct SlidingKey {
  size_t key = 0;
  int64_t slide = 0, windows = 0;
};

/// The same aggregation below the Expand that gives each row all its windows: its window key is then an expression for
/// the latest window (SlidingWindows finds it). Null if `node` is not such an aggregation.
std::shared_ptr<const logical::Aggregate> AggregateWithoutExpand(const logical::Aggregate& node);

struct WindowsOfRow {
  int64_t slide = 0, count = 0;
};
/// How many windows a row has, if the grouping expression is the latest of several.
std::optional<WindowsOfRow> SlidingWindows(const logical::ExprPtr& grouping);

/// True if partial results of the aggregate may be merged in any order.
bool IsOrderFree(const logical::AggregateBinding& binding);

/// Rows begin, begin + 1, … of the columns, each as often as it has windows, from its latest to its earliest.
arrow::ArrayVector InAllWindows(const SlidingKey& sliding, const arrow::ArrayVector& columns, int64_t begin,
                                int64_t rows);
/// The windows that start and end `micros` earlier.
std::shared_ptr<arrow::Array> EarlierWindows(const arrow::StructArray& windows, int64_t micros);

}  // namespace sluice::exec
