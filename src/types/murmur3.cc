// Murmur3 x86 32 with Spark's treatment of tails, types and nulls (HashExpression).
#include "types/murmur3.h"

#include <arrow/array.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"

namespace sluice::types {
namespace {

uint32_t MixK1(uint32_t k) { return std::rotl(k * 0xcc9e2d51u, 15) * 0x1b873593u; }
uint32_t MixH1(uint32_t h, uint32_t k) { return std::rotl(h ^ k, 13) * 5 + 0xe6546b64u; }
int32_t Finish(uint32_t h, uint32_t length) {
  h ^= length;
  h ^= h >> 16;
  h *= 0x85ebca6bu;
  h ^= h >> 13;
  h *= 0xc2b2ae35u;
  h ^= h >> 16;
  return static_cast<int32_t>(h);
}

int32_t HashDouble(double value, int32_t seed) {
  if (value == 0) return Murmur3Long(0, seed);
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  return Murmur3Long(std::bit_cast<int64_t>(value), seed);
}

int32_t HashFloat(float value, int32_t seed) {
  if (value == 0) return Murmur3Int(0, seed);
  if (std::isnan(value)) value = std::numeric_limits<float>::quiet_NaN();
  return Murmur3Int(std::bit_cast<int32_t>(value), seed);
}

// As BigInteger.toByteArray: the shortest big-endian two's complement.
int32_t HashWideDecimal(const uint8_t* little_endian, int32_t seed) {
  uint8_t bytes[16];
  for (int i = 0; i < 16; ++i) bytes[i] = little_endian[15 - i];
  int start = 0;
  while (start < 15 &&
         ((bytes[start] == 0 && !(bytes[start + 1] & 0x80)) || (bytes[start] == 0xff && (bytes[start + 1] & 0x80)))) {
    ++start;
  }
  return Murmur3Bytes(bytes + start, 16 - start, seed);
}

// The hash of row i on top of `seed`; the row is not null.
int32_t HashValue(const arrow::Array& column, int64_t i, int32_t seed);

int32_t Fold(const arrow::Array& column, int64_t i, int32_t seed) {
  return column.IsNull(i) ? seed : HashValue(column, i, seed);
}

template <typename ArrayType, typename Hash>
void EachRow(const arrow::Array& column, int32_t* hashes, Hash&& hash) {
  const auto& typed = static_cast<const ArrayType&>(column);
  if (column.null_count() == 0) {
    for (int64_t i = 0; i < column.length(); ++i) hashes[i] = hash(typed, i, hashes[i]);
    return;
  }
  for (int64_t i = 0; i < column.length(); ++i) {
    if (!column.IsNull(i)) hashes[i] = hash(typed, i, hashes[i]);
  }
}

// Calls body(hash function) with the array class's hash of one row.
template <typename Body>
void WithHash(const arrow::Array& column, Body&& body) {
  auto as_int = [](const auto& a, int64_t i, int32_t seed) {
    return Murmur3Int(static_cast<int32_t>(a.Value(i)), seed);
  };
  auto as_long = [](const auto& a, int64_t i, int32_t seed) { return Murmur3Long(a.Value(i), seed); };
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      return body(static_cast<const arrow::BooleanArray*>(nullptr), as_int);
    case arrow::Type::INT8:
      return body(static_cast<const arrow::Int8Array*>(nullptr), as_int);
    case arrow::Type::INT16:
      return body(static_cast<const arrow::Int16Array*>(nullptr), as_int);
    case arrow::Type::INT32:
      return body(static_cast<const arrow::Int32Array*>(nullptr), as_int);
    case arrow::Type::DATE32:
      return body(static_cast<const arrow::Date32Array*>(nullptr), as_int);
    case arrow::Type::INT64:
      return body(static_cast<const arrow::Int64Array*>(nullptr), as_long);
    case arrow::Type::TIMESTAMP:
      return body(static_cast<const arrow::TimestampArray*>(nullptr), as_long);
    case arrow::Type::DURATION:
      return body(static_cast<const arrow::DurationArray*>(nullptr), as_long);
    case arrow::Type::TIME64:
      return body(static_cast<const arrow::Time64Array*>(nullptr), as_long);
    case arrow::Type::FLOAT:
      return body(static_cast<const arrow::FloatArray*>(nullptr),
                  [](const auto& a, int64_t i, int32_t seed) { return HashFloat(a.Value(i), seed); });
    case arrow::Type::DOUBLE:
      return body(static_cast<const arrow::DoubleArray*>(nullptr),
                  [](const auto& a, int64_t i, int32_t seed) { return HashDouble(a.Value(i), seed); });
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return body(static_cast<const arrow::BinaryArray*>(nullptr), [](const auto& a, int64_t i, int32_t seed) {
        auto view = a.GetView(i);
        return Murmur3Bytes(reinterpret_cast<const uint8_t*>(view.data()), static_cast<int32_t>(view.size()), seed);
      });
    case arrow::Type::DECIMAL128: {
      bool narrow = static_cast<const arrow::Decimal128Type&>(*column.type()).precision() <= 18;
      return body(static_cast<const arrow::Decimal128Array*>(nullptr),
                  [narrow](const auto& a, int64_t i, int32_t seed) {
                    const uint8_t* bytes = a.GetValue(i);
                    if (!narrow) return HashWideDecimal(bytes, seed);
                    int64_t value;
                    std::memcpy(&value, bytes, sizeof(value));
                    return Murmur3Long(value, seed);
                  });
    }
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return body(
          static_cast<const arrow::MonthDayNanoIntervalArray*>(nullptr), [](const auto& a, int64_t i, int32_t seed) {
            auto value = a.GetValue(i);
            return Murmur3Int(value.months, Murmur3Int(value.days, Murmur3Long(value.nanoseconds / 1000, seed)));
          });
    case arrow::Type::STRUCT:
      return body(static_cast<const arrow::StructArray*>(nullptr), [](const auto& a, int64_t i, int32_t seed) {
        for (int f = 0; f < a.num_fields(); ++f) seed = Fold(*a.field(f), i, seed);
        return seed;
      });
    case arrow::Type::LIST:
      return body(static_cast<const arrow::ListArray*>(nullptr), [](const auto& a, int64_t i, int32_t seed) {
        for (int64_t k = a.value_offset(i); k < a.value_offset(i + 1); ++k) seed = Fold(*a.values(), k, seed);
        return seed;
      });
    case arrow::Type::MAP:
      return body(static_cast<const arrow::MapArray*>(nullptr), [](const auto& a, int64_t i, int32_t seed) {
        for (int64_t k = a.value_offset(i); k < a.value_offset(i + 1); ++k) {
          seed = Fold(*a.items(), k, Fold(*a.keys(), k, seed));
        }
        return seed;
      });
    case arrow::Type::NA:
      return;
    default:
      throw base::Error::Internal("no hash of " + column.type()->ToString());
  }
}

int32_t HashValue(const arrow::Array& column, int64_t i, int32_t seed) {
  int32_t result = seed;
  WithHash(column, [&](auto* array_class, auto hash) {
    using ArrayType = std::remove_pointer_t<decltype(array_class)>;
    result = hash(static_cast<const std::remove_const_t<ArrayType>&>(column), i, seed);
  });
  return result;
}

}  // namespace

