// Event times of state keys, read from rows and columns.
#include "exec/stateful/event_time_key.h"

#include <arrow/api.h>

#include "base/error.h"
#include "logical/watermark_metadata.h"
#include "state/unsafe_layout.h"

namespace sluice::exec {
namespace {

constexpr size_t kWindowFields = 2, kWindowEnd = 1;

}  // namespace

std::optional<EventTimeKey> EventTimeKey::Find(const logical::Attributes& columns, size_t row_columns) {
  std::optional<EventTimeKey> found;
  std::string names;
  bool several = false;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!logical::WatermarkDelayMs(columns[i]->metadata)) continue;
    names += (names.empty() ? "" : ",") + columns[i]->ToString();
    several |= found && columns[found->index_]->id != columns[i]->id;
    if (found) continue;
    found = At(i, *columns[i]->type, row_columns > 0 ? row_columns : columns.size());
  }
  if (several) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3077", {{"eventTimeCols", "(" + names + ")"}});
  }
  return found;
}

EventTimeKey EventTimeKey::At(size_t index, const types::DataType& type, size_t columns) {
  EventTimeKey found;
  found.index_ = index;
  found.columns_ = columns;
  found.window_ = type.Is(types::TypeId::kStruct);
  return found;
}

std::optional<int64_t> EventTimeKey::OfRow(std::string_view key) const {
  using state::BitsetBytes;
  using state::GetBit;
  if (key.size() < state::FixedBytes(columns_) || GetBit(key.data(), index_)) return std::nullopt;
  auto word = state::Load<uint64_t>(key.data() + BitsetBytes(columns_) + 8 * index_);
  if (!window_) return static_cast<int64_t>(word);
  uint64_t offset = word >> 32, size = word & 0xffffffff;
  if (offset + size > key.size() || size < state::FixedBytes(kWindowFields)) return std::nullopt;
  const char* window = key.data() + offset;
  if (GetBit(window, kWindowEnd)) return std::nullopt;
  return state::Load<int64_t>(window + BitsetBytes(kWindowFields) + 8 * kWindowEnd);
}

// Calls `use(row, micros)` for every row whose time is not null.
template <typename Use>
void EventTimeKey::ForEachTime(const arrow::ArrayVector& columns, int64_t rows, Use&& use) const {
  std::shared_ptr<arrow::Array> times = columns[index_];
  std::shared_ptr<arrow::Array> windows;
  if (window_) {
    windows = times;
    times = static_cast<const arrow::StructArray&>(*windows).field(kWindowEnd);
  }
  const auto& micros = static_cast<const arrow::TimestampArray&>(*times);
  for (int64_t i = 0; i < rows; ++i) {
    if ((windows && windows->IsNull(i)) || micros.IsNull(i)) continue;
    use(i, micros.Value(i));
  }
}

std::vector<int64_t> EventTimeKey::Micros(const arrow::ArrayVector& columns, int64_t rows) const {
  std::vector<int64_t> times(rows);
  ForEachTime(columns, rows, [&](int64_t row, int64_t micros) { times[row] = micros; });
  return times;
}

std::vector<bool> EventTimeKey::AtOrBefore(const arrow::ArrayVector& columns, int64_t rows,
                                           int64_t watermark_ms) const {
  std::vector<bool> late(rows);
  ForEachTime(columns, rows, [&](int64_t row, int64_t micros) { late[row] = micros <= watermark_ms * 1000; });
  return late;
}

}  // namespace sluice::exec
