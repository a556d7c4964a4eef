// The exact way of JsonParser: Jackson's tokens and Spark's conversions, errors included.
#include "formats/json/json_parser.h"

#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "formats/json/json_node.h"
#include "formats/json/json_text.h"
#include "formats/number_parser.h"
#include "types/interval.h"

namespace sluice::formats {
namespace {

using types::TypeId;

// "NaN" and the infinities as Spark takes them from strings, and Jackson from numbers.
template <typename T>
bool NonNumeric(std::string_view text, T* value) {
  if (text == "NaN") {
    *value = std::numeric_limits<T>::quiet_NaN();
  } else if (text == "+INF" || text == "+Infinity" || text == "Infinity") {
    *value = std::numeric_limits<T>::infinity();
  } else if (text == "-INF" || text == "-Infinity") {
    *value = -std::numeric_limits<T>::infinity();
  } else {
    return false;
  }
  return true;
}

template <typename T>
bool AppendInteger(std::string_view text, ColumnBuilder* column) {
  T value;
  if (!ParseInteger(text.data(), text.size(), &value)) return false;
  column->Append(value);
  return true;
}

// Jackson's base64 decoder: white space between groups, padding required.
bool DecodeBase64(std::string_view text, std::string* out) {
  uint32_t bits = 0;
  int count = 0;
  int padding = 0;
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' && count == 0) continue;
    if (c == '=') {
      if (count < 2) return false;
      ++padding;
      bits <<= 6;
    } else {
      static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      size_t digit = kDigits.find(c);
      if (digit == std::string_view::npos || padding > 0) return false;
      bits = bits << 6 | static_cast<uint32_t>(digit);
    }
    if (++count == 4) {
      out->push_back(static_cast<char>(bits >> 16));
      if (padding < 2) out->push_back(static_cast<char>(bits >> 8));
      if (padding < 1) out->push_back(static_cast<char>(bits));
      bits = 0;
      count = 0;
    }
  }
  return count == 0;
}

}  // namespace

JsonParser::JsonParser(types::TypePtr root, const JsonOptions& options, const OptionReader& reader, bool arrays_of_rows)
    : options_(options),
      arrays_of_rows_(arrays_of_rows),
      datetimes_(reader),
      lexer_(options_),
      root_(std::make_unique<Node>(root)) {}

JsonParser::~JsonParser() = default;

void JsonParser::FillRow(ColumnBuilder* columns, size_t count, int64_t row) {
  for (size_t i = 0; i < count; ++i) {
    if (columns[i].length() == row) columns[i].AppendNull();
  }
}

JsonParser::Outcome JsonParser::ExactRow(std::string_view document, std::vector<ColumnBuilder>* columns) {
  int64_t row = columns->empty() ? 0 : columns->front().length();
  lexer_.Start(document);
  JsonToken token = lexer_.Next();
  if (token == JsonToken::kNone) return {0, false};
  if (token == JsonToken::kStartArray && arrays_of_rows_) {
    Outcome outcome = ExactRows(columns);
    if (outcome.rows > 0 || !outcome.bad) return outcome;
  } else if (token == JsonToken::kStartObject) {
    Result result = ConvertObject(*root_, columns->data(), row);
    if (result == Result::kGood) return {1, false};
    if (result == Result::kPartial) return {1, true};
    if (result == Result::kSkipped) return {0, false};
  }
  for (ColumnBuilder& column : *columns) column.Truncate(row);
  FillRow(columns->data(), columns->size(), row);
  return {1, true};
}

// Goes from behind a value to the end of the object that holds it.
bool JsonParser::LeaveObject() {
  for (int depth = 1; depth > 0;) {
    switch (lexer_.Next()) {
      case JsonToken::kStartObject:
      case JsonToken::kStartArray:
        ++depth;
        break;
      case JsonToken::kEndObject:
      case JsonToken::kEndArray:
        --depth;
        break;
      case JsonToken::kBroken:
      case JsonToken::kNone:
        return false;
      default:
        break;
    }
  }
  return true;
}

