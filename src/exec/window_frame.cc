// ROWS frames by position, RANGE frames by peers or by the order key's value.
#include "exec/window_frame.h"

#include <arrow/array/array_primitive.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace sluice::exec {
namespace {

using Wide = __int128;

// The order key as a number of the window's direction: ascending whatever the sort direction.
struct NumericKey {
  bool is_real = false;
  std::vector<Wide> whole;
  std::vector<double> real;
};

template <typename ArrayType>
void ReadWhole(const arrow::Array& values, const WindowSegment& segment, Wide sign, std::vector<Wide>* out) {
  const auto& typed = static_cast<const ArrayType&>(values);
  for (int64_t i = segment.begin; i < segment.end; ++i) out->push_back(sign * static_cast<Wide>(typed.Value(i)));
}

template <typename ArrayType>
void ReadReal(const arrow::Array& values, const WindowSegment& segment, double sign, std::vector<double>* out) {
  const auto& typed = static_cast<const ArrayType&>(values);
  for (int64_t i = segment.begin; i < segment.end; ++i) out->push_back(sign * typed.Value(i));
}

NumericKey ReadKey(const arrow::Array* values, const WindowSegment& segment, bool ascending) {
  NumericKey key;
  int sign = ascending ? 1 : -1;
  switch (values ? values->type_id() : arrow::Type::NA) {
    case arrow::Type::INT8:
      ReadWhole<arrow::Int8Array>(*values, segment, sign, &key.whole);
      break;
    case arrow::Type::INT16:
      ReadWhole<arrow::Int16Array>(*values, segment, sign, &key.whole);
      break;
    case arrow::Type::INT32:
      ReadWhole<arrow::Int32Array>(*values, segment, sign, &key.whole);
      break;
    case arrow::Type::DATE32:
      ReadWhole<arrow::Date32Array>(*values, segment, sign, &key.whole);
      break;
    case arrow::Type::INT64:
      ReadWhole<arrow::Int64Array>(*values, segment, sign, &key.whole);
      break;
    case arrow::Type::TIMESTAMP:
      ReadWhole<arrow::TimestampArray>(*values, segment, sign, &key.whole);
      break;
    case arrow::Type::DURATION:
      ReadWhole<arrow::DurationArray>(*values, segment, sign, &key.whole);
      break;
    case arrow::Type::FLOAT:
      key.is_real = true;
      ReadReal<arrow::FloatArray>(*values, segment, sign, &key.real);
      break;
    case arrow::Type::DOUBLE:
      key.is_real = true;
      ReadReal<arrow::DoubleArray>(*values, segment, sign, &key.real);
      break;
    default:
      throw base::Error::Unsupported("A RANGE window frame with offsets over " +
                                     (values ? values->type()->ToString() : std::string("several order keys")));
  }
  return key;
}

// First and past-the-last row of each row's peer group, relative to the segment.
void PeerBounds(const WindowSegment& segment, const std::vector<bool>& peer_starts, std::vector<int64_t>* first,
                std::vector<int64_t>* last) {
  int64_t rows = segment.end - segment.begin;
  first->resize(rows);
  last->resize(rows);
  for (int64_t i = 0; i < rows; ++i) {
    (*first)[i] = i > 0 && !peer_starts[segment.begin + i] ? (*first)[i - 1] : i;
  }
  for (int64_t i = rows - 1; i >= 0; --i) {
    (*last)[i] = i + 1 < rows && !peer_starts[segment.begin + i + 1] ? (*last)[i + 1] : i + 1;
  }
}

// Rows whose key lies at or beyond key(i) + offset, by binary search in the rows [low, high) without null keys.
template <typename Number>
int64_t Search(const std::vector<Number>& keys, int64_t low, int64_t high, Number bound, bool beyond) {
  auto begin = keys.begin() + low, end = keys.begin() + high;
  auto less = [](const Number& a, const Number& b) {
    if constexpr (std::is_floating_point_v<Number>) {
      if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
    }
    return a < b;
  };
  auto found = beyond ? std::upper_bound(begin, end, bound, less) : std::lower_bound(begin, end, bound, less);
  return found - keys.begin();
}

template <typename Number>
void OffsetBounds(const logical::WindowFrame& frame, const std::vector<Number>& keys, int64_t low, int64_t high,
                  FrameBounds* bounds) {
  for (int64_t i = low; i < high; ++i) {
    if (!frame.lower_unbounded) {
      bounds->begin[i] = Search<Number>(keys, low, high, keys[i] + static_cast<Number>(frame.lower), false);
    }
    if (!frame.upper_unbounded) {
      bounds->end[i] = Search<Number>(keys, low, high, keys[i] + static_cast<Number>(frame.upper), true);
    }
  }
}

}  // namespace

FrameBounds ComputeFrames(const logical::WindowFrame& frame, const WindowSegment& segment,
                          const std::vector<bool>& peer_starts, const arrow::Array* order_key, bool ascending) {
  int64_t rows = segment.end - segment.begin;
  FrameBounds bounds{std::vector<int64_t>(rows, 0), std::vector<int64_t>(rows, rows)};
  if (frame.type == plan::FrameType::kRows) {
    for (int64_t i = 0; i < rows; ++i) {
      if (!frame.lower_unbounded) bounds.begin[i] = std::clamp<int64_t>(i + frame.lower, 0, rows);
      if (!frame.upper_unbounded) bounds.end[i] = std::clamp<int64_t>(i + frame.upper + 1, 0, rows);
    }
  } else if (!frame.lower_unbounded || !frame.upper_unbounded) {
    std::vector<int64_t> first, last;
    PeerBounds(segment, peer_starts, &first, &last);
    bool offsets = (!frame.lower_unbounded && frame.lower != 0) || (!frame.upper_unbounded && frame.upper != 0);
    if (!frame.lower_unbounded) bounds.begin = first;
    if (!frame.upper_unbounded) bounds.end = last;
    if (offsets) {
      NumericKey key = ReadKey(order_key, segment, ascending);
      // Null keys are at one end and have only each other in their frames.
      int64_t low = 0, high = rows;
      while (low < high && order_key->IsNull(segment.begin + low)) ++low;
      while (high > low && order_key->IsNull(segment.begin + high - 1)) --high;
      if (key.is_real) {
        OffsetBounds<double>(frame, key.real, low, high, &bounds);
      } else {
        OffsetBounds<Wide>(frame, key.whole, low, high, &bounds);
      }
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    bounds.end[i] = segment.begin + std::max(bounds.begin[i], bounds.end[i]);
    bounds.begin[i] += segment.begin;
  }
  return bounds;
}

}  // namespace sluice::exec
