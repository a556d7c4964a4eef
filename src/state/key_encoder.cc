// Plain, prefix and range layouts of keys.
#include "state/key_encoder.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "state/row_pieces.h"
#include "state/unsafe_layout.h"

namespace sluice::state {
namespace {

using base::Error;
using base::ErrorKind;
using types::TypeId;
using Kind = KeyLayout::Kind;

constexpr char kRowVersion = 0;
constexpr char kNegative = 0, kPositive = 1, kNull = 2;
constexpr size_t kFamilyBytes = 2, kSizeBytes = 4;

bool IsFloating(TypeId id) { return id == TypeId::kFloat || id == TypeId::kDouble; }

size_t OrderedBytes(const types::DataType& type) {
  switch (type.id()) {
    case TypeId::kBoolean:
    case TypeId::kByte:
      return 1;
    case TypeId::kShort:
      return 2;
    case TypeId::kInteger:
    case TypeId::kFloat:
      return 4;
    case TypeId::kLong:
    case TypeId::kDouble:
      return 8;
    default:
      return 0;
  }
}

// A number whose bytes compare as it does: a mark of its sign, then the value, most significant byte first.
void AppendOrderedValue(TypeId id, std::string_view word, size_t size, std::string* out) {
  if (!word.data()) {
    out->push_back(kNull);
    out->append(size, '\0');
    return;
  }
  std::string value(word.substr(0, size));
  std::reverse(value.begin(), value.end());
  bool negative = value[0] & 0x80;
  if (negative && IsFloating(id)) {
    for (char& byte : value) byte = static_cast<char>(~byte);
  }
  out->push_back(negative ? kNegative : kPositive);
  out->append(value);
}

Error Damaged() {
  return Error::Plain(ErrorKind::kIllegalState, "A key of the state is damaged: it is not of the form of its family");
}

}  // namespace

KeyEncoder::KeyEncoder(types::TypePtr key, KeyLayout layout, std::optional<int16_t> id)
    : key_(std::move(key)), layout_(std::move(layout)), id_(id) {
  if (layout_.kind == Kind::kPlain) return;
  const auto& fields = key_->fields();
  auto count = static_cast<int>(fields.size());
  std::vector<int> first = layout_.range_ordinals;
  if (layout_.kind == Kind::kPrefix) {
    if (layout_.prefix_columns <= 0 || layout_.prefix_columns >= count) {
      throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_INCORRECT_NUM_PREFIX_COLS_FOR_PREFIX_SCAN",
                  {{"numPrefixCols", std::to_string(layout_.prefix_columns)}});
    }
    first.resize(static_cast<size_t>(layout_.prefix_columns));
    std::iota(first.begin(), first.end(), 0);
  } else if (first.empty() || static_cast<int>(first.size()) > count) {
    throw Error(ErrorKind::kUnsupportedOperation, "STATE_STORE_INCORRECT_NUM_ORDERING_COLS_FOR_RANGE_SCAN",
                {{"numOrderingCols", std::to_string(first.size())}});
  }
  for (int ordinal : first) {
    const auto& field = fields.at(static_cast<size_t>(ordinal));
    if (layout_.kind == Kind::kRange && OrderedBytes(*field.type) == 0) {
      bool null_type = field.type->Is(TypeId::kNull);
      throw Error(ErrorKind::kUnsupportedOperation,
                  null_type ? "STATE_STORE_NULL_TYPE_ORDERING_COLS_NOT_SUPPORTED"
                            : "STATE_STORE_VARIABLE_SIZE_ORDERING_COLS_NOT_SUPPORTED",
                  {{"fieldName", field.name}, {"index", std::to_string(ordinal)}});
    }
    first_.push_back({field.type, ordinal});
  }
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    if (std::find(first.begin(), first.end(), ordinal) != first.end()) continue;
    rest_.push_back({fields[static_cast<size_t>(ordinal)].type, ordinal});
  }
}

std::string KeyEncoder::FamilyPrefix() const {
  return id_ ? std::string(reinterpret_cast<const char*>(&*id_), kFamilyBytes) : "";
}

// The ordered columns as fields of bytes; `row` has only these if it is `projected`.
void KeyEncoder::AppendOrdered(std::string_view row, bool projected, std::string* out) const {
  size_t start = out->size(), columns = first_.size();
  size_t row_fields = projected ? columns : key_->fields().size();
  out->append(FixedBytes(columns), '\0');
  for (size_t i = 0; i < columns; ++i) {
    auto ordinal = projected ? i : static_cast<size_t>(first_[i].ordinal);
    size_t size = OrderedBytes(*first_[i].type), before = out->size();
    StoreOffsetAndSize(out->data() + start + BitsetBytes(columns) + 8 * i, before - start, size + 1);
    AppendOrderedValue(first_[i].type->id(), FieldBytes(row, row_fields, ordinal, false), size, out);
    out->append(PadTo8(size + 1) - (size + 1), '\0');
  }
}

