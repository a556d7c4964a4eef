// A typed constant.
#pragma once

#include <arrow/scalar.h>

#include <memory>
#include <string>

#include "types/data_type.h"

namespace sluice::types {

/// A constant of a Spark type; `value` has ToArrow(type) and may be null.
struct Literal {
  TypePtr type;
  std::shared_ptr<arrow::Scalar> value;

  bool is_null() const { return !value || !value->is_valid; }

  static Literal Null(TypePtr type);
  static Literal Boolean(bool v);
  static Literal Integer(int32_t v);
  static Literal Long(int64_t v);
  static Literal Double(double v);
  static Literal String(std::string v);
  /// As SQL would print it in a column name or plan: 1, abc, 1.5, true, NULL, DATE '2024-01-01'. `for_sql` quotes strings.
  std::string ToString(bool for_sql = false) const;
};

}  // namespace sluice::types
