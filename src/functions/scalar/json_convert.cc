// from_json, to_json, schema_of_json.
#include <fmt/format.h>

#include <algorithm>

#include "formats/json/json_parser.h"
#include "formats/json/json_schema.h"
#include "formats/json/json_writer.h"
#include "functions/cast_kernels.h"
#include "functions/checked_parser.h"
#include "functions/json_call.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/text_options.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::String;
using types::TypeId;
using types::TypePtr;

namespace {

/// What a from_json call was bound to.
struct JsonRule {
  TypePtr type;            ///< of the result
  TypePtr parsed;          ///< without the column for bad records
  int corrupt_field = -1;  ///< in `type`
  bool fails = false;      ///< mode FAILFAST
  formats::Options options;
};

/// "[null,null]": an empty row, as Spark shows a record that could not be parsed.
std::string EmptyRow(const types::DataType& type) {
  size_t fields = type.Is(TypeId::kStruct) ? type.fields().size() : 1;
  std::string out = "[";
  for (size_t i = 0; i < fields; ++i) out += i ? ",null" : "null";
  return out + "]";
}

base::Error Malformed(const types::DataType& type) {
  return base::Error(base::ErrorKind::kSpark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                     {{"badRecord", EmptyRow(type)}, {"failFastMode", "FAILFAST"}});
}

/// Puts the column of bad records between the parsed fields.
std::shared_ptr<arrow::Array> WithCorruptField(const JsonRule& rule, const std::shared_ptr<arrow::Array>& parsed,
                                               const std::shared_ptr<arrow::Array>& corrupt) {
  const auto& structs = static_cast<const arrow::StructArray&>(*parsed);
  arrow::ArrayVector fields;
  for (int i = 0, at = 0; i < static_cast<int>(rule.type->fields().size()); ++i) {
    fields.push_back(i == rule.corrupt_field ? corrupt : structs.field(at++));
  }
  ColumnBase column(parsed);
  return MakeStructArray(types::ToArrow(rule.type), parsed->length(), fields, AndValidity({&column}, parsed->length()));
}

/// With `refusals` bad records are noted there and raise nothing.
std::shared_ptr<arrow::Array> ParseAll(const JsonRule& rule, const std::string& time_zone,
                                       const Column<std::string_view>& json, int64_t rows,
                                       Refusals* refusals = nullptr) {
  formats::FormatContext context = WithTimeZone(rule.options, time_zone);
  formats::JsonOptions options(context);
  formats::OptionReader reader(context);
  formats::JsonParser parser(rule.parsed, options, reader, true);
  parser.RewriteTexts();
  formats::ColumnBuilder builder(rule.parsed);
  builder.Reserve(rows);
  TextWriter corrupt(arrow::utf8(), rows);
  // The texts lie one behind the other: all but the last have bytes behind them.
  const char* padded_end =
      rows > 0 && !json.constant() ? json[rows - 1].data() - formats::JsonParser::kPadding : nullptr;
  for (int64_t row = 0; row < rows; ++row) {
    bool bad = false;
    if (json.valid(row)) {
      std::string_view text = json[row];
      bad = parser.AppendValue(text, &builder, text.data() + text.size() <= padded_end).bad;
      if (bad && refusals) {
        refusals->Add(row, parser.Complaint());
      } else if (bad && rule.fails) {
        throw Malformed(*rule.parsed);
      }
    } else {
      builder.AppendNull();
    }
    if (rule.corrupt_field < 0) continue;
    if (bad) {
      corrupt.Append(json[row]);
      corrupt.EndRow();
    } else {
      corrupt.EndRowAsNull();
    }
  }
  auto parsed = builder.Finish();
  if (rule.corrupt_field >= 0) return WithCorruptField(rule, parsed, corrupt.Finish());
  return arrow::MakeArray(WithType(parsed->data(), types::ToArrow(rule.type)));
}

/// The kernel of from_json, which knows again what it was made of.
struct JsonKernel {
  JsonRule rule;
  arrow::Datum operator()(EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) const {
    RowScope scope(values, rows);
    return scope.Result(ParseAll(rule, eval.time_zone, Column<std::string_view>(values[0]), scope.rows()));
  }
};

// Behind a value that does not fit, parsing goes on within it, as in Spark, if it is or has an array: other fields can
// then get other values.
bool MayLoseItsPlace(const types::DataType& type) {
  switch (type.id()) {
    case TypeId::kArray:
    case TypeId::kMap:
    case TypeId::kStruct:
    case TypeId::kUdt:
    case TypeId::kVariant:
      return true;
    default:
      return false;
  }
}

void CheckJsonKeys(const BindContext& context, const Arguments& arguments, const types::DataType& type,
                   const types::DataType& whole) {
  switch (type.id()) {
    case TypeId::kMap:
      if (!type.key()->IsStringLike()) {
        throw TypeMismatch(context, arguments, "INVALID_JSON_MAP_KEY_TYPE", {{"schema", Quoted(whole)}});
      }
      return CheckJsonKeys(context, arguments, *type.value(), whole);
    case TypeId::kArray:
      return CheckJsonKeys(context, arguments, *type.element(), whole);
    case TypeId::kStruct:
      for (const auto& field : type.fields()) CheckJsonKeys(context, arguments, *field.type, whole);
      return;
    default:
      return;
  }
}

ScalarBindingPtr BindFromJson(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  auto types = Coerce(context, {arguments[0]}, {String()}, CallSql(context, arguments));
  JsonRule rule;
  rule.type = SchemaLiteral(context, arguments, 1);
  rule.options = OptionsLiteral(context, arguments, 2);
  if (!rule.type->IsNested()) {
    throw TypeMismatch(context, arguments, "INVALID_JSON_SCHEMA", {{"schema", Quoted(*rule.type)}});
  }
  CheckJsonKeys(context, arguments, *rule.type, *rule.type);
  formats::FormatContext given = WithTimeZone(rule.options, context.time_zone);
  formats::JsonOptions options(given);
  if (options.mode == formats::ParseMode::kDropMalformed) {
    throw base::Error(base::ErrorKind::kAnalysis, "PARSE_MODE_UNSUPPORTED",
                      {{"funcName", "`from_json`"}, {"mode", "DROPMALFORMED"}});
  }
  rule.fails = options.mode == formats::ParseMode::kFailFast;
  rule.parsed = rule.type;
  if (rule.type->Is(TypeId::kStruct)) {
    formats::CheckCorruptColumn(*rule.type, options.corrupt_column);
    std::vector<types::StructField> fields = rule.type->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].name == options.corrupt_column) rule.corrupt_field = static_cast<int>(i);
    }
    if (rule.corrupt_field >= 0) {
      fields.erase(fields.begin() + rule.corrupt_field);
      rule.parsed = types::Struct(std::move(fields));
    }
  }
  for (size_t i = 1; i < arguments.size(); ++i) types.push_back(arguments[i].type);
  auto binding = NewBinding(context, arguments, rule.type, types, JsonKernel{rule}, Nulls::kAlways);
  binding->expensive = true;
  // Spark calls a map by this name alone.
  binding->sql = [is_map = rule.type->Is(TypeId::kMap)](const std::vector<std::string>& texts) {
    return is_map ? "entries" : "from_json(" + texts[0] + ")";
  };
  AddCheckedForm(binding.get(),
                 [rule](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows, Refusals* refusals) {
                   return ParseAll(rule, eval.time_zone, Column<std::string_view>(values[0]), rows, refusals);
                 });
  return binding;
}

