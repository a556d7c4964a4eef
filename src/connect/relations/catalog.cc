// spark.catalog: every call is a relation that gives its answer as rows.
#include <google/protobuf/descriptor.h>

#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

std::string ScalarText(const Message& message, const FieldDescriptor* field) {
  const Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(message, field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(reflection->GetInt32(message, field));
    default:
      throw base::Error::Internal("The catalog field " + field->full_name() + " has an unexpected type.");
  }
}

void AddOptions(const Message& message, const FieldDescriptor* field, plan::Options* out) {
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    const Message& entry = reflection->GetRepeatedMessage(message, field, i);
    const auto* key = field->message_type()->map_key();
    const auto* value = field->message_type()->map_value();
    (*out)[entry.GetReflection()->GetString(entry, key)] = entry.GetReflection()->GetString(entry, value);
  }
}

// The fields of a call become named texts; those of a nested message are joined by a dot
// ("storage_level.use_disk").
void AddArguments(const Message& message, const std::string& prefix, plan::CatalogCall* out) {
  const Reflection* reflection = message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->is_map()) {
      AddOptions(message, field, &out->options);
    } else if (field->has_presence() && !reflection->HasField(message, field)) {
      continue;
    } else if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      out->arguments[prefix + field->name()] = ScalarText(message, field);
    } else if (const auto* type = dynamic_cast<const proto::DataType*>(&reflection->GetMessage(message, field))) {
      out->schema = ToType(*type);
    } else {
      AddArguments(reflection->GetMessage(message, field), prefix + field->name() + ".", out);
    }
  }
}

}  // namespace

plan::Relation::Node ToPlan(Translator&, const proto::Catalog& catalog) {
  const auto* oneof = catalog.GetDescriptor()->FindOneofByName("cat_type");
  const auto* field = catalog.GetReflection()->GetOneofFieldDescriptor(catalog, oneof);
  if (!field) throw OneofNotSet(catalog, "cat_type");
  plan::CatalogCall out;
  out.name = field->name();
  AddArguments(catalog.GetReflection()->GetMessage(catalog, field), "", &out);
  return out;
}

}  // namespace sluice::connect