// The elements of a top-level array as rows; no rows and bad if one of them is no object.
JsonParser::Outcome JsonParser::ExactRows(std::vector<ColumnBuilder>* columns) {
  Outcome outcome;
  int64_t row = columns->empty() ? 0 : columns->front().length();
  for (;;) {
    JsonToken token = lexer_.Next();
    if (token == JsonToken::kEndArray) return outcome;
    if (token != JsonToken::kStartObject) break;
    Result result = ConvertObject(*root_, columns->data(), row + outcome.rows);
    if (result == Result::kSkipped) {
      if (!LeaveObject()) break;
      continue;
    }
    if (result == Result::kBroken || result == Result::kFailed) break;
    outcome.bad |= result == Result::kPartial;
    ++outcome.rows;
  }
  return {0, true};
}

JsonParser::Outcome JsonParser::ExactValue(std::string_view document, ColumnBuilder* column) {
  int64_t row = column->length();
  broken_ = false;
  failed_ = nullptr;
  lexer_.Start(document);
  JsonToken token = lexer_.Next();
  if (token == JsonToken::kNone) {
    column->AppendNull();
    return {1, false};
  }
  Result result = Result::kFailed;
  bool is_struct = root_->id == TypeId::kStruct;
  if (token == JsonToken::kStartObject && root_->id == TypeId::kArray && root_->children[0].id == TypeId::kStruct) {
    // A single object where an array of structs is wanted is an array of one.
    result = Convert(root_->children[0], &column->child(0));
    if (result == Result::kGood || result == Result::kPartial) column->EndList();
  } else if (token != JsonToken::kNull) {
    result = Convert(*root_, column);
  }
  if (result == Result::kGood || result == Result::kPartial) return {1, result == Result::kPartial};
  broken_ = result == Result::kBroken;
  column->Truncate(row);
  if (is_struct) {
    for (ColumnBuilder& child : column->children()) child.AppendNull();
    column->EndStruct();
  } else {
    column->AppendNull();
  }
  return {1, true};
}

std::string JsonParser::Complaint() const {
  if (broken_) return "the text is not JSON";
  if (!failed_) return fmt::format("the document is no {}", root_->id == TypeId::kArray ? "array" : "object");
  return fmt::format("the field `{}` is not of type {}", failed_->name, failed_->type->Sql());
}

// Appends the current value, or the one behind the current name. kFailed: nothing was appended.
JsonParser::Result JsonParser::Convert(const Node& node, ColumnBuilder* column) {
  JsonToken token = lexer_.token();
  if (token == JsonToken::kName) token = lexer_.Next();
  switch (token) {
    case JsonToken::kBroken:
      return Result::kBroken;
    case JsonToken::kNull:
      column->AppendNull();
      return Result::kGood;
    case JsonToken::kInteger:
    case JsonToken::kFloat:
      return node.id == TypeId::kString ? ConvertString(node, column) : ConvertNumber(node, column);
    case JsonToken::kString:
      return node.id == TypeId::kString ? ConvertString(node, column) : ConvertText(node, column);
    case JsonToken::kTrue:
    case JsonToken::kFalse:
      if (node.id == TypeId::kString) return ConvertString(node, column);
      if (node.id != TypeId::kBoolean) return Result::kFailed;
      column->AppendBool(token == JsonToken::kTrue);
      return Result::kGood;
    case JsonToken::kStartObject:
      if (node.id == TypeId::kString) return ConvertString(node, column);
      if (node.id == TypeId::kMap) return ConvertMap(node, column);
      if (node.id == TypeId::kStruct) {
        int64_t row = column->length();
        Result result = ConvertObject(node, column->children().data(), row);
        if (result == Result::kGood || result == Result::kPartial) {
          column->EndStruct();
        } else {
          column->Truncate(row);
        }
        return result;
      }
      return Result::kFailed;
    case JsonToken::kStartArray:
      if (node.id == TypeId::kString) return ConvertString(node, column);
      return node.id == TypeId::kArray ? ConvertArray(node, column) : Result::kFailed;
    default:
      if (node.id == TypeId::kString) return ConvertString(node, column);
      return Result::kFailed;
  }
}

