// Reading descriptor sets, and the Spark types of their messages.
#include "formats/protobuf/protobuf_schema.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <optional>

#include "base/error.h"

namespace sluice::formats {

namespace pb = google::protobuf;
using base::Error;
using base::ErrorKind;
using Field = pb::FieldDescriptor;

namespace {

constexpr int kMostRecursion = 10;
// A descriptor of a few lines can ask for a type of any size by naming messages again and again.
constexpr int kMostFields = 100000;

class SilentErrors : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string&, const std::string&, const pb::Message*, ErrorLocation,
                const std::string&) override {}
};

/// Builds files after those that they import.
class PoolBuilder {
 public:
  PoolBuilder(const pb::FileDescriptorSet& set, pb::DescriptorPool* pool) : pool_(*pool) {
    for (const pb::FileDescriptorProto& file : set.file()) files_.emplace(file.name(), &file);
  }

  const pb::FileDescriptor* Build(const std::string& name) {
    if (const pb::FileDescriptor* built = pool_.FindFileByName(name)) return built;
    auto found = files_.find(name);
    if (found == files_.end()) {
      throw Error(ErrorKind::kAnalysis, "PROTOBUF_DEPENDENCY_NOT_FOUND", {{"dependencyName", name}});
    }
    const pb::FileDescriptorProto* file = found->second;
    files_.erase(found);  // a file that imports itself is then not found
    for (const std::string& import : file->dependency()) Build(import);
    SilentErrors errors;
    const pb::FileDescriptor* built = pool_.BuildFileCollectingErrors(*file, &errors);
    if (!built) throw Error(ErrorKind::kAnalysis, "CANNOT_PARSE_PROTOBUF_DESCRIPTOR");
    return built;
  }

 private:
  pb::DescriptorPool& pool_;
  std::map<std::string, const pb::FileDescriptorProto*> files_;
};

/// A message called so with the fields seconds and nanos.
bool IsSecondsAndNanos(const Field& field, const char* name) {
  if (field.cpp_type() != Field::CPPTYPE_MESSAGE) return false;
  const pb::Descriptor& message = *field.message_type();
  return message.name() == name && message.field_count() == 2 && message.field(0)->name() == "seconds" &&
         message.field(1)->name() == "nanos" && message.field(0)->cpp_type() == Field::CPPTYPE_INT64 &&
         message.field(1)->cpp_type() == Field::CPPTYPE_INT32 && !message.field(0)->is_repeated() &&
         !message.field(1)->is_repeated();
}

class TypeBuilder {
 public:
  explicit TypeBuilder(const ProtobufOptions& options) : options_(options) {}

  ProtobufRecord Top(const pb::Descriptor& message) {
    depths_[&message] = 1;
    ProtobufRecord out;
    out.type = Fields(message, &out.fields);
    return out;
  }

 private:
  types::TypePtr Fields(const pb::Descriptor& message, std::vector<ProtobufTyped>* out) {
    std::vector<types::StructField> fields;
    for (int i = 0; i < message.field_count(); ++i) {
      auto typed = OfField(*message.field(i));
      if (!typed) continue;
      fields.push_back({message.field(i)->name(), typed->type, !message.field(i)->is_required()});
      out->push_back(std::move(*typed));
    }
    if (fields.empty() && options_.retain_empty) fields.push_back({"__dummy_field_in_empty_struct", types::String()});
    return types::Struct(std::move(fields));
  }

  types::TypePtr Plain(const Field& field) const {
    switch (field.cpp_type()) {
      case Field::CPPTYPE_INT32:
        return types::Integer();
      case Field::CPPTYPE_UINT32:
        return field.type() == Field::TYPE_UINT32 && options_.upcast_unsigned ? types::Long() : types::Integer();
      case Field::CPPTYPE_UINT64:
        return field.type() == Field::TYPE_UINT64 && options_.upcast_unsigned ? types::Decimal(20, 0) : types::Long();
      case Field::CPPTYPE_INT64:
        return types::Long();
      case Field::CPPTYPE_FLOAT:
        return types::Float();
      case Field::CPPTYPE_DOUBLE:
        return types::Double();
      case Field::CPPTYPE_BOOL:
        return types::Boolean();
      case Field::CPPTYPE_ENUM:
        return options_.enums_as_ints ? types::Integer() : types::String();
      default:
        return field.type() == Field::TYPE_BYTES ? types::Binary() : types::String();
    }
  }

  /// Nothing for a field that is dropped.
  std::optional<ProtobufTyped> OfField(const Field& field) {
    if (++count_ > kMostFields) throw Error::Plain(ErrorKind::kAnalysis, "The Protobuf message has too many fields");
    ProtobufTyped out;
    out.field = &field;
    if (field.cpp_type() != Field::CPPTYPE_MESSAGE) {
      out.single = Plain(field);
    } else if (!OfMessage(field, &out)) {
      return std::nullopt;
    }
    bool list = field.is_repeated() && out.shape != ProtobufShape::kMap;
    out.type = list ? types::Array(out.single, false) : out.single;
    return out;
  }

