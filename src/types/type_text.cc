// The texts of data types: simple string, SQL, DDL and the tree that printSchema shows.
#include <fmt/format.h>

#include <array>
#include <cctype>
#include <nlohmann/json.hpp>

#include "types/data_type.h"

namespace sluice::types {
namespace {

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string IntervalName(const DataType& type) {
  static constexpr std::array<const char*, 4> kDayTime = {"day", "hour", "minute", "second"};
  static constexpr std::array<const char*, 2> kYearMonth = {"year", "month"};
  auto name = [&](int field) { return type.Is(TypeId::kDayTimeInterval) ? kDayTime.at(field) : kYearMonth.at(field); };
  auto [start, end] = type.interval();
  if (start == end) return fmt::format("interval {}", name(start));
  return fmt::format("interval {} to {}", name(start), name(end));
}

// The name of a type without its children (DataType.typeName).
std::string TypeName(const DataType& type) {
  switch (type.id()) {
    case TypeId::kNull:
      return "void";
    case TypeId::kBoolean:
      return "boolean";
    case TypeId::kByte:
      return "byte";
    case TypeId::kShort:
      return "short";
    case TypeId::kInteger:
      return "integer";
    case TypeId::kLong:
      return "long";
    case TypeId::kFloat:
      return "float";
    case TypeId::kDouble:
      return "double";
    case TypeId::kDecimal:
      return fmt::format("decimal({},{})", type.precision(), type.scale());
    case TypeId::kString:
      return "string";
    case TypeId::kChar:
      return fmt::format("char({})", type.length());
    case TypeId::kVarchar:
      return fmt::format("varchar({})", type.length());
    case TypeId::kBinary:
      return "binary";
    case TypeId::kDate:
      return "date";
    case TypeId::kTime:
      return fmt::format("time({})", type.precision());
    case TypeId::kTimestamp:
      return "timestamp";
    case TypeId::kTimestampNtz:
      return "timestamp_ntz";
    case TypeId::kDayTimeInterval:
    case TypeId::kYearMonthInterval:
      return IntervalName(type);
    case TypeId::kCalendarInterval:
      return "interval";
    case TypeId::kArray:
      return "array";
    case TypeId::kMap:
      return "map";
    case TypeId::kStruct:
      return "struct";
    case TypeId::kVariant:
      return "variant";
    case TypeId::kUdt: {
      if (type.jvm_class().empty()) return "pythonuserdefined";
      std::string name = type.jvm_class().substr(type.jvm_class().rfind('.') + 1);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return name.ends_with("udt") ? name.substr(0, name.size() - 3) : name;
    }
  }
  return "";
}

std::string Comment(const StructField& field) {
  auto metadata = nlohmann::json::parse(field.metadata, nullptr, false);
  if (!metadata.is_object() || !metadata.contains("comment") || !metadata["comment"].is_string()) return "";
  std::string out = " COMMENT '";
  for (char c : metadata["comment"].get<std::string>()) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

void AppendTree(const std::string& name, const DataType& type, const char* flag, bool nullable,
                const std::string& prefix, std::string* out);

void AppendChildren(const DataType& type, const std::string& prefix, std::string* out) {
  switch (type.id()) {
    case TypeId::kArray:
      AppendTree("element", *type.element(), "containsNull", type.contains_null(), prefix, out);
      break;
    case TypeId::kMap:
      AppendTree("key", *type.key(), nullptr, false, prefix, out);
      AppendTree("value", *type.value(), "valueContainsNull", type.contains_null(), prefix, out);
      break;
    case TypeId::kStruct:
      for (const StructField& field : type.fields()) {
        AppendTree(field.name, *field.type, "nullable", field.nullable, prefix, out);
      }
      break;
    default:
      break;
  }
}

void AppendTree(const std::string& name, const DataType& type, const char* flag, bool nullable,
                const std::string& prefix, std::string* out) {
  *out += fmt::format("{}-- {}: {}", prefix, name, TypeName(type));
  if (flag) *out += fmt::format(" ({} = {})", flag, nullable);
  *out += "\n";
  AppendChildren(type, prefix + "    |", out);
}

}  // namespace

std::string DataType::SimpleString() const {
  switch (id_) {
    case TypeId::kByte:
      return "tinyint";
    case TypeId::kShort:
      return "smallint";
    case TypeId::kInteger:
      return "int";
    case TypeId::kLong:
      return "bigint";
    case TypeId::kArray:
      return fmt::format("array<{}>", first_->SimpleString());
    case TypeId::kMap:
      return fmt::format("map<{},{}>", first_->SimpleString(), second_->SimpleString());
    case TypeId::kStruct: {
      std::string out = "struct<";
      for (const StructField& field : fields_) {
        if (out.back() != '<') out += ",";
        out += field.name + ":" + field.type->SimpleString();
      }
      return out + ">";
    }
    default:
      return TypeName(*this);
  }
}

std::string DataType::Sql() const {
  switch (id_) {
    case TypeId::kArray:
      return fmt::format("ARRAY<{}>", first_->Sql());
    case TypeId::kMap:
      return fmt::format("MAP<{}, {}>", first_->Sql(), second_->Sql());
    case TypeId::kStruct: {
      std::string out = "STRUCT<";
      for (const StructField& field : fields_) {
        if (out.back() != '<') out += ", ";
        out += fmt::format("{}: {}{}{}", QuoteIfNeeded(field.name), field.type->Sql(),
                           field.nullable ? "" : " NOT NULL", Comment(field));
      }
      return out + ">";
    }
    case TypeId::kUdt:
      return first_->Sql();
    default:
      return Upper(SimpleString());
  }
}

std::string DataType::Ddl() const {
  std::string out;
  for (const StructField& field : fields_) {
    if (!out.empty()) out += ",";
    out += fmt::format("{} {}{}{}", QuoteIfNeeded(field.name), field.type->Sql(), field.nullable ? "" : " NOT NULL",
                       Comment(field));
  }
  return out;
}

std::string DataType::TreeString() const {
  std::string out;
  AppendChildren(*this, " |", &out);
  return out;
}

}  // namespace sluice::types
