// Casts to string, and the texts that show() prints.
#include <arrow/array/array_nested.h>
#include <arrow/util/decimal.h>

#include <charconv>

#include "base/arrow_status.h"
#include "functions/cast_kernels.h"
#include "functions/columns.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "types/datetime_text.h"
#include "types/interval.h"
#include "types/number_text.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarKernel;
using types::TimeZone;
using types::TypeId;
using types::TypePtr;

namespace {

/// How values are printed: as CAST does, or as show() does.
struct Style {
  const char* null_text = "null";
  bool plain_decimals = true;
  bool hex_binary = false;
};

template <typename T>
void AppendInteger(TextWriter& out, T value) {
  char* start = out.Claim(20);
  auto result = std::to_chars(start, start + 20, static_cast<int64_t>(value));
  out.GiveBack(20 - static_cast<size_t>(result.ptr - start));
}

/// BigDecimal.toString: scientific when the exponent is small.
std::string ScientificDecimal(Int128 value, int scale) {
  std::string digits = DecimalText(value < 0 ? -value : value, 0);
  int adjusted = static_cast<int>(digits.size()) - 1 - scale;
  if (scale == 0 || adjusted >= -6) return DecimalText(value, scale);
  std::string out = value < 0 ? "-" : "";
  out += digits.substr(0, 1);
  if (digits.size() > 1) out += "." + digits.substr(1);
  return out + "E" + std::to_string(adjusted);
}

void AppendHexBytes(TextWriter& out, std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  out.Append('[');
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out.Append(' ');
    auto byte = static_cast<unsigned char>(bytes[i]);
    out.Append(kDigits[byte >> 4]);
    out.Append(kDigits[byte & 15]);
  }
  out.Append(']');
}

/// The kernel of a type that is not nested.
ScalarKernel PrimitiveText(const TypePtr& from, const TypePtr& to, Style style) {
  switch (from->id()) {
    case TypeId::kBoolean:
      return RowKernel<Text(bool)>(to, [](TextWriter& out, bool v) { out.Append(v ? "true" : "false"); });
    case TypeId::kByte:
      return RowKernel<Text(int8_t)>(to, AppendInteger<int8_t>);
    case TypeId::kShort:
      return RowKernel<Text(int16_t)>(to, AppendInteger<int16_t>);
    case TypeId::kInteger:
      return RowKernel<Text(int32_t)>(to, AppendInteger<int32_t>);
    case TypeId::kLong:
      return RowKernel<Text(int64_t)>(to, AppendInteger<int64_t>);
    case TypeId::kFloat:
      return BatchKernel<Text(float)>(to, [](EvalContext&) {
        return [text = std::string()](TextWriter& out, float v) mutable {
          text.clear();
          types::AppendFloat(v, &text);
          out.Append(text);
        };
      });
    case TypeId::kDouble:
      return BatchKernel<Text(double)>(to, [](EvalContext&) {
        return [text = std::string()](TextWriter& out, double v) mutable {
          text.clear();
          types::AppendDouble(v, &text);
          out.Append(text);
        };
      });
    case TypeId::kDecimal: {
      int scale = from->scale();
      if (!style.plain_decimals) {
        return RowKernel<Text(Int128)>(to,
                                       [scale](TextWriter& out, Int128 v) { out.Append(ScientificDecimal(v, scale)); });
      }
      return RowKernel<Text(Int128)>(to, [scale](TextWriter& out, Int128 v) { out.Append(DecimalText(v, scale)); });
    }
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
      return RowKernel<Text(std::string_view)>(to, [](TextWriter& out, std::string_view v) { out.Append(v); });
    case TypeId::kBinary:
      if (style.hex_binary) return RowKernel<Text(std::string_view)>(to, AppendHexBytes);
      return RowKernel<Text(std::string_view)>(to, [](TextWriter& out, std::string_view v) { out.Append(v); });
    case TypeId::kDate:
      return RowKernel<Text(int32_t)>(to, [](TextWriter& out, int32_t v) { out.Append(types::FormatDate(v)); });
    case TypeId::kTime:
      return RowKernel<Text(int64_t)>(to, [](TextWriter& out, int64_t v) { out.Append(types::FormatTime(v)); });
    case TypeId::kTimestampNtz:
      return RowKernel<Text(int64_t)>(to,
                                      [](TextWriter& out, int64_t v) { out.Append(types::FormatLocalTimestamp(v)); });
    case TypeId::kTimestamp:
      return BatchKernel<Text(int64_t)>(to, [](EvalContext& context) {
        return [zone = TimeZone::Get(context.time_zone)](TextWriter& out, int64_t v) {
          out.Append(types::FormatLocalTimestamp(zone.ToLocal(v)));
        };
      });
    case TypeId::kDayTimeInterval:
      return RowKernel<Text(int64_t)>(to, [fields = from->interval()](TextWriter& out, int64_t v) {
        out.Append(types::FormatDayTimeInterval(v, fields));
      });
    case TypeId::kYearMonthInterval:
      return RowKernel<Text(int32_t)>(to, [fields = from->interval()](TextWriter& out, int32_t v) {
        out.Append(types::FormatYearMonthInterval(v, fields));
      });
    case TypeId::kCalendarInterval:
      return RowKernel<Text(CalendarValue)>(to, [](TextWriter& out, CalendarValue v) {
        out.Append(types::ToString(types::Interval{v.months, v.days, v.nanos / 1000}));
      });
    default:
      throw base::Error::Unsupported("CAST from " + from->Sql() + " to STRING");
  }
}

