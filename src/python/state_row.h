// UnsafeRows put together from rows and numbers, and taken apart again, without columns in between.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "state/unsafe_layout.h"

namespace sluice::python {

/// Fields are given in order.
class StateRowBuilder {
 public:
  explicit StateRowBuilder(size_t fields) : row_(state::FixedBytes(fields), '\0'), fields_(fields) {}
  StateRowBuilder& Number(int64_t value) {
    state::Store<int64_t>(Word(), value);
    ++next_;
    return *this;
  }
  StateRowBuilder& Row(std::string_view value) {
    state::StoreOffsetAndSize(Word(), row_.size(), value.size());
    row_ += value;
    row_.resize(state::PadTo8(row_.size()));
    ++next_;
    return *this;
  }
  StateRowBuilder& Null() {
    state::SetBit(row_.data(), next_++);
    return *this;
  }
  std::string Finish() { return std::move(row_); }

 private:
  char* Word() { return row_.data() + state::BitsetBytes(fields_) + 8 * next_; }
  std::string row_;
  size_t fields_, next_ = 0;
};

/// The fields of a row that has `fields` of them.
class StateRowView {
 public:
  StateRowView(std::string_view row, size_t fields) : row_(row), fields_(fields) {
    if (row.size() < state::FixedBytes(fields)) Damaged();
  }
  std::optional<int64_t> Number(size_t field) const {
    if (state::GetBit(row_.data(), field)) return std::nullopt;
    return state::Load<int64_t>(Word(field));
  }
  std::string_view Row(size_t field) const {
    auto word = state::Load<uint64_t>(Word(field));
    uint64_t offset = word >> 32, size = word & 0xffffffff;
    if (offset + size > row_.size()) Damaged();
    return row_.substr(offset, size);
  }

 private:
  [[noreturn]] static void Damaged() {
    throw base::Error::Plain(base::ErrorKind::kIllegalState, "A row of a stateful processor's state is damaged");
  }
  const char* Word(size_t field) const { return row_.data() + state::BitsetBytes(fields_) + 8 * field; }
  std::string_view row_;
  size_t fields_;
};

}  // namespace sluice::python
