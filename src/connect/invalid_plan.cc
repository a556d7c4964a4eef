// Errors of malformed messages, built from the messages' own descriptors.
#include "connect/invalid_plan.h"

#include <google/protobuf/descriptor.h>

#include <cctype>

namespace sluice::connect {
namespace {

std::string Upper(std::string text, bool keep_underscores) {
  std::string out;
  for (char c : text) {
    if (c == '_' && !keep_underscores) continue;
    out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return out;
}

const google::protobuf::FieldDescriptor* SetField(const google::protobuf::Message& message, const std::string& oneof) {
  const auto* descriptor = message.GetDescriptor()->FindOneofByName(oneof);
  return descriptor ? message.GetReflection()->GetOneofFieldDescriptor(message, descriptor) : nullptr;
}

}  // namespace

base::Error InvalidPlan(const std::string& sub, base::Error::Parameters parameters) {
  return base::Error(base::ErrorKind::kInvalidPlan, "CONNECT_INVALID_PLAN." + sub, std::move(parameters));
}

base::Error TooDeep(const std::string& what) {
  return InvalidPlan("ASSERTION_FAILURE", {{"message", "The " + what + " is nested too deeply."}});
}

base::Error OneofNotSet(const google::protobuf::Message& message, const std::string& oneof) {
  return InvalidPlan("INVALID_ONE_OF_FIELD_NOT_SET",
                     {{"fullName", message.GetDescriptor()->full_name()}, {"name", Upper(oneof, false) + "_NOT_SET"}});
}

base::Error OneofNotSupported(const google::protobuf::Message& message, const std::string& oneof) {
  const auto* field = SetField(message, oneof);
  if (!field) return OneofNotSet(message, oneof);
  return InvalidPlan("INVALID_ONE_OF_FIELD_NOT_SUPPORTED", {{"fullName", message.GetDescriptor()->full_name()},
                                                            {"name", Upper(field->name(), true)},
                                                            {"number", std::to_string(field->number())}});
}

base::Error InvalidEnum(const google::protobuf::Message& message, const std::string& field) {
  const auto* descriptor = message.GetDescriptor()->FindFieldByName(field);
  int number = message.GetReflection()->GetEnumValue(message, descriptor);
  const auto* value = descriptor->enum_type()->FindValueByNumber(number);
  return InvalidPlan("INVALID_ENUM", {{"fullName", descriptor->enum_type()->full_name()},
                                      {"name", value ? value->name() : "UNRECOGNIZED"},
                                      {"number", std::to_string(number)}});
}

std::string OneofCaseName(const google::protobuf::Message& message, const std::string& oneof,
                          const std::string& not_set) {
  const auto* field = SetField(message, oneof);
  return field ? Upper(field->name(), true) : not_set;
}

}  // namespace sluice::connect