void KeyEncoder::Encode(std::string_view row, std::string* out) const {
  out->clear();
  if (id_) out->append(reinterpret_cast<const char*>(&*id_), kFamilyBytes);
  if (layout_.kind == Kind::kPlain) {
    out->push_back(kRowVersion);
    out->append(row);
    return;
  }
  size_t size_at = out->size(), fields = key_->fields().size();
  out->append(kSizeBytes, '\0');
  auto project = [&](const std::vector<Field>& of) {
    std::vector<RowField> taken;
    for (const Field& field : of) taken.push_back({row, fields, static_cast<size_t>(field.ordinal), field.type.get()});
    AppendRowOf(taken, out);
  };
  out->push_back(kRowVersion);
  if (layout_.kind == Kind::kRange) {
    AppendOrdered(row, false, out);
  } else {
    project(first_);
  }
  Store<int32_t>(out->data() + size_at, static_cast<int32_t>(out->size() - size_at - kSizeBytes));
  if (rest_.empty()) return;
  out->push_back(kRowVersion);
  project(rest_);
}

std::string KeyEncoder::ScanPrefix(std::string_view row) const {
  std::string out = FamilyPrefix();
  size_t size_at = out.size();
  out.append(kSizeBytes, '\0');
  out.push_back(kRowVersion);
  if (layout_.kind == Kind::kRange) {
    AppendOrdered(row, true, &out);
  } else if (layout_.kind == Kind::kPrefix) {
    out.append(row);
  } else {
    throw Error::Internal("A prefix scan of a family without one");
  }
  Store<int32_t>(out.data() + size_at, static_cast<int32_t>(out.size() - size_at - kSizeBytes));
  return out;
}

// A row of the ordered columns.
std::string KeyEncoder::RestoreOrdered(std::string_view stored) const {
  size_t columns = first_.size();
  std::string row(FixedBytes(columns), '\0');
  for (size_t i = 0; i < columns; ++i) {
    std::string_view bytes = FieldBytes(stored, columns, i, true);
    size_t size = OrderedBytes(*first_[i].type);
    if (bytes.size() != size + 1) throw Damaged();
    if (bytes[0] == kNull) {
      SetBit(row.data(), i);
      continue;
    }
    std::string value(bytes.substr(1));
    if (bytes[0] == kNegative && IsFloating(first_[i].type->id())) {
      for (char& byte : value) byte = static_cast<char>(~byte);
    }
    std::reverse(value.begin(), value.end());
    std::memcpy(row.data() + BitsetBytes(columns) + 8 * i, value.data(), size);
  }
  return row;
}

std::string_view KeyEncoder::Decode(std::string_view stored, std::string* buffer) const {
  size_t start = id_ ? kFamilyBytes : 0;
  if (layout_.kind == Kind::kPlain) {
    if (stored.size() < start + 1) throw Damaged();
    return stored.substr(start + 1);
  }
  if (stored.size() < start + kSizeBytes) throw Damaged();
  auto first_size = Load<int32_t>(stored.data() + start);
  std::string_view rest = stored.substr(start + kSizeBytes);
  if (first_size < 1 || rest.size() < static_cast<size_t>(first_size)) throw Damaged();
  std::string_view first_row = rest.substr(1, static_cast<size_t>(first_size) - 1);
  rest.remove_prefix(static_cast<size_t>(first_size));
  std::string ordered;
  if (layout_.kind == Kind::kRange) {
    ordered = RestoreOrdered(first_row);
    first_row = ordered;
  }
  if (!rest_.empty()) {
    if (rest.empty()) throw Damaged();
    rest.remove_prefix(1);
  }
  std::vector<RowField> fields(key_->fields().size());
  for (size_t i = 0; i < first_.size(); ++i) {
    fields[static_cast<size_t>(first_[i].ordinal)] = {first_row, first_.size(), i, first_[i].type.get()};
  }
  for (size_t i = 0; i < rest_.size(); ++i) {
    fields[static_cast<size_t>(rest_[i].ordinal)] = {rest, rest_.size(), i, rest_[i].type.get()};
  }
  buffer->clear();
  AppendRowOf(fields, buffer);
  return *buffer;
}

}  // namespace sluice::state
