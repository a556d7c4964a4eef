// Arrow columns → Avro values.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "formats/avro/avro_schema.h"
#include "types/data_type.h"

namespace sluice::formats {

struct AvroWriteOptions {
  bool case_sensitive = false;    ///< of field names
  bool refuse_old_dates = false;  ///< the rebase mode EXCEPTION
};

/// One step of writing a value.
struct AvroWriteStep {
  enum class Op : uint8_t {
    kNull,
    kBoolean,
    kByte,
    kShort,
    kInt,
    kLong,
    kThousandth,  ///< microseconds as milliseconds, nanoseconds as microseconds
    kFloat,
    kDouble,
    kText,
    kFixed,
    kEnum,
    kDecimal,
    kFixedDecimal,
    kRecord,
    kArray,
    kMap,
    kMember,  ///< of a struct that stands for a union, the one member that is set
  };
  Op op = Op::kNull;
  bool checked = false;      ///< whether old dates are refused
  int64_t branch = -1;       ///< of the union that a value is in
  int64_t null_branch = -1;  ///< what a null is written as; -1: it cannot be
  const AvroSchema* schema = nullptr;
  std::string path;  ///< "field 'a.b'", for messages
  std::vector<AvroWriteStep> children;
  std::vector<int> columns;  ///< kRecord: the struct's field for each of the record's; -1: a null
};

/// A Spark type compiled for an Avro schema. Immutable.
class AvroEncoder {
 public:
  /// Throws an analysis error where the type cannot be written with that schema.
  AvroEncoder(const types::TypePtr& type, AvroDocumentPtr schema, const AvroWriteOptions& options);

  /// Appends the value of one row, which is not null, of an array of the type. Throws for values that don't fit.
  class Rows {
   public:
    Rows(const AvroEncoder& encoder, const arrow::Array& array);
    void Append(int64_t row, std::string* out);

   private:
    struct Source {
      const AvroWriteStep* step;
      const uint8_t* validity;
      const uint8_t* values;
      const uint8_t* bytes;
      int64_t offset;
      std::vector<Source> children;
    };
    struct Entry {
      int64_t item;
      int64_t bucket;
    };
    static Source Bind(const AvroWriteStep& step, const arrow::ArrayData& data);
    void Write(const Source& source, int64_t row, std::string* out);
    void WriteOrNull(const Source& source, int64_t row, std::string* out);
    void WriteRecord(const Source& source, int64_t at, std::string* out);
    void WriteItems(const Source& source, int64_t at, std::string* out);
    void WriteMap(const Source& source, int64_t at, std::string* out);
    void WriteMember(const Source& source, int64_t at, std::string* out);

    Source root_;
    std::vector<Entry> entries_;
  };

 private:
  AvroDocumentPtr document_;
  AvroWriteStep root_;
};
using AvroEncoderPtr = std::shared_ptr<const AvroEncoder>;

}  // namespace sluice::formats
