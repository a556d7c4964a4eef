// Conversions between the types of a file and those of a query.
#include "formats/array_adapter.h"

#include <arrow/compute/api.h>
#include <arrow/extension_type.h>
#include <arrow/util/decimal.h>

#include <algorithm>

#include "base/arrow_status.h"
#include "base/error.h"

namespace sluice::formats {
namespace {

using types::TypeId;
using types::TypePtr;

std::shared_ptr<arrow::Array> Cast(const std::shared_ptr<arrow::Array>& array,
                                   const std::shared_ptr<arrow::DataType>& type, bool unsafe) {
  auto options = unsafe ? arrow::compute::CastOptions::Unsafe(type) : arrow::compute::CastOptions::Safe(type);
  return base::ValueOrThrow(arrow::compute::Cast(arrow::Datum(array), options)).make_array();
}

// The same buffers under another type of the same layout.
std::shared_ptr<arrow::Array> Relabel(const std::shared_ptr<arrow::Array>& array,
                                      const std::shared_ptr<arrow::DataType>& type) {
  auto data = array->data()->Copy();
  data->type = type;
  return arrow::MakeArray(data);
}

// Timestamps of any unit as microseconds; finer ones are cut off.
std::shared_ptr<arrow::Array> ToMicros(const std::shared_ptr<arrow::Array>& array,
                                       const std::shared_ptr<arrow::DataType>& type) {
  const auto& from = static_cast<const arrow::TimestampType&>(*array->type());
  if (from.unit() == arrow::TimeUnit::MICRO) return Relabel(array, type);
  if (from.unit() != arrow::TimeUnit::NANO) {
    auto plain = Relabel(array, arrow::timestamp(from.unit()));
    return Relabel(Cast(plain, arrow::timestamp(arrow::TimeUnit::MICRO), true), type);
  }
  // Down to the microsecond below, also before 1970.
  const auto& nanos = static_cast<const arrow::TimestampArray&>(*array);
  auto buffer = base::ValueOrThrow(arrow::AllocateBuffer(nanos.length() * sizeof(int64_t)));
  auto* micros = reinterpret_cast<int64_t*>(buffer->mutable_data());
  for (int64_t i = 0; i < nanos.length(); ++i) {
    int64_t value = nanos.Value(i);
    micros[i] = value / 1000 - (value % 1000 < 0);
  }
  std::shared_ptr<arrow::Buffer> valid = nanos.null_bitmap();
  if (valid && nanos.offset() != 0) {
    valid = base::ValueOrThrow(
        arrow::internal::CopyBitmap(arrow::default_memory_pool(), valid->data(), nanos.offset(), nanos.length()));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, nanos.length(), {valid, std::move(buffer)}, nanos.null_count()));
}

bool IsString(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING || id == arrow::Type::STRING_VIEW;
}
bool IsBinary(arrow::Type::type id) {
  return id == arrow::Type::BINARY || id == arrow::Type::LARGE_BINARY || id == arrow::Type::BINARY_VIEW ||
         id == arrow::Type::FIXED_SIZE_BINARY;
}
bool IsDecimal(arrow::Type::type id) {
  return id == arrow::Type::DECIMAL32 || id == arrow::Type::DECIMAL64 || id == arrow::Type::DECIMAL128 ||
         id == arrow::Type::DECIMAL256;
}

int IntegerDigits(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::INT8:
      return 3;
    case arrow::Type::INT16:
    case arrow::Type::UINT8:
      return 5;
    case arrow::Type::INT32:
    case arrow::Type::UINT16:
      return 10;
    case arrow::Type::INT64:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
      return 20;
    default:
      return 0;
  }
}

bool CanAdaptInteger(arrow::Type::type from, const types::DataType& target) {
  bool narrow = from != arrow::Type::INT64 && from != arrow::Type::UINT32 && from != arrow::Type::UINT64;
  switch (target.id()) {
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInteger:
      return narrow;
    case TypeId::kLong:
      return from != arrow::Type::UINT64;
    case TypeId::kDouble:
      return narrow;
    case TypeId::kDecimal:
      return target.precision() - target.scale() >= IntegerDigits(from) || from == arrow::Type::UINT64;
    default:
      return false;
  }
}

std::shared_ptr<arrow::Array> AdaptStruct(const arrow::StructArray& array, const types::DataType& target,
                                          const std::shared_ptr<arrow::DataType>& type, bool case_sensitive) {
  types::TypePtr names = types::FromArrow(*array.type());
  std::vector<std::shared_ptr<arrow::ArrayData>> fields;
  for (const types::StructField& field : target.fields()) {
    auto index = names->FieldIndex(field.name, case_sensitive);
    std::shared_ptr<arrow::Array> child;
    child = index ? AdaptArray(array.field(*index), field.type, case_sensitive) : NullArray(field.type, array.length());
    if (!child) return nullptr;
    fields.push_back(child->data());
  }
  std::shared_ptr<arrow::Buffer> valid = array.null_bitmap();
  if (valid && array.offset() != 0) {
    valid = base::ValueOrThrow(
        arrow::internal::CopyBitmap(arrow::default_memory_pool(), valid->data(), array.offset(), array.length()));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, array.length(), {valid}, fields, array.null_count()));
}

