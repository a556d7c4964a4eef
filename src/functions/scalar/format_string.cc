// format_string and printf: java.util.Formatter.
#include <fmt/format.h>

#include <cmath>
#include <variant>

#include "functions/decimal_digits.h"
#include "functions/decimal_math.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/signature.h"
#include "functions/utf8_text.h"
#include "types/number_text.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

/// %[argument$][flags][width][.precision]conversion, or text between such.
struct Directive {
  std::string text;  ///< literal text; conversion is 0 then
  char conversion = 0;
  bool upper = false;
  int argument = 0;  ///< from 1; 0 = the next one, -1 = the one before ("<")
  bool left = false, plus = false, space = false, zero = false, group = false, parentheses = false, alternate = false;
  int width = -1, precision = -1;
};

base::Error FormatError(const std::string& message) {
  return base::Error::Plain(base::ErrorKind::kIllegalArgument, message);
}

std::vector<Directive> ParseFormat(std::string_view format) {
  std::vector<Directive> out;
  auto literal = [&](std::string_view text) {
    if (out.empty() || out.back().conversion != 0) out.emplace_back();
    out.back().text += text;
  };
  for (size_t i = 0; i < format.size();) {
    if (format[i] != '%') {
      size_t next = std::min(format.find('%', i), format.size());
      literal(format.substr(i, next - i));
      i = next;
      continue;
    }
    Directive directive;
    size_t at = i + 1;
    auto number = [&]() {
      int value = -1;
      while (at < format.size() && format[at] >= '0' && format[at] <= '9') {
        value = std::max(value, 0) * 10 + (format[at++] - '0');
      }
      return value;
    };
    size_t start = at;
    int index = number();
    if (index > 0 && at < format.size() && format[at] == '$') {
      directive.argument = index;
      ++at;
    } else {
      at = start;
    }
    if (at < format.size() && format[at] == '<') {
      directive.argument = -1;
      ++at;
    }
    for (bool flags = true; flags && at < format.size();) {
      switch (format[at]) {
        case '-':
          directive.left = true;
          break;
        case '+':
          directive.plus = true;
          break;
        case ' ':
          directive.space = true;
          break;
        case '0':
          directive.zero = true;
          break;
        case ',':
          directive.group = true;
          break;
        case '(':
          directive.parentheses = true;
          break;
        case '#':
          directive.alternate = true;
          break;
        default:
          flags = false;
      }
      if (flags) ++at;
    }
    directive.width = number();
    if (at < format.size() && format[at] == '.') {
      ++at;
      directive.precision = number();
    }
    if (at >= format.size()) throw FormatError("Conversion = '%'");
    char c = format[at++];
    directive.upper = c == 'S' || c == 'B' || c == 'X' || c == 'E' || c == 'G' || c == 'C' || c == 'H';
    directive.conversion = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (std::string_view("bhscdoxefgan%").find(directive.conversion) == std::string_view::npos) {
      throw FormatError(fmt::format("Conversion = '{}'", c));
    }
    i = at;
    if (directive.conversion == 'n') {
      literal("\n");
    } else if (directive.conversion == '%' && directive.width < 0) {
      literal("%");
    } else {
      out.push_back(std::move(directive));
    }
  }
  return out;
}

/// One argument as the formatter sees it.
struct Value {
  enum class Kind { kNull, kBoolean, kInteger, kReal, kDecimal, kText } kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  int bytes = 8;
  double real = 0;
  bool is_float = false;
  Int128 decimal = 0;
  int scale = 0;
  std::string_view text;
};

const char* JavaClass(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kBoolean:
      return "java.lang.Boolean";
    case Value::Kind::kInteger:
      return value.bytes == 8   ? "java.lang.Long"
             : value.bytes == 4 ? "java.lang.Integer"
             : value.bytes == 2 ? "java.lang.Short"
                                : "java.lang.Byte";
    case Value::Kind::kReal:
      return value.is_float ? "java.lang.Float" : "java.lang.Double";
    case Value::Kind::kDecimal:
      return "org.apache.spark.sql.types.Decimal";
    default:
      return "org.apache.spark.unsafe.types.UTF8String";
  }
}

base::Error Mismatch(char conversion, const Value& value) {
  return FormatError(fmt::format("{} != {}", conversion, JavaClass(value)));
}

std::string ShownText(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kBoolean:
      return value.boolean ? "true" : "false";
    case Value::Kind::kInteger:
      return std::to_string(value.integer);
    case Value::Kind::kReal:
      return value.is_float ? types::FormatFloat(static_cast<float>(value.real)) : types::FormatDouble(value.real);
    case Value::Kind::kDecimal:
      return DecimalText(value.decimal, value.scale);
    case Value::Kind::kText:
      return std::string(value.text);
  }
  return "";
}

/// Sign, grouping and zero padding around the digits of a number.
std::string Signed(const Directive& directive, bool negative, std::string whole, const std::string& rest) {
  if (directive.group) whole = Grouped(whole);
  std::string prefix, suffix;
  if (negative) {
    prefix = directive.parentheses ? "(" : "-";
    suffix = directive.parentheses ? ")" : "";
  } else if (directive.plus) {
    prefix = "+";
  } else if (directive.space) {
    prefix = " ";
  }
  std::string body = whole + rest;
  auto size = static_cast<int>(prefix.size() + body.size() + suffix.size());
  if (directive.zero && size < directive.width) body.insert(0, directive.width - size, '0');
  return prefix + body + suffix;
}

