// Avro schemas ↔ Spark types.
#include "formats/avro/avro_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace sluice::formats {

using Json = nlohmann::ordered_json;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr int kMostRecursion = 15;
// A schema of a few lines can ask for a type of any size by naming records again and again.
constexpr int kMostNodes = 100000;

class SparkTypeBuilder {
 public:
  explicit SparkTypeBuilder(const AvroTypeOptions& options) : options_(options) {}

  std::unique_ptr<AvroTyped> Build(const AvroSchema& schema) {
    if (++nodes_ > kMostNodes) ThrowAvroSchemaError("The Avro schema has too many fields");
    switch (schema.kind) {
      case AvroKind::kArray:
      case AvroKind::kMap:
        return Container(schema);
      case AvroKind::kRecord:
        return Record(schema);
      case AvroKind::kUnion:
        return Union(schema);
      default:
        return Leaf(schema, Atomic(schema));
    }
  }

 private:
  static std::unique_ptr<AvroTyped> Leaf(const AvroSchema& schema, TypePtr type) {
    auto out = std::make_unique<AvroTyped>();
    out->schema = &schema;
    out->nullable = schema.Is(AvroKind::kNull);
    out->type = std::move(type);
    return out;
  }

  static TypePtr DecimalOf(const AvroSchema& schema) {
    if (schema.precision > 38) {
      throw base::Error(base::ErrorKind::kArithmetic, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                        {{"precision", std::to_string(schema.precision)}, {"maxPrecision", "38"}});
    }
    return types::Decimal(schema.precision, schema.scale);
  }

  /// Intervals are plain numbers with a note of their type.
  static TypePtr Noted(const AvroSchema& schema, TypePtr plain) {
    if (schema.catalyst_type.empty()) return plain;
    TypePtr type = types::ParseTypeName(schema.catalyst_type);
    TypeId interval = schema.Is(AvroKind::kInt) ? TypeId::kYearMonthInterval : TypeId::kDayTimeInterval;
    if (type->Is(interval) || type->Equals(*plain)) return type;
    ThrowAvroSchemaError(fmt::format("Avro {} cannot be read as {}", AvroKindName(schema.kind), type->Sql()));
  }

  static TypePtr Atomic(const AvroSchema& schema) {
    switch (schema.kind) {
      case AvroKind::kNull:
        return types::Null();
      case AvroKind::kBoolean:
        return types::Boolean();
      case AvroKind::kInt:
        return schema.logical == AvroLogical::kDate ? types::Date() : Noted(schema, types::Integer());
      case AvroKind::kLong:
        return OfLong(schema);
      case AvroKind::kFloat:
        return types::Float();
      case AvroKind::kDouble:
        return types::Double();
      case AvroKind::kBytes:
      case AvroKind::kFixed:
        return schema.logical == AvroLogical::kDecimal ? DecimalOf(schema) : types::Binary();
      default:
        return types::String();
    }
  }

  static TypePtr OfLong(const AvroSchema& schema) {
    switch (schema.logical) {
      case AvroLogical::kCustomDecimal:
        return DecimalOf(schema);
      case AvroLogical::kTimeMicros:
        return types::Time(6);
      case AvroLogical::kTimestampMillis:
      case AvroLogical::kTimestampMicros:
        return types::Timestamp();
      case AvroLogical::kLocalTimestampMillis:
      case AvroLogical::kLocalTimestampMicros:
        return types::TimestampNtz();
      default:
        return Noted(schema, types::Long());
    }
  }

  std::unique_ptr<AvroTyped> Container(const AvroSchema& schema) {
    auto inner = Build(*schema.child());
    if (!inner) return nullptr;
    TypePtr type = schema.Is(AvroKind::kArray) ? types::Array(inner->type, inner->nullable)
                                               : types::Map(types::String(), inner->type, inner->nullable);
    auto out = Leaf(schema, std::move(type));
    out->children.push_back(std::move(inner));
    return out;
  }

  std::unique_ptr<AvroTyped> Record(const AvroSchema& schema) {
    int& depth = depths_[&schema];
    if (depth > 0 && options_.max_recursion <= 0) {
      ThrowAvroSchemaError(
          fmt::format("\nFound recursive reference in Avro schema, which can not be processed by Spark by\n default: "
                      "{}. Try setting "
                      "the option `recursiveFieldMaxDepth`\n to 1 - {}.\n",
                      AvroDocument::ToString(schema, true), kMostRecursion));
    }
    if (depth > 0 && depth >= options_.max_recursion) return nullptr;
    ++depth;
    std::vector<types::StructField> fields;
    std::vector<std::unique_ptr<AvroTyped>> children;
    for (const AvroField& field : schema.fields) {
      children.push_back(Build(*field.schema));
      if (children.back()) fields.push_back({field.name, children.back()->type, children.back()->nullable});
    }
    --depths_[&schema];
    auto out = Leaf(schema, types::Struct(std::move(fields)));
    out->children = std::move(children);
    return out;
  }

  std::unique_ptr<AvroTyped> Union(const AvroSchema& schema) {
    std::vector<const AvroSchema*> branches = schema.NonNullBranches();
    bool nullable = branches.size() < schema.children.size();
    std::unique_ptr<AvroTyped> out;
    if (branches.size() == 1) {
      out = Build(*branches[0]);
    } else if (IsNumberUnion(branches)) {
      bool whole = branches[0]->Is(AvroKind::kInt) || branches[0]->Is(AvroKind::kLong);
      out = Leaf(schema, whole ? types::Long() : types::Double());
    } else {
      out = Members(schema, branches);
    }
    if (out) out->nullable = out->nullable || nullable;
    return out;
  }

