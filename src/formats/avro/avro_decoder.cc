// Running the steps that read Avro values.
#include "formats/avro/avro_decoder.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>

#include "formats/avro/avro_wire.h"
#include "formats/avro/java_map_order.h"

namespace sluice::formats {

using types::TypeId;
using Op = AvroStep::Op;
using Int128 = __int128;

namespace {

// Julian dates: before 1582-10-15.
constexpr int32_t kFirstGregorianDay = -141427;
constexpr int64_t kFirstGregorianMicros = -12219292800000000;
constexpr int64_t kMicrosOfDay = 86400000000;
// Items that take no bytes cost memory all the same.
constexpr int64_t kMostEmptyItems = 1 << 20;
constexpr int kMaxSkipDepth = 500;
// Values without bytes take time to skip.
constexpr int64_t kMostSkips = 1 << 16;
// Maps of more entries look for equal keys by hash.
constexpr size_t kFewEntries = 32;

bool Whole(const AvroStep& step, const uint8_t** at, const uint8_t* end, int64_t* out) {
  if (step.source == AvroKind::kLong) return ReadAvroLong(at, end, out);
  int32_t narrow;
  if (!ReadAvroInt(at, end, &narrow)) return false;
  *out = narrow;
  return true;
}

template <typename T>
bool Floating(const uint8_t** at, const uint8_t* end, T* out) {
  if (end - *at < static_cast<ptrdiff_t>(sizeof(T))) return false;
  std::memcpy(out, *at, sizeof(T));
  *at += sizeof(T);
  return true;
}

Int128 TenTo(int64_t digits) {
  static const std::array<Int128, 39> powers = [] {
    std::array<Int128, 39> out{1};
    for (size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
    return out;
  }();
  return powers[static_cast<size_t>(digits)];
}

/// Big-endian two's complement → a number of at most `precision` digits; false if there are more. As Spark does it, the
/// low 64 bits count where the precision fits into them.
bool UnscaledOf(std::string_view bytes, int64_t precision, Int128* out) {
  if (bytes.empty()) return false;
  bool negative = (bytes[0] & 0x80) != 0;
  auto filler = static_cast<char>(negative ? 0xff : 0);
  auto value = static_cast<unsigned __int128>(negative ? -1 : 0);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bool beyond = i + sizeof(Int128) < bytes.size();
    if (beyond && precision > 18 && bytes[i] != filler) return false;
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  *out = static_cast<Int128>(value);
  if (precision <= 18) *out = static_cast<int64_t>(value);
  if (precision > 18 && bytes.size() >= sizeof(Int128) && (*out < 0) != negative) return false;
  Int128 limit = TenTo(precision);
  return *out<limit&& * out> - limit;
}

void AppendZero(ColumnBuilder* out) {
  switch (out->id()) {
    case TypeId::kBoolean:
      return out->AppendBool(false);
    case TypeId::kInteger:
    case TypeId::kDate:
    case TypeId::kFloat:
    case TypeId::kYearMonthInterval:
      return out->Append(int32_t{0});
    case TypeId::kDecimal:
      return out->Append(Int128{0});
    default:
      return out->Append(int64_t{0});
  }
}

}  // namespace

AvroColumn::AvroColumn(const types::TypePtr& type) : root_(type) {
  AddSlots(&root_);
  map_buckets_.resize(slots_.size());
}

void AvroColumn::AddSlots(ColumnBuilder* builder) {
  slots_.push_back(builder);
  for (ColumnBuilder& child : builder->children()) AddSlots(&child);
}

void AvroColumn::AppendEmpty() {
  if (root_.id() != TypeId::kStruct) return root_.AppendNull();
  for (ColumnBuilder& child : root_.children()) child.AppendNull();
  root_.EndStruct();
}

bool AvroColumn::Append(const AvroDecoder& decoder, std::string_view bytes) {
  decoder_ = &decoder;
  int64_t rows = root_.length();
  entries_.clear();
  skips_left_ = kMostSkips + static_cast<int64_t>(bytes.size());
  Input in{reinterpret_cast<const uint8_t*>(bytes.data()),
           reinterpret_cast<const uint8_t*>(bytes.data()) + bytes.size()};
  if (Read(decoder.root_, &in)) return true;
  root_.Truncate(rows);
  return false;
}

bool AvroColumn::ReadText(Input* in, std::string_view* out) {
  int64_t size;
  if (!ReadAvroLong(&in->at, in->end, &size) || size < 0 || size > in->end - in->at) return false;
  *out = {reinterpret_cast<const char*>(in->at), static_cast<size_t>(size)};
  in->at += size;
  return true;
}

bool AvroColumn::Read(const AvroStep& step, Input* in) {
  ColumnBuilder& out = *slots_[step.slot];
  switch (step.op) {
    case Op::kError:
      return false;
    case Op::kNull:
      out.AppendNull();
      return true;
    case Op::kZero:
      AppendZero(&out);
      return true;
    case Op::kBoolean:
      if (in->at == in->end) return false;
      out.AppendBool(*in->at++ == 1);
      return true;
    case Op::kInt: {
      int32_t value;
      if (!ReadAvroInt(&in->at, in->end, &value) || (step.checked && value < kFirstGregorianDay)) return false;
      out.Append(value);
      return true;
    }
    case Op::kLong: {
      int64_t value;
      if (!Whole(step, &in->at, in->end, &value) || (step.checked && value < kFirstGregorianMicros)) return false;
      out.Append(value);
      return true;
    }
    case Op::kFloat: {
      float value;
      if (!Floating(&in->at, in->end, &value)) return false;
      out.Append(value);
      return true;
    }
    case Op::kDouble: {
      double value;
      if (!Floating(&in->at, in->end, &value)) return false;
      out.Append(value);
      return true;
    }
    case Op::kText: {
      std::string_view text;
      if (!ReadText(in, &text)) return false;
      out.AppendString(text);
      return true;
    }
    case Op::kFixed:
      if (in->end - in->at < step.number) return false;
      out.AppendString(reinterpret_cast<const char*>(in->at), static_cast<size_t>(step.number));
      in->at += step.number;
      return true;
    case Op::kRecord:
      return ReadRecord(step, in);
    case Op::kUnion: {
      int64_t branch;
      if (!ReadAvroLong(&in->at, in->end, &branch) || branch < 0 || branch >= step.count) return false;
      return Read(decoder_->steps_[step.begin + branch], in);
    }
    case Op::kArray:
      return ReadArray(step, in);
    case Op::kMap:
      return ReadMap(step, in);
    case Op::kMember:
      return ReadMember(step, in);
    case Op::kSkip:
      return Skip(*step.skipped, 0, in);
    case Op::kDefault:
      return ReadDefault(step);
    case Op::kMillis:
    case Op::kTimeMicros:
      return ReadMillis(step, in);
    case Op::kEnum:
      return ReadEnum(step, in);
    case Op::kNumber:
      return ReadNumber(step, in);
    case Op::kDecimal:
    case Op::kFixedDecimal:
    case Op::kLongDecimal:
      return ReadDecimal(step, in);
  }
  return false;
}

bool AvroColumn::ReadNumber(const AvroStep& step, Input* in) {
  double value;
  if (step.source == AvroKind::kFloat) {
    float narrow;
    if (!Floating(&in->at, in->end, &narrow)) return false;
    value = narrow;
  } else {
    int64_t whole;
    if (!Whole(step, &in->at, in->end, &whole)) return false;
    value = step.via_float ? static_cast<double>(static_cast<float>(whole)) : static_cast<double>(whole);
  }
  if (step.number) {
    slots_[step.slot]->Append(value);
  } else {
    slots_[step.slot]->Append(static_cast<float>(value));
  }
  return true;
}

bool AvroColumn::ReadMillis(const AvroStep& step, Input* in) {
  int64_t value;
  if (!Whole(step, &in->at, in->end, &value)) return false;
  if (step.op == Op::kTimeMicros && (value < 0 || value >= kMicrosOfDay)) return false;
  // Milliseconds to microseconds, or those of a time to nanoseconds.
  if (__builtin_mul_overflow(value, int64_t{1000}, &value)) return false;
  if (step.checked && value < kFirstGregorianMicros) return false;
  slots_[step.slot]->Append(value);
  return true;
}

bool AvroColumn::ReadDecimal(const AvroStep& step, Input* in) {
  Int128 unscaled;
  if (step.op == Op::kLongDecimal) {
    int64_t value;
    if (!Whole(step, &in->at, in->end, &value)) return false;
    unscaled = value;
    Int128 limit = TenTo(step.number);
    if (unscaled >= limit || unscaled <= -limit) return false;
  } else {
    std::string_view bytes;
    if (step.op == Op::kDecimal) {
      if (!ReadText(in, &bytes)) return false;
    } else {
      if (in->end - in->at < step.count) return false;
      bytes = {reinterpret_cast<const char*>(in->at), step.count};
      in->at += step.count;
    }
    if (!UnscaledOf(bytes, step.number, &unscaled)) return false;
  }
  slots_[step.slot]->Append(unscaled);
  return true;
}

bool AvroColumn::ReadEnum(const AvroStep& step, Input* in) {
  const std::vector<std::string>& symbols = decoder_->symbols_[static_cast<size_t>(step.number)];
  int32_t symbol;
  if (!ReadAvroInt(&in->at, in->end, &symbol) || symbol < 0 || symbol >= static_cast<int32_t>(symbols.size()))
    return false;
  if (symbols[symbol] == "!") return false;
  slots_[step.slot]->AppendString(symbols[symbol]);
  return true;
}

bool AvroColumn::ReadRecord(const AvroStep& step, Input* in) {
  const AvroStep* field = decoder_->steps_.data() + step.begin;
  for (const AvroStep* end = field + step.count; field != end; ++field) {
    if (!Read(*field, in)) return false;
  }
  slots_[step.slot]->EndStruct();
  return true;
}

/// The items of the next block; 0 at the end.
bool AvroColumn::ReadCount(Input* in, int64_t* count) {
  if (!ReadAvroLong(&in->at, in->end, count)) return false;
  if (*count >= 0) return true;
  int64_t bytes;
  if (!ReadAvroLong(&in->at, in->end, &bytes)) return false;
  // The number that has no positive counterpart ends the items in Java.
  *count = *count == std::numeric_limits<int64_t>::min() ? 0 : -*count;
  return true;
}

bool AvroColumn::ReadArray(const AvroStep& step, Input* in) {
  const AvroStep& item = decoder_->steps_[step.begin];
  while (true) {
    int64_t count;
    if (!ReadCount(in, &count)) return false;
    if (count == 0) break;
    if (step.checked) {
      if (count > kMostEmptyItems - empty_items_) return false;
      empty_items_ += count;
    } else if (count > in->end - in->at) {
      return false;
    }
    for (int64_t i = 0; i < count; ++i) {
      if (!Read(item, in)) return false;
    }
  }
  slots_[step.slot]->EndList();
  return true;
}

/// Appends the map's entries to `entries_`, each key once, with its last value.
bool AvroColumn::FindEntries(const AvroStep& step, Input* in) {
  size_t first = entries_.size();
  int64_t capacity = -1;
  std::unordered_map<std::string_view, size_t> places;
  while (true) {
    int64_t count;
    if (!ReadCount(in, &count)) return false;
    if (capacity < 0) capacity = count;
    if (count == 0) break;
    if (count > in->end - in->at) return false;
    for (int64_t i = 0; i < count; ++i) {
      Entry entry{};
      if (!ReadText(in, &entry.key)) return false;
      entry.value = in->at;
      if (!Skip(*step.skipped, 0, in)) return false;
      size_t place = entries_.size();
      if (place - first < kFewEntries) {
        place = first;
        while (place < entries_.size() && entries_[place].key != entry.key) ++place;
      } else {
        for (size_t at = first + places.size(); at < entries_.size(); ++at) places.emplace(entries_[at].key, at);
        auto known = places.find(entry.key);
        if (known != places.end()) place = known->second;
      }
      if (place == entries_.size()) {
        entries_.push_back(entry);
      } else {
        entries_[place].value = entry.value;
      }
    }
  }
  int64_t& buckets = map_buckets_[step.slot];
  buckets = JavaBuckets(capacity, buckets, static_cast<int64_t>(entries_.size() - first));
  for (size_t i = first; i < entries_.size(); ++i) {
    entries_[i].bucket = JavaBucket(AvroTextHash(entries_[i].key), buckets);
  }
  std::stable_sort(entries_.begin() + static_cast<ptrdiff_t>(first), entries_.end(),
                   [](const Entry& a, const Entry& b) { return a.bucket < b.bucket; });
  return true;
}

bool AvroColumn::ReadMap(const AvroStep& step, Input* in) {
  size_t first = entries_.size();
  if (!FindEntries(step, in)) return false;
  size_t end = entries_.size();
  for (size_t i = first; i < end; ++i) {
    slots_[step.slot + 1]->AppendString(entries_[i].key);
    Input value{entries_[i].value, in->end};
    if (!Read(decoder_->steps_[step.begin], &value)) return false;
  }
  entries_.resize(first);
  slots_[step.slot]->EndList();
  return true;
}

bool AvroColumn::ReadMember(const AvroStep& step, Input* in) {
  ColumnBuilder& out = *slots_[step.slot];
  if (!Read(decoder_->steps_[step.begin], in)) return false;
  for (int i = 0; i < static_cast<int>(out.children().size()); ++i) {
    if (i != step.number) out.child(i).AppendNull();
  }
  out.EndStruct();
  return true;
}

bool AvroColumn::ReadDefault(const AvroStep& step) {
  const std::string& bytes = decoder_->defaults_[static_cast<size_t>(step.number)];
  Input in{reinterpret_cast<const uint8_t*>(bytes.data()),
           reinterpret_cast<const uint8_t*>(bytes.data()) + bytes.size()};
  return Read(decoder_->steps_[step.begin], &in);
}

bool AvroColumn::Skip(const AvroSchema& schema, int depth, Input* in) {
  if (depth > kMaxSkipDepth || --skips_left_ < 0) return false;
  int64_t size = 0;
  switch (schema.kind) {
    case AvroKind::kNull:
      return true;
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum:
      return ReadAvroLong(&in->at, in->end, &size);
    case AvroKind::kBytes:
    case AvroKind::kString:
      if (!ReadAvroLong(&in->at, in->end, &size)) return false;
      break;
    case AvroKind::kBoolean:
      size = 1;
      break;
    case AvroKind::kFloat:
      size = sizeof(float);
      break;
    case AvroKind::kDouble:
      size = sizeof(double);
      break;
    case AvroKind::kFixed:
      size = schema.size;
      break;
    case AvroKind::kArray:
    case AvroKind::kMap:
      return SkipItems(schema, depth, in);
    case AvroKind::kUnion: {
      int64_t branch;
      if (!ReadAvroLong(&in->at, in->end, &branch) || branch < 0) return false;
      return branch < static_cast<int64_t>(schema.children.size()) && Skip(*schema.children[branch], depth + 1, in);
    }
    case AvroKind::kRecord:
      return std::all_of(schema.fields.begin(), schema.fields.end(),
                         [&](const AvroField& field) { return Skip(*field.schema, depth + 1, in); });
  }
  if (size < 0 || size > in->end - in->at) return false;
  in->at += size;
  return true;
}

bool AvroColumn::SkipItems(const AvroSchema& schema, int depth, Input* in) {
  bool map = schema.Is(AvroKind::kMap);
  while (true) {
    int64_t count;
    if (!ReadAvroLong(&in->at, in->end, &count)) return false;
    if (count == 0) return true;
    if (count < 0) {
      int64_t bytes;
      if (!ReadAvroLong(&in->at, in->end, &bytes) || bytes < 0 || bytes > in->end - in->at) return false;
      in->at += bytes;
      continue;
    }
    if (!map && IsEmpty(*schema.child())) continue;
    if (count > in->end - in->at) return false;
    for (int64_t i = 0; i < count; ++i) {
      std::string_view key;
      if (map && !ReadText(in, &key)) return false;
      if (!Skip(*schema.child(), depth + 1, in)) return false;
    }
  }
}

}  // namespace sluice::formats
