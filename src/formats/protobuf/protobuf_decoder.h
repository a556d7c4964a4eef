// Protobuf messages → Arrow columns: a descriptor compiled once into plans of fields, then run for each message.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/column_builder.h"
#include "formats/protobuf/protobuf_schema.h"
#include "formats/protobuf/protobuf_wire.h"

namespace google::protobuf::util {
class TypeResolver;
}

namespace sluice::formats {

struct ProtobufFieldPlan {
  enum class Op : uint8_t {
    kIgnore,  ///< dropped from the type
    kBool,
    kInt,
    kZigzagInt,
    kUnsignedInt,  ///< as a long
    kLong,
    kZigzagLong,
    kUnsignedLong,  ///< as a decimal
    kFloat,
    kDouble,
    kText,
    kBytes,
    kEnum,
    kMessage,
    kMap,
    kMicros,   ///< of timestamps and durations
    kWrapper,  ///< the value of the one field inside
    kAnyJson,
  };
  Op op = Op::kIgnore;
  uint32_t number = 0;
  uint32_t wire = 0;
  bool repeated = false;
  bool message = false;  ///< several of them are one
  bool required = false;
  bool presence = false;  ///< a zero on the wire is not the same as nothing
  bool has_default = false;
  bool checks_utf8 = false;
  bool closed_enum = false;
  int slot = 0;    ///< the column, counted through the type from the top
  int inner = -1;  ///< the plan of a message, a map's entry or a wrapper
  int names = -1;  ///< of an enum whose values are texts
  ProtobufRaw default_value;
  std::string default_text;
  std::vector<int> rivals;  ///< the other fields of its oneof
};

struct ProtobufMessagePlan {
  std::vector<ProtobufFieldPlan> fields;
  std::vector<int16_t> by_small_number;
  std::unordered_map<uint32_t, int> by_number;
  bool has_required = false;
  bool dummy = false;  ///< the struct has one column that is always null

  int Find(uint32_t number) const {
    if (number < by_small_number.size()) return by_small_number[number];
    if (by_number.empty()) return -1;
    auto found = by_number.find(number);
    return found == by_number.end() ? -1 : found->second;
  }
};

/// A message type compiled for reading. Immutable.
class ProtobufDecoder {
 public:
  ProtobufDecoder(ProtobufMessageTypePtr type, const ProtobufOptions& options);
  ~ProtobufDecoder();
  const types::TypePtr& type() const { return type_; }

 private:
  friend class ProtobufColumn;
  friend class ProtobufPlanner;

  ProtobufMessageTypePtr message_;
  ProtobufOptions options_;
  types::TypePtr type_;
  std::vector<ProtobufMessagePlan> plans_;  ///< the first is the top's
  std::vector<std::unordered_map<int32_t, std::string>> enum_names_;
  std::vector<std::string> enum_types_;  ///< beside enum_names_
  std::unique_ptr<google::protobuf::util::TypeResolver> resolver_;
};
using ProtobufDecoderPtr = std::shared_ptr<const ProtobufDecoder>;

/// A column that messages are decoded into. Not thread safe.
class ProtobufColumn {
 public:
  explicit ProtobufColumn(const ProtobufDecoder& decoder);

  /// Appends a message; false, and nothing appended, if the bytes are none.
  bool Append(std::string_view bytes);
  void AppendNull() { root_.AppendNull(); }
  void Reserve(int64_t rows) { root_.Reserve(rows); }
  int64_t length() const { return root_.length(); }
  std::shared_ptr<arrow::Array> Finish() { return root_.Finish(); }

 private:
  /// What was found of a field: the last value, and where to look for all of them.
  struct Found {
    ProtobufRaw raw;
    const uint8_t* first = nullptr;
    const uint8_t* last = nullptr;
    uint32_t count = 0;
  };
  using Plan = ProtobufMessagePlan;
  using Field = ProtobufFieldPlan;

  void AddSlots(ColumnBuilder* builder);
  size_t Open(const Plan& plan);
  bool Scan(const Plan& plan, ProtobufInput in, size_t base, bool top);
  bool Note(const Plan& plan, int index, const uint8_t* start, uint32_t wire, ProtobufInput* in, size_t base, bool top);
  bool AppendMessage(int plan, int slot, ProtobufInput in, bool top);
  bool AppendField(const Field& field, int slot, const Found& found);
  bool AppendAll(const Field& field, const Found& found);
  bool AppendOne(const Field& field, int slot, const ProtobufRaw& raw);
  bool AppendPacked(const Field& field, int slot, ProtobufInput in);
  bool AppendEntry(const Field& field, ProtobufInput in);
  bool AppendValueOrDefault(const Field& field, int slot, const Found& found);
  bool AppendNested(const Field& field, int slot, const ProtobufRaw& raw);
  bool AppendMicros(const Field& field, int slot, const ProtobufRaw& raw);
  bool AppendWrapped(const Field& field, int slot, const ProtobufRaw& raw);
  bool AppendEnum(const Field& field, int slot, int32_t number);
  bool AppendJson(int slot, std::string_view any);
  bool Gather(const Field& field, const Found& found, std::string* out);
  bool Knows(const Field& field, const ProtobufRaw& raw) const;

  const ProtobufDecoder& decoder_;
  ColumnBuilder root_;
  std::vector<ColumnBuilder*> slots_;
  std::vector<Found> found_;  ///< of the messages being read, the innermost last; grows only
  size_t found_size_ = 0;
  std::string repaired_;
  int depth_ = 0;
};

}  // namespace sluice::formats
