// Finds aggregations by sliding windows.
#include "exec/sliding_windows.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arrow_status.h"
#include "exec/expression_frame.h"
#include "exec/row_gather.h"
#include "functions/time_window.h"

namespace sluice::exec {
namespace {

using logical::AliasExpr;
using logical::AttributePtr;
using logical::ExprPtr;
using logical::ScalarCall;

std::optional<functions::TimeWindow> WindowOf(const ExprPtr& expr) {
  const auto* call = expr->As<ScalarCall>();
  return call ? functions::AsTimeWindow(*call->binding) : std::nullopt;
}

bool Uses(const ExprPtr& expr, const AttributePtr& column) {
  for (const AttributePtr& used : logical::References(expr)) {
    if (used->id == column->id) return true;
  }
  return false;
}

bool AggregatesOver(const ExprPtr& result, const AttributePtr& column) {
  bool found = false;
  logical::Visit(result, [&](const ExprPtr& expr) {
    found |= expr->kind == logical::ExprKind::kAggregateCall && Uses(expr, column);
    return !found;
  });
  return found;
}

// The window expression under the name, the id and the nullability of the column that it replaces.
ExprPtr Renamed(const ExprPtr& window, const AttributePtr& column) {
  const auto* call = window->As<ScalarCall>();
  auto binding = std::make_shared<logical::ScalarBinding>(*call->binding);
  binding->nullable = column->nullable;
  auto value = std::make_shared<ScalarCall>(std::move(binding), call->children);
  return std::make_shared<AliasExpr>(std::move(value), column->name, column->id, column->metadata);
}

// The first column of each copy is a window, the others are the input's. Windows that do not end where others begin are
// not the same for all rows of a pane.
bool ExpandsWindows(const logical::Expand& expand) {
  auto first = WindowOf(expand.projections[0][0]);
  if (!first || expand.projections.size() < 2 || first->lengths.duration % first->lengths.slide != 0) return false;
  if (first->lengths.duration / first->lengths.slide != static_cast<int64_t>(expand.projections.size())) return false;
  for (const auto& projection : expand.projections) {
    if (!WindowOf(projection[0])) return false;
    for (size_t column = 1; column < projection.size(); ++column) {
      const auto* same = projection[column]->As<logical::AttributeExpr>();
      if (!same || same->id != expand.output[column]->id) return false;
    }
  }
  return true;
}

// Windows whose bounds `fill` makes from those given; none is null.
template <typename Fill>
std::shared_ptr<arrow::Array> MapBounds(const arrow::StructArray& windows, int64_t rows, const Fill& fill) {
  arrow::ArrayVector bounds;
  for (int bound = 0; bound < windows.num_fields(); ++bound) {
    auto given = windows.field(bound);
    auto values = base::ValueOrThrow(arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(int64_t))));
    fill(given->data()->GetValues<int64_t>(1), values->mutable_data_as<int64_t>());
    bounds.push_back(arrow::MakeArray(
        arrow::ArrayData::Make(given->type(), rows, {nullptr, std::shared_ptr<arrow::Buffer>(std::move(values))}, 0)));
  }
  return std::make_shared<arrow::StructArray>(windows.type(), rows, std::move(bounds));
}

std::shared_ptr<arrow::Array> AllWindows(const arrow::StructArray& latest, const SlidingKey& sliding, int64_t begin,
                                         int64_t rows) {
  return MapBounds(latest, rows * sliding.windows, [&](const int64_t* from, int64_t* to) {
    for (int64_t row = begin; row < begin + rows; ++row) {
      for (int64_t window = 0; window < sliding.windows; ++window) *to++ = from[row] - window * sliding.slide;
    }
  });
}

}  // namespace

std::shared_ptr<const logical::Aggregate> AggregateWithoutExpand(const logical::Aggregate& node) {
  const auto* filter = node.child()->As<logical::Filter>();
  const auto* expand = (filter ? filter->child() : node.child())->As<logical::Expand>();
  if (!expand || !ExpandsWindows(*expand)) return nullptr;
  const AttributePtr& window = expand->output[0];
  if (filter && Uses(filter->condition, window)) return nullptr;
  std::vector<ExprPtr> grouping;
  bool found = false;
  for (const ExprPtr& key : node.grouping) {
    ExprPtr value = key->kind == logical::ExprKind::kAlias ? key->children[0] : key;
    const auto* attribute = value->As<logical::AttributeExpr>();
    if (attribute && attribute->id == window->id) {
      found = true;
      grouping.push_back(Renamed(expand->projections[0][0], logical::ToAttribute(key)));
    } else if (Uses(key, window)) {
      return nullptr;
    } else {
      grouping.push_back(key);
    }
  }
  bool aggregated =
      std::ranges::any_of(node.results, [&](const ExprPtr& result) { return AggregatesOver(result, window); });
  if (!found || aggregated) return nullptr;
  logical::PlanPtr input = expand->child();
  if (filter) input = std::make_shared<logical::Filter>(input, filter->condition);
  return std::make_shared<logical::Aggregate>(std::move(input), std::move(grouping), node.results);
}

std::optional<WindowsOfRow> SlidingWindows(const ExprPtr& grouping) {
  auto window = WindowOf(grouping->kind == logical::ExprKind::kAlias ? grouping->children[0] : grouping);
  if (!window || window->lengths.duration == window->lengths.slide) return std::nullopt;
  return WindowsOfRow{window->lengths.slide, window->lengths.duration / window->lengths.slide};
}

bool IsOrderFree(const logical::AggregateBinding& binding) {
  static const std::set<std::string_view> kOrderFree = {
      "count",  "count_if",    "sum",        "try_sum",  "avg",      "try_avg", "min",
      "max",    "bool_and",    "bool_or",    "bit_and",  "bit_or",   "bit_xor", "approx_count_distinct",
      "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"};
  return kOrderFree.contains(binding.name);
}

arrow::ArrayVector InAllWindows(const SlidingKey& sliding, const arrow::ArrayVector& columns, int64_t begin,
                                int64_t rows) {
  std::vector<int32_t> numbers;
  numbers.reserve(rows * sliding.windows);
  for (int64_t row = begin; row < begin + rows; ++row) {
    numbers.insert(numbers.end(), sliding.windows, static_cast<int32_t>(row));
  }
  auto rows_of_windows = RowNumbers(std::move(numbers));
  arrow::ArrayVector out;
  for (size_t column = 0; column < columns.size(); ++column) {
    bool window = column == sliding.key;
    out.push_back(window ? AllWindows(static_cast<const arrow::StructArray&>(*columns[column]), sliding, begin, rows)
                         : TakeRows(columns[column], rows_of_windows));
  }
  return out;
}

std::shared_ptr<arrow::Array> EarlierWindows(const arrow::StructArray& windows, int64_t micros) {
  return MapBounds(windows, windows.length(), [&](const int64_t* from, int64_t* to) {
    for (int64_t row = 0; row < windows.length(); ++row) to[row] = from[row] - micros;
  });
}

}  // namespace sluice::exec