template <typename ListArrayType>
std::shared_ptr<arrow::Array> AdaptList(const ListArrayType& array, const types::DataType& target,
                                        const std::shared_ptr<arrow::DataType>& type, bool case_sensitive) {
  auto elements = AdaptArray(array.values(), target.element(), case_sensitive);
  if (!elements) return nullptr;
  auto data = array.data()->Copy();
  data->type = type;
  data->child_data = {elements->data()};
  return arrow::MakeArray(data);
}

std::shared_ptr<arrow::Array> AdaptMap(const arrow::MapArray& array, const types::DataType& target,
                                       const std::shared_ptr<arrow::DataType>& type, bool case_sensitive) {
  auto keys = AdaptArray(array.keys(), target.key(), case_sensitive);
  auto values = AdaptArray(array.items(), target.value(), case_sensitive);
  if (!keys || !values) return nullptr;
  auto entries =
      arrow::ArrayData::Make(type->field(0)->type(), keys->length(), {nullptr}, {keys->data(), values->data()}, 0);
  auto data = array.data()->Copy();
  data->type = type;
  data->child_data = {entries};
  return arrow::MakeArray(data);
}

}  // namespace

std::shared_ptr<arrow::Array> NullArray(const TypePtr& type, int64_t rows) {
  return base::ValueOrThrow(arrow::MakeArrayOfNull(types::ToArrow(type), rows));
}

bool CanAdapt(const arrow::DataType& from, const types::DataType& target) {
  arrow::Type::type id = from.id();
  switch (target.id()) {
    case TypeId::kNull:
      return true;
    case TypeId::kBoolean:
      return id == arrow::Type::BOOL;
    case TypeId::kFloat:
      return id == arrow::Type::FLOAT || id == arrow::Type::HALF_FLOAT;
    case TypeId::kDouble:
      return id == arrow::Type::DOUBLE || id == arrow::Type::FLOAT || CanAdaptInteger(id, target);
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInteger:
    case TypeId::kLong:
      return IntegerDigits(id) > 0 && CanAdaptInteger(id, target);
    case TypeId::kYearMonthInterval:
      return id == arrow::Type::INT32;
    case TypeId::kDayTimeInterval:
      return id == arrow::Type::INT64 || id == arrow::Type::DURATION;
    case TypeId::kDecimal: {
      if (IntegerDigits(id) > 0) return CanAdaptInteger(id, target);
      if (!IsDecimal(id)) return false;
      const auto& decimal = static_cast<const arrow::DecimalType&>(from);
      int scale_growth = target.scale() - decimal.scale();
      return scale_growth >= 0 && target.precision() - decimal.precision() >= scale_growth;
    }
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      return IsString(id) || IsBinary(id) || id == arrow::Type::DICTIONARY || id == arrow::Type::EXTENSION;
    case TypeId::kDate:
      return id == arrow::Type::DATE32 || id == arrow::Type::DATE64;
    case TypeId::kTime:
      return id == arrow::Type::TIME32 || id == arrow::Type::TIME64;
    case TypeId::kTimestamp:
      return id == arrow::Type::TIMESTAMP;
    case TypeId::kTimestampNtz:
      return id == arrow::Type::TIMESTAMP || id == arrow::Type::DATE32;
    case TypeId::kArray:
      return id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST || id == arrow::Type::FIXED_SIZE_LIST;
    case TypeId::kMap:
      return id == arrow::Type::MAP;
    case TypeId::kStruct:
      return id == arrow::Type::STRUCT;
    case TypeId::kUdt:
      return CanAdapt(from, *target.sql_type());
    default:
      return false;
  }
}

std::shared_ptr<arrow::Array> AdaptArray(const std::shared_ptr<arrow::Array>& array, const TypePtr& target,
                                         bool case_sensitive) {
  if (target->Is(TypeId::kUdt)) return AdaptArray(array, target->sql_type(), case_sensitive);
  const arrow::DataType& from = *array->type();
  if (!CanAdapt(from, *target)) return nullptr;
  auto type = types::ToArrow(target);
  switch (target->id()) {
    case TypeId::kNull:
      return NullArray(target, array->length());
    case TypeId::kStruct:
      return AdaptStruct(static_cast<const arrow::StructArray&>(*array), *target, type, case_sensitive);
    case TypeId::kArray:
      if (from.id() == arrow::Type::LIST) {
        return AdaptList(static_cast<const arrow::ListArray&>(*array), *target, type, case_sensitive);
      }
      return AdaptArray(Cast(array, arrow::list(from.field(0)->type()), false), target, case_sensitive);
    case TypeId::kMap:
      return AdaptMap(static_cast<const arrow::MapArray&>(*array), *target, type, case_sensitive);
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      if (from.id() == arrow::Type::TIMESTAMP) return ToMicros(array, type);
      return Cast(array, type, false);
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      if (from.id() == arrow::Type::EXTENSION) {
        return AdaptArray(static_cast<const arrow::ExtensionArray&>(*array).storage(), target, case_sensitive);
      }
      if (from.id() == arrow::Type::STRING || from.id() == arrow::Type::BINARY) return Relabel(array, type);
      if (IsBinary(from.id())) return Relabel(Cast(array, arrow::binary(), true), type);
      return Cast(array, type, true);
    case TypeId::kDayTimeInterval:
      if (from.id() == arrow::Type::INT64) return Relabel(array, type);
      return Cast(array, type, true);
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInteger:
      // Narrowing takes the low bits, as Spark's vectorized reader does.
      return from.Equals(*type) ? array : Cast(array, type, true);
    default:
      return from.Equals(*type) ? array : Cast(array, type, false);
  }
}

}  // namespace sluice::formats
