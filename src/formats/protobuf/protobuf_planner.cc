// Compiling message types into plans of fields.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <map>

#include "formats/protobuf/protobuf_decoder.h"

namespace sluice::formats {

namespace pb = google::protobuf;
using types::TypeId;
using Field = pb::FieldDescriptor;
using Op = ProtobufFieldPlan::Op;

namespace {

constexpr uint32_t kSmallNumbers = 256;

Op PlainOp(const Field& field, const types::DataType& type) {
  switch (field.type()) {
    case Field::TYPE_BOOL:
      return Op::kBool;
    case Field::TYPE_SINT32:
      return Op::kZigzagInt;
    case Field::TYPE_SINT64:
      return Op::kZigzagLong;
    case Field::TYPE_FLOAT:
      return Op::kFloat;
    case Field::TYPE_DOUBLE:
      return Op::kDouble;
    case Field::TYPE_STRING:
      return Op::kText;
    case Field::TYPE_BYTES:
      return Op::kBytes;
    case Field::TYPE_ENUM:
      return Op::kEnum;
    case Field::TYPE_INT64:
    case Field::TYPE_UINT64:
    case Field::TYPE_FIXED64:
    case Field::TYPE_SFIXED64:
      return type.Is(TypeId::kDecimal) ? Op::kUnsignedLong : Op::kLong;
    default:
      return type.Is(TypeId::kLong) ? Op::kUnsignedInt : Op::kInt;
  }
}

void SetDefault(const Field& field, ProtobufFieldPlan* out) {
  out->has_default = field.has_default_value();
  uint64_t bits = 0;
  switch (field.cpp_type()) {
    case Field::CPPTYPE_BOOL:
      bits = field.default_value_bool();
      break;
    case Field::CPPTYPE_INT32:
      bits = static_cast<uint32_t>(field.default_value_int32());
      break;
    case Field::CPPTYPE_UINT32:
      bits = field.default_value_uint32();
      break;
    case Field::CPPTYPE_INT64:
      bits = static_cast<uint64_t>(field.default_value_int64());
      break;
    case Field::CPPTYPE_UINT64:
      bits = field.default_value_uint64();
      break;
    case Field::CPPTYPE_ENUM:
      bits = static_cast<uint32_t>(field.default_value_enum()->number());
      break;
    case Field::CPPTYPE_FLOAT: {
      float value = field.default_value_float();
      std::memcpy(&bits, &value, sizeof(value));
      break;
    }
    case Field::CPPTYPE_DOUBLE: {
      double value = field.default_value_double();
      std::memcpy(&bits, &value, sizeof(value));
      break;
    }
    case Field::CPPTYPE_STRING:
      out->default_text = field.default_value_string();
      break;
    case Field::CPPTYPE_MESSAGE:
      break;
  }
  if (out->op == Op::kZigzagInt || out->op == Op::kZigzagLong) {
    bits = bits << 1 ^ static_cast<uint64_t>(-static_cast<int64_t>(bits >> 63));
  }
  out->default_value.bits = bits;
}

int Slots(const types::DataType& type) {
  int out = 1;
  if (type.Is(TypeId::kArray)) out += Slots(*type.element());
  if (type.Is(TypeId::kMap)) out += Slots(*type.key()) + Slots(*type.value());
  for (const types::StructField& field : type.Is(TypeId::kStruct) ? type.fields() : std::vector<types::StructField>()) {
    out += Slots(*field.type);
  }
  return out;
}

}  // namespace

class ProtobufPlanner {
 public:
  explicit ProtobufPlanner(ProtobufDecoder* out) : out_(*out) {}

  /// The plan of a message that fills the struct at `slot`.
  int Message(const pb::Descriptor& message, const std::vector<ProtobufTyped>& typed, int slot) {
    auto index = static_cast<int>(out_.plans_.size());
    out_.plans_.emplace_back();
    ProtobufMessagePlan plan;
    plan.by_small_number.assign(1, -1);
    int next = slot + 1;
    for (const ProtobufTyped& field : typed) {
      Add(OfField(field, next), &plan);
      next += Slots(*field.type);
    }
    plan.dummy = typed.empty() && out_.options_.retain_empty;
    for (int i = 0; i < message.field_count(); ++i) {
      const Field& field = *message.field(i);
      if (plan.Find(static_cast<uint32_t>(field.number())) < 0) Add(Ignored(field), &plan);
    }
    SetRivals(message, &plan);
    out_.plans_[index] = std::move(plan);
    return index;
  }