// JacksonParser.convertObject. After a value that failed the tokens go on where that value was left, which can be
// inside an array: so does Spark.
JsonParser::Result JsonParser::ConvertObject(const Node& node, ColumnBuilder* columns, int64_t row) {
  bool bad = false;
  for (;;) {
    JsonToken token = lexer_.Next();
    if (token == JsonToken::kBroken) return Result::kBroken;
    if (token == JsonToken::kEndObject || token == JsonToken::kNone) break;
    const std::string* name = lexer_.name();
    int field = name ? node.Find(*name) : -1;
    Result result = Result::kGood;
    if (field >= 0) {
      columns[field].Truncate(row);
      result = Convert(node.children[field], &columns[field]);
    } else if (token == JsonToken::kName) {
      lexer_.Next();
    }
    if (result == Result::kBroken) return Result::kBroken;
    if (result == Result::kFailed && field >= 0 && !failed_) failed_ = &node.type->fields()[field];
    if (filter_ && field >= 0 && &node == root_.get() && result == Result::kGood && filter_->Concerns(field) &&
        !filter_->Keeps(field, columns, row)) {
      for (size_t i = 0; i < node.children.size(); ++i) columns[i].Truncate(row);
      return Result::kSkipped;
    }
    bad |= result != Result::kGood;
    if ((field < 0 || result == Result::kFailed) && lexer_.SkipChildren() == JsonToken::kBroken) return Result::kBroken;
    if (result == Result::kFailed && !options_.partial_results && root_.get() != &node) return Result::kFailed;
  }
  FillRow(columns, node.children.size(), row);
  return bad ? Result::kPartial : Result::kGood;
}

JsonParser::Result JsonParser::ConvertArray(const Node& node, ColumnBuilder* column) {
  int64_t row = column->length();
  bool bad = false;
  for (;;) {
    JsonToken token = lexer_.Next();
    if (token == JsonToken::kEndArray || token == JsonToken::kNone) break;
    Result result = Convert(node.children[0], &column->child(0));
    if (result == Result::kFailed || result == Result::kBroken) {
      column->Truncate(row);
      return result;
    }
    bad |= result == Result::kPartial;
  }
  column->EndList();
  return bad ? Result::kPartial : Result::kGood;
}

JsonParser::Result JsonParser::ConvertMap(const Node& node, ColumnBuilder* column) {
  int64_t row = column->length();
  bool bad = false, failed = false;
  for (;;) {
    JsonToken token = lexer_.Next();
    if (token == JsonToken::kEndObject || token == JsonToken::kNone) break;
    Result result = Result::kFailed;
    if (token == JsonToken::kBroken) {
      result = Result::kBroken;
    } else if (lexer_.name()) {
      column->child(0).AppendString(*lexer_.name());
      result = Convert(node.children[1], &column->child(1));
      if (result == Result::kFailed && options_.partial_results) {
        // The map is lost, but it is gone through to its end.
        failed = true;
        result = lexer_.SkipChildren() == JsonToken::kBroken ? Result::kBroken : Result::kGood;
      }
    }
    if (result == Result::kFailed || result == Result::kBroken) {
      column->Truncate(row);
      return result;
    }
    bad |= result == Result::kPartial;
  }
  if (failed) {
    column->Truncate(row);
    return Result::kFailed;
  }
  column->EndList();
  return bad ? Result::kPartial : Result::kGood;
}

// A string column takes any value.
JsonParser::Result JsonParser::ConvertString(const Node&, ColumnBuilder* column) {
  if (lexer_.token() == JsonToken::kString) {
    column->AppendString(lexer_.text());
    return Result::kGood;
  }
  if (rewrites_texts_) {
    scratch_.clear();
    if (!RewriteJsonValue(lexer_, &scratch_)) return Result::kBroken;
    column->AppendString(scratch_);
    return Result::kGood;
  }
  size_t start = lexer_.token_start();
  if (lexer_.SkipChildren() == JsonToken::kBroken) return Result::kBroken;
  column->AppendString(lexer_.RawFrom(start));
  return Result::kGood;
}