std::string FormatInteger(const Directive& directive, const Value& value) {
  auto bits = static_cast<uint64_t>(value.integer);
  if (value.bytes < 8) bits &= (uint64_t{1} << (value.bytes * 8)) - 1;
  if (directive.conversion == 'd') {
    uint64_t magnitude =
        value.integer < 0 ? ~static_cast<uint64_t>(value.integer) + 1 : static_cast<uint64_t>(value.integer);
    return Signed(directive, value.integer < 0, std::to_string(magnitude), "");
  }
  std::string digits = directive.conversion == 'x' ? fmt::format("{:x}", bits) : fmt::format("{:o}", bits);
  if (directive.alternate) digits.insert(0, directive.conversion == 'x' ? "0x" : "0");
  auto size = static_cast<int>(digits.size());
  if (directive.zero && size < directive.width) digits.insert(0, directive.width - size, '0');
  return digits;
}

std::string Scientific(const Directive& directive, DecimalDigits digits, int precision) {
  digits.RoundToDigits(precision + 1, DecimalDigits::Half::kUp);
  int exponent = digits.digits.empty() ? 0 : digits.exponent - 1;
  std::string all = digits.digits.empty() ? "0" : digits.digits;
  all.resize(precision + 1, '0');
  std::string rest = precision > 0 ? "." + all.substr(1) : "";
  rest += fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  return Signed(directive, digits.negative, all.substr(0, 1), rest);
}

std::string Fixed(const Directive& directive, DecimalDigits digits, int precision) {
  digits.RoundToPlaces(precision, DecimalDigits::Half::kUp);
  return Signed(directive, digits.negative, digits.Whole(), precision > 0 ? "." + digits.Fraction(precision) : "");
}

std::string FormatReal(const Directive& directive, const Value& value) {
  if (std::isnan(value.real)) return "NaN";
  if (std::isinf(value.real)) {
    if (value.real < 0) return directive.parentheses ? "(Infinity)" : "-Infinity";
    return directive.plus ? "+Infinity" : "Infinity";
  }
  int precision = directive.precision < 0 ? 6 : directive.precision;
  DecimalDigits digits = DecimalDigits::Of(value.real);
  if (directive.conversion == 'f') return Fixed(directive, digits, precision);
  if (directive.conversion == 'e') return Scientific(directive, digits, precision);
  if (directive.conversion == 'a') throw base::Error::Unsupported("The conversion %a of format_string");
  if (precision == 0) precision = 1;
  DecimalDigits rounded = digits;
  rounded.RoundToDigits(precision, DecimalDigits::Half::kUp);
  bool fixed = digits.digits.empty() || (rounded.exponent > -4 && rounded.exponent <= precision);
  if (!fixed) return Scientific(directive, digits, precision - 1);
  return Fixed(directive, digits, digits.digits.empty() ? precision - 1 : precision - rounded.exponent);
}

std::string FormatOne(const Directive& directive, const Value& value) {
  if (directive.conversion == '%') return "%";
  if (directive.conversion == 'b') {
    bool shown = value.kind == Value::Kind::kBoolean ? value.boolean : value.kind != Value::Kind::kNull;
    std::string text = shown ? "true" : "false";
    return directive.precision >= 0 ? text.substr(0, directive.precision) : text;
  }
  if (directive.conversion == 'h') throw base::Error::Unsupported("The conversion %h of format_string");
  if (value.kind == Value::Kind::kNull || directive.conversion == 's') {
    std::string text = ShownText(value);
    return directive.precision >= 0 ? std::string(Chars(text, 0, directive.precision)) : text;
  }
  switch (directive.conversion) {
    case 'd':
    case 'x':
    case 'o':
      if (value.kind != Value::Kind::kInteger) throw Mismatch(directive.conversion, value);
      return FormatInteger(directive, value);
    case 'c': {
      if (value.kind != Value::Kind::kInteger || value.bytes == 8) throw Mismatch('c', value);
      std::string out;
      AppendCodePoint(static_cast<uint32_t>(value.integer), &out);
      return out;
    }
    default:
      if (value.kind != Value::Kind::kReal) throw Mismatch(directive.conversion, value);
      return FormatReal(directive, value);
  }
}

void AppendPadded(const Directive& directive, const std::string& text, std::string* out) {
  int64_t missing = directive.width - CharCount(text);
  if (missing > 0 && !directive.left) out->append(missing, ' ');
  if (directive.upper) {
    AppendUpper(text, out);
  } else {
    *out += text;
  }
  if (missing > 0 && directive.left) out->append(missing, ' ');
}

