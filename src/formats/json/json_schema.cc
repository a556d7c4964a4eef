// Types of JSON values and how those of several documents are merged.
#include "formats/json/json_schema.h"

#include <algorithm>
#include <random>

#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/line_blocks.h"
#include "formats/number_parser.h"

namespace sluice::formats {
namespace {

using types::StructField;
using types::TypeId;
using types::TypePtr;

TypePtr Merge(const TypePtr& a, const TypePtr& b);

// Fields are sorted by name in both.
TypePtr MergeStructs(const TypePtr& a, const TypePtr& b) {
  std::vector<StructField> fields;
  size_t i = 0, j = 0;
  const auto& left = a->fields();
  const auto& right = b->fields();
  while (i < left.size() && j < right.size()) {
    if (left[i].name == right[j].name) {
      fields.push_back({left[i].name, Merge(left[i].type, right[j].type), true});
      ++i;
      ++j;
    } else if (left[i].name < right[j].name) {
      fields.push_back(left[i++]);
    } else {
      fields.push_back(right[j++]);
    }
  }
  fields.insert(fields.end(), left.begin() + i, left.end());
  fields.insert(fields.end(), right.begin() + j, right.end());
  return types::Struct(std::move(fields));
}

TypePtr MergeDecimals(const TypePtr& a, const TypePtr& b) {
  int a_digits = a->Is(TypeId::kLong) ? 20 : a->precision() - a->scale();
  int b_digits = b->Is(TypeId::kLong) ? 20 : b->precision() - b->scale();
  int scale = std::max(a->Is(TypeId::kLong) ? 0 : a->scale(), b->Is(TypeId::kLong) ? 0 : b->scale());
  int range = std::max(a_digits, b_digits);
  return range + scale > 38 ? types::Double() : types::Decimal(range + scale, scale);
}

// JsonInferSchema.compatibleType.
TypePtr Merge(const TypePtr& a, const TypePtr& b) {
  if (a->Is(TypeId::kNull)) return b;
  if (b->Is(TypeId::kNull)) return a;
  if (a->Is(TypeId::kStruct) && b->Is(TypeId::kStruct)) return MergeStructs(a, b);
  if (a->Is(TypeId::kArray) && b->Is(TypeId::kArray)) return types::Array(Merge(a->element(), b->element()));
  if (types::Equal(a, b)) return a;
  if (a->IsTimestampLike() && b->IsTimestampLike()) return types::Timestamp();
  auto is_number = [](const TypePtr& type) {
    return type->Is(TypeId::kLong) || type->Is(TypeId::kDouble) || type->Is(TypeId::kDecimal);
  };
  if (!is_number(a) || !is_number(b)) return types::String();
  if (a->Is(TypeId::kDouble) || b->Is(TypeId::kDouble)) return types::Double();
  return MergeDecimals(a, b);
}

}  // namespace

JsonSchemaInference::JsonSchemaInference(const JsonOptions& options, const OptionReader& reader)
    : options_(options),
      datetimes_(reader),
      prefers_ntz_(reader.Conf("spark.sql.timestampType", "") == "TIMESTAMP_NTZ"),
      lexer_(options_),
      root_(types::Struct({})) {}

// The type of the current value; null if the text breaks off or is no JSON.
TypePtr JsonSchemaInference::Infer() {
  JsonToken token = lexer_.token();
  if (token == JsonToken::kName) token = lexer_.Next();
  switch (token) {
    case JsonToken::kBroken:
      return nullptr;
    case JsonToken::kString:
      return InferString();
    case JsonToken::kInteger:
    case JsonToken::kFloat:
      return options_.primitives_as_string ? types::String() : InferNumber();
    case JsonToken::kTrue:
    case JsonToken::kFalse:
      return options_.primitives_as_string ? types::String() : types::Boolean();
    case JsonToken::kStartObject: {
      std::vector<StructField> fields;
      while (lexer_.Next() == JsonToken::kName) {
        std::string name = *lexer_.name();
        TypePtr type = Infer();
        if (!type) return nullptr;
        fields.push_back({std::move(name), type, true});
      }
      if (lexer_.token() != JsonToken::kEndObject) return nullptr;
      std::stable_sort(fields.begin(), fields.end(),
                       [](const StructField& a, const StructField& b) { return a.name < b.name; });
      return types::Struct(std::move(fields));
    }
    case JsonToken::kStartArray: {
      TypePtr element = types::Null();
      while (lexer_.Next() != JsonToken::kEndArray) {
        TypePtr type = Infer();
        if (!type) return nullptr;
        element = Merge(element, type);
      }
      return types::Array(element);
    }
    default:
      return types::Null();
  }
}

TypePtr JsonSchemaInference::InferString() const {
  std::string_view text = lexer_.text();
  if (text.empty()) return types::Null();
  if (options_.prefers_decimal) {
    std::string digits;
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits), [](char c) { return c != ','; });
    int precision, scale;
    if (DecimalShape(digits, &precision, &scale) && scale >= 0 && std::max(precision, scale) <= 38) {
      return types::Decimal(std::max(precision, scale), scale);
    }
  }
  if (options_.infer_timestamp) {
    int64_t micros;
    if (prefers_ntz_ && datetimes_.TimestampNtz(text, &micros)) return types::TimestampNtz();
    if (datetimes_.Timestamp(text, &micros)) return types::Timestamp();
  }
  return types::String();
}

