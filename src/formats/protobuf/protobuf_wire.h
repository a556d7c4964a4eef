// Tags and values of protobuf's wire format.
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::formats {

enum ProtobufWire : uint32_t {
  kWireVarint = 0,
  kWire64 = 1,
  kWireBytes = 2,
  kWireGroup = 3,
  kWireEndGroup = 4,
  kWire32 = 5
};

struct ProtobufInput {
  const uint8_t* at;
  const uint8_t* end;
};

/// A value as it lies in the bytes: the bits of a number, or the place of a text, a message or a group's content.
struct ProtobufRaw {
  uint64_t bits = 0;
  const uint8_t* at = nullptr;
  size_t size = 0;
  std::string_view text() const { return {reinterpret_cast<const char*>(at), size}; }
};

inline bool ReadProtobufVarint(ProtobufInput* in, uint64_t* out) {
  if (in->at != in->end && *in->at < 0x80) {
    *out = *in->at++;
    return true;
  }
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (in->at == in->end) return false;
    uint8_t byte = *in->at++;
    value |= static_cast<uint64_t>(byte & 0x7f) << (shift & 63);
    if (byte < 0x80) {
      *out = value;
      return true;
    }
  }
  return false;
}

/// Field number and wire type; false for what is no tag.
inline bool ReadProtobufTag(ProtobufInput* in, uint32_t* number, uint32_t* wire) {
  uint64_t tag;
  if (!ReadProtobufVarint(in, &tag)) return false;
  *number = static_cast<uint32_t>(tag) >> 3;
  *wire = tag & 7;
  return *number != 0 && *wire <= kWire32;
}

/// Of a group what lies before its end.
bool ReadProtobufGroup(uint32_t number, ProtobufInput* in, ProtobufRaw* out, int depth);

/// The value behind a tag.
inline bool ReadProtobufRaw(uint32_t number, uint32_t wire, ProtobufInput* in, ProtobufRaw* out, int depth = 0) {
  switch (wire) {
    case kWireVarint:
      return ReadProtobufVarint(in, &out->bits);
    case kWire64:
      if (in->end - in->at < 8) return false;
      std::memcpy(&out->bits, in->at, 8);
      in->at += 8;
      return true;
    case kWire32: {
      if (in->end - in->at < 4) return false;
      uint32_t bits;
      std::memcpy(&bits, in->at, 4);
      out->bits = bits;
      in->at += 4;
      return true;
    }
    case kWireBytes: {
      uint64_t size;
      if (!ReadProtobufVarint(in, &size) || size > static_cast<uint64_t>(in->end - in->at)) return false;
      out->at = in->at;
      out->size = static_cast<size_t>(size);
      in->at += size;
      return true;
    }
    case kWireGroup:
      return ReadProtobufGroup(number, in, out, depth);
    default:
      return false;
  }
}

inline void AppendProtobufVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    *out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out += static_cast<char>(value);
}

/// The wire type of a single value of the field; packed ones are kWireBytes.
inline uint32_t WireOf(const google::protobuf::FieldDescriptor& field) {
  using Field = google::protobuf::FieldDescriptor;
  switch (field.type()) {
    case Field::TYPE_DOUBLE:
    case Field::TYPE_FIXED64:
    case Field::TYPE_SFIXED64:
      return kWire64;
    case Field::TYPE_FLOAT:
    case Field::TYPE_FIXED32:
    case Field::TYPE_SFIXED32:
      return kWire32;
    case Field::TYPE_STRING:
    case Field::TYPE_BYTES:
    case Field::TYPE_MESSAGE:
      return kWireBytes;
    case Field::TYPE_GROUP:
      return kWireGroup;
    default:
      return kWireVarint;
  }
}

}  // namespace sluice::formats