/// An argument column of any type, read as Values.
class ValueColumn {
 public:
  ValueColumn(const TypePtr& type, const arrow::Datum& datum) : type_(type), base_(datum) {
    switch (type->id()) {
      case TypeId::kBoolean:
        column_.emplace<Column<bool>>(datum);
        break;
      case TypeId::kByte:
        column_.emplace<Column<int8_t>>(datum);
        break;
      case TypeId::kShort:
        column_.emplace<Column<int16_t>>(datum);
        break;
      case TypeId::kInteger:
      case TypeId::kDate:
        column_.emplace<Column<int32_t>>(datum);
        break;
      case TypeId::kLong:
      case TypeId::kTimestamp:
      case TypeId::kTimestampNtz:
        column_.emplace<Column<int64_t>>(datum);
        break;
      case TypeId::kFloat:
        column_.emplace<Column<float>>(datum);
        break;
      case TypeId::kDouble:
        column_.emplace<Column<double>>(datum);
        break;
      case TypeId::kDecimal:
        column_.emplace<Column<Int128>>(datum);
        break;
      default:
        if (!type->Is(TypeId::kNull)) column_.emplace<Column<std::string_view>>(datum);
    }
  }
  Value operator[](int64_t row) const {
    Value out;
    if (!base_.valid(row)) return out;
    std::visit([&](const auto& column) { Read(column, row, &out); }, column_);
    return out;
  }

 private:
  static void Read(const std::monostate&, int64_t, Value*) {}
  template <typename T>
  void Read(const Column<T>& column, int64_t row, Value* out) const {
    if constexpr (std::is_same_v<T, bool>) {
      out->kind = Value::Kind::kBoolean;
      out->boolean = column[row];
    } else if constexpr (std::is_floating_point_v<T>) {
      out->kind = Value::Kind::kReal;
      out->real = column[row];
      out->is_float = std::is_same_v<T, float>;
    } else if constexpr (std::is_same_v<T, Int128>) {
      out->kind = Value::Kind::kDecimal;
      out->decimal = column[row];
      out->scale = type_->scale();
    } else if constexpr (std::is_same_v<T, std::string_view>) {
      out->kind = Value::Kind::kText;
      out->text = column[row];
    } else {
      out->kind = Value::Kind::kInteger;
      out->integer = column[row];
      out->bytes = sizeof(T);
    }
  }
  TypePtr type_;
  ColumnBase base_;
  std::variant<std::monostate, Column<bool>, Column<int8_t>, Column<int16_t>, Column<int32_t>, Column<int64_t>,
               Column<float>, Column<double>, Column<Int128>, Column<std::string_view>>
      column_;
};

void FormatRow(const std::vector<Directive>& directives, const std::vector<ValueColumn>& values, int64_t row,
               std::string* out) {
  int next = 1, last = 0;
  for (const Directive& directive : directives) {
    if (directive.conversion == 0) {
      *out += directive.text;
      continue;
    }
    if (directive.conversion == '%') {
      AppendPadded(directive, "%", out);
      continue;
    }
    int index = directive.argument > 0 ? directive.argument : directive.argument < 0 ? last : next++;
    last = index;
    if (index < 1 || index > static_cast<int>(values.size())) {
      throw FormatError(fmt::format("Format specifier '%{}'", directive.conversion));
    }
    AppendPadded(directive, FormatOne(directive, values[index - 1][row]), out);
  }
}

ScalarBindingPtr BindFormat(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, kUnlimited);
  if (arguments[0].literal && !arguments[0].literal->is_null() && arguments[0].type->IsStringLike() &&
      StringLiteral(arguments[0]).find("%0$") != std::string::npos) {
    throw base::Error(base::ErrorKind::kIllegalArgument, "INVALID_PARAMETER_VALUE.ZERO_INDEX",
                      {{"parameter", "`strfmt`"}, {"functionName", QuotedName(context)}});
  }
  std::vector<TypePtr> types = Coerce(context, {arguments[0]}, {String()}, CallSql(context, arguments));
  for (size_t i = 1; i < arguments.size(); ++i) types.push_back(arguments[i].type);
  auto kernel = [types](EvalContext&, const std::vector<arrow::Datum>& data, int64_t rows) {
    RowScope scope(data, rows);
    Column<std::string_view> format(data[0]);
    std::vector<ValueColumn> values;
    for (size_t i = 1; i < data.size(); ++i) values.emplace_back(types[i], data[i]);
    TextWriter out(arrow::utf8(), scope.rows(), AndValidity({&format}, scope.rows()));
    std::string parsed, buffer;
    std::vector<Directive> directives;
    bool is_parsed = false;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (format.valid(row)) {
        if (!is_parsed || format[row] != parsed) {
          directives = ParseFormat(format[row]);
          parsed = format[row];
          is_parsed = true;
        }
        buffer.clear();
        FormatRow(directives, values, row, &buffer);
        out.Append(buffer);
      }
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  auto binding = NewBinding(context, arguments, String(), types, kernel);
  binding->nullable = arguments[0].nullable;
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, FormatString) {
  registry.Add({.name = "format_string",
                .aliases = {"printf"},
                .usage = "A text with printf-style marks replaced by the arguments.",
                .example = "SELECT format_string('Hello World %d %s', 100, 'days')",
                .since = "1.5.0",
                .bind = BindScalar(BindFormat)});
}

}  // namespace sluice::functions
