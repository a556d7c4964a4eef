// Pickle's opcodes for plain values, and such values as Arrow columns.
#include "python/python_value.h"

#include <arrow/builder.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::python {
namespace {

using Kind = PythonValue::Kind;

[[noreturn]] void Damaged(const std::string& what) {
  throw base::Error::Plain(base::ErrorKind::kIllegalState, "A Python worker sent a value that cannot be read: " + what);
}

PythonValuePtr Make(Kind kind) {
  auto value = std::make_shared<PythonValue>();
  value->kind = kind;
  return value;
}

class PickleReader {
 public:
  explicit PickleReader(std::string_view pickle) : at_(pickle.data()), end_(pickle.data() + pickle.size()) {}

  PythonValuePtr Read() {
    for (;;) {
      uint8_t opcode = Little<uint8_t>();
      if (opcode == '.') return Pop();
      if (!Push(opcode) && !Shape(opcode)) Damaged(fmt::format("pickle opcode {:#x}", opcode));
    }
  }

 private:
  // The opcodes that put a value on the stack.
  bool Push(uint8_t opcode) {
    switch (opcode) {
      case 'N':
        stack_.push_back(Make(Kind::kNone));
        return true;
      case 0x88:
      case 0x89:
        PushInteger(opcode == 0x88 ? 1 : 0, Kind::kBool);
        return true;
      case 'J':
        PushInteger(Little<int32_t>());
        return true;
      case 'K':
        PushInteger(Little<uint8_t>());
        return true;
      case 'M':
        PushInteger(Little<uint16_t>());
        return true;
      case 0x8a:
        PushLong(Bytes(Little<uint8_t>()));
        return true;
      case 0x8b:
        PushLong(Bytes(Little<uint32_t>()));
        return true;
      case 'G': {
        stack_.push_back(Make(Kind::kFloat));
        stack_.back()->number = std::bit_cast<double>(__builtin_bswap64(Little<uint64_t>()));
        return true;
      }
      case 0x8c:
        PushText(Bytes(Little<uint8_t>()), Kind::kText);
        return true;
      case 'X':
        PushText(Bytes(Little<uint32_t>()), Kind::kText);
        return true;
      case 0x8d:
        PushText(Bytes(Little<uint64_t>()), Kind::kText);
        return true;
      case 'C':
        PushText(Bytes(Little<uint8_t>()), Kind::kBytes);
        return true;
      case 'B':
        PushText(Bytes(Little<uint32_t>()), Kind::kBytes);
        return true;
      case 0x8e:
      case 0x96:
        PushText(Bytes(Little<uint64_t>()), Kind::kBytes);
        return true;
      case ')':
      case ']':
        stack_.push_back(Make(Kind::kSequence));
        return true;
      case '}':
        stack_.push_back(Make(Kind::kDict));
        return true;
      case 'h':
        PushMemo(Little<uint8_t>());
        return true;
      case 'j':
        PushMemo(Little<uint32_t>());
        return true;
      case 'c': {
        std::string module(Line());
        PushText(module + "." + std::string(Line()), Kind::kGlobal);
        return true;
      }
      default:
        return false;
    }
  }

  // The opcodes that work on what is on the stack.
  bool Shape(uint8_t opcode) {
    switch (opcode) {
      case 0x80:
        Bytes(1);
        return true;
      case 0x95:
        Bytes(8);
        return true;
      case 0x94:
        memo_.push_back(Top());
        return true;
      case 'q':
        Memoize(Little<uint8_t>());
        return true;
      case 'r':
        Memoize(Little<uint32_t>());
        return true;
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case 't':
        Gather(Make(Kind::kSequence), PopMark());
        return true;
      case 0x85:
      case 0x86:
      case 0x87: {
        size_t count = opcode - 0x84;
        if (stack_.size() < count) Damaged("pickle stack");
        Gather(Make(Kind::kSequence), stack_.size() - count);
        return true;
      }
      case 'a':
        ExtendTop(stack_.size() - 1);
        return true;
      case 's':
        ExtendTop(stack_.size() - 2);
        return true;
      case 'e':
      case 'u':
        ExtendTop(PopMark());
        return true;
      case 0x93: {
        PythonValuePtr name = Pop(), module = Pop();
        PushText(module->text + "." + name->text, Kind::kGlobal);
        return true;
      }
      case 'R':
        Reduce();
        return true;
      default:
        return false;
    }
  }

  void Reduce() {
    PythonValuePtr arguments = Pop(), callable = Pop();
    const std::vector<PythonValuePtr>& items = arguments->items;
    if (callable->text == "decimal.Decimal" && items.size() == 1) {
      PushText(items[0]->text, Kind::kDecimal);
    } else if (callable->text == "pyspark.sql.types._create_row" && items.size() == 2) {
      stack_.push_back(Make(Kind::kSequence));
      stack_.back()->items = items[1]->items;
    } else {
      Damaged("an object of " + callable->text);
    }
  }

