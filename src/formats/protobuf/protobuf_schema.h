// Protobuf descriptors: which Spark type a message is read as.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "types/data_type.h"

namespace google::protobuf {
class Descriptor;
class DescriptorPool;
class FieldDescriptor;
}  // namespace google::protobuf

namespace sluice::formats {

struct ProtobufOptions {
  int max_recursion = -1;  ///< how often a message may contain itself; the rest is dropped; < 1: an error
  bool emit_defaults = false;
  bool enums_as_ints = false;
  bool unwrap_wrappers = false;
  bool any_as_json = false;
  bool upcast_unsigned = false;
  bool retain_empty = false;
};

/// A message's descriptor with the descriptors that it refers to. Immutable.
class ProtobufMessageType {
 public:
  /// `descriptor_set` is a serialized FileDescriptorSet, as `protoc --include_imports --descriptor_set_out` writes it;
  /// `name` the short or full name of a message at the top of one of its files. Throws
  /// CANNOT_PARSE_PROTOBUF_DESCRIPTOR, PROTOBUF_DEPENDENCY_NOT_FOUND or PROTOBUF_MESSAGE_NOT_FOUND.
  ProtobufMessageType(std::string_view descriptor_set, const std::string& name);
  ~ProtobufMessageType();

  const google::protobuf::Descriptor& descriptor() const { return *descriptor_; }
  const google::protobuf::DescriptorPool& pool() const { return *pool_; }

 private:
  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  const google::protobuf::Descriptor* descriptor_ = nullptr;
};
using ProtobufMessageTypePtr = std::shared_ptr<const ProtobufMessageType>;

/// What becomes of a field's value.
enum class ProtobufShape { kPlain, kMessage, kMap, kTimestamp, kDuration, kWrapper, kAnyJson };

/// A field beside its Spark type. Fields that are nested too deeply are left out.
struct ProtobufTyped {
  const google::protobuf::FieldDescriptor* field = nullptr;
  ProtobufShape shape = ProtobufShape::kPlain;
  types::TypePtr type;                ///< of the column: an array for repeated fields
  types::TypePtr single;              ///< of one value
  std::vector<ProtobufTyped> fields;  ///< of kMessage its fields, of kMap key and value
};

struct ProtobufRecord {
  types::TypePtr type;
  std::vector<ProtobufTyped> fields;
};

/// Throws RECURSIVE_PROTOBUF_SCHEMA.
ProtobufRecord ToSparkType(const google::protobuf::Descriptor& message, const ProtobufOptions& options);

/// Whether a field holds one of the well-known messages that Spark has a type for.
bool IsProtobufTimestamp(const google::protobuf::FieldDescriptor& field);
bool IsProtobufDuration(const google::protobuf::FieldDescriptor& field);
/// google.protobuf.Int32Value and the like: a message of one plain field.
bool IsProtobufWrapper(const google::protobuf::FieldDescriptor& field);

}  // namespace sluice::formats
