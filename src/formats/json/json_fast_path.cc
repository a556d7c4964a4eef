// The short way of JsonParser: one pass over well-formed documents of the right types. Whatever is unusual gives null,
// and the document is read again the exact way.
#include <simdjson.h>

#include <cstring>

#include "formats/json/json_node.h"
#include "formats/number_parser.h"

namespace sluice::formats {
namespace {

using types::TypeId;

constexpr int kMaxFastDepth = 64;
constexpr size_t kMaxLearned = 4096;

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') <= 9; }

inline const char* SkipSpace(const char* at) {
  while (*at == ' ' || *at == '\t') ++at;
  return at;
}

template <typename Word>
inline bool SameWord(const char* a, const char* b) {
  Word left, right;
  std::memcpy(&left, a, sizeof(Word));
  std::memcpy(&right, b, sizeof(Word));
  return left == right;
}

// For names, which are short: a call of memcmp takes longer.
inline bool SameBytes(const char* a, const char* b, size_t size) {
  if (size > 16) return std::memcmp(a, b, size) == 0;
  // Two words that overlap.
  if (size >= 8) return SameWord<uint64_t>(a, b) && SameWord<uint64_t>(a + size - 8, b + size - 8);
  if (size >= 4) return SameWord<uint32_t>(a, b) && SameWord<uint32_t>(a + size - 4, b + size - 4);
  for (size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// Behind a number, true, false or null: what may follow in an object or array.
inline bool EndsScalar(char c) { return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t'; }

}  // namespace

// A string's characters if it has no escapes.
inline const char* JsonParser::FastText(const char* at, std::string_view* text) {
  if (*at != '"') return nullptr;
  ++at;
  bool non_ascii = false;
  const char* stop = ScanString(at, end_, '"', &non_ascii);
  if (stop >= end_ || *stop != '"') return nullptr;
  if (non_ascii && !simdjson::validate_utf8(at, stop - at)) return nullptr;
  *text = std::string_view(at, stop - at);
  return stop + 1;
}

inline const char* JsonParser::FastString(ColumnBuilder* column, const char* at) {
  std::string_view text;
  if (const char* behind = FastText(at, &text)) [[likely]] {
    column->AppendPadded(text);
    return behind;
  }
  if (*at != '"') return nullptr;
  scratch_.clear();
  const char* behind = UnescapeStrict(at + 1, end_, &scratch_);
  if (!behind) return nullptr;
  column->AppendString(scratch_);
  return behind;
}

const char* JsonParser::FastName(const char* at, std::string_view* name) {
  at = SkipSpace(at);
  at = FastText(at, name);
  if (!at) return nullptr;
  at = SkipSpace(at);
  if (*at != ':') return nullptr;
  return SkipSpace(at + 1);
}

// A number that is exact in its first 15 digits is made from them; others go to ParseDouble.
inline const char* JsonParser::FastDouble(const char* at, double* value) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const char* start = at;
  bool negative = *at == '-';
  at += negative;
  if (!IsDigit(*at) || (*at == '0' && IsDigit(at[1]))) return nullptr;
  uint64_t digits = 0;
  const char* first = at;
  while (IsDigit(*at)) digits = digits * 10 + (*at++ - '0');
  int64_t count = at - first;
  int64_t fraction = 0;
  if (*at == '.') {
    const char* point = ++at;
    while (IsDigit(*at)) digits = digits * 10 + (*at++ - '0');
    fraction = at - point;
    if (fraction == 0) return nullptr;
  }
  if (count + fraction <= 15 && (*at | 0x20) != 'e') [[likely]] {
    double exact = static_cast<double>(digits) / kPowers[fraction];
    *value = negative ? -exact : exact;
    return at;
  }
  if ((*at | 0x20) == 'e') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  if (at > end_ || at - start > 900 || !ParseDouble(start, at - start, value)) return nullptr;
  return at;
}

const char* JsonParser::FastNumber(const Node& node, ColumnBuilder* column, const char* at) {
  const char* start = at;
  if (node.id == TypeId::kDouble) {
    double value;
    at = FastDouble(at, &value);
    if (!at || !EndsScalar(*at)) return nullptr;
    column->Append(value);
    return at;
  }
  if (*at == '-') ++at;
  if (!IsDigit(*at) || (*at == '0' && IsDigit(at[1]))) return nullptr;
  while (IsDigit(*at)) ++at;
  const char* whole = at;
  if (*at == '.') {
    ++at;
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  // Exponents are rare and left to the exact way.
  if (!EndsScalar(*at) || at > end_ || at - start > 900) return nullptr;
  switch (node.id) {
    case TypeId::kShort: {
      int16_t value;
      if (whole != at || !ParseInteger(start, at - start, &value)) return nullptr;
      column->Append(value);
      return at;
    }
    case TypeId::kInteger: {
      int32_t value;
      if (whole != at || !ParseInteger(start, at - start, &value)) return nullptr;
      column->Append(value);
      return at;
    }
    case TypeId::kLong: {
      int64_t value;
      if (whole != at || !ParseInteger(start, at - start, &value)) return nullptr;
      column->Append(value);
      return at;
    }
    case TypeId::kFloat: {
      float value;
      if (!ParseFloat(std::string_view(start, at - start), &value)) return nullptr;
      column->Append(value);
      return at;
    }
    case TypeId::kDecimal: {
      arrow::Decimal128 value;
      if (!ParseDecimal(std::string_view(start, at - start), node.type->precision(), node.type->scale(), &value)) {
        return nullptr;
      }
      column->Append(value);
      return at;
    }
    default:
      return nullptr;
  }
}

const char* JsonParser::FastValue(const Node& node, ColumnBuilder* column, const char* at) {
  if (*at == 'n') {
    if (std::memcmp(at, "null", 4) != 0 || !EndsScalar(at[4])) return nullptr;
    column->AppendNull();
    return at + 4;
  }
  switch (node.id) {
    case TypeId::kString:
      return FastString(column, at);
    case TypeId::kDouble:
    case TypeId::kLong:
    case TypeId::kInteger:
    case TypeId::kShort:
    case TypeId::kFloat:
    case TypeId::kDecimal:
      return FastNumber(node, column, at);
    case TypeId::kBoolean:
      if (std::memcmp(at, "true", 4) == 0 && EndsScalar(at[4])) {
        column->AppendBool(true);
        return at + 4;
      }
      if (std::memcmp(at, "false", 5) == 0 && EndsScalar(at[5])) {
        column->AppendBool(false);
        return at + 5;
      }
      return nullptr;
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz: {
      std::string_view text;
      int64_t micros;
      at = FastText(at, &text);
      if (!at || text.empty()) return nullptr;
      bool good =
          node.id == TypeId::kTimestamp ? datetimes_.Timestamp(text, &micros) : datetimes_.TimestampNtz(text, &micros);
      if (!good) return nullptr;
      column->Append(micros);
      return at;
    }
    case TypeId::kDate: {
      std::string_view text;
      int32_t days;
      at = FastText(at, &text);
      if (!at || text.empty() || !datetimes_.Date(text, &days)) return nullptr;
      column->Append(days);
      return at;
    }
    case TypeId::kStruct: {
      if (*at != '{' || node.children.empty()) return nullptr;
      at = FastFields<false>(node, column->children().data(), column->length(), at);
      if (at) column->EndStruct();
      return at;
    }
    case TypeId::kArray:
      return FastArray(node, column, at);
    case TypeId::kMap:
      return FastMap(node, column, at);
    default:
      return nullptr;
  }
}

const char* JsonParser::FastArray(const Node& node, ColumnBuilder* column, const char* at) {
  if (*at != '[') return nullptr;
  at = SkipSpace(at + 1);
  if (*at == ']') {
    column->EndList();
    return at + 1;
  }
  for (;;) {
    at = FastValue(node.children[0], &column->child(0), SkipSpace(at));
    if (!at) return nullptr;
    at = SkipSpace(at);
    if (*at == ']') {
      column->EndList();
      return at + 1;
    }
    if (*at++ != ',') return nullptr;
  }
}

const char* JsonParser::FastMap(const Node& node, ColumnBuilder* column, const char* at) {
  if (*at != '{' || node.children[0].id != TypeId::kString) return nullptr;
  at = SkipSpace(at + 1);
  if (*at == '}') {
    column->EndList();
    return at + 1;
  }
  for (;;) {
    std::string_view name;
    at = FastName(at, &name);
    if (!at) return nullptr;
    column->child(0).AppendString(name);
    at = FastValue(node.children[1], &column->child(1), at);
    if (!at) return nullptr;
    at = SkipSpace(at);
    if (*at == '}') {
      column->EndList();
      return at + 1;
    }
    if (*at++ != ',') return nullptr;
  }
}

// Passes over any value, checking all of it.
const char* JsonParser::FastSkip(const char* at, int depth) {
  switch (*at) {
    case '"': {
      std::string_view text;
      if (const char* behind = FastText(at, &text)) return behind;
      scratch_.clear();
      return UnescapeStrict(at + 1, end_, &scratch_);
    }
    case 't':
      return std::memcmp(at, "true", 4) == 0 && EndsScalar(at[4]) ? at + 4 : nullptr;
    case 'f':
      return std::memcmp(at, "false", 5) == 0 && EndsScalar(at[5]) ? at + 5 : nullptr;
    case 'n':
      return std::memcmp(at, "null", 4) == 0 && EndsScalar(at[4]) ? at + 4 : nullptr;
    case '{':
    case '[': {
      if (depth >= kMaxFastDepth) return nullptr;
      const bool object = *at == '{';
      const char close = object ? '}' : ']';
      at = SkipSpace(at + 1);
      if (*at == close) return at + 1;
      for (;;) {
        std::string_view name;
        at = object ? FastName(at, &name) : SkipSpace(at);
        if (!at) return nullptr;
        at = FastSkip(at, depth + 1);
        if (!at) return nullptr;
        at = SkipSpace(at);
        if (*at == close) return at + 1;
        if (*at++ != ',') return nullptr;
      }
    }
    default: {
      const char* start = at;
      if (*at == '-') ++at;
      if (!IsDigit(*at) || (*at == '0' && IsDigit(at[1]))) return nullptr;
      while (IsDigit(*at)) ++at;
      if (*at == '.') {
        ++at;
        if (!IsDigit(*at)) return nullptr;
        while (IsDigit(*at)) ++at;
      }
      if ((*at | 0x20) == 'e') {
        ++at;
        if (*at == '+' || *at == '-') ++at;
        if (!IsDigit(*at)) return nullptr;
        while (IsDigit(*at)) ++at;
      }
      return EndsScalar(*at) && at - start < 900 ? at : nullptr;
    }
  }
}

// The field whose name stands at `at`: mostly the one that stood here in the document before.
inline const char* JsonParser::FastField(const Node& node, size_t position, const char* at, int* field) {
  if (position < node.expected.size()) {
    const Node::Expected& expected = node.expected[position];
    size_t size = expected.name.size();
    if (*at == '"' && end_ - at > static_cast<int64_t>(size + 2) && at[size + 1] == '"' && at[size + 2] == ':' &&
        SameBytes(at + 1, expected.name.data(), size)) [[likely]] {
      *field = expected.field;
      return SkipSpace(at + size + 3);
    }
  }
  std::string_view name;
  at = FastName(at, &name);
  if (!at) return nullptr;
  *field = node.Find(name);
  if (position < kMaxLearned) {
    if (position >= node.expected.size()) node.expected.resize(position + 1);
    node.expected[position] = {std::string(name), *field};
  }
  return at;
}

template <bool kFilters>
const char* JsonParser::FastFields(const Node& node, ColumnBuilder* columns, int64_t row, const char* at) {
  ++at;
  size_t found = 0;
  at = SkipSpace(at);
  if (*at == '}') {
    FillRow(columns, node.children.size(), row);
    return at + 1;
  }
  for (size_t position = 0;; ++position) {
    int field;
    at = FastField(node, position, SkipSpace(at), &field);
    if (!at) return nullptr;
    if (field >= 0) {
      // A name that comes twice.
      if (columns[field].length() != row) return nullptr;
      at = FastValue(node.children[field], &columns[field], at);
      ++found;
      if constexpr (kFilters) {
        if (at && filter_->Concerns(field) && !filter_->Keeps(field, columns, row)) {
          skipped_ = true;
          return at;
        }
      }
    } else {
      at = FastSkip(at, 0);
    }
    if (!at) return nullptr;
    if (*at != ',' && *at != '}') at = SkipSpace(at);
    if (*at == '}') break;
    if (*at++ != ',') return nullptr;
  }
  if (found != node.children.size()) FillRow(columns, node.children.size(), row);
  return at + 1;
}

JsonParser::Outcome JsonParser::AppendRow(std::string_view document, std::vector<ColumnBuilder>* columns, bool padded) {
  if (padded && !document.empty() && document[0] == '{') {
    end_ = document.data() + document.size();
    int64_t row = columns->empty() ? 0 : (*columns)[0].length();
    skipped_ = false;
    const char* behind = filter_ ? FastFields<true>(*root_, columns->data(), row, document.data())
                                 : FastFields<false>(*root_, columns->data(), row, document.data());
    if (behind && behind <= end_ && !skipped_) return {1, false};
    for (ColumnBuilder& column : *columns) column.Truncate(row);
    if (behind && behind <= end_) return {0, false};
  }
  return ExactRow(document, columns);
}

JsonParser::Outcome JsonParser::AppendValue(std::string_view document, ColumnBuilder* column, bool padded) {
  if (padded && !document.empty() && (document[0] == '{' || document[0] == '[')) {
    end_ = document.data() + document.size();
    int64_t row = column->length();
    const char* behind = FastValue(*root_, column, document.data());
    if (behind && behind <= end_) return {1, false};
    column->Truncate(row);
  }
  return ExactValue(document, column);
}

}  // namespace sluice::formats
