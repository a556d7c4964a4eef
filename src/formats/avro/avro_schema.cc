// The parser and the printer of Avro schemas.
#include "formats/avro/avro_schema.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace sluice::formats {

using Json = nlohmann::ordered_json;

namespace {

constexpr int kMaxDepth = 200;
constexpr std::array<std::string_view, 14> kKindNames = {"null",   "boolean", "int",    "long",  "float",
                                                         "double", "bytes",   "string", "fixed", "enum",
                                                         "array",  "map",     "union",  "record"};

constexpr std::array<std::string_view, 6> kOtherLogicals = {"time-millis", "timestamp-nanos", "local-timestamp-nanos",
                                                            "uuid",        "duration",        "big-decimal"};

std::optional<AvroKind> PrimitiveKind(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(AvroKind::kString); ++i) {
    if (kKindNames[i] == name) return static_cast<AvroKind>(i);
  }
  return std::nullopt;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }

void CheckName(std::string_view name) {
  if (name.empty()) ThrowAvroSchemaError("Empty name");
  if (!IsLetter(name[0])) ThrowAvroSchemaError("Illegal initial character: " + std::string(name));
  bool legal = std::all_of(name.begin(), name.end(), [](char c) { return IsLetter(c) || (c >= '0' && c <= '9'); });
  if (!legal) ThrowAvroSchemaError("Illegal character in: " + std::string(name));
}

std::string NamespaceOf(const std::string& full_name) {
  size_t dot = full_name.rfind('.');
  return dot == std::string::npos ? "" : full_name.substr(0, dot);
}

std::string Qualified(const std::string& name, const std::string& space) {
  if (name.find('.') != std::string::npos || space.empty()) return name;
  return space + "." + name;
}

