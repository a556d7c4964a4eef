// The few pickle opcodes that rows need.
#include "python/row_pickler.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <bit>
#include <cstring>

#include "base/error.h"

namespace sluice::python {
namespace {

class Pickler {
 public:
  Pickler() { out_ = "\x80\x02"; }

  void Global(const char* module, const char* name) {
    out_ += 'c';
    out_ += module;
    out_ += '\n';
    out_ += name;
    out_ += '\n';
  }
  void Text(std::string_view text) {
    out_ += 'X';
    Little32(static_cast<uint32_t>(text.size()));
    out_ += text;
  }
  // Protocol 2 has no bytes opcode: bytes are made from their Latin-1 text, as Python's own pickler does.
  void Bytes(std::string_view bytes) {
    Global("_codecs", "encode");
    std::string text;
    for (unsigned char c : bytes) {
      if (c < 0x80) {
        text += static_cast<char>(c);
      } else {
        text += static_cast<char>(0xc0 | c >> 6);
        text += static_cast<char>(0x80 | (c & 0x3f));
      }
    }
    Text(text);
    Text("latin1");
    out_ += "\x86R";
  }
  void Long(int64_t value) {
    if (value >= INT32_MIN && value <= INT32_MAX) {
      out_ += 'J';
      Little32(static_cast<uint32_t>(static_cast<int32_t>(value)));
      return;
    }
    out_ += "\x8a\x08";
    char bytes[8];
    std::memcpy(bytes, &value, 8);
    out_.append(bytes, 8);
  }
  void Double(double value) {
    out_ += 'G';
    uint64_t big = __builtin_bswap64(std::bit_cast<uint64_t>(value));
    char bytes[8];
    std::memcpy(bytes, &big, 8);
    out_.append(bytes, 8);
  }
  void Op(std::string_view opcodes) { out_ += opcodes; }
  void Put(uint8_t slot) {
    out_ += 'q';
    out_ += static_cast<char>(slot);
  }
  void Get(uint8_t slot) {
    out_ += 'h';
    out_ += static_cast<char>(slot);
  }
  std::string Finish() {
    out_ += '.';
    return std::move(out_);
  }

 private:
  void Little32(uint32_t value) {
    char bytes[4];
    std::memcpy(bytes, &value, 4);
    out_.append(bytes, 4);
  }
  std::string out_;
};

template <typename ArrayType>
auto ValueAt(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).Value(row);
}

// Spark's internal form of one value (DataType.toInternal).
void PickleValue(Pickler& out, const arrow::Array& array, const types::DataType& type, int64_t row) {
  using types::TypeId;
  if (array.IsNull(row)) {
    out.Op("N");
    return;
  }
  switch (type.id()) {
    case TypeId::kNull:
      out.Op("N");
      return;
    case TypeId::kBoolean:
      out.Op(ValueAt<arrow::BooleanArray>(array, row) ? "\x88" : "\x89");
      return;
    case TypeId::kByte:
      out.Long(ValueAt<arrow::Int8Array>(array, row));
      return;
    case TypeId::kShort:
      out.Long(ValueAt<arrow::Int16Array>(array, row));
      return;
    case TypeId::kInteger:
    case TypeId::kYearMonthInterval:
      out.Long(ValueAt<arrow::Int32Array>(array, row));
      return;
    case TypeId::kDate:
      out.Long(ValueAt<arrow::Date32Array>(array, row));
      return;
    case TypeId::kLong:
      out.Long(ValueAt<arrow::Int64Array>(array, row));
      return;
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      out.Long(ValueAt<arrow::TimestampArray>(array, row));
      return;
    case TypeId::kDayTimeInterval:
      out.Long(ValueAt<arrow::DurationArray>(array, row));
      return;
    case TypeId::kFloat:
      out.Double(ValueAt<arrow::FloatArray>(array, row));
      return;
    case TypeId::kDouble:
      out.Double(ValueAt<arrow::DoubleArray>(array, row));
      return;
    case TypeId::kDecimal:
      out.Global("decimal", "Decimal");
      out.Text(static_cast<const arrow::Decimal128Array&>(array).FormatValue(row));
      out.Op("\x85R");
      return;
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      out.Text(static_cast<const arrow::StringArray&>(array).GetView(row));
      return;
    case TypeId::kBinary:
      out.Bytes(static_cast<const arrow::BinaryArray&>(array).GetView(row));
      return;
    case TypeId::kArray: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      out.Op("](");
      for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
        PickleValue(out, *list.values(), *type.element(), i);
      }
      out.Op("e");
      return;
    }
    case TypeId::kMap: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      out.Op("}(");
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        PickleValue(out, *map.keys(), *type.key(), i);
        PickleValue(out, *map.items(), *type.value(), i);
      }
      out.Op("u");
      return;
    }
    case TypeId::kStruct: {
      const auto& record = static_cast<const arrow::StructArray&>(array);
      out.Op("(");
      for (size_t i = 0; i < type.fields().size(); ++i) {
        PickleValue(out, *record.field(static_cast<int>(i)), *type.fields()[i].type, row);
      }
      out.Op("t");
      return;
    }
    case TypeId::kUdt:
      PickleValue(out, array, *type.sql_type(), row);
      return;
    default:
      throw base::Error::Unsupported("Values of type " + type.Sql() + " in a Python row function",
                                     "Cast the column to another type first.");
  }
}

// The function that makes a Row of the schema from a tuple of internal values.
void PushRowMaker(Pickler& out, const types::DataType& schema) {
  out.Global("pyspark.sql.types", "_create_row_inbound_converter");
  out.Global("pyspark.sql.types", "_parse_datatype_json_string");
  out.Text(schema.Json());
  out.Op("\x85R\x85R");
}

// Calls that function, which lies on the stack, for one row.
void PushRow(Pickler& out, const arrow::ArrayVector& columns, const types::DataType& schema, int64_t row) {
  out.Op("(");
  for (size_t i = 0; i < columns.size(); ++i) PickleValue(out, *columns[i], *schema.fields()[i].type, row);
  out.Op("tR");
}

}  // namespace

std::string PickleRows(const arrow::RecordBatch& batch, const types::TypePtr& schema, int64_t begin, int64_t end) {
  Pickler out;
  PushRowMaker(out, *schema);
  out.Put(0);
  out.Op("0](");
  for (int64_t row = begin; row < end; ++row) {
    out.Get(0);
    PushRow(out, batch.columns(), *schema, row);
  }
  out.Op("e");
  return out.Finish();
}

std::string PickleRow(const arrow::ArrayVector& columns, const types::DataType& schema, int64_t row) {
  Pickler out;
  PushRowMaker(out, schema);
  PushRow(out, columns, schema, row);
  return out.Finish();
}

}  // namespace sluice::python
