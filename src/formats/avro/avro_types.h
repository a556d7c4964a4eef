// Which Spark type an Avro schema is read as, and which schema a Spark type is written with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/avro/avro_schema.h"
#include "types/data_type.h"

namespace sluice::formats {

struct AvroTypeOptions {
  bool stable_union_names = false;  ///< union members are called by their type
  std::string union_prefix = "member_";
  int max_recursion = -1;  ///< how often a record may contain itself; the rest is dropped; < 1: an error
};

/// A schema beside the Spark type it is read as. Unions of null and one other type are left out: they are that other
/// type, nullable.
struct AvroTyped {
  const AvroSchema* schema = nullptr;
  types::TypePtr type;
  bool nullable = false;
  /// Of a record its fields, of a union its branches that are not null, of an array or map the one inner type; null
  /// where the type is dropped because it is nested too deeply in itself. Empty for unions that become one number.
  std::vector<std::unique_ptr<AvroTyped>> children;
};

/// Throws an analysis error for what Spark cannot read.
std::unique_ptr<AvroTyped> ToSparkType(const AvroSchema& schema, const AvroTypeOptions& options);

/// The schema Spark writes a type with if none is given. Throws an analysis error for types that Avro has not.
std::string ToAvroSchema(const types::DataType& type, bool nullable);

/// Unions of int and long, and of float and double, are one number.
bool IsNumberUnion(const std::vector<const AvroSchema*>& branches);

}  // namespace sluice::formats
