// Finds the sessions of rows by sorting them.
#include "exec/session_merge.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>

#include <algorithm>
#include <tuple>

#include "base/error.h"
#include "exec/expression_frame.h"
#include "exec/row_gather.h"
#include "exec/sort_key.h"

namespace sluice::exec {
namespace {

// A number for each row's key, in the order of the keys.
std::vector<uint32_t> KeyRanks(const arrow::ArrayVector& keys, int64_t rows) {
  std::vector<uint32_t> ranks(rows);
  if (keys.empty()) return ranks;
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& key : keys) types.push_back(key->type());
  GroupTable table(std::move(types));
  table.Assign(keys, rows, ranks.data());
  std::vector<int32_t> sorted =
      SortedRows(SortKeys(table.Keys(), std::vector<SortDirection>(keys.size()), table.size()));
  std::vector<uint32_t> rank_of(sorted.size());
  for (size_t rank = 0; rank < sorted.size(); ++rank) rank_of[sorted[rank]] = static_cast<uint32_t>(rank);
  for (uint32_t& rank : ranks) rank = rank_of[rank];
  return ranks;
}

struct WindowRow {
  uint32_t key;
  int32_t row;
  int64_t start, end;
  bool operator<(const WindowRow& other) const {
    return std::tie(key, start, end, row) < std::tie(other.key, other.start, other.end, other.row);
  }
};

}  // namespace

MergedSessions MergeSessions(const arrow::ArrayVector& keys, const arrow::Array& windows, int64_t rows) {
  if (windows.null_count() > 0) throw base::Error::Internal("Grouping Session should not be null");
  const auto& structs = static_cast<const arrow::StructArray&>(windows);
  auto start_times = structs.field(0), end_times = structs.field(1);
  const int64_t* starts = start_times->data()->GetValues<int64_t>(1);
  const int64_t* ends = end_times->data()->GetValues<int64_t>(1);
  std::vector<uint32_t> keys_of = KeyRanks(keys, rows);
  std::vector<WindowRow> sorted(rows);
  for (int64_t i = 0; i < rows; ++i) sorted[i] = {keys_of[i], static_cast<int32_t>(i), starts[i], ends[i]};
  std::sort(sorted.begin(), sorted.end());
  MergedSessions merged;
  merged.order.reserve(rows);
  merged.session.reserve(rows);
  const WindowRow* before = nullptr;
  for (const WindowRow& window : sorted) {
    if (before && before->key == window.key && window.start <= merged.ends.back()) {
      merged.ends.back() = std::max(merged.ends.back(), window.end);
    } else {
      merged.first_row.push_back(window.row);
      merged.starts.push_back(window.start);
      merged.ends.push_back(window.end);
    }
    merged.order.push_back(window.row);
    merged.session.push_back(static_cast<uint32_t>(merged.starts.size() - 1));
    before = &window;
  }
  return merged;
}

std::shared_ptr<arrow::Array> SessionWindows(const std::shared_ptr<arrow::DataType>& type, std::vector<int64_t> starts,
                                             std::vector<int64_t> ends) {
  auto rows = static_cast<int64_t>(starts.size());
  auto column = [&](int field, std::vector<int64_t> values) {
    return arrow::MakeArray(arrow::ArrayData::Make(type->field(field)->type(), rows,
                                                   {nullptr, arrow::Buffer::FromVector(std::move(values))}, 0));
  };
  return std::make_shared<arrow::StructArray>(
      type, rows, arrow::ArrayVector{column(0, std::move(starts)), column(1, std::move(ends))});
}

arrow::ArrayVector Without(const arrow::ArrayVector& columns, size_t index) {
  arrow::ArrayVector others = columns;
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(index));
  return others;
}

PartialRows MergeGroups(const AggregationPlan& plan, size_t session, logical::EvalContext& context,
                        const PartialRows& rows, const MergedSessions& merged) {
  PartialRows result;
  result.rows = static_cast<int64_t>(merged.starts.size());
  auto first = RowNumbers(merged.first_row);
  for (size_t k = 0; k < rows.keys.size(); ++k) {
    result.keys.push_back(k == session ? SessionWindows(rows.keys[k]->type(), merged.starts, merged.ends)
                                       : TakeRows(rows.keys[k], first));
  }
  auto order = RowNumbers(merged.order);
  std::vector<arrow::ArrayVector> buffers;
  for (const arrow::ArrayVector& call : rows.buffers) {
    arrow::ArrayVector sorted;
    for (const auto& buffer : call) sorted.push_back(TakeRows(buffer, order));
    buffers.push_back(std::move(sorted));
  }
  Accumulators groups(plan);
  groups.Resize(result.rows);
  groups.Merge(context, buffers, merged.session.data(), rows.rows);
  result.buffers = groups.Buffers();
  return result;
}

}  // namespace sluice::exec