  void PushInteger(int64_t integer, Kind kind = Kind::kInteger) {
    stack_.push_back(Make(kind));
    stack_.back()->integer = integer;
  }
  // Two's complement, little-endian. What is beyond a long cannot be in any column.
  void PushLong(std::string_view bytes) {
    if (bytes.size() > sizeof(int64_t)) {
      stack_.push_back(Make(Kind::kNone));
      return;
    }
    int64_t value = !bytes.empty() && (bytes.back() & 0x80) ? -1 : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    PushInteger(value);
  }
  void PushText(std::string_view text, Kind kind) {
    stack_.push_back(Make(kind));
    stack_.back()->text = text;
  }
  void PushMemo(size_t slot) {
    if (slot >= memo_.size() || !memo_[slot]) Damaged("pickle memo");
    stack_.push_back(memo_[slot]);
  }
  void Memoize(size_t slot) {
    if (slot > memo_.size() + 256) Damaged("pickle memo");
    if (memo_.size() <= slot) memo_.resize(slot + 1);
    memo_[slot] = Top();
  }
  void Gather(PythonValuePtr sequence, size_t from) {
    auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(from);
    sequence->items.assign(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    stack_.push_back(std::move(sequence));
  }
  void ExtendTop(size_t from) {
    if (from == 0 || from > stack_.size()) Damaged("pickle stack");
    auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(from);
    std::vector<PythonValuePtr>& items = stack_[from - 1]->items;
    items.insert(items.end(), begin, stack_.end());
    stack_.erase(begin, stack_.end());
  }
  size_t PopMark() {
    if (marks_.empty()) Damaged("pickle marks");
    size_t mark = marks_.back();
    marks_.pop_back();
    if (mark > stack_.size()) Damaged("pickle marks");
    return mark;
  }
  const PythonValuePtr& Top() {
    if (stack_.empty()) Damaged("pickle stack");
    return stack_.back();
  }
  PythonValuePtr Pop() {
    PythonValuePtr top = Top();
    stack_.pop_back();
    return top;
  }

  template <typename T>
  T Little() {
    T value;
    std::memcpy(&value, Bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view Bytes(uint64_t count) {
    if (static_cast<uint64_t>(end_ - at_) < count) Damaged("the pickle ends early");
    at_ += count;
    return {at_ - count, count};
  }
  std::string_view Line() {
    const auto* end = static_cast<const char*>(std::memchr(at_, '\n', static_cast<size_t>(end_ - at_)));
    if (!end) Damaged("the pickle ends early");
    std::string_view line(at_, static_cast<size_t>(end - at_));
    at_ = end + 1;
    return line;
  }

  const char* at_;
  const char* end_;
  std::vector<PythonValuePtr> stack_, memo_;
  std::vector<size_t> marks_;
};

template <typename Builder>
Builder& As(arrow::ArrayBuilder& builder) {
  return static_cast<Builder&>(builder);
}

template <typename Builder, typename Value>
arrow::Status AppendInteger(arrow::ArrayBuilder& builder, const PythonValue& value) {
  if (value.kind != Kind::kInteger) return builder.AppendNull();
  return As<Builder>(builder).Append(static_cast<Value>(value.integer));
}

template <typename Builder, typename Value>
arrow::Status AppendFloat(arrow::ArrayBuilder& builder, const PythonValue& value) {
  if (value.kind != Kind::kFloat) return builder.AppendNull();
  return As<Builder>(builder).Append(static_cast<Value>(value.number));
}

// What Java's toString gives of the value.
std::string JavaText(const PythonValue& value) {
  switch (value.kind) {
    case Kind::kBool:
      return value.integer ? "true" : "false";
    case Kind::kInteger:
      return std::to_string(value.integer);
    case Kind::kFloat: {
      std::string text = fmt::format("{}", value.number);
      return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
    }
    default:
      return value.text;
  }
}

arrow::Status AppendDecimal(arrow::ArrayBuilder& builder, const PythonValue& value, const types::DataType& type) {
  if (value.kind != Kind::kDecimal) return builder.AppendNull();
  arrow::Decimal128 decimal;
  int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(value.text, &decimal, &precision, &scale).ok()) return builder.AppendNull();
  if (scale > type.scale()) {
    decimal = decimal.ReduceScaleBy(scale - type.scale(), true);
  } else if (scale < type.scale()) {
    decimal = decimal.IncreaseScaleBy(type.scale() - scale);
  }
  if (!decimal.FitsInPrecision(type.precision())) return builder.AppendNull();
  return As<arrow::Decimal128Builder>(builder).Append(decimal);
}

arrow::Status AppendValue(arrow::ArrayBuilder& builder, const types::DataType& type, const PythonValue& value);

arrow::Status AppendStruct(arrow::ArrayBuilder& builder, const types::DataType& type, const PythonValue& value) {
  if (value.kind != Kind::kSequence) return builder.AppendNull();
  const std::vector<types::StructField>& fields = type.fields();
  if (value.items.size() != fields.size()) {
    throw base::Error(base::ErrorKind::kRuntime, "STRUCT_ARRAY_LENGTH_MISMATCH",
                      {{"expected", std::to_string(fields.size())}, {"actual", std::to_string(value.items.size())}});
  }
  ARROW_RETURN_NOT_OK(As<arrow::StructBuilder>(builder).Append());
  for (size_t i = 0; i < fields.size(); ++i) {
    ARROW_RETURN_NOT_OK(AppendValue(*builder.child(static_cast<int>(i)), *fields[i].type, *value.items[i]));
  }
  return arrow::Status::OK();
}

arrow::Status AppendMap(arrow::ArrayBuilder& builder, const types::DataType& type, const PythonValue& value) {
  if (value.kind != Kind::kDict) return builder.AppendNull();
  auto& map = As<arrow::MapBuilder>(builder);
  ARROW_RETURN_NOT_OK(map.Append());
  for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
    ARROW_RETURN_NOT_OK(AppendValue(*map.key_builder(), *type.key(), *value.items[i]));
    ARROW_RETURN_NOT_OK(AppendValue(*map.item_builder(), *type.value(), *value.items[i + 1]));
  }
  return arrow::Status::OK();
}

arrow::Status AppendList(arrow::ArrayBuilder& builder, const types::DataType& type, const PythonValue& value) {
  if (value.kind != Kind::kSequence) return builder.AppendNull();
  auto& list = As<arrow::ListBuilder>(builder);
  ARROW_RETURN_NOT_OK(list.Append());
  for (const PythonValuePtr& item : value.items) {
    ARROW_RETURN_NOT_OK(AppendValue(*list.value_builder(), *type.element(), *item));
  }
  return arrow::Status::OK();
}

arrow::Status AppendValue(arrow::ArrayBuilder& builder, const types::DataType& type, const PythonValue& value) {
  using types::TypeId;
  if (value.kind == Kind::kNone) return builder.AppendNull();
  switch (type.id()) {
    case TypeId::kBoolean:
      return value.kind == Kind::kBool ? As<arrow::BooleanBuilder>(builder).Append(value.integer != 0)
                                       : builder.AppendNull();
    case TypeId::kByte:
      return AppendInteger<arrow::Int8Builder, int8_t>(builder, value);
    case TypeId::kShort:
      return AppendInteger<arrow::Int16Builder, int16_t>(builder, value);
    case TypeId::kInteger:
    case TypeId::kYearMonthInterval:
      return AppendInteger<arrow::Int32Builder, int32_t>(builder, value);
    case TypeId::kDate:
      return AppendInteger<arrow::Date32Builder, int32_t>(builder, value);
    case TypeId::kLong:
      return AppendInteger<arrow::Int64Builder, int64_t>(builder, value);
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return AppendInteger<arrow::TimestampBuilder, int64_t>(builder, value);
    case TypeId::kDayTimeInterval:
      return AppendInteger<arrow::DurationBuilder, int64_t>(builder, value);
    case TypeId::kFloat:
      return AppendFloat<arrow::FloatBuilder, float>(builder, value);
    case TypeId::kDouble:
      return AppendFloat<arrow::DoubleBuilder, double>(builder, value);
    case TypeId::kDecimal:
      return AppendDecimal(builder, value, type);
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      return As<arrow::StringBuilder>(builder).Append(JavaText(value));
    case TypeId::kBinary:
      if (value.kind != Kind::kBytes && value.kind != Kind::kText) return builder.AppendNull();
      return As<arrow::BinaryBuilder>(builder).Append(value.text);
    case TypeId::kArray:
      return AppendList(builder, type, value);
    case TypeId::kMap:
      return AppendMap(builder, type, value);
    case TypeId::kStruct:
      return AppendStruct(builder, type, value);
    case TypeId::kUdt:
      return AppendValue(builder, *type.sql_type(), value);
    default:
      throw base::Error::Unsupported("Values of type " + type.Sql() + " from a Python worker",
                                     "Keep them as another type.");
  }
}

}  // namespace

PythonValuePtr ReadPickle(std::string_view pickle) { return PickleReader(pickle).Read(); }

std::shared_ptr<arrow::Array> ToColumn(const std::vector<PythonValuePtr>& values, const types::TypePtr& type) {
  auto builder = base::ValueOrThrow(arrow::MakeBuilder(types::ToArrow(type)));
  for (const PythonValuePtr& value : values) base::ThrowIfError(AppendValue(*builder, *type, *value));
  return base::ValueOrThrow(builder->Finish());
}

arrow::ArrayVector ToColumns(const std::vector<PythonValuePtr>& rows, const types::DataType& schema) {
  auto builder = base::ValueOrThrow(arrow::MakeBuilder(arrow::struct_(types::ToArrowSchema(schema)->fields())));
  for (const PythonValuePtr& row : rows) base::ThrowIfError(AppendValue(*builder, schema, *row));
  auto column = base::ValueOrThrow(builder->Finish());
  return base::ValueOrThrow(static_cast<const arrow::StructArray&>(*column).Flatten());
}

}  // namespace sluice::python