bool HasEqualNames(const types::DataType& type) {
  std::set<std::string> names;
  return !std::ranges::all_of(type.fields(), [&](const auto& field) { return names.insert(field.name).second; });
}

/// The call with these fields only.
NarrowJson WithFields(const logical::ScalarBinding& binding, const std::set<int>& kept) {
  JsonRule rule = binding.kernel.target<JsonKernel>()->rule;
  std::vector<types::StructField> all, parsed;
  const int corrupt = rule.corrupt_field;
  rule.corrupt_field = -1;
  for (int field : kept) {
    if (field == corrupt) rule.corrupt_field = static_cast<int>(all.size());
    if (field != corrupt) parsed.push_back(rule.type->fields()[field]);
    all.push_back(rule.type->fields()[field]);
  }
  rule.type = types::Struct(std::move(all));
  rule.parsed = types::Struct(std::move(parsed));
  auto narrow = std::make_shared<logical::ScalarBinding>(binding);
  narrow->type = rule.type;
  narrow->kernel = JsonKernel{std::move(rule)};
  narrow->checked = nullptr;
  return {std::move(narrow), {kept.begin(), kept.end()}};
}

ScalarBindingPtr BindToJson(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  TypePtr type = arguments[0].type;
  if (type->Is(TypeId::kNull)) type = types::Struct({});
  if (!type->IsNested()) {
    throw TypeMismatch(context, arguments, "INVALID_JSON_SCHEMA", {{"schema", Quoted(*type)}});
  }
  auto options = OptionsLiteral(context, arguments, 1);
  auto kernel = [type, options](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope({values[0]}, rows);
    formats::FormatContext given = WithTimeZone(options, eval.time_zone);
    formats::JsonOptions json_options(given);
    formats::OptionReader reader(given);
    formats::JsonGenerator generator(json_options, reader);
    ColumnBase column(values[0]);
    TextWriter out(arrow::utf8(), scope.rows(), AndValidity({&column}, scope.rows()));
    std::string buffer;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (column.valid(row)) {
        buffer.clear();
        generator.Append(*type, *column.array(), column.index(row), &buffer);
        out.Append(buffer);
      }
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  std::vector<TypePtr> types;
  for (const Argument& argument : arguments) types.push_back(argument.type);
  types[0] = type;
  auto binding = NewBinding(context, arguments, String(), types, kernel);
  binding->nullable = arguments[0].nullable;
  binding->sql = [](const std::vector<std::string>& texts) { return "to_json(" + texts[0] + ")"; };
  return binding;
}

ScalarBindingPtr BindSchemaOfJson(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  const Argument& json = arguments[0];
  if (!json.literal || !json.type->IsStringLike()) {
    if (json.literal && !json.type->IsStringLike()) throw UnexpectedInput(context, arguments, 0, "\"STRING\"");
    throw TypeMismatch(context, arguments, "NON_FOLDABLE_INPUT",
                       {{"inputName", "`json`"}, {"inputType", "\"STRING\""}, {"inputExpr", QuotedSql(json.sql)}});
  }
  if (json.literal->is_null()) {
    throw TypeMismatch(context, arguments, "UNEXPECTED_NULL", {{"exprName", "json"}});
  }
  formats::FormatContext given = WithTimeZone(OptionsLiteral(context, arguments, 1), context.time_zone);
  formats::JsonOptions options(given);
  formats::OptionReader reader(given);
  formats::JsonSchemaInference inference(options, reader);
  TypePtr type = inference.TypeOf(StringLiteral(json));
  std::string ddl = type ? type->Sql() : "STRING";
  auto kernel = [ddl](EvalContext&, const std::vector<arrow::Datum>&, int64_t) { return TextConstant(ddl); };
  std::vector<TypePtr> types;
  for (const Argument& argument : arguments) types.push_back(argument.type);
  auto binding = NewBinding(context, arguments, String(), types, kernel, Nulls::kNever);
  binding->sql = [](const std::vector<std::string>& texts) { return "schema_of_json(" + texts[0] + ")"; };
  return binding;
}

}  // namespace