int32_t Murmur3Int(int32_t value, int32_t seed) {
  return Finish(MixH1(static_cast<uint32_t>(seed), MixK1(static_cast<uint32_t>(value))), 4);
}

int32_t Murmur3Long(int64_t value, int32_t seed) {
  auto bits = static_cast<uint64_t>(value);
  uint32_t h = MixH1(static_cast<uint32_t>(seed), MixK1(static_cast<uint32_t>(bits)));
  h = MixH1(h, MixK1(static_cast<uint32_t>(bits >> 32)));
  return Finish(h, 8);
}

int32_t Murmur3Bytes(const uint8_t* data, int32_t size, int32_t seed) {
  auto h = static_cast<uint32_t>(seed);
  int32_t aligned = size - size % 4;
  for (int32_t i = 0; i < aligned; i += 4) {
    uint32_t word;
    std::memcpy(&word, data + i, 4);
    h = MixH1(h, MixK1(word));
  }
  for (int32_t i = aligned; i < size; ++i) {
    h = MixH1(h, MixK1(static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(data[i])))));
  }
  return Finish(h, static_cast<uint32_t>(size));
}

void Murmur3(const arrow::Array& column, int32_t* hashes) {
  WithHash(column, [&](auto* array_class, auto hash) {
    using ArrayType = std::remove_const_t<std::remove_pointer_t<decltype(array_class)>>;
    EachRow<ArrayType>(column, hashes, hash);
  });
}

}  // namespace sluice::types