 private:
  static void Add(ProtobufFieldPlan field, ProtobufMessagePlan* plan) {
    auto index = static_cast<int>(plan->fields.size());
    if (field.number < kSmallNumbers && index < INT16_MAX) {
      if (plan->by_small_number.size() <= field.number) plan->by_small_number.resize(field.number + 1, -1);
      plan->by_small_number[field.number] = static_cast<int16_t>(index);
    } else {
      plan->by_number[field.number] = index;
    }
    plan->has_required = plan->has_required || field.required;
    plan->fields.push_back(std::move(field));
  }

  /// What is known of every field, whether it is kept or not.
  static ProtobufFieldPlan Ignored(const Field& field) {
    ProtobufFieldPlan out;
    out.number = static_cast<uint32_t>(field.number());
    out.wire = WireOf(field);
    out.repeated = field.is_repeated();
    out.message = field.cpp_type() == Field::CPPTYPE_MESSAGE;
    out.required = field.is_required();
    out.presence = field.has_presence();
    out.checks_utf8 = field.type() == Field::TYPE_STRING && field.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
    return out;
  }

  ProtobufFieldPlan OfField(const ProtobufTyped& typed, int slot) {
    const Field& field = *typed.field;
    ProtobufFieldPlan out = Ignored(field);
    out.slot = slot;
    int item = typed.type->Is(TypeId::kArray) ? slot + 1 : slot;
    switch (typed.shape) {
      case ProtobufShape::kPlain:
        out.op = PlainOp(field, *typed.single);
        SetDefault(field, &out);
        if (out.op == Op::kEnum) SetEnum(field, *typed.single, &out);
        break;
      case ProtobufShape::kMessage:
        out.op = Op::kMessage;
        out.inner = Message(*field.message_type(), typed.fields, item);
        break;
      case ProtobufShape::kMap:
        out.op = Op::kMap;
        out.inner = Message(*field.message_type(), typed.fields, slot);
        break;
      case ProtobufShape::kTimestamp:
      case ProtobufShape::kDuration:
        out.op = Op::kMicros;
        out.inner = Inside(*field.message_type(), {types::Long(), types::Integer()});
        break;
      case ProtobufShape::kWrapper:
        out.op = Op::kWrapper;
        out.inner = Inside(*field.message_type(), {typed.single});
        break;
      case ProtobufShape::kAnyJson:
        out.op = Op::kAnyJson;
        break;
    }
    return out;
  }

  /// The plan of a message whose fields have no columns of their own.
  int Inside(const pb::Descriptor& message, const std::vector<types::TypePtr>& types) {
    std::vector<ProtobufTyped> typed;
    for (size_t i = 0; i < types.size(); ++i) {
      ProtobufTyped field;
      field.field = message.field(static_cast<int>(i));
      field.type = field.single = types[i];
      typed.push_back(std::move(field));
    }
    return Message(message, typed, 0);
  }

  void SetEnum(const Field& field, const types::DataType& type, ProtobufFieldPlan* out) {
    const pb::EnumDescriptor& values = *field.enum_type();
    out->closed_enum = values.file()->syntax() != pb::FileDescriptor::SYNTAX_PROTO3;
    out->names = static_cast<int>(out_.enum_names_.size());
    std::unordered_map<int32_t, std::string> names;
    for (int i = 0; i < values.value_count(); ++i) names.emplace(values.value(i)->number(), values.value(i)->name());
    out_.enum_names_.push_back(std::move(names));
    out_.enum_types_.push_back(type.Is(TypeId::kInteger) ? "" : values.name());
  }

  static void SetRivals(const pb::Descriptor& message, ProtobufMessagePlan* plan) {
    for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
      const pb::OneofDescriptor& oneof = *message.oneof_decl(i);
      for (int a = 0; a < oneof.field_count(); ++a) {
        for (int b = 0; b < oneof.field_count(); ++b) {
          if (a == b) continue;
          int mine = plan->Find(static_cast<uint32_t>(oneof.field(a)->number()));
          plan->fields[mine].rivals.push_back(plan->Find(static_cast<uint32_t>(oneof.field(b)->number())));
        }
      }
    }
  }

  ProtobufDecoder& out_;
};

ProtobufDecoder::ProtobufDecoder(ProtobufMessageTypePtr type, const ProtobufOptions& options)
    : message_(std::move(type)), options_(options) {
  ProtobufRecord record = ToSparkType(message_->descriptor(), options_);
  type_ = record.type;
  ProtobufPlanner(this).Message(message_->descriptor(), record.fields, 0);
  if (options_.any_as_json) {
    resolver_.reset(pb::util::NewTypeResolverForDescriptorPool("type.googleapis.com", &message_->pool()));
  }
}

ProtobufDecoder::~ProtobufDecoder() = default;

}  // namespace sluice::formats
