// Values that Python workers pickle, read without Python.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "types/data_type.h"

namespace sluice::python {

struct PythonValue;
using PythonValuePtr = std::shared_ptr<PythonValue>;

struct PythonValue {
  enum class Kind { kNone, kBool, kInteger, kFloat, kText, kBytes, kSequence, kDict, kDecimal, kGlobal };
  Kind kind = Kind::kNone;
  int64_t integer = 0;  ///< also of kBool
  double number = 0;
  std::string text;                   ///< text, bytes, a decimal's digits, "module.name" of a kGlobal
  std::vector<PythonValuePtr> items;  ///< of a list or tuple; of a dict: key, value, key, value …
};

/// Reads one pickle of plain values: None, numbers, texts, bytes, lists, tuples, dicts, Decimals, Rows. Throws
/// kIllegalState for other classes and for damaged bytes.
PythonValuePtr ReadPickle(std::string_view pickle);

/// Values in Spark's internal form (DataType.toInternal) as a column. As in Spark, a value of another Python type than
/// the column's becomes null.
std::shared_ptr<arrow::Array> ToColumn(const std::vector<PythonValuePtr>& values, const types::TypePtr& type);
/// Rows, each a tuple with a value for each field, as columns; a null row is null in all. Throws kIllegalState for a
/// tuple of another length.
arrow::ArrayVector ToColumns(const std::vector<PythonValuePtr>& rows, const types::DataType& schema);

}  // namespace sluice::python
