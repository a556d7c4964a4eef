// Avro values → Arrow columns: a writer's schema resolved against a reader's once, then run for each value.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/avro/avro_schema.h"
#include "formats/avro/avro_types.h"
#include "formats/column_builder.h"

namespace sluice::formats {

struct AvroReadOptions {
  AvroTypeOptions types;
  bool refuse_old_dates = false;  ///< datetimeRebaseMode EXCEPTION: dates before the Gregorian calendar are malformed
};

/// The schema that values are read into and its Spark type. Immutable.
class AvroReader {
 public:
  AvroReader(AvroDocumentPtr schema, const AvroReadOptions& options);

  const AvroDocumentPtr& document() const { return document_; }
  const AvroTyped& typed() const { return *typed_; }
  const types::TypePtr& type() const { return typed_->type; }
  const AvroReadOptions& options() const { return options_; }

 private:
  AvroDocumentPtr document_;
  AvroReadOptions options_;
  std::unique_ptr<AvroTyped> typed_;
};
using AvroReaderPtr = std::shared_ptr<const AvroReader>;

/// One step of reading a value.
struct AvroStep {
  enum class Op : uint8_t {
    kError,  ///< the value's type does not go together with the reader's
    kNull,
    kZero,  ///< a null at the top that Spark reads as the number 0
    kBoolean,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kNumber,  ///< a promotion to float or double
    kMillis,
    kTimeMicros,
    kLongDecimal,
    kText,  ///< strings and bytes
    kFixed,
    kDecimal,
    kFixedDecimal,
    kEnum,
    kRecord,
    kArray,
    kMap,
    kUnion,   ///< of the writer: the branch that the data names
    kMember,  ///< of a struct made of the reader's union, the one member that is set
    kSkip,
    kDefault,
  };
  Op op = Op::kError;
  AvroKind source = AvroKind::kNull;  ///< kInt and kLong tell how much of a number is there; of kNumber what is there
  bool checked = false;               ///< whether old dates are refused
  bool via_float = false;             ///< kNumber
  int slot = 0;                       ///< the column, counted through the type from the top
  uint32_t begin = 0, count = 0;      ///< the steps of what is inside
  int64_t number = 0;  ///< size of kFixed, precision of decimals, member of kMember, table of kEnum and kDefault
  const AvroSchema* skipped = nullptr;  ///< of kSkip the value's type, of kMap that of its values
};

/// A writer's schema, compiled for a reader. Immutable.
class AvroDecoder {
 public:
  AvroDecoder(AvroReaderPtr reader, AvroDocumentPtr writer);

  const AvroReader& reader() const { return *reader_; }

 private:
  friend class AvroColumn;
  friend class AvroResolver;

  AvroReaderPtr reader_;
  AvroDocumentPtr writer_;
  std::vector<AvroStep> steps_;
  AvroStep root_;
  std::vector<std::vector<std::string>> symbols_;  ///< by the writer's number; with a leading '!' where unknown
  std::vector<std::string> defaults_;              ///< values as Avro bytes
};
using AvroDecoderPtr = std::shared_ptr<const AvroDecoder>;

/// A column that values are decoded into. Not thread safe.
class AvroColumn {
 public:
  /// `type` is the reader's or differs from it by nullability.
  explicit AvroColumn(const types::TypePtr& type);

  /// Appends a value; false, and nothing appended, if the bytes are none. Bytes behind the value are ignored.
  bool Append(const AvroDecoder& decoder, std::string_view bytes);
  void AppendNull() { root_.AppendNull(); }
  /// A struct of nulls; a null if the type is no struct.
  void AppendEmpty();
  void Reserve(int64_t rows) { root_.Reserve(rows); }
  int64_t length() const { return root_.length(); }
  std::shared_ptr<arrow::Array> Finish() { return root_.Finish(); }

 private:
  void AddSlots(ColumnBuilder* builder);
  struct Input {
    const uint8_t* at;
    const uint8_t* end;
  };
  bool Read(const AvroStep& step, Input* in);
  bool ReadNumber(const AvroStep& step, Input* in);
  bool ReadMillis(const AvroStep& step, Input* in);
  bool ReadDecimal(const AvroStep& step, Input* in);
  bool ReadEnum(const AvroStep& step, Input* in);
  bool ReadRecord(const AvroStep& step, Input* in);
  bool ReadArray(const AvroStep& step, Input* in);
  bool ReadMap(const AvroStep& step, Input* in);
  bool FindEntries(const AvroStep& step, Input* in);
  bool ReadCount(Input* in, int64_t* count);
  bool ReadMember(const AvroStep& step, Input* in);
  bool ReadDefault(const AvroStep& step);
  bool Skip(const AvroSchema& schema, int depth, Input* in);
  bool SkipItems(const AvroSchema& schema, int depth, Input* in);
  static bool ReadText(Input* in, std::string_view* out);

  ColumnBuilder root_;
  std::vector<ColumnBuilder*> slots_;
  const AvroDecoder* decoder_ = nullptr;
  /// An entry of a map: where its value lies.
  struct Entry {
    std::string_view key;
    const uint8_t* value;
    int64_t bucket;
  };
  std::vector<Entry> entries_;        ///< of the maps being read, the innermost last
  std::vector<int64_t> map_buckets_;  ///< by slot: Spark uses the map of one value again for the next
  int64_t empty_items_ = 0;           ///< so far
  int64_t skips_left_ = 0;            ///< in this value
};

/// The value of a schema that a JSON text names, as default values do, as Avro bytes; false if it is none.
bool EncodeAvroDefault(const AvroSchema& schema, const std::string& json, std::string* out);
/// Whether values of a schema take no bytes.
bool IsEmpty(const AvroSchema& schema);

}  // namespace sluice::formats
