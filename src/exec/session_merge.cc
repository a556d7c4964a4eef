// Finds the sessions of rows by sorting them.
#include "exec/session_merge.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>

#include <algorithm>

#include "base/error.h"
#include "exec/expression_frame.h"
#include "exec/row_gather.h"
#include "exec/sort_key.h"

namespace sluice::exec {
namespace {

std::vector<uint32_t> KeyNumbers(const arrow::ArrayVector& keys, int64_t rows) {
  std::vector<uint32_t> numbers(rows);
  if (keys.empty()) return numbers;
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& key : keys) types.push_back(key->type());
  GroupTable(std::move(types)).Assign(keys, rows, numbers.data());
  return numbers;
}

}  // namespace

MergedSessions MergeSessions(const arrow::ArrayVector& keys, const arrow::Array& windows, int64_t rows) {
  if (windows.null_count() > 0) throw base::Error::Internal("Grouping Session should not be null");
  const auto& structs = static_cast<const arrow::StructArray&>(windows);
  arrow::ArrayVector order_by = keys;
  order_by.push_back(structs.field(0));
  order_by.push_back(structs.field(1));
  const int64_t* starts = order_by[keys.size()]->data()->GetValues<int64_t>(1);
  const int64_t* ends = order_by.back()->data()->GetValues<int64_t>(1);
  std::vector<uint32_t> key_of = KeyNumbers(keys, rows);
  MergedSessions merged;
  merged.order = SortedRows(SortKeys(order_by, std::vector<SortDirection>(order_by.size()), rows));
  merged.session.reserve(rows);
  for (int64_t i = 0; i < rows; ++i) {
    int32_t row = merged.order[i];
    bool same = i > 0 && key_of[row] == key_of[merged.order[i - 1]] && starts[row] <= merged.ends.back();
    if (same) {
      merged.ends.back() = std::max(merged.ends.back(), ends[row]);
    } else {
      merged.first_row.push_back(row);
      merged.starts.push_back(starts[row]);
      merged.ends.push_back(ends[row]);
    }
    merged.session.push_back(static_cast<uint32_t>(merged.starts.size() - 1));
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

PartialRows MergeSessions(const AggregationPlan& plan, size_t session, logical::EvalContext& context,
                          const PartialRows& rows) {
  MergedSessions merged = MergeSessions(Without(rows.keys, session), *rows.keys[session], rows.rows);
  PartialRows result;
  result.rows = static_cast<int64_t>(merged.starts.size());
  auto first = RowNumbers(std::move(merged.first_row));
  for (size_t k = 0; k < rows.keys.size(); ++k) {
    result.keys.push_back(k == session
                              ? SessionWindows(rows.keys[k]->type(), std::move(merged.starts), std::move(merged.ends))
                              : TakeRows(rows.keys[k], first));
  }
  auto order = RowNumbers(std::move(merged.order));
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
