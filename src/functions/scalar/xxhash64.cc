// xxHash64 of columns.
#include "functions/scalar/xxhash64.h"

#include <arrow/array/array_nested.h>
#include <xxhash.h>

#include <bit>
#include <limits>

#include "base/error.h"
#include "functions/columns.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using types::TypeId;
using types::TypePtr;

namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87, kPrime2 = 0xC2B2AE3D27D4EB4F, kPrime3 = 0x165667B19E3779F9,
                   kPrime4 = 0x85EBCA77C2B2AE63, kPrime5 = 0x27D4EB2F165667C5;

uint64_t Finish(uint64_t hash) {
  hash ^= hash >> 33;
  hash *= kPrime2;
  hash ^= hash >> 29;
  hash *= kPrime3;
  return hash ^ (hash >> 32);
}

uint64_t HashInt(int32_t value, uint64_t seed) {
  uint64_t hash = seed + kPrime5 + 4;
  hash ^= static_cast<uint64_t>(static_cast<uint32_t>(value)) * kPrime1;
  hash = std::rotl(hash, 23) * kPrime2 + kPrime3;
  return Finish(hash);
}

uint64_t HashLong(int64_t value, uint64_t seed) {
  uint64_t hash = seed + kPrime5 + 8;
  hash ^= std::rotl(static_cast<uint64_t>(value) * kPrime2, 31) * kPrime1;
  hash = std::rotl(hash, 27) * kPrime1 + kPrime4;
  return Finish(hash);
}

uint64_t HashBytes(std::string_view bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

/// The minimal two's complement big-endian bytes of a decimal (BigInteger.toByteArray).
uint64_t HashBigDecimal(Int128 value, uint64_t seed) {
  char bytes[16];
  for (int i = 0; i < 16; ++i) bytes[i] = static_cast<char>(value >> (8 * (15 - i)));
  int start = 0;
  while (start < 15 && ((bytes[start] == 0 && bytes[start + 1] >= 0) || (bytes[start] == -1 && bytes[start + 1] < 0))) {
    ++start;
  }
  return HashBytes(std::string_view(bytes + start, 16 - start), seed);
}

template <typename T>
uint64_t HashValue(T value, uint64_t seed) {
  if constexpr (std::is_same_v<T, bool>) {
    return HashInt(value ? 1 : 0, seed);
  } else if constexpr (std::is_same_v<T, float>) {
    if (value != value) value = std::numeric_limits<float>::quiet_NaN();
    return HashInt(value == 0 ? 0 : std::bit_cast<int32_t>(value), seed);
  } else if constexpr (std::is_same_v<T, double>) {
    if (value != value) value = std::numeric_limits<double>::quiet_NaN();
    return HashLong(value == 0 ? 0 : std::bit_cast<int64_t>(value), seed);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return HashBytes(value, seed);
  } else if constexpr (sizeof(T) == 8) {
    return HashLong(value, seed);
  } else {
    return HashInt(value, seed);
  }
}

void HashDecimals(int precision, const std::shared_ptr<arrow::Array>& values, int64_t* hashes) {
  Column<Int128> column(values);
  for (int64_t row = 0; row < values->length(); ++row) {
    if (!column.valid(row)) continue;
    auto seed = static_cast<uint64_t>(hashes[row]);
    hashes[row] = static_cast<int64_t>(precision <= 18 ? HashLong(static_cast<int64_t>(column[row]), seed)
                                                       : HashBigDecimal(column[row], seed));
  }
}

void HashLists(const TypePtr& element, const std::shared_ptr<arrow::Array>& values, int64_t* hashes) {
  Column<Range> lists(values);
  auto child = arrow::MakeArray(values->data()->child_data[0]);
  // Elements are chained, each the seed of the next, so a list is hashed element by element.
  for (int64_t row = 0; row < values->length(); ++row) {
    if (!lists.valid(row)) continue;
    Range range = lists[row];
    for (int64_t i = range.begin; i < range.end; ++i) XxHash64(element, child->Slice(i, 1), hashes + row);
  }
}

}  // namespace

void XxHash64(const TypePtr& type, const std::shared_ptr<arrow::Array>& values, int64_t* hashes) {
  switch (type->id()) {
    case TypeId::kNull:
      return;
    case TypeId::kUdt:
      return XxHash64(type->sql_type(), values, hashes);
    case TypeId::kDecimal:
      return HashDecimals(type->precision(), values, hashes);
    case TypeId::kArray:
      return HashLists(type->element(), values, hashes);
    case TypeId::kStruct: {
      const auto& structs = static_cast<const arrow::StructArray&>(*values);
      for (size_t i = 0; i < type->fields().size(); ++i) {
        auto field = structs.GetFlattenedField(static_cast<int>(i));
        if (field.ok()) XxHash64(type->fields()[i].type, *field, hashes);
      }
      return;
    }
    case TypeId::kCalendarInterval: {
      Column<CalendarValue> column(values);
      for (int64_t row = 0; row < values->length(); ++row) {
        if (!column.valid(row)) continue;
        CalendarValue v = column[row];
        auto seed = static_cast<uint64_t>(hashes[row]);
        hashes[row] = static_cast<int64_t>(HashInt(v.months, HashInt(v.days, HashLong(v.nanos / 1000, seed))));
      }
      return;
    }
    case TypeId::kMap:
    case TypeId::kVariant:
      throw base::Error::Unsupported("Hashing values of type " + type->Sql());
    default:
      WithPrimitive(*type, [&](auto tag) {
        using T = typename decltype(tag)::type;
        Column<T> column(values);
        for (int64_t row = 0; row < values->length(); ++row) {
          if (column.valid(row)) {
            hashes[row] = static_cast<int64_t>(HashValue<T>(column[row], static_cast<uint64_t>(hashes[row])));
          }
        }
      });
  }
}

}  // namespace sluice::functions
