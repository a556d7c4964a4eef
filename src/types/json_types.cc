// Spark's JSON form of types, as schemas are stored in logs and sent by clients.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "types/data_type.h"

namespace sluice::types {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kMaxDepth = 200;

Json ToJson(const DataType& type);

Json ToJson(const StructField& field) {
  Json metadata = Json::parse(field.metadata, nullptr, false);
  if (!metadata.is_object()) metadata = Json::object();
  return {{"name", field.name}, {"type", ToJson(*field.type)}, {"nullable", field.nullable}, {"metadata", metadata}};
}

Json ToJson(const DataType& type) {
  switch (type.id()) {
    case TypeId::kByte:
      return "byte";
    case TypeId::kShort:
      return "short";
    case TypeId::kInteger:
      return "integer";
    case TypeId::kLong:
      return "long";
    case TypeId::kArray:
      return {{"type", "array"}, {"elementType", ToJson(*type.element())}, {"containsNull", type.contains_null()}};
    case TypeId::kMap:
      return {{"type", "map"},
              {"keyType", ToJson(*type.key())},
              {"valueType", ToJson(*type.value())},
              {"valueContainsNull", type.contains_null()}};
    case TypeId::kStruct: {
      Json fields = Json::array();
      for (const StructField& field : type.fields()) fields.push_back(ToJson(field));
      return {{"type", "struct"}, {"fields", std::move(fields)}};
    }
    case TypeId::kUdt: {
      Json out = {{"type", "udt"}};
      if (!type.jvm_class().empty()) out["class"] = type.jvm_class();
      if (!type.python_class().empty()) out["pyClass"] = type.python_class();
      out["sqlType"] = ToJson(*type.sql_type());
      return out;
    }
    default:
      return type.SimpleString();
  }
}

base::Error Invalid(const Json& json) {
  return base::Error(base::ErrorKind::kIllegalArgument, "INVALID_JSON_DATA_TYPE",
                     {{"invalidType", json.is_string() ? json.get<std::string>() : json.dump()}});
}

TypePtr FromName(const Json& json) {
  const auto& name = json.get_ref<const std::string&>();
  static const std::map<std::string, TypePtr, std::less<>> kNames = {{"void", Null()},
                                                                     {"null", Null()},
                                                                     {"boolean", Boolean()},
                                                                     {"byte", Byte()},
                                                                     {"tinyint", Byte()},
                                                                     {"short", Short()},
                                                                     {"smallint", Short()},
                                                                     {"integer", Integer()},
                                                                     {"int", Integer()},
                                                                     {"long", Long()},
                                                                     {"bigint", Long()},
                                                                     {"float", Float()},
                                                                     {"double", Double()},
                                                                     {"decimal", Decimal(10, 0)},
                                                                     {"string", String()},
                                                                     {"binary", Binary()},
                                                                     {"date", Date()},
                                                                     {"time", Time()},
                                                                     {"timestamp", Timestamp()},
                                                                     {"timestamp_ltz", Timestamp()},
                                                                     {"timestamp_ntz", TimestampNtz()},
                                                                     {"variant", Variant()},
                                                                     {"interval", CalendarInterval()},
                                                                     {"calendarinterval", CalendarInterval()}};
  if (auto found = kNames.find(name); found != kNames.end()) return found->second;
  bool parameterised = name.starts_with("decimal(") || name.starts_with("char(") || name.starts_with("varchar(") ||
                       name.starts_with("time(") || name.starts_with("interval ");
  if (!parameterised) throw Invalid(json);
  try {
    return ParseTypeName(name);
  } catch (const base::Error&) {
    throw Invalid(json);
  }
}

TypePtr FromJson(const Json& json, int depth) {
  if (depth > kMaxDepth) throw Invalid("…");
  if (json.is_string()) return FromName(json);
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string()) throw Invalid(json);
  std::string kind = json["type"];
  auto child = [&](const char* name) {
    if (!json.contains(name)) throw Invalid(json);
    return FromJson(json[name], depth + 1);
  };
  auto flag = [&](const Json& owner, const char* name) {
    if (!owner.contains(name)) return true;
    if (!owner[name].is_boolean()) throw Invalid(json);
    return owner[name].get<bool>();
  };
  if (kind == "array") return Array(child("elementType"), flag(json, "containsNull"));
  if (kind == "map") return Map(child("keyType"), child("valueType"), flag(json, "valueContainsNull"));
  if (kind == "udt") {
    auto text = [&](const char* name) {
      return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : std::string();
    };
    return Udt(text("class"), text("pyClass"), child("sqlType"));
  }
  if (kind != "struct" || !json.contains("fields") || !json["fields"].is_array()) throw Invalid(json);
  std::vector<StructField> fields;
  for (const Json& entry : json["fields"]) {
    if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string() || !entry.contains("type")) {
      throw Invalid(json);
    }
    StructField field{entry["name"], FromJson(entry["type"], depth + 1), flag(entry, "nullable")};
    if (entry.contains("metadata") && entry["metadata"].is_object()) field.metadata = entry["metadata"].dump();
    fields.push_back(std::move(field));
  }
  return Struct(std::move(fields));
}

}  // namespace

std::string DataType::Json() const {
  return ToJson(*this).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

TypePtr ParseJsonType(std::string_view text) {
  // A depth limit while reading keeps hostile text from exhausting the stack.
  int limit = kMaxDepth * 3;
  Json json = Json::parse(
      text,
      [limit](int depth, Json::parse_event_t, Json&) {
        if (depth > limit)
          throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_JSON_DATA_TYPE", {{"invalidType", "…"}});
        return true;
      },
      false);
  if (json.is_discarded()) {
    throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_JSON_DATA_TYPE",
                      {{"invalidType", std::string(text)}});
  }
  return FromJson(json, 0);
}

}  // namespace sluice::types
