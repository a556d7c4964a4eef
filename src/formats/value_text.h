// Values as text formats write them.
#pragma once

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <string>

#include "formats/datetime_values.h"
#include "types/data_type.h"

namespace sluice::formats {

/// BigDecimal.toString: scientific below 10^-6 ("1E-8"), else plain.
void AppendBigDecimal(const arrow::Decimal128& value, int scale, std::string* out);

/// Appends a value that is not null and not nested, without any quoting: numbers as Java prints them, dates and times
/// by the writer's formats, intervals as ANSI literals, binary as hexadecimal bytes "[68 69]".
void AppendPlainValue(const types::DataType& type, const arrow::Array& array, int64_t row,
                      const DateTimeWriter& datetimes, std::string* out);

}  // namespace sluice::formats
