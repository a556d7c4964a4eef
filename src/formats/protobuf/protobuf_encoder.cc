// Compiling and running the steps that write protobuf messages.
#include "formats/protobuf/protobuf_encoder.h"

#include <arrow/util/bit_util.h>
#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "base/error.h"
#include "formats/protobuf/protobuf_wire.h"

namespace sluice::formats {

namespace pb = google::protobuf;
using base::Error;
using base::ErrorKind;
using Field = pb::FieldDescriptor;
using Op = ProtobufWriteStep::Op;
using Path = std::vector<std::string>;
using types::TypeId;

namespace {

std::string FieldText(const Path& path) {
  return path.empty() ? "top-level record" : fmt::format("field '{}'", fmt::join(path, "."));
}

Path Under(Path path, const std::string& name) {
  path.push_back(name);
  return path;
}

bool SameName(const std::string& a, const std::string& b, bool case_sensitive) {
  if (case_sensitive) return a == b;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

class WriteCompiler {
 public:
  explicit WriteCompiler(bool case_sensitive) : case_sensitive_(case_sensitive) {}

  std::vector<ProtobufWriteStep> Message(const types::DataType& type, const pb::Descriptor& message, const Path& path) {
    std::vector<ProtobufWriteStep> steps;
    std::vector<bool> used(static_cast<size_t>(message.field_count()));
    for (size_t i = 0; i < type.fields().size(); ++i) {
      const types::StructField& column = type.fields()[i];
      const Field* field = FindField(column.name, message, path);
      if (!field) {
        throw Error(ErrorKind::kAnalysis, "NO_SQL_TYPE_IN_PROTOBUF_SCHEMA",
                    {{"catalystFieldPath", FieldText(Under(path, column.name))}});
      }
      used[static_cast<size_t>(field->index())] = true;
      steps.push_back(OfField(*column.type, *field, Under(path, column.name)));
      steps.back().column = static_cast<int>(i);
    }
    for (int i = 0; i < message.field_count(); ++i) {
      if (used[static_cast<size_t>(i)] || !message.field(i)->is_optional()) continue;
      throw Error(ErrorKind::kAnalysis, "PROTOBUF_FIELD_MISSING_IN_SQL_SCHEMA",
                  {{"field", FieldText(Under(path, message.field(i)->name()))}});
    }
    std::stable_sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return steps;
  }

 private:
  const Field* FindField(const std::string& name, const pb::Descriptor& message, const Path& path) const {
    std::vector<const Field*> found;
    std::string names;
    for (int i = 0; i < message.field_count(); ++i) {
      if (!SameName(name, message.field(i)->name(), case_sensitive_)) continue;
      found.push_back(message.field(i));
      names += (names.empty() ? "" : ", ") + message.field(i)->name();
    }
    if (found.size() <= 1) return found.empty() ? nullptr : found[0];
    throw Error(ErrorKind::kAnalysis, "PROTOBUF_FIELD_MISSING",
                {{"field", name},
                 {"protobufSchema", FieldText(path)},
                 {"matchSize", std::to_string(found.size())},
                 {"matches", "[" + names + "]"}});
  }

  static Error Wrong(const types::DataType& type, const Field& field, const Path& path) {
    return Error(
        ErrorKind::kAnalysis, "CANNOT_CONVERT_SQL_TYPE_TO_PROTOBUF_FIELD_TYPE",
        {{"sqlColumn", types::QuoteIdentifier(path)},
         {"protobufColumn", FieldText(path)},
         {"sqlType", "\"" + type.Sql() + "\""},
         {"protobufType", fmt::format("{} {} {}", field.full_name(), field.cpp_type_name(), field.type_name())}});
  }

  ProtobufWriteStep OfField(const types::DataType& type, const Field& field, const Path& path) {
    if (type.Is(TypeId::kArray) && field.is_repeated() && !field.is_map()) {
      ProtobufWriteStep step = Single(*type.element(), field, Under(path, "element"));
      step.repeated = true;
      step.packed = field.is_packed();
      return step;
    }
    if (type.Is(TypeId::kMap) && field.is_map()) {
      ProtobufWriteStep step;
      Note(field, path, &step);
      step.map = true;
      step.fields.push_back(Single(*type.key(), *field.message_type()->map_key(), Under(path, "key")));
      step.fields.push_back(Single(*type.value(), *field.message_type()->map_value(), Under(path, "value")));
      return step;
    }
    if (field.is_repeated() && !type.Is(TypeId::kNull)) throw Wrong(type, field, path);
    return Single(type, field, path);
  }

  static void Note(const Field& field, const Path& path, ProtobufWriteStep* step) {
    step->number = static_cast<uint32_t>(field.number());
    step->wire = WireOf(field);
    step->presence = field.has_presence();
    step->required = field.is_required();
    step->sql_path = types::QuoteIdentifier(path);
    step->path = FieldText(path);
    step->zigzag = field.type() == Field::TYPE_SINT32 || field.type() == Field::TYPE_SINT64;
    step->unsigned32 = field.cpp_type() == Field::CPPTYPE_UINT32 || field.type() == Field::TYPE_SINT32;
  }

  ProtobufWriteStep Single(const types::DataType& type, const Field& field, const Path& path) {
    ProtobufWriteStep step;
    Note(field, path, &step);
    if (type.Is(TypeId::kNull)) return step;
    if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
      Nested(type, field, path, &step);
    } else {
      step.op = PlainOp(type, field, path);
      if (step.op == Op::kEnumName) {
        for (int i = 0; i < field.enum_type()->value_count(); ++i) {
          step.enum_numbers.emplace(field.enum_type()->value(i)->name(), field.enum_type()->value(i)->number());
        }
      }
      if (step.required) step.default_bytes = DefaultBytes(field, step);
    }
    return step;
  }

  void Nested(const types::DataType& type, const Field& field, const Path& path, ProtobufWriteStep* step) {
    step->op = Op::kMessage;
    if (type.Is(TypeId::kStruct)) {
      step->fields = Message(type, *field.message_type(), path);
    } else if ((type.Is(TypeId::kTimestamp) && IsProtobufTimestamp(field)) ||
               (type.Is(TypeId::kDayTimeInterval) && IsProtobufDuration(field))) {
      step->op = Op::kMicros;
      step->wraps_seconds = IsProtobufDuration(field);
    } else if (IsProtobufWrapper(field)) {
      const Field& value = *field.message_type()->field(0);
      step->wrapper = true;
      step->fields.push_back(Single(type, value, path));
    } else {
      throw Wrong(type, field, path);
    }
  }

  static Op PlainOp(const types::DataType& type, const Field& field, const Path& path) {
    bool is_int = field.cpp_type() == Field::CPPTYPE_INT32 || field.cpp_type() == Field::CPPTYPE_UINT32;
    bool is_long = field.cpp_type() == Field::CPPTYPE_INT64 || field.cpp_type() == Field::CPPTYPE_UINT64;
    bool is_enum = field.cpp_type() == Field::CPPTYPE_ENUM;
    switch (type.id()) {
      case TypeId::kBoolean:
        if (field.cpp_type() == Field::CPPTYPE_BOOL) return Op::kBool;
        break;
      case TypeId::kByte:
        if (is_int) return Op::kInt8;
        break;
      case TypeId::kShort:
        if (is_int) return Op::kInt16;
        break;
      case TypeId::kInteger:
        if (is_int || is_enum) return Op::kInt32;
        break;
      case TypeId::kDate:
        if (is_int) return Op::kInt32;
        break;
      case TypeId::kLong:
        if (is_long || field.type() == Field::TYPE_UINT32) return Op::kInt64;
        break;
      case TypeId::kDecimal:
        if (field.type() == Field::TYPE_UINT64 && type.scale() == 0) return Op::kUnsignedLong;
        break;
      case TypeId::kFloat:
        if (field.cpp_type() == Field::CPPTYPE_FLOAT) return Op::kFloat;
        break;
      case TypeId::kDouble:
        if (field.cpp_type() == Field::CPPTYPE_DOUBLE) return Op::kDouble;
        break;
      case TypeId::kString:
      case TypeId::kChar:
      case TypeId::kVarchar:
        if (is_enum) return Op::kEnumName;
        if (field.type() == Field::TYPE_STRING) return Op::kText;
        break;
      case TypeId::kBinary:
        if (field.type() == Field::TYPE_BYTES) return Op::kText;
        break;
      default:
        break;
    }
    throw Wrong(type, field, path);
  }

  /// What a required field without a value is written as: its default, zero if it has none.
  static std::string DefaultBytes(const Field& field, const ProtobufWriteStep& step) {
    std::string out;
    AppendProtobufVarint(step.number << 3 | step.wire, &out);
    if (step.wire == kWireBytes) {
      AppendProtobufVarint(field.default_value_string().size(), &out);
      return out + field.default_value_string();
    }
    if (field.has_default_value() && step.wire != kWireVarint)
      throw Error::Unsupported("defaults of required fixed fields");
    if (step.wire == kWire32) return out + std::string(4, '\0');
    if (step.wire == kWire64) return out + std::string(8, '\0');
    int64_t value = 0;
    if (field.cpp_type() == Field::CPPTYPE_BOOL) value = field.default_value_bool();
    if (field.cpp_type() == Field::CPPTYPE_INT32) value = field.default_value_int32();
    if (field.cpp_type() == Field::CPPTYPE_INT64) value = field.default_value_int64();
    if (field.cpp_type() == Field::CPPTYPE_ENUM) value = field.default_value_enum()->number();
    if (field.cpp_type() == Field::CPPTYPE_UINT32) value = field.default_value_uint32();
    if (field.cpp_type() == Field::CPPTYPE_UINT64) value = static_cast<int64_t>(field.default_value_uint64());
    if (step.zigzag)
      value = static_cast<int64_t>(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
    AppendProtobufVarint(static_cast<uint64_t>(value), &out);
    return out;
  }

  bool case_sensitive_;
};

template <typename T>
T ValueAt(const arrow::ArrayData& data, int64_t at) {
  T value;
  std::memcpy(&value, data.buffers[1]->data() + at * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

bool IsNull(const arrow::ArrayData& data, int64_t row) {
  if (data.type->id() == arrow::Type::NA) return true;
  return data.buffers[0] && !arrow::bit_util::GetBit(data.buffers[0]->data(), row + data.offset);
}

std::string_view TextAt(const arrow::ArrayData& data, int64_t at) {
  auto begin = ValueAt<int32_t>(data, at), end = ValueAt<int32_t>(data, at + 1);
  const char* bytes = data.buffers[2] ? reinterpret_cast<const char*>(data.buffers[2]->data()) : "";
  return {bytes + begin, static_cast<size_t>(end - begin)};
}

/// Puts the length before what was appended from `start` on.
void CloseLength(size_t start, std::string* out) {
  std::string length;
  AppendProtobufVarint(out->size() - start, &length);
  out->insert(start, length);
}

void WriteFields(const std::vector<ProtobufWriteStep>& fields, const arrow::ArrayData& data, int64_t at,
                 std::string* out);

/// The bits that a number has on the wire.
uint64_t BitsOf(const ProtobufWriteStep& step, const arrow::ArrayData& data, int64_t at) {
  int64_t value = 0;
  switch (step.op) {
    case Op::kBool:
      return arrow::bit_util::GetBit(data.buffers[1]->data(), at);
    case Op::kInt8:
      value = ValueAt<int8_t>(data, at);
      break;
    case Op::kInt16:
      value = ValueAt<int16_t>(data, at);
      break;
    case Op::kInt32:
      value = ValueAt<int32_t>(data, at);
      break;
    case Op::kInt64:
      value = ValueAt<int64_t>(data, at);
      break;
    case Op::kFloat: {
      uint32_t bits = ValueAt<uint32_t>(data, at);
      return bits;
    }
    case Op::kDouble:
      return ValueAt<uint64_t>(data, at);
    case Op::kUnsignedLong:
      return static_cast<uint64_t>(ValueAt<__int128>(data, at));
    case Op::kEnumName: {
      std::string_view name = TextAt(data, at);
      auto found = step.enum_numbers.find(name);
      if (found != step.enum_numbers.end()) {
        value = found->second;
        break;
      }
      std::string known;
      for (const auto& [symbol, number] : step.enum_numbers) known += (known.empty() ? "\"" : ", \"") + symbol + "\"";
      throw Error(ErrorKind::kAnalysis, "CANNOT_CONVERT_SQL_VALUE_TO_PROTOBUF_ENUM_TYPE",
                  {{"sqlColumn", step.sql_path},
                   {"protobufColumn", step.path},
                   {"data", std::string(name)},
                   {"enumString", known}});
    }
    default:
      break;
  }
  if (step.zigzag) value = static_cast<int64_t>(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  return step.unsigned32 ? static_cast<uint32_t>(value) : static_cast<uint64_t>(value);
}

void WriteBits(const ProtobufWriteStep& step, uint64_t bits, std::string* out) {
  if (step.wire == kWireVarint) return AppendProtobufVarint(bits, out);
  char bytes[sizeof(bits)];
  std::memcpy(bytes, &bits, sizeof(bits));
  out->append(bytes, step.wire == kWire32 ? 4 : 8);
}

/// Seconds and nanoseconds, to the millisecond as Spark writes them.
void WriteMicros(const ProtobufWriteStep& step, int64_t micros, std::string* out) {
  int64_t millis = micros / 1000 - (micros % 1000 < 0);
  int64_t seconds = millis / 1000, nanos = millis % 1000 * 1000000;
  if (step.wraps_seconds && seconds < 0 && nanos > 0) {
    ++seconds;
    nanos -= 1000000000;
  } else if (step.wraps_seconds && seconds > 0 && nanos < 0) {
    --seconds;
    nanos += 1000000000;
  }
  if (seconds != 0) {
    AppendProtobufVarint(1 << 3 | kWireVarint, out);
    AppendProtobufVarint(static_cast<uint64_t>(seconds), out);
  }
  if (nanos != 0) {
    AppendProtobufVarint(2 << 3 | kWireVarint, out);
    AppendProtobufVarint(static_cast<uint64_t>(nanos), out);
  }
}

void AppendTag(const ProtobufWriteStep& step, std::string* out) {
  AppendProtobufVarint(step.number << 3 | step.wire, out);
}

/// A value with its tag; `row` counts before the array's offset. Zeros are left out where nothing means zero.
void WriteOne(const ProtobufWriteStep& step, const arrow::ArrayData& data, int64_t row, bool keep_zero,
              std::string* out) {
  int64_t at = row + data.offset;
  if (step.op == Op::kMessage || step.op == Op::kMicros) {
    AppendTag(step, out);
    size_t start = out->size();
    if (step.wrapper) {
      WriteOne(step.fields[0], data, row, false, out);
    } else if (step.op == Op::kMicros) {
      WriteMicros(step, ValueAt<int64_t>(data, at), out);
    } else {
      WriteFields(step.fields, data, at, out);
    }
    if (step.wire == kWireGroup) return AppendProtobufVarint(step.number << 3 | kWireEndGroup, out);
    return CloseLength(start, out);
  }
  if (step.op == Op::kText) {
    std::string_view text = TextAt(data, at);
    if (text.empty() && !keep_zero) return;
    AppendTag(step, out);
    AppendProtobufVarint(text.size(), out);
    out->append(text);
    return;
  }
  uint64_t bits = BitsOf(step, data, at);
  if (bits == 0 && !keep_zero) return;
  AppendTag(step, out);
  WriteBits(step, bits, out);
}

void WriteList(const ProtobufWriteStep& step, const arrow::ArrayData& data, int64_t row, std::string* out) {
  int64_t at = row + data.offset;
  auto begin = ValueAt<int32_t>(data, at), end = ValueAt<int32_t>(data, at + 1);
  const arrow::ArrayData& items = *data.child_data[0];
  for (int32_t i = begin; i < end; ++i) {
    if (IsNull(items, i))
      throw Error::Plain(ErrorKind::kRuntime, "Cannot write a null element to Protobuf " + step.path);
  }
  if (!step.packed) {
    for (int32_t i = begin; i < end; ++i) WriteOne(step, items, i, true, out);
    return;
  }
  if (begin == end) return;
  AppendProtobufVarint(step.number << 3 | kWireBytes, out);
  size_t start = out->size();
  for (int32_t i = begin; i < end; ++i) WriteBits(step, BitsOf(step, items, i + items.offset), out);
  CloseLength(start, out);
}

void WriteMap(const ProtobufWriteStep& step, const arrow::ArrayData& data, int64_t row, std::string* out) {
  int64_t at = row + data.offset;
  auto begin = ValueAt<int32_t>(data, at), end = ValueAt<int32_t>(data, at + 1);
  const arrow::ArrayData& entries = *data.child_data[0];
  for (int64_t i = begin + entries.offset; i < end + entries.offset; ++i) {
    AppendTag(step, out);
    size_t start = out->size();
    WriteOne(step.fields[0], *entries.child_data[0], i, step.fields[0].presence, out);
    if (!IsNull(*entries.child_data[1], i)) {
      WriteOne(step.fields[1], *entries.child_data[1], i, step.fields[1].presence, out);
    }
    CloseLength(start, out);
  }
}

void WriteFields(const std::vector<ProtobufWriteStep>& fields, const arrow::ArrayData& data, int64_t at,
                 std::string* out) {
  for (const ProtobufWriteStep& step : fields) {
    const arrow::ArrayData& column = *data.child_data[step.column];
    if (IsNull(column, at)) {
      out->append(step.default_bytes);
    } else if (step.map) {
      WriteMap(step, column, at, out);
    } else if (step.repeated) {
      WriteList(step, column, at, out);
    } else {
      WriteOne(step, column, at, step.presence, out);
    }
  }
}

}  // namespace

ProtobufEncoder::ProtobufEncoder(const types::TypePtr& type, ProtobufMessageTypePtr message, bool case_sensitive)
    : message_(std::move(message)) {
  try {
    fields_ = WriteCompiler(case_sensitive).Message(*type, message_->descriptor(), {});
  } catch (const Error& error) {
    throw Error(ErrorKind::kAnalysis, "UNABLE_TO_CONVERT_TO_PROTOBUF_MESSAGE_TYPE",
                {{"protobufType", message_->descriptor().name()}, {"toType", "\"" + type->Sql() + "\""}})
        .WithCause(error.what());
  }
}

void ProtobufEncoder::Append(const arrow::ArrayData& data, int64_t row, std::string* out) const {
  WriteFields(fields_, data, row + data.offset, out);
}

}  // namespace sluice::formats
