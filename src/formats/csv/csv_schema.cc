// Looks at every value and widens each column's type, as CSVInferSchema does.
#include "formats/csv/csv_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

#include "formats/csv/csv_reader.h"
#include "formats/number_parser.h"

namespace sluice::formats {
namespace {

using types::TypeId;
using types::TypePtr;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

class Inference {
 public:
  Inference(const CsvOptions& options, const OptionReader& reader)
      : options_(options),
        datetimes_(reader),
        prefers_ntz_(reader.Conf("spark.sql.timestampType", "") == "TIMESTAMP_NTZ") {
    strict_date_ = std::make_unique<types::DateTimePattern>(
        reader.Get("dateFormat", "yyyy-MM-dd"), types::DateTimePattern::Use::kParse, reader.Get("locale", "en-US"));
    types::DateTimePattern printer(reader.Get("dateFormat", "yyyy-MM-dd"), types::DateTimePattern::Use::kFormat,
                                   reader.Get("locale", "en-US"));
    std::string day;
    int64_t micros;
    printer.FormatDate(0, &day);
    dates_are_timestamps_ = !datetimes_.has_timestamp_format() && datetimes_.Timestamp(day, &micros);
  }

  TypePtr Widen(const TypePtr& so_far, const TokenView& token) const {
    std::string_view text(token.data, token.size < 0 ? 0 : token.size);
    if (text.empty() || text == options_.null_value || so_far->Is(TypeId::kString)) return so_far;
    return Merge(so_far, TypeOf(so_far->id(), text));
  }

 private:
  TypePtr TypeOf(TypeId from, std::string_view text) const {
    switch (from) {
      case TypeId::kNull:
      case TypeId::kInteger: {
        int32_t value;
        if (ParseInteger(text.data(), text.size(), &value)) return types::Integer();
        [[fallthrough]];
      }
      case TypeId::kLong: {
        int64_t value;
        if (ParseInteger(text.data(), text.size(), &value)) return types::Long();
        [[fallthrough]];
      }
      case TypeId::kDecimal:
        if (TypePtr decimal = WholeDecimal(text)) return decimal;
        [[fallthrough]];
      case TypeId::kDouble: {
        double value;
        if (ParseDouble(text.data(), text.size(), &value) || text == options_.nan_value ||
            text == options_.positive_inf || text == options_.negative_inf) {
          return types::Double();
        }
        if (!options_.prefer_date) return Timestamp(text);
        [[fallthrough]];
      }
      case TypeId::kDate:
        if (strict_date_->ParseDate(text)) return types::Date();
        [[fallthrough]];
      case TypeId::kTimestampNtz:
      case TypeId::kTimestamp:
        return Timestamp(text);
      default:
        return Boolean(text);
    }
  }

  TypePtr Timestamp(std::string_view text) const {
    int64_t micros;
    if (prefers_ntz_ && datetimes_.TimestampNtz(text, &micros)) return types::TimestampNtz();
    if (datetimes_.Timestamp(text, &micros)) return types::Timestamp();
    return Boolean(text);
  }

  static TypePtr Boolean(std::string_view text) {
    bool value;
    return ParseBoolean(text, &value) ? types::Boolean() : types::String();
  }

  // Only numbers without a fraction are taken for decimals.
  static TypePtr WholeDecimal(std::string_view text) {
    std::string digits;
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != ','; });
    int precision, scale;
    if (!DecimalShape(digits, &precision, &scale) || scale != 0 || precision > 38) return nullptr;
    return types::Decimal(precision, scale);
  }

  TypePtr Merge(const TypePtr& a, const TypePtr& b) const {
    bool mixed = (a->Is(TypeId::kDate) && b->IsTimestampLike()) || (b->Is(TypeId::kDate) && a->IsTimestampLike());
    if (mixed && !dates_are_timestamps_) return types::String();
    return MergeCsvTypes(a, b);
  }

  const CsvOptions& options_;
  DateTimeReader datetimes_;
  bool prefers_ntz_;
  bool dates_are_timestamps_ = false;
  std::unique_ptr<types::DateTimePattern> strict_date_;
};