  std::unique_ptr<AvroTyped> Members(const AvroSchema& schema, const std::vector<const AvroSchema*>& branches) {
    std::vector<types::StructField> fields;
    std::vector<std::unique_ptr<AvroTyped>> children;
    std::set<std::string> seen;
    for (size_t i = 0; i < branches.size(); ++i) {
      children.push_back(Build(*branches[i]));
      if (!children.back()) continue;
      std::string name = "member" + std::to_string(i);
      if (options_.stable_union_names) name = StableName(*branches[i], &seen);
      fields.push_back({name, children.back()->type, true});
    }
    auto out = Leaf(schema, types::Struct(std::move(fields)));
    out->children = std::move(children);
    return out;
  }

  std::string StableName(const AvroSchema& branch, std::set<std::string>* seen) const {
    std::string name = options_.union_prefix + branch.ShortName();
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (!seen->insert(lower).second) {
      ThrowAvroSchemaError("Cannot generate stable identifier for Avro union type due to name conflict of type name " +
                           branch.ShortName());
    }
    return name;
  }

  const AvroTypeOptions& options_;
  std::map<const AvroSchema*, int> depths_;
  int nodes_ = 0;
};

Json Logical(const char* type, const char* logical) { return {{"type", type}, {"logicalType", logical}}; }

/// The bytes that hold every number of that many digits.
int BytesFor(int precision) {
  static constexpr int kBytes[] = {0, 1, 1,  2,  2,  3,  3,  4,  4,  4,  5,  5,  6,  6,  6,  7,  7,  8,  8, 9,
                                   9, 9, 10, 10, 11, 11, 11, 12, 12, 13, 13, 13, 14, 14, 15, 15, 16, 16, 16};
  return kBytes[precision];
}

Json SchemaOf(const types::DataType& type, bool nullable, const std::string& name, const std::string& space);

Json RecordOf(const types::DataType& type, const std::string& name, const std::string& space) {
  std::string inside = space.empty() ? name : space + "." + name;
  Json fields = Json::array();
  for (const types::StructField& field : type.fields()) {
    fields.push_back({{"name", field.name}, {"type", SchemaOf(*field.type, field.nullable, field.name, inside)}});
  }
  Json out = {{"type", "record"}, {"name", name}};
  if (!space.empty()) out["namespace"] = space;
  out["fields"] = std::move(fields);
  return out;
}

Json NestedOf(const types::DataType& type, const std::string& name, const std::string& space) {
  if (type.Is(TypeId::kStruct)) return RecordOf(type, name, space);
  if (type.Is(TypeId::kArray)) {
    return {{"type", "array"}, {"items", SchemaOf(*type.element(), type.contains_null(), name, space)}};
  }
  if (type.Is(TypeId::kMap) && type.key()->IsStringLike()) {
    return {{"type", "map"}, {"values", SchemaOf(*type.value(), type.contains_null(), name, space)}};
  }
  ThrowAvroSchemaError("Cannot convert SQL type " + type.Sql() + " to an Avro type.");
}

Json NotNullSchemaOf(const types::DataType& type, const std::string& name, const std::string& space) {
  switch (type.id()) {
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInteger:
      return "int";
    case TypeId::kLong:
      return "long";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      return "string";
    case TypeId::kBinary:
      return "bytes";
    case TypeId::kNull:
      return "null";
    case TypeId::kDate:
      return Logical("int", "date");
    case TypeId::kTime:
      return Logical("long", "time-micros");
    case TypeId::kTimestamp:
      return Logical("long", "timestamp-micros");
    case TypeId::kTimestampNtz:
      return Logical("long", "local-timestamp-micros");
    case TypeId::kDecimal: {
      std::string full = space.empty() ? name : space + "." + name;
      return {{"type", "fixed"},          {"name", "fixed"},
              {"namespace", full},        {"size", BytesFor(type.precision())},
              {"logicalType", "decimal"}, {"precision", type.precision()},
              {"scale", type.scale()}};
    }
    case TypeId::kYearMonthInterval:
      return {{"type", "int"}, {"spark.sql.catalyst.type", type.SimpleString()}};
    case TypeId::kDayTimeInterval:
      return {{"type", "long"}, {"spark.sql.catalyst.type", type.SimpleString()}};
    case TypeId::kUdt:
      return NotNullSchemaOf(*type.sql_type(), name, space);
    default:
      return NestedOf(type, name, space);
  }
}

Json SchemaOf(const types::DataType& type, bool nullable, const std::string& name, const std::string& space) {
  Json schema = NotNullSchemaOf(type, name, space);
  if (!nullable || type.Is(TypeId::kNull)) return schema;
  return Json::array({schema, "null"});
}

}  // namespace

bool IsNumberUnion(const std::vector<const AvroSchema*>& branches) {
  if (branches.size() != 2) return false;
  auto are = [&](AvroKind a, AvroKind b) {
    return (branches[0]->Is(a) && branches[1]->Is(b)) || (branches[0]->Is(b) && branches[1]->Is(a));
  };
  return are(AvroKind::kInt, AvroKind::kLong) || are(AvroKind::kFloat, AvroKind::kDouble);
}

std::unique_ptr<AvroTyped> ToSparkType(const AvroSchema& schema, const AvroTypeOptions& options) {
  auto out = SparkTypeBuilder(options).Build(schema);
  if (!out) ThrowAvroSchemaError("The Avro schema has no fields left");
  return out;
}

std::string ToAvroSchema(const types::DataType& type, bool nullable) {
  return SchemaOf(type, nullable, "topLevelRecord", "").dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::formats
