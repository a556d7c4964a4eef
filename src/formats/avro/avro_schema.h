// Avro schemas: their JSON text ↔ a graph of types.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::formats {

enum class AvroKind {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kArray,
  kMap,
  kUnion,
  kRecord,
};

/// The logical types that change what Spark makes of a value; all others are kNone.
enum class AvroLogical {
  kNone,
  kDecimal,        ///< of bytes and fixed
  kCustomDecimal,  ///< of long, Spark's own
  kDate,
  kTimeMicros,
  kTimestampMillis,
  kTimestampMicros,
  kLocalTimestampMillis,
  kLocalTimestampMicros,
  kOther,  ///< known to Avro and without a meaning here (time-millis, timestamp-nanos …)
};

struct AvroSchema;

struct AvroField {
  std::string name;
  std::vector<std::string> aliases;
  const AvroSchema* schema = nullptr;
  std::optional<std::string> default_json;
};

/// One type. A record may contain itself.
struct AvroSchema {
  AvroKind kind = AvroKind::kNull;
  AvroLogical logical = AvroLogical::kNone;
  std::string logical_name;
  int precision = 0;                        ///< of decimals
  int scale = 0;                            ///< of decimals
  std::string name;                         ///< full name of records, enums and fixed types
  std::vector<std::string> aliases;         ///< full names
  int64_t size = 0;                         ///< kFixed
  std::vector<std::string> symbols;         ///< kEnum
  std::optional<std::string> enum_default;  ///< kEnum
  std::vector<AvroField> fields;            ///< kRecord
  std::vector<const AvroSchema*> children;  ///< kArray, kMap: one; kUnion: the branches
  std::string catalyst_type;                ///< the property spark.sql.catalyst.type

  bool Is(AvroKind other) const { return kind == other; }
  bool IsNamed() const { return kind == AvroKind::kRecord || kind == AvroKind::kEnum || kind == AvroKind::kFixed; }
  const AvroSchema* child() const { return children[0]; }
  /// The name without its namespace; for types without a name, the type's ("int").
  std::string ShortName() const;
  /// The branches of a union that are not null.
  std::vector<const AvroSchema*> NonNullBranches() const;
  /// Whether this is a union with a null branch.
  bool IsNullable() const;
  std::optional<int> FieldIndex(std::string_view field) const;
};

/// A schema with all the types that it is made of. Immutable.
class AvroDocument {
 public:
  /// Throws an analysis error that says what is wrong with the text. Default values are not looked at, as in Spark.
  static std::shared_ptr<const AvroDocument> Parse(std::string_view json);

  const AvroSchema& root() const { return *root_; }
  /// The whole schema as Avro prints it.
  std::string ToString() const { return ToString(*root_); }
  /// One of its types; a record that was defined is printed by name the second time.
  static std::string ToString(const AvroSchema& schema, bool pretty = false);

 private:
  friend class AvroSchemaParser;
  std::vector<std::unique_ptr<AvroSchema>> types_;
  const AvroSchema* root_ = nullptr;
};
using AvroDocumentPtr = std::shared_ptr<const AvroDocument>;

/// "int", "record" …
std::string_view AvroKindName(AvroKind kind);
/// An error of a schema or of its use, which Spark raises as an exception of Avro without a condition.
[[noreturn]] void ThrowAvroSchemaError(const std::string& message);

}  // namespace sluice::formats