/// Texts of whole columns; nested ones are put together from the texts of their children.
class TextMaker {
 public:
  TextMaker(const TypePtr& type, Style style) : style_(style), type_(type) {
    switch (type->id()) {
      case TypeId::kUdt:
        children_.emplace_back(type->sql_type(), style);
        break;
      case TypeId::kArray:
        children_.emplace_back(type->element(), style);
        break;
      case TypeId::kMap:
        children_.emplace_back(type->key(), style);
        children_.emplace_back(type->value(), style);
        break;
      case TypeId::kStruct:
        for (const auto& field : type->fields()) children_.emplace_back(field.type, style);
        break;
      case TypeId::kNull:
        break;
      default:
        kernel_ = PrimitiveText(type, types::String(), style);
    }
  }

  /// The texts, null where the value is null.
  std::shared_ptr<arrow::Array> Make(EvalContext& context, const std::shared_ptr<arrow::Array>& values) const {
    switch (type_->id()) {
      case TypeId::kNull:
        return NullArray(arrow::utf8(), values->length());
      case TypeId::kUdt:
        return children_[0].Make(context, values);
      case TypeId::kArray:
        return MakeArrayText(context, values);
      case TypeId::kMap:
        return MakeMapText(context, values);
      case TypeId::kStruct:
        return MakeStructText(context, values);
      default:
        return ToArray(kernel_(context, {arrow::Datum(values)}, values->length()), values->length());
    }
  }

 private:
  void AppendItem(TextWriter& out, const Column<std::string_view>& texts, int64_t row) const {
    out.Append(texts.valid(row) ? texts[row] : std::string_view(style_.null_text));
  }

  template <typename Body>
  std::shared_ptr<arrow::Array> Rows(const ColumnBase& column, Body&& body) const {
    int64_t rows = column.length();
    TextWriter out(arrow::utf8(), rows, AndValidity({&column}, rows));
    for (int64_t row = 0; row < rows; ++row) {
      if (column.valid(row)) body(out, row);
      out.EndRow();
    }
    return out.Finish();
  }

  std::shared_ptr<arrow::Array> MakeArrayText(EvalContext& context, const std::shared_ptr<arrow::Array>& values) const {
    Column<Range> lists(values);
    Column<std::string_view> items(children_[0].Make(context, arrow::MakeArray(values->data()->child_data[0])));
    return Rows(lists, [&](TextWriter& out, int64_t row) {
      Range range = lists[row];
      out.Append('[');
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (i > range.begin) out.Append(", ");
        AppendItem(out, items, i);
      }
      out.Append(']');
    });
  }

  std::shared_ptr<arrow::Array> MakeMapText(EvalContext& context, const std::shared_ptr<arrow::Array>& values) const {
    Column<Range> maps(values);
    arrow::StructArray entries(values->data()->child_data[0]);
    Column<std::string_view> keys(children_[0].Make(context, entries.field(0)));
    Column<std::string_view> items(children_[1].Make(context, entries.field(1)));
    return Rows(maps, [&](TextWriter& out, int64_t row) {
      Range range = maps[row];
      out.Append('{');
      for (int64_t i = range.begin; i < range.end; ++i) {
        if (i > range.begin) out.Append(", ");
        AppendItem(out, keys, i);
        out.Append(" -> ");
        AppendItem(out, items, i);
      }
      out.Append('}');
    });
  }

  std::shared_ptr<arrow::Array> MakeStructText(EvalContext& context,
                                               const std::shared_ptr<arrow::Array>& values) const {
    const auto& structs = static_cast<const arrow::StructArray&>(*values);
    std::vector<Column<std::string_view>> fields;
    for (size_t i = 0; i < children_.size(); ++i) {
      fields.emplace_back(children_[i].Make(context, structs.field(static_cast<int>(i))));
    }
    ColumnBase column(values);
    return Rows(column, [&](TextWriter& out, int64_t row) {
      out.Append('{');
      for (size_t i = 0; i < fields.size(); ++i) {
        if (i > 0) out.Append(", ");
        AppendItem(out, fields[i], row);
      }
      out.Append('}');
    });
  }

  Style style_;
  TypePtr type_;
  ScalarKernel kernel_;
  std::vector<TextMaker> children_;
};

}  // namespace

ScalarKernel CastToString(const CastRule& rule) {
  Style style{.plain_decimals = rule.behaviour != logical::CastBehaviour::kLegacy};
  if (!rule.from->IsNested()) return PrimitiveText(rule.from, rule.to, style);
  return [maker = TextMaker(rule.from, style)](EvalContext& context, const std::vector<arrow::Datum>& arguments,
                                               int64_t) -> arrow::Datum {
    ColumnBase column(arguments[0]);
    auto texts = maker.Make(context, column.array());
    return arguments[0].is_scalar() ? AsScalar(texts) : arrow::Datum(texts);
  };
}

std::shared_ptr<arrow::Array> ToDisplayStrings(EvalContext& context, const TypePtr& type,
                                               const std::shared_ptr<arrow::Array>& values) {
  Style style{.null_text = "NULL", .plain_decimals = true, .hex_binary = true};
  auto texts = TextMaker(type, style).Make(context, values);
  if (texts->null_count() == 0) return texts;
  return ToArray(RowKernel<Text(std::optional<std::string_view>)>(
                     types::String(),
                     [](TextWriter& out, std::optional<std::string_view> text) { out.Append(text.value_or("NULL")); })(
                     context, {arrow::Datum(texts)}, texts->length()),
                 texts->length());
}

}  // namespace sluice::functions
