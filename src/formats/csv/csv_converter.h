// CSV tokens → columns, one column at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/column_builder.h"
#include "formats/csv/csv_options.h"
#include "formats/csv/token_table.h"
#include "formats/datetime_values.h"

namespace sluice::formats {

/// Converts tokens as Spark's UnivocityParser does. Not thread safe.
class CsvConverter {
 public:
  CsvConverter(const CsvOptions& options, const OptionReader& reader);

  /// Appends the tokens of one slot to a column; a token that does not fit gives null and sets bad[row].
  void Convert(const TokenTable& table, int slot, ColumnBuilder* column, uint8_t* bad) const;

 private:
  template <typename T, typename Parse>
  void ConvertFixed(const TokenTable& table, int slot, ColumnBuilder* column, uint8_t* bad, const Parse& parse) const;
  void ConvertStrings(const TokenTable& table, int slot, ColumnBuilder* column) const;
  void ConvertSlowly(const TokenTable& table, int slot, ColumnBuilder* column, uint8_t* bad) const;
  bool IsNull(const TokenView& token) const {
    return token.size < 0 || (static_cast<size_t>(token.size) == null_value_.size() &&
                              std::memcmp(token.data, null_value_.data(), null_value_.size()) == 0);
  }
  template <typename T>
  bool Special(const TokenView& token, T* out) const;

  std::string null_value_, nan_value_, positive_inf_, negative_inf_;
  bool special_digits_ = false;  // one of the special values begins with a digit
  bool us_locale_;
  DateTimeReader datetimes_;
};

}  // namespace sluice::formats
