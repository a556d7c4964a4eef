// Arrow structs → protobuf messages.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/protobuf/protobuf_schema.h"

namespace sluice::formats {

/// One field to write.
struct ProtobufWriteStep {
  enum class Op : uint8_t {
    kBool,
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kUnsignedLong,
    kFloat,
    kDouble,
    kText,
    kEnumName,
    kMicros,
    kMessage
  };
  Op op = Op::kInt32;
  uint32_t number = 0;
  uint32_t wire = 0;
  bool zigzag = false;
  bool unsigned32 = false;     ///< a negative number keeps to 32 bits
  bool wraps_seconds = false;  ///< of durations: seconds and nanoseconds of one sign
  bool presence = false;       ///< zeros are written
  bool required = false;
  bool repeated = false, packed = false, map = false;
  bool wrapper = false;  ///< the value goes into a message of one field, number 1
  int column = 0;
  std::string default_bytes;   ///< of a required field: what a null is written as
  std::string sql_path, path;  ///< for messages
  std::map<std::string, int32_t, std::less<>> enum_numbers;
  std::vector<ProtobufWriteStep> fields;  ///< of kMessage in the order of their numbers; of maps key and value
};

/// A struct type compiled for a message type. Immutable.
class ProtobufEncoder {
 public:
  /// Throws UNABLE_TO_CONVERT_TO_PROTOBUF_MESSAGE_TYPE with the reason as its cause.
  ProtobufEncoder(const types::TypePtr& type, ProtobufMessageTypePtr message, bool case_sensitive);

  /// Appends the message of one row, which is not null, of an array of the type. Throws for values that don't fit.
  void Append(const arrow::ArrayData& data, int64_t row, std::string* out) const;

 private:
  ProtobufMessageTypePtr message_;
  std::vector<ProtobufWriteStep> fields_;
};
using ProtobufEncoderPtr = std::shared_ptr<const ProtobufEncoder>;

}  // namespace sluice::formats