bool IsJsonCall(const logical::ScalarBinding& binding) {
  const auto* kernel = binding.kernel.target<JsonKernel>();
  return kernel && kernel->rule.type->Is(TypeId::kStruct);
}

std::optional<NarrowJson> NarrowJsonCall(const logical::ScalarBinding& binding, const std::set<int>& used) {
  const JsonRule& rule = binding.kernel.target<JsonKernel>()->rule;
  if (rule.fails || rule.corrupt_field >= 0 || HasEqualNames(*rule.type)) return std::nullopt;
  std::set<int> kept = used;
  for (int i = 0; i < static_cast<int>(rule.type->fields().size()); ++i) {
    if (MayLoseItsPlace(*rule.type->fields()[i].type)) kept.insert(i);
  }
  if (kept.empty() || kept.size() == rule.type->fields().size()) return std::nullopt;
  return WithFields(binding, kept);
}

std::vector<NarrowJson> SplitJsonCall(const logical::ScalarBinding& binding, const std::set<int>& used) {
  const JsonRule& rule = binding.kernel.target<JsonKernel>()->rule;
  if (!rule.options.empty() || rule.type->fields().size() < 2 || HasEqualNames(*rule.type)) return {};
  std::vector<NarrowJson> calls;
  std::set<int> together;
  for (int field : used) {
    if (field == rule.corrupt_field || MayLoseItsPlace(*rule.type->fields()[field].type)) {
      calls.push_back(WithFields(binding, {field}));
    } else {
      together.insert(field);
    }
  }
  if (!together.empty()) calls.push_back(WithFields(binding, together));
  return calls;
}

SLUICE_REGISTER(FunctionRegistry, JsonConvert) {
  registry.Add({.name = "from_json",
                .usage = "A JSON text as a value of the given type.",
                .example = "SELECT from_json('{\"a\":1, \"b\":0.8}', 'a INT, b DOUBLE')",
                .since = "2.2.0",
                .bind = BindScalar(BindFromJson)});
  registry.Add({.name = "to_json",
                .usage = "A struct, array or map as JSON text.",
                .example = "SELECT to_json(named_struct('a', 1, 'b', 2))",
                .since = "2.2.0",
                .bind = BindScalar(BindToJson)});
  registry.Add({.name = "schema_of_json",
                .usage = "The type of a constant JSON text, as DDL.",
                .example = "SELECT schema_of_json('[{\"col\":0}]')",
                .since = "2.4.0",
                .bind = BindScalar(BindSchemaOfJson)});
}

}  // namespace sluice::functions
