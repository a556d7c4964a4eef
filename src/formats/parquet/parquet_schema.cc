// Type mapping of Parquet columns.
#include "formats/parquet/parquet_schema.h"

#include <arrow/util/key_value_metadata.h>
#include <parquet/properties.h>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::formats {
namespace {

using parquet::schema::GroupNode;
using parquet::schema::Node;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;
using types::TypePtr;

// Replaces instants by INT96 (or milliseconds) in a schema that Arrow made.
NodePtr Rewrite(const NodePtr& node, bool int96, bool millis) {
  if (node->is_group()) {
    const auto& group = static_cast<const GroupNode&>(*node);
    parquet::schema::NodeVector fields;
    for (int i = 0; i < group.field_count(); ++i) fields.push_back(Rewrite(group.field(i), int96, millis));
    const auto& logical = group.logical_type();
    return GroupNode::Make(group.name(), group.repetition(), fields, logical && logical->is_none() ? nullptr : logical);
  }
  const auto& logical = node->logical_type();
  if (!logical || !logical->is_timestamp()) return node;
  const auto& timestamp = static_cast<const parquet::TimestampLogicalType&>(*logical);
  if (!timestamp.is_adjusted_to_utc()) return node;
  if (int96) return PrimitiveNode::Make(node->name(), node->repetition(), parquet::Type::INT96);
  auto unit = millis ? parquet::LogicalType::TimeUnit::MILLIS : parquet::LogicalType::TimeUnit::MICROS;
  return PrimitiveNode::Make(node->name(), node->repetition(), parquet::LogicalType::Timestamp(true, unit, false, true),
                             parquet::Type::INT64);
}

TypePtr LeafType(const parquet::arrow::SchemaField& field, const parquet::SchemaDescriptor& schema) {
  const parquet::ColumnDescriptor* column = schema.Column(field.column_index);
  if (column->physical_type() == parquet::Type::INT96) return types::Timestamp();
  const arrow::DataType& type = *field.field->type();
  if (type.id() == arrow::Type::TIMESTAMP &&
      static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::NANO) {
    throw base::Error(
        base::ErrorKind::kAnalysis, "PARQUET_TYPE_ILLEGAL",
        {{"parquetType",
          "INT64 (TIMESTAMP(NANOS," +
              std::string(static_cast<const arrow::TimestampType&>(type).timezone().empty() ? "false" : "true") +
              "))"}});
  }
  if (type.id() == arrow::Type::FIXED_SIZE_BINARY) return types::Binary();
  if (type.id() == arrow::Type::EXTENSION || type.id() == arrow::Type::DICTIONARY) return types::String();
  return types::FromArrow(type);
}

std::string TypeName(parquet::Type::type type) {
  switch (type) {
    case parquet::Type::BYTE_ARRAY:
      return "BINARY";
    default:
      return parquet::TypeToString(type);
  }
}

}  // namespace

TypePtr TypeOfParquetField(const parquet::arrow::SchemaField& field, const parquet::SchemaDescriptor& schema) {
  switch (field.field->type()->id()) {
    case arrow::Type::STRUCT: {
      std::vector<types::StructField> fields;
      for (const auto& child : field.children) {
        fields.push_back({child.field->name(), TypeOfParquetField(child, schema), true});
      }
      return types::Struct(std::move(fields));
    }
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
      return types::Array(TypeOfParquetField(field.children[0], schema));
    case arrow::Type::MAP: {
      const auto& entries = field.children[0];
      return types::Map(TypeOfParquetField(entries.children[0], schema),
                        TypeOfParquetField(entries.children[1], schema));
    }
    default:
      return LeafType(field, schema);
  }
}

TypePtr SchemaOfParquet(const parquet::arrow::FileReader& reader) {
  auto metadata = reader.parquet_reader()->metadata();
  if (const auto& pairs = metadata->key_value_metadata()) {
    auto json = pairs->Get(kSparkSchemaKey);
    if (json.ok()) return types::AsNullable(types::ParseJsonType(*json));
  }
  std::vector<types::StructField> fields;
  for (const auto& field : reader.manifest().schema_fields) {
    fields.push_back({field.field->name(), TypeOfParquetField(field, *metadata->schema()), true});
  }
  return types::Struct(std::move(fields));
}

std::string PhysicalName(const parquet::arrow::SchemaField& field, const parquet::SchemaDescriptor& schema) {
  if (!field.is_leaf()) return "group";
  return TypeName(schema.Column(field.column_index)->physical_type());
}

std::shared_ptr<GroupNode> ParquetSchemaOf(const arrow::Schema& schema, bool int96, bool millis) {
  auto properties = parquet::WriterProperties::Builder()
                        .version(parquet::ParquetVersion::PARQUET_2_6)
                        ->enable_store_decimal_as_integer()
                        ->build();
  auto arrow_properties = parquet::ArrowWriterProperties::Builder().enable_compliant_nested_types()->build();
  std::shared_ptr<parquet::SchemaDescriptor> made;
  base::ThrowIfError(parquet::arrow::ToParquetSchema(&schema, *properties, *arrow_properties, &made));
  const auto& root = made->schema_root();
  parquet::schema::NodeVector fields;
  const auto& group = static_cast<const GroupNode&>(*root);
  for (int i = 0; i < group.field_count(); ++i) fields.push_back(Rewrite(group.field(i), int96, millis));
  return std::static_pointer_cast<GroupNode>(GroupNode::Make("spark_schema", parquet::Repetition::REQUIRED, fields));
}

}  // namespace sluice::formats
