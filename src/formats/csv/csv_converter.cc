// Loops over the tokens of a column, one for each type.
#include "formats/csv/csv_converter.h"

#include <arrow/util/decimal.h>

#include <limits>

#include "base/error.h"
#include "formats/number_parser.h"
#include "types/interval.h"

namespace sluice::formats {
namespace {

using types::TypeId;

std::string_view Text(const TokenView& token) { return {token.data, static_cast<size_t>(token.size)}; }

// What decimals are read from: group separators don't count.
std::string WithoutCommas(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c != ',') out += c;
  }
  return out;
}

}  // namespace

CsvConverter::CsvConverter(const CsvOptions& options, const OptionReader& reader)
    : null_value_(options.null_value),
      nan_value_(options.nan_value),
      positive_inf_(options.positive_inf),
      negative_inf_(options.negative_inf),
      us_locale_(reader.Get("locale", "en-US").starts_with("en")),
      datetimes_(reader) {
  for (const std::string* special : {&nan_value_, &positive_inf_, &negative_inf_}) {
    special_digits_ |= !special->empty() && static_cast<unsigned char>(special->front() - '0') <= 9;
  }
}

template <typename T, typename Parse>
void CsvConverter::ConvertFixed(const TokenTable& table, int slot, ColumnBuilder* column, uint8_t* bad,
                                const Parse& parse) const {
  const int64_t rows = static_cast<int64_t>(table.rows.size());
  const int64_t base = column->length();
  column->Reserve(base + rows);
  T* values = column->Values<T>() + base;
  const TokenView* token = table.tokens.data() + slot;
  for (int64_t i = 0; i < rows; ++i, token += table.slots) {
    if (IsNull(*token)) [[unlikely]] {
      values[i] = T{};
      column->SetNull(base + i);
    } else if (!parse(*token, &values[i])) [[unlikely]] {
      values[i] = T{};
      column->SetNull(base + i);
      bad[i] = 1;
    }
  }
  column->Advance(rows);
}

void CsvConverter::ConvertStrings(const TokenTable& table, int slot, ColumnBuilder* column) const {
  const int64_t rows = static_cast<int64_t>(table.rows.size());
  const int64_t base = column->length();
  column->Reserve(base + rows);
  const TokenView* token = table.tokens.data() + slot;
  for (int64_t i = 0; i < rows; ++i, token += table.slots) {
    if (IsNull(*token)) [[unlikely]] {
      column->AppendNull();
    } else {
      column->AppendString(token->data, token->size);
    }
  }
}

template <typename T>
bool CsvConverter::Special(const TokenView& token, T* out) const {
  std::string_view text = Text(token);
  if (text == nan_value_) {
    *out = std::numeric_limits<T>::quiet_NaN();
  } else if (text == negative_inf_) {
    *out = -std::numeric_limits<T>::infinity();
  } else if (text == positive_inf_) {
    *out = std::numeric_limits<T>::infinity();
  } else {
    return false;
  }
  return true;
}

void CsvConverter::Convert(const TokenTable& table, int slot, ColumnBuilder* column, uint8_t* bad) const {
  switch (column->id()) {
    case TypeId::kByte:
      return ConvertFixed<int8_t>(table, slot, column, bad, [](const TokenView& token, int8_t* out) {
        return ParseInteger(token.data, token.size, out);
      });
    case TypeId::kShort:
      return ConvertFixed<int16_t>(table, slot, column, bad, [](const TokenView& token, int16_t* out) {
        return ParseInteger(token.data, token.size, out);
      });
    case TypeId::kInteger:
      return ConvertFixed<int32_t>(table, slot, column, bad, [](const TokenView& token, int32_t* out) {
        return ParseInteger(token.data, token.size, out);
      });
    case TypeId::kLong:
      return ConvertFixed<int64_t>(table, slot, column, bad, [](const TokenView& token, int64_t* out) {
        return ParseInteger(token.data, token.size, out);
      });
    case TypeId::kFloat:
      return ConvertFixed<float>(table, slot, column, bad, [this](const TokenView& token, float* out) {
        return Special(token, out) || ParseFloat(Text(token), out);
      });
    case TypeId::kDouble:
      return ConvertFixed<double>(table, slot, column, bad, [this](const TokenView& token, double* out) {
        bool digit = static_cast<unsigned char>(token.data[0] - '0') <= 9;
        if ((!digit || special_digits_) && Special(token, out)) return true;
        return ParseDouble(token.data, token.size, out);
      });
    case TypeId::kDate:
      return ConvertFixed<int32_t>(table, slot, column, bad, [this](const TokenView& token, int32_t* out) {
        return datetimes_.Date(Text(token), out);
      });
    case TypeId::kTimestamp:
      return ConvertFixed<int64_t>(table, slot, column, bad, [this](const TokenView& token, int64_t* out) {
        return datetimes_.Timestamp(Text(token), out);
      });
    case TypeId::kTimestampNtz:
      return ConvertFixed<int64_t>(table, slot, column, bad, [this](const TokenView& token, int64_t* out) {
        return datetimes_.TimestampNtz(Text(token), out);
      });
    case TypeId::kTime:
      return ConvertFixed<int64_t>(table, slot, column, bad, [this](const TokenView& token, int64_t* out) {
        return datetimes_.Time(Text(token), out);
      });
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      return ConvertStrings(table, slot, column);
    default:
      return ConvertSlowly(table, slot, column, bad);
  }
}

// Types that are rare in files.
void CsvConverter::ConvertSlowly(const TokenTable& table, int slot, ColumnBuilder* column, uint8_t* bad) const {
  const TokenView* token = table.tokens.data() + slot;
  for (size_t i = 0; i < table.rows.size(); ++i, token += table.slots) {
    if (IsNull(*token)) {
      column->AppendNull();
      continue;
    }
    bool good = false;
    switch (column->id()) {
      case TypeId::kBoolean: {
        bool value;
        good = ParseBoolean(Text(*token), &value);
        if (good) column->AppendBool(value);
        break;
      }
      case TypeId::kDecimal: {
        arrow::Decimal128 value;
        bool commas = us_locale_ && Text(*token).find(',') != std::string_view::npos;
        good = ParseDecimal(commas ? std::string_view(WithoutCommas(Text(*token))) : Text(*token),
                            column->type()->precision(), column->type()->scale(), &value);
        if (good) column->Append(value);
        break;
      }
      case TypeId::kCalendarInterval:
        try {
          types::Interval interval = types::ParseInterval(Text(*token));
          column->Append(
              arrow::MonthDayNanoIntervalType::MonthDayNanos{interval.months, interval.days, interval.micros * 1000});
          good = true;
        } catch (const base::Error&) {
        }
        break;
      default:
        throw base::Error::Unsupported("reading columns of type " + column->type()->Sql() + " from CSV");
    }
    if (!good) {
      column->AppendNull();
      bad[i] = 1;
    }
  }
}

}  // namespace sluice::formats