std::string Text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* Find(const Json& json, const char* key) {
  auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

std::optional<std::string> FindText(const Json& json, const char* key) {
  const Json* value = Find(json, key);
  if (!value || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

std::optional<int> FindInt(const Json& json, const char* key) {
  const Json* value = Find(json, key);
  if (!value || !value->is_number_integer()) return std::nullopt;
  auto number = value->get<int64_t>();
  if (number < INT32_MIN || number > INT32_MAX) return std::nullopt;
  return static_cast<int>(number);
}

std::vector<std::string> Texts(const Json& json, const char* key) {
  std::vector<std::string> out;
  const Json* values = Find(json, key);
  if (!values) return out;
  if (!values->is_array()) ThrowAvroSchemaError(std::string(key) + " not an array: " + Text(json));
  for (const Json& value : *values) {
    if (!value.is_string()) ThrowAvroSchemaError(std::string(key) + " not a string: " + Text(value));
    out.push_back(value.get<std::string>());
  }
  return out;
}

/// The most digits that a fixed type of that many bytes holds.
int64_t MaxPrecision(int64_t bytes) {
  return static_cast<int64_t>((8 * static_cast<double>(bytes) - 1) * 0.30102999566398119521);
}

}  // namespace

class AvroSchemaParser {
 public:
  std::shared_ptr<const AvroDocument> Run(std::string_view text) {
    if (text.empty()) ThrowAvroSchemaError("Cannot parse <null> schema");
    int open = 0;
    for (char c : text) {
      open += (c == '{' || c == '[') - (c == '}' || c == ']');
      if (open > 2 * kMaxDepth) ThrowAvroSchemaError("The Avro schema is nested too deeply");
    }
    Json json;
    try {
      json = Json::parse(text);
    } catch (const Json::exception& error) {
      ThrowAvroSchemaError("The Avro schema is no JSON: " + std::string(error.what()));
    }
    document_->root_ = Parse(json, "", 0);
    return document_;
  }

 private:
  AvroSchema* New(AvroKind kind) {
    document_->types_.push_back(std::make_unique<AvroSchema>());
    document_->types_.back()->kind = kind;
    return document_->types_.back().get();
  }

  const AvroSchema* Parse(const Json& json, const std::string& space, int depth) {
    if (depth > kMaxDepth) ThrowAvroSchemaError("The Avro schema is nested too deeply");
    if (json.is_string()) return ByName(json.get<std::string>(), space);
    if (json.is_array()) return ParseUnion(json, space, depth);
    if (!json.is_object()) ThrowAvroSchemaError("Schema not yet supported: " + Text(json));
    const Json* type = Find(json, "type");
    if (!type) ThrowAvroSchemaError("No type: " + Text(json));
    if (!type->is_string()) return Parse(*type, space, depth + 1);
    auto name = type->get<std::string>();
    if (auto primitive = PrimitiveKind(name)) {
      AvroSchema* schema = New(*primitive);
      SetProperties(json, schema);
      return schema;
    }
    if (name == "record" || name == "error") return ParseRecord(json, space, depth);
    if (name == "enum") return ParseEnum(json, space);
    if (name == "fixed") return ParseFixed(json, space);
    if (name == "array" || name == "map") return ParseContainer(json, name == "array", space, depth);
    return ByName(name, space);
  }

  const AvroSchema* ByName(const std::string& name, const std::string& space) {
    if (auto primitive = PrimitiveKind(name)) return New(*primitive);
    auto found = names_.find(Qualified(name, space));
    if (found == names_.end()) found = names_.find(name);
    if (found == names_.end()) ThrowAvroSchemaError("Undefined schema: " + Qualified(name, space));
    return found->second;
  }

  const AvroSchema* ParseUnion(const Json& json, const std::string& space, int depth) {
    AvroSchema* schema = New(AvroKind::kUnion);
    std::set<std::string> seen;
    for (const Json& branch : json) {
      const AvroSchema* type = Parse(branch, space, depth + 1);
      if (type->Is(AvroKind::kUnion)) ThrowAvroSchemaError("Nested union: " + Text(json));
      std::string key = type->IsNamed() ? type->name : type->ShortName();
      if (!seen.insert(key).second) ThrowAvroSchemaError("Duplicate in union:" + key);
      schema->children.push_back(type);
    }
    return schema;
  }

  /// Sets the full name and registers it; gives the namespace of what is inside.
  std::string Name(const Json& json, const std::string& space, AvroSchema* schema) {
    auto name = FindText(json, "name");
    if (!name) ThrowAvroSchemaError("No name in schema: " + Text(json));
    schema->name = Qualified(*name, FindText(json, "namespace").value_or(space));
    for (size_t start = 0; start <= schema->name.size();) {
      size_t end = std::min(schema->name.find('.', start), schema->name.size());
      CheckName(std::string_view(schema->name).substr(start, end - start));
      start = end + 1;
    }
    std::string inside = NamespaceOf(schema->name);
    for (const std::string& alias : Texts(json, "aliases")) schema->aliases.push_back(Qualified(alias, inside));
    if (!names_.emplace(schema->name, schema).second) ThrowAvroSchemaError("Can't redefine: " + schema->name);
    return inside;
  }

  const AvroSchema* ParseRecord(const Json& json, const std::string& space, int depth) {
    AvroSchema* schema = New(AvroKind::kRecord);
    std::string inside = Name(json, space, schema);
    const Json* fields = Find(json, "fields");
    if (!fields || !fields->is_array()) ThrowAvroSchemaError("Record has no fields: " + Text(json));
    for (const Json& item : *fields) {
      AvroField field = ParseField(item, inside, depth);
      if (schema->FieldIndex(field.name)) {
        ThrowAvroSchemaError("Duplicate field " + field.name + " in record " + schema->name);
      }
      schema->fields.push_back(std::move(field));
    }
    SetProperties(json, schema);
    return schema;
  }

  AvroField ParseField(const Json& json, const std::string& space, int depth) {
    auto name = json.is_object() ? FindText(json, "name") : std::nullopt;
    if (!name) ThrowAvroSchemaError("No field name: " + Text(json));
    CheckName(*name);
    const Json* type = Find(json, "type");
    if (!type) ThrowAvroSchemaError("No field type: " + Text(json));
    AvroField field{*name, Texts(json, "aliases"), Parse(*type, space, depth + 1), std::nullopt};
    if (const Json* value = Find(json, "default")) field.default_json = Text(*value);
    return field;
  }

  const AvroSchema* ParseEnum(const Json& json, const std::string& space) {
    AvroSchema* schema = New(AvroKind::kEnum);
    Name(json, space, schema);
    if (!Find(json, "symbols")) ThrowAvroSchemaError("Enum has no symbols: " + Text(json));
    schema->symbols = Texts(json, "symbols");
    std::set<std::string> seen;
    for (const std::string& symbol : schema->symbols) {
      CheckName(symbol);
      if (!seen.insert(symbol).second) ThrowAvroSchemaError("Duplicate enum symbol: " + symbol);
    }
    schema->enum_default = FindText(json, "default");
    if (schema->enum_default && !seen.contains(*schema->enum_default)) {
      ThrowAvroSchemaError("The Enum Default: " + *schema->enum_default + " is not in the enum symbol set");
    }
    SetProperties(json, schema);
    return schema;
  }

  const AvroSchema* ParseFixed(const Json& json, const std::string& space) {
    AvroSchema* schema = New(AvroKind::kFixed);
    Name(json, space, schema);
    auto size = FindInt(json, "size");
    if (!size) ThrowAvroSchemaError("Invalid or no size: " + Text(json));
    if (*size < 0) ThrowAvroSchemaError("Malformed data. Length is negative: " + std::to_string(*size));
    schema->size = *size;
    SetProperties(json, schema);
    return schema;
  }

  const AvroSchema* ParseContainer(const Json& json, bool array, const std::string& space, int depth) {
    const char* key = array ? "items" : "values";
    const Json* inner = Find(json, key);
    if (!inner)
      ThrowAvroSchemaError(std::string(array ? "Array has no items" : "Map has no values") + " type: " + Text(json));
    AvroSchema* schema = New(array ? AvroKind::kArray : AvroKind::kMap);
    schema->children.push_back(Parse(*inner, space, depth + 1));
    SetProperties(json, schema);
    return schema;
  }

  /// Logical types that don't fit their type are left out, as Avro does it.
  static void SetProperties(const Json& json, AvroSchema* schema) {
    schema->catalyst_type = FindText(json, "spark.sql.catalyst.type").value_or("");
    auto name = FindText(json, "logicalType");
    if (!name) return;
    bool is_long = schema->Is(AvroKind::kLong);
    if (*name == "decimal" || *name == "custom-decimal") {
      SetDecimal(json, *name == "decimal", schema);
    } else if (*name == "date") {
      if (schema->Is(AvroKind::kInt)) schema->logical = AvroLogical::kDate;
    } else if (*name == "time-micros") {
      if (is_long) schema->logical = AvroLogical::kTimeMicros;
    } else if (*name == "timestamp-millis") {
      if (is_long) schema->logical = AvroLogical::kTimestampMillis;
    } else if (*name == "timestamp-micros") {
      if (is_long) schema->logical = AvroLogical::kTimestampMicros;
    } else if (*name == "local-timestamp-millis") {
      if (is_long) schema->logical = AvroLogical::kLocalTimestampMillis;
    } else if (*name == "local-timestamp-micros") {
      if (is_long) schema->logical = AvroLogical::kLocalTimestampMicros;
    } else if (std::find(kOtherLogicals.begin(), kOtherLogicals.end(), *name) != kOtherLogicals.end()) {
      schema->logical = AvroLogical::kOther;
    }
    if (schema->logical != AvroLogical::kNone) schema->logical_name = *name;
  }

  static void SetDecimal(const Json& json, bool plain, AvroSchema* schema) {
    bool fits = plain ? schema->Is(AvroKind::kBytes) || schema->Is(AvroKind::kFixed) : schema->Is(AvroKind::kLong);
    auto precision = FindInt(json, "precision");
    int scale = FindInt(json, "scale").value_or(0);
    if (!fits || !precision || *precision <= 0 || scale < 0 || scale > *precision) return;
    if (schema->Is(AvroKind::kFixed) && *precision > MaxPrecision(schema->size)) return;
    schema->logical = plain ? AvroLogical::kDecimal : AvroLogical::kCustomDecimal;
    schema->precision = *precision;
    schema->scale = scale;
  }

  std::shared_ptr<AvroDocument> document_ = std::make_shared<AvroDocument>();
  std::map<std::string, const AvroSchema*> names_;
};

namespace {

class AvroSchemaPrinter {
 public:
  Json Print(const AvroSchema& schema, const std::string& space) {
    if (schema.Is(AvroKind::kUnion)) {
      Json out = Json::array();
      for (const AvroSchema* branch : schema.children) out.push_back(Print(*branch, space));
      return out;
    }
    std::string inside = schema.IsNamed() ? NamespaceOf(schema.name) : space;
    if (schema.IsNamed() && !printed_.insert(&schema).second) {
      return inside == space ? schema.ShortName() : schema.name;
    }
    Json out = {{"type", std::string(AvroKindName(schema.kind))}};
    if (schema.IsNamed()) {
      out["name"] = schema.ShortName();
      if (inside != space) out["namespace"] = inside;
    }
    PrintParts(schema, inside, &out);
    if (!schema.aliases.empty()) out["aliases"] = schema.aliases;
    return out.size() == 1 ? out["type"] : out;
  }

 private:
  void PrintParts(const AvroSchema& schema, const std::string& space, Json* out) {
    if (schema.Is(AvroKind::kArray)) (*out)["items"] = Print(*schema.child(), space);
    if (schema.Is(AvroKind::kMap)) (*out)["values"] = Print(*schema.child(), space);
    if (schema.Is(AvroKind::kFixed)) (*out)["size"] = schema.size;
    if (schema.Is(AvroKind::kEnum)) (*out)["symbols"] = schema.symbols;
    if (schema.enum_default) (*out)["default"] = *schema.enum_default;
    if (schema.Is(AvroKind::kRecord)) {
      Json fields = Json::array();
      for (const AvroField& field : schema.fields) fields.push_back(PrintField(field, space));
      (*out)["fields"] = std::move(fields);
    }
    if (schema.logical != AvroLogical::kNone) (*out)["logicalType"] = schema.logical_name;
    if (schema.precision > 0) {
      (*out)["precision"] = schema.precision;
      (*out)["scale"] = schema.scale;
    }
    if (!schema.catalyst_type.empty()) (*out)["spark.sql.catalyst.type"] = schema.catalyst_type;
  }

  Json PrintField(const AvroField& field, const std::string& space) {
    Json out = {{"name", field.name}, {"type", Print(*field.schema, space)}};
    if (field.default_json) out["default"] = Json::parse(*field.default_json);
    if (!field.aliases.empty()) out["aliases"] = field.aliases;
    return out;
  }

  std::set<const AvroSchema*> printed_;
};

}  // namespace

std::string_view AvroKindName(AvroKind kind) { return kKindNames[static_cast<size_t>(kind)]; }

void ThrowAvroSchemaError(const std::string& message) { throw base::Error::Plain(base::ErrorKind::kAnalysis, message); }

std::string AvroSchema::ShortName() const {
  if (!IsNamed()) return std::string(AvroKindName(kind));
  return name.substr(name.rfind('.') + 1);  // the whole name where there is no dot
}

std::vector<const AvroSchema*> AvroSchema::NonNullBranches() const {
  std::vector<const AvroSchema*> out;
  for (const AvroSchema* branch : children) {
    if (!branch->Is(AvroKind::kNull)) out.push_back(branch);
  }
  return out;
}

bool AvroSchema::IsNullable() const { return Is(AvroKind::kUnion) && NonNullBranches().size() < children.size(); }

std::optional<int> AvroSchema::FieldIndex(std::string_view field) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field) return static_cast<int>(i);
  }
  return std::nullopt;
}

std::shared_ptr<const AvroDocument> AvroDocument::Parse(std::string_view json) { return AvroSchemaParser().Run(json); }

std::string AvroDocument::ToString(const AvroSchema& schema, bool pretty) {
  Json json = AvroSchemaPrinter().Print(schema, "");
  return json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::formats
