// Constant schemas and options.
#include "functions/text_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "functions/list_picker.h"

namespace sluice::functions {

using types::TypeId;
using types::TypePtr;

formats::Options OptionsLiteral(const BindContext& context, const Arguments& arguments, size_t position) {
  formats::Options out;
  if (arguments.size() <= position) return out;
  const Argument& options = arguments[position];
  bool is_map = options.type->Is(TypeId::kMap);
  bool texts = is_map && options.type->key()->IsStringLike() && options.type->value()->IsStringLike();
  if (is_map && !texts) {
    throw base::Error(base::ErrorKind::kAnalysis, "INVALID_OPTIONS.NON_STRING_TYPE",
                      {{"mapType", Quoted(*options.type)}});
  }
  if (!is_map || !options.literal || options.literal->is_null()) {
    throw base::Error(base::ErrorKind::kAnalysis, "INVALID_OPTIONS.NON_MAP_FUNCTION");
  }
  ListColumn map{arrow::Datum(options.literal->value)};
  Column<std::string_view> keys(MapKeys(map)), values(MapItems(map));
  Range range = map[0];
  for (int64_t i = range.begin; i < range.end; ++i) {
    if (values.valid(i)) out[std::string(keys[i])] = values[i];
  }
  return out;
}

namespace {

// Of a text that is neither a type nor columns, the function's error is what is wrong with it as a type.
TypePtr SchemaOfDdl(const std::string& text) {
  try {
    return types::ParseTypeName(text);
  } catch (const base::Error& error) {
    try {
      return types::ParseSchemaText(text);
    } catch (const base::Error&) {
    }
    if (error.kind() != base::ErrorKind::kParse) throw;
    throw base::Error(base::ErrorKind::kAnalysis, error.condition(), error.parameters());
  }
}

}  // namespace

TypePtr SchemaLiteral(const BindContext& context, const Arguments& arguments, size_t position) {
  const Argument& schema = arguments[position];
  if (!schema.literal || !schema.type->IsStringLike()) {
    throw base::Error(base::ErrorKind::kAnalysis, "INVALID_SCHEMA.NON_STRING_LITERAL",
                      {{"inputSchema", QuotedSql(schema.sql)}});
  }
  if (schema.literal->is_null()) {
    throw TypeMismatch(context, arguments, "UNEXPECTED_NULL", {{"exprName", "schema"}});
  }
  std::string text = StringLiteral(schema);
  size_t start = text.find_first_not_of(" \t\n\r");
  bool json = start != std::string::npos && (text[start] == '{' || text[start] == '"');
  return types::AsNullable(json ? types::ParseJsonType(text) : SchemaOfDdl(text));
}

formats::FormatContext WithTimeZone(const formats::Options& options, const std::string& time_zone) {
  formats::FormatContext out;
  out.options = options;
  bool named = std::any_of(options.begin(), options.end(), [](const auto& option) {
    std::string name = option.first;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name == "timezone";
  });
  if (!named) out.options["timeZone"] = time_zone;
  return out;
}

bool FailsFast(const BindContext& context, const formats::OptionReader& options) {
  if (!options.Find("mode")) return true;
  formats::ParseMode mode = formats::ParseModeOf(options);
  if (mode == formats::ParseMode::kDropMalformed) {
    throw base::Error(base::ErrorKind::kAnalysis, "PARSE_MODE_UNSUPPORTED",
                      {{"funcName", QuotedName(context)}, {"mode", "DROPMALFORMED"}});
  }
  return mode == formats::ParseMode::kFailFast;
}

std::vector<TypePtr> TypesOf(const Arguments& arguments) {
  std::vector<TypePtr> types;
  for (const Argument& argument : arguments) types.push_back(argument.type);
  return types;
}

}  // namespace sluice::functions
