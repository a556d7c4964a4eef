// Kafka's binary forms: big-endian integers, lengths before strings, variable-length integers in records.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "connectors/kafka/record_view.h"

namespace sluice::connectors::kafka {

template <std::integral T>
T FromBigEndian(const char* bytes) {
  std::make_unsigned_t<T> value;
  std::memcpy(&value, bytes, sizeof(T));
  if constexpr (sizeof(T) == 2) value = __builtin_bswap16(value);
  if constexpr (sizeof(T) == 4) value = __builtin_bswap32(value);
  if constexpr (sizeof(T) == 8) value = __builtin_bswap64(value);
  return static_cast<T>(value);
}

/// Reads bytes that nobody has vouched for. Past the end everything is zero and `ok` is false.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  const char* at() const { return at_; }

  template <std::integral T>
  T Integer() {
    if (!Has(sizeof(T))) return 0;
    T value = FromBigEndian<T>(at_);
    at_ += sizeof(T);
    return value;
  }

  /// A zigzag-encoded integer of 10 bytes at most.
  int64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ == end_) break;
      auto byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << (shift & 63);
      if (byte < 0x80) return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
    }
    ok_ = false;
    return 0;
  }

  std::string_view Take(int64_t size) {
    if (size < 0 || !Has(static_cast<size_t>(size))) {
      ok_ = false;
      return {};
    }
    std::string_view out(at_, static_cast<size_t>(size));
    at_ += size;
    return out;
  }
  /// A string of the protocol; a null one is empty.
  std::string_view String() {
    auto size = Integer<int16_t>();
    return size < 0 ? std::string_view() : Take(size);
  }
  /// The bytes of a record's key or value, after their length; -1 is null.
  Bytes RecordBytes() {
    int64_t size = Varint();
    if (size == -1) return {};
    std::string_view bytes = Take(size);
    return {bytes.data() ? bytes.data() : "", static_cast<int32_t>(bytes.size())};
  }

 private:
  bool Has(size_t size) {
    if (left() >= size) return true;
    ok_ = false;
    at_ = end_;
    return false;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

class WireWriter {
 public:
  template <std::integral T>
  WireWriter& Integer(T value) {
    value = FromBigEndian<T>(reinterpret_cast<const char*>(&value));
    out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  WireWriter& String(std::string_view text) {
    Integer(static_cast<int16_t>(text.size()));
    out_ += text;
    return *this;
  }
  WireWriter& Varint(int64_t value) {
    uint64_t rest = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
    for (; rest >= 0x80; rest >>= 7) out_ += static_cast<char>(rest | 0x80);
    out_ += static_cast<char>(rest);
    return *this;
  }
  WireWriter& Raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  std::string Finish() { return std::move(out_); }
  /// With the size of all before it, as a request is sent.
  std::string FinishFrame() { return WireWriter().Integer(static_cast<int32_t>(out_.size())).Raw(out_).Finish(); }

 private:
  std::string out_;
};

}  // namespace sluice::connectors::kafka