// CSVUtils.makeSafeHeader.
std::vector<std::string> Names(const std::vector<TokenView>& tokens, const CsvOptions& options, bool case_sensitive) {
  std::map<std::string, int> count;
  auto text = [&](size_t i) {
    return tokens[i].size < 0 ? std::string() : std::string(tokens[i].data, tokens[i].size);
  };
  auto key = [&](const std::string& name) { return case_sensitive ? name : Lower(name); };
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].size >= 0) ++count[key(text(i))];
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < tokens.size(); ++i) {
    std::string name = text(i);
    if (!options.header || name.empty() || name == options.null_value) {
      names.push_back(fmt::format("_c{}", i));
    } else {
      names.push_back(count[key(name)] > 1 ? fmt::format("{}{}", name, i) : name);
    }
  }
  return names;
}

bool Same(const std::vector<TokenView>& a, const std::vector<TokenView>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const TokenView& x, const TokenView& y) {
    return x.size == y.size && (x.size <= 0 || std::memcmp(x.data, y.data, x.size) == 0);
  });
}

}  // namespace

TypePtr MergeCsvTypes(const TypePtr& a, const TypePtr& b) {
  if (types::Equal(a, b)) return a;
  if (a->Is(TypeId::kNull)) return b;
  if (b->Is(TypeId::kNull)) return a;
  auto is = [&](TypeId x, TypeId y) { return (a->Is(x) && b->Is(y)) || (a->Is(y) && b->Is(x)); };
  if (is(TypeId::kInteger, TypeId::kLong)) return types::Long();
  if (is(TypeId::kDate, TypeId::kTimestamp)) return types::Timestamp();
  if (is(TypeId::kDate, TypeId::kTimestampNtz)) return types::TimestampNtz();
  if (is(TypeId::kTimestamp, TypeId::kTimestampNtz)) return types::Timestamp();
  if (!a->IsNumeric() || !b->IsNumeric()) return types::String();
  if (a->Is(TypeId::kDouble) || b->Is(TypeId::kDouble)) return types::Double();
  auto digits = [](const TypePtr& type) {
    return type->Is(TypeId::kInteger) ? 10 : type->Is(TypeId::kLong) ? 20 : type->precision() - type->scale();
  };
  int scale = std::max(a->Is(TypeId::kDecimal) ? a->scale() : 0, b->Is(TypeId::kDecimal) ? b->scale() : 0);
  int range = std::max(digits(a), digits(b));
  return range + scale > 38 ? types::Double() : types::Decimal(range + scale, scale);
}

TypePtr InferCsvRecord(const std::vector<TokenView>& tokens, const CsvOptions& options, const OptionReader& reader) {
  Inference inference(options, reader);
  std::vector<types::StructField> fields;
  for (const TokenView& token : tokens) {
    TypePtr type = inference.Widen(types::Null(), token);
    fields.push_back({"_c" + std::to_string(fields.size()), type->Is(TypeId::kNull) ? types::String() : type, true});
  }
  return types::Struct(std::move(fields));
}

TypePtr InferCsvSchema(const std::vector<FileSlice>& files, const CsvOptions& options, const OptionReader& reader) {
  if (files.empty()) return nullptr;
  TokenTable table(0);
  std::vector<TokenView> first, tokens;
  bool found = false;
  for (size_t i = 0; i < files.size() && !found; ++i) {
    found = OpenTokens(files[i], options, {})->TakeWhole(&first, &table);
  }
  if (!found) return types::Struct({});
  bool case_sensitive = reader.ConfBoolean("spark.sql.caseSensitive", false);
  std::vector<std::string> names = Names(first, options, case_sensitive);
  std::vector<TypePtr> found_types(names.size(), options.infer_schema ? types::Null() : types::String());
  if (options.infer_schema) {
    Inference inference(options, reader);
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> uniform(0, 1);
    for (const FileSlice& file : files) {
      auto source = OpenTokens(file, options, {});
      TokenTable row_table(0);
      while (source->TakeWhole(&tokens, &row_table)) {
        bool skipped = (options.header && Same(tokens, first)) ||
                       (options.sampling_ratio < 1 && uniform(random) >= options.sampling_ratio);
        for (size_t i = 0; !skipped && i < tokens.size() && i < names.size(); ++i) {
          found_types[i] = inference.Widen(found_types[i], tokens[i]);
        }
        row_table.Clear();
      }
    }
  }
  std::vector<types::StructField> fields;
  for (size_t i = 0; i < names.size(); ++i) {
    fields.push_back({names[i], found_types[i]->Is(TypeId::kNull) ? types::String() : found_types[i], true});
  }
  return types::Struct(std::move(fields));
}

}  // namespace sluice::formats