  bool OfMessage(const Field& field, ProtobufTyped* out) {
    if (IsProtobufDuration(field)) {
      out->shape = ProtobufShape::kDuration;
      out->single = types::DayTimeInterval();
    } else if (IsProtobufTimestamp(field)) {
      out->shape = ProtobufShape::kTimestamp;
      out->single = types::Timestamp();
    } else if (options_.any_as_json && field.message_type()->full_name() == "google.protobuf.Any") {
      out->shape = ProtobufShape::kAnyJson;
      out->single = types::String();
    } else if (options_.unwrap_wrappers && IsProtobufWrapper(field)) {
      out->shape = ProtobufShape::kWrapper;
      out->single = Plain(*field.message_type()->field(0));
    } else if (field.is_map()) {
      return OfMap(field, out);
    } else {
      return OfNested(field, out);
    }
    return true;
  }

  bool OfMap(const Field& field, ProtobufTyped* out) {
    auto key = OfField(*field.message_type()->map_key());
    auto value = OfField(*field.message_type()->map_value());
    if (!key || !value) return false;
    out->shape = ProtobufShape::kMap;
    out->single = types::Map(key->type, value->type, false);
    out->fields.push_back(std::move(*key));
    out->fields.push_back(std::move(*value));
    return true;
  }

  bool OfNested(const Field& field, ProtobufTyped* out) {
    const pb::Descriptor& message = *field.message_type();
    auto known = depths_.find(&message);
    int depth = known == depths_.end() ? 0 : known->second;
    if (depth > 0 && (options_.max_recursion <= 0 || options_.max_recursion > kMostRecursion)) {
      throw Error(ErrorKind::kAnalysis, "RECURSIVE_PROTOBUF_SCHEMA", {{"fieldDescriptor", field.full_name()}});
    }
    if (depth > 0 && depth >= options_.max_recursion) return false;
    depths_[&message] = depth + 1;
    out->shape = ProtobufShape::kMessage;
    out->single = Fields(message, &out->fields);
    if (depth == 0) {
      depths_.erase(&message);
    } else {
      depths_[&message] = depth;
    }
    return !out->single->fields().empty();
  }

  const ProtobufOptions& options_;
  std::map<const pb::Descriptor*, int> depths_;
  int count_ = 0;
};

}  // namespace

ProtobufMessageType::ProtobufMessageType(std::string_view descriptor_set, const std::string& name)
    : pool_(std::make_unique<pb::DescriptorPool>()) {
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
    throw Error(ErrorKind::kAnalysis, "CANNOT_PARSE_PROTOBUF_DESCRIPTOR");
  }
  PoolBuilder builder(set, pool_.get());
  for (const pb::FileDescriptorProto& file : set.file()) {
    const pb::FileDescriptor* built = builder.Build(file.name());
    for (int i = 0; i < built->message_type_count() && !descriptor_; ++i) {
      const pb::Descriptor* message = built->message_type(i);
      if (message->name() == name || message->full_name() == name) descriptor_ = message;
    }
  }
  if (!descriptor_) throw Error(ErrorKind::kAnalysis, "PROTOBUF_MESSAGE_NOT_FOUND", {{"messageName", name}});
}

ProtobufMessageType::~ProtobufMessageType() = default;

ProtobufRecord ToSparkType(const pb::Descriptor& message, const ProtobufOptions& options) {
  return TypeBuilder(options).Top(message);
}

bool IsProtobufTimestamp(const Field& field) { return IsSecondsAndNanos(field, "Timestamp"); }
bool IsProtobufDuration(const Field& field) { return IsSecondsAndNanos(field, "Duration"); }

bool IsProtobufWrapper(const Field& field) {
  static constexpr std::string_view kWrappers[] = {"BoolValue",   "Int32Value",  "UInt32Value",
                                                   "Int64Value",  "UInt64Value", "FloatValue",
                                                   "DoubleValue", "StringValue", "BytesValue"};
  if (field.cpp_type() != Field::CPPTYPE_MESSAGE) return false;
  const pb::Descriptor& message = *field.message_type();
  if (message.file()->package() != "google.protobuf" || message.field_count() != 1) return false;
  const Field& value = *message.field(0);
  if (value.cpp_type() == Field::CPPTYPE_MESSAGE || value.cpp_type() == Field::CPPTYPE_ENUM || value.is_repeated())
    return false;
  for (std::string_view name : kWrappers) {
    if (message.name() == name) return true;
  }
  return false;
}

}  // namespace sluice::formats