TypePtr JsonSchemaInference::InferNumber() const {
  std::string_view text = lexer_.text();
  int64_t value;
  bool whole = lexer_.token() == JsonToken::kInteger;
  if (whole && ParseInteger(text.data(), text.size(), &value)) return types::Long();
  int precision, scale;
  if ((whole || options_.prefers_decimal) && DecimalShape(text, &precision, &scale) && scale >= 0 &&
      std::max(precision, scale) <= 38) {
    return types::Decimal(std::max(precision, scale), scale);
  }
  return types::Double();
}

TypePtr JsonSchemaInference::WithCorruptColumn(const TypePtr& type) const {
  if (options_.mode == ParseMode::kDropMalformed || type->FieldIndex(options_.corrupt_column, true)) return type;
  return MergeStructs(type, types::Struct({{options_.corrupt_column, types::String(), true}}));
}

// JsonInferSchema.compatibleRootType.
TypePtr JsonSchemaInference::MergeRoots(const TypePtr& a, const TypePtr& b) const {
  if (a->Is(TypeId::kArray)) return MergeRoots(a->element(), b);
  if (b->Is(TypeId::kArray)) return MergeRoots(a, b->element());
  bool a_struct = a->Is(TypeId::kStruct);
  bool b_struct = b->Is(TypeId::kStruct);
  if (a_struct && b->Is(TypeId::kNull)) return a;
  if (b_struct && a->Is(TypeId::kNull)) return b;
  if (a_struct != b_struct) {
    if (options_.mode == ParseMode::kFailFast) {
      throw base::Error(base::ErrorKind::kSpark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                        {{"badRecord", (a_struct ? b : a)->SimpleString()}, {"failFastMode", "FAILFAST"}});
    }
    return WithCorruptColumn(a_struct ? a : b);
  }
  return Merge(a, b);
}

void JsonSchemaInference::Add(std::string_view document) {
  lexer_.Start(document);
  lexer_.Next();
  TypePtr type = Infer();
  if (!type) {
    if (options_.mode == ParseMode::kFailFast) {
      throw base::Error(base::ErrorKind::kSpark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                        {{"badRecord", options_.corrupt_column}, {"failFastMode", "FAILFAST"}});
    }
    if (options_.mode == ParseMode::kDropMalformed) return;
    type = types::Struct({{options_.corrupt_column, types::String(), true}});
  }
  root_ = MergeRoots(root_, type);
}

// Empty structs are left out, values that were always null become strings.
TypePtr JsonSchemaInference::Canonical(const TypePtr& type) const {
  switch (type->id()) {
    case TypeId::kArray: {
      TypePtr element = Canonical(type->element());
      return element ? types::Array(element) : nullptr;
    }
    case TypeId::kStruct: {
      std::vector<StructField> fields;
      for (const StructField& field : type->fields()) {
        TypePtr canonical = field.name.empty() ? nullptr : Canonical(field.type);
        if (canonical) fields.push_back({field.name, canonical, true});
      }
      return fields.empty() ? nullptr : types::Struct(std::move(fields));
    }
    case TypeId::kNull:
      return options_.drop_all_null ? nullptr : types::String();
    default:
      return type;
  }
}

TypePtr JsonSchemaInference::Finish() const {
  TypePtr type = Canonical(root_);
  return type && type->Is(TypeId::kStruct) ? type : types::Struct({});
}

TypePtr JsonSchemaInference::TypeOf(std::string_view document) {
  lexer_.Start(document);
  lexer_.Next();
  TypePtr type = Infer();
  if (!type) return nullptr;
  TypePtr canonical = Canonical(type);
  return canonical ? canonical : type->Is(TypeId::kStruct) ? types::Struct({}) : types::String();
}

TypePtr InferJsonSchema(const std::vector<FileSlice>& files, const JsonOptions& options, const OptionReader& reader) {
  if (files.empty()) return nullptr;
  JsonSchemaInference inference(options, reader);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  auto sampled = [&] { return options.sampling_ratio >= 0.99 || uniform(random) < options.sampling_ratio; };
  for (const FileSlice& file : files) {
    if (options.multi_line) {
      auto input = OpenInput(file.path, 0, options.encoding);
      if (sampled()) inference.Add(ReadAll(*input));
      continue;
    }
    LineReader lines(file, options.line_separator, options.encoding);
    std::string_view line;
    while (lines.Next(&line)) {
      if (sampled()) inference.Add(line);
    }
  }
  return inference.Finish();
}

}  // namespace sluice::formats