JsonParser::Result JsonParser::ConvertNumber(const Node& node, ColumnBuilder* column) {
  std::string_view text = lexer_.text();
  bool whole = lexer_.token() == JsonToken::kInteger;
  bool good = false;
  switch (node.id) {
    case TypeId::kByte: {
      // Jackson's getByteValue takes unsigned bytes as well.
      int16_t value;
      good = whole && ParseInteger(text.data(), text.size(), &value) && value >= -128 && value <= 255;
      if (good) column->Append(static_cast<int8_t>(value));
      break;
    }
    case TypeId::kShort:
      good = whole && AppendInteger<int16_t>(text, column);
      break;
    case TypeId::kInteger:
      good = whole && AppendInteger<int32_t>(text, column);
      break;
    case TypeId::kLong:
      good = whole && AppendInteger<int64_t>(text, column);
      break;
    case TypeId::kFloat: {
      float value;
      good = NonNumeric(text, &value) || ParseFloat(text, &value);
      if (good) column->Append(value);
      break;
    }
    case TypeId::kDouble: {
      double value;
      good = NonNumeric(text, &value) || ParseDouble(text.data(), text.size(), &value);
      if (good) column->Append(value);
      break;
    }
    case TypeId::kDecimal: {
      arrow::Decimal128 value;
      good = ParseDecimal(text, node.type->precision(), node.type->scale(), &value);
      if (good) column->Append(value);
      break;
    }
    case TypeId::kTimestamp: {
      int64_t seconds;
      good = whole && ParseInteger(text.data(), text.size(), &seconds);
      if (good) column->Append(static_cast<int64_t>(static_cast<uint64_t>(seconds) * types::kMicrosPerSecond));
      break;
    }
    default:
      break;
  }
  return good ? Result::kGood : Result::kFailed;
}

// A string where another type is wanted; an empty one never fits.
JsonParser::Result JsonParser::ConvertText(const Node& node, ColumnBuilder* column) {
  std::string_view text = lexer_.text();
  if (node.id == TypeId::kBinary) {
    std::string bytes;
    if (!DecodeBase64(text, &bytes)) return Result::kFailed;
    column->AppendString(bytes);
    return Result::kGood;
  }
  if (text.empty()) return Result::kFailed;
  bool good = false;
  int32_t days;
  int64_t wide;
  switch (node.id) {
    case TypeId::kFloat: {
      float value;
      good = options_.non_numeric_numbers && NonNumeric(text, &value);
      if (good) column->Append(value);
      break;
    }
    case TypeId::kDouble: {
      double value;
      good = options_.non_numeric_numbers && NonNumeric(text, &value);
      if (good) column->Append(value);
      break;
    }
    case TypeId::kDecimal: {
      std::string digits;
      for (char c : text) {
        if (c != ',') digits += c;
      }
      arrow::Decimal128 value;
      good = ParseDecimal(digits, node.type->precision(), node.type->scale(), &value);
      if (good) column->Append(value);
      break;
    }
    case TypeId::kTimestamp:
      good = datetimes_.Timestamp(text, &wide);
      if (good) column->Append(wide);
      break;
    case TypeId::kTimestampNtz:
      good = datetimes_.TimestampNtz(text, &wide);
      if (good) column->Append(wide);
      break;
    case TypeId::kTime:
      good = datetimes_.Time(text, &wide);
      if (good) column->Append(wide);
      break;
    case TypeId::kDate:
      // Spark 1.5 wrote dates as days since the epoch.
      good = datetimes_.Date(text, &days) ||
             (!datetimes_.has_date_format() && ParseInteger(text.data(), text.size(), &days));
      if (good) column->Append(days);
      break;
    case TypeId::kCalendarInterval:
      try {
        types::Interval interval = types::ParseInterval(text);
        column->Append(
            arrow::MonthDayNanoIntervalType::MonthDayNanos{interval.months, interval.days, interval.micros * 1000});
        good = true;
      } catch (const base::Error&) {
      }
      break;
    default:
      break;
  }
  return good ? Result::kGood : Result::kFailed;
}

}  // namespace sluice::formats
