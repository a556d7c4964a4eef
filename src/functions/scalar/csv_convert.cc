// from_csv, to_csv, schema_of_csv.
#include <fmt/format.h>

#include <algorithm>

#include "formats/csv/csv_converter.h"
#include "formats/csv/csv_schema.h"
#include "formats/csv/csv_writer.h"
#include "formats/csv/record_tokenizer.h"
#include "formats/value_text.h"
#include "functions/checked_parser.h"
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

/// What a from_csv call was bound to.
struct CsvRule {
  TypePtr type;            ///< of the result
  int corrupt_field = -1;  ///< in `type`
  bool fails = false;      ///< mode FAILFAST
  formats::Options options;
  int columns() const { return static_cast<int>(type->fields().size()) - (corrupt_field >= 0); }
  /// The token that a field is read from; -1 for the one of bad records.
  int SlotOf(int field) const {
    if (field == corrupt_field) return -1;
    return field - (corrupt_field >= 0 && field > corrupt_field);
  }
};

base::Error Malformed(int columns) {
  std::string record = "[";
  for (int i = 0; i < columns; ++i) record += i > 0 ? ",null" : "null";
  return base::Error(base::ErrorKind::kSpark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                     {{"badRecord", record + "]"}, {"failFastMode", "FAILFAST"}});
}

formats::TokenView Kept(const formats::CsvToken& token, formats::TokenTable* table) {
  if (token.is_null) return {};
  std::string_view text = table->Keep(token.text);
  return {text.data(), static_cast<int32_t>(text.size())};
}

/// The tokens of every text; bad[row] where there are more or fewer of them than columns.
void Tokenize(const Column<std::string_view>& csv, int64_t rows, const formats::CsvDialect& dialect,
              formats::TokenTable* table, std::vector<uint8_t>* bad) {
  formats::RecordTokenizer tokenizer(dialect, false);
  for (int64_t row = 0; row < rows; ++row) {
    formats::TokenView* tokens = table->AddRow({});
    if (!csv.valid(row)) continue;
    size_t position = 0;
    if (tokenizer.Next(csv[row], true, &position) != formats::RecordTokenizer::Status::kRecord) continue;
    auto found = static_cast<int>(tokenizer.tokens().size());
    for (int i = 0; i < std::min(found, table->slots); ++i) tokens[i] = Kept(tokenizer.tokens()[i], table);
    (*bad)[row] = found != table->slots;
  }
}

std::shared_ptr<arrow::Array> CorruptTexts(const Column<std::string_view>& csv, const std::vector<uint8_t>& bad) {
  TextWriter out(arrow::utf8(), static_cast<int64_t>(bad.size()));
  for (size_t row = 0; row < bad.size(); ++row) {
    if (bad[row]) out.Append(csv[static_cast<int64_t>(row)]);
    if (bad[row]) {
      out.EndRow();
    } else {
      out.EndRowAsNull();
    }
  }
  return out.Finish();
}

/// Notes for each bad row what spoilt it first.
class Culprits {
 public:
  explicit Culprits(const CsvRule& rule, size_t rows) : rule_(rule), culprits_(rows, kNone) {}
  /// What is bad and has not been before is so because of the field; -1: because of how many columns there are.
  void Note(const std::vector<uint8_t>& bad, int field) {
    for (size_t row = 0; row < bad.size(); ++row) {
      if (bad[row] && culprits_[row] == kNone) culprits_[row] = field;
    }
  }
  void Tell(Refusals* refusals) const {
    for (size_t row = 0; row < culprits_.size(); ++row) {
      if (culprits_[row] != kNone) refusals->Add(static_cast<int64_t>(row), Reason(culprits_[row]));
    }
  }

 private:
  static constexpr int kNone = -2;
  std::string Reason(int field) const {
    if (field < 0) return fmt::format("the number of columns is not {}", rule_.columns());
    const types::StructField& wanted = rule_.type->fields()[field];
    return fmt::format("the field `{}` is not of type {}", wanted.name, wanted.type->Sql());
  }
  const CsvRule& rule_;
  std::vector<int> culprits_;
};

/// With `refusals` bad records are noted there and raise nothing.
std::shared_ptr<arrow::Array> ParseAll(const CsvRule& rule, const std::string& time_zone,
                                       const Column<std::string_view>& csv, int64_t rows,
                                       Refusals* refusals = nullptr) {
  formats::FormatContext context = WithTimeZone(rule.options, time_zone);
  formats::CsvOptions options(context);
  formats::OptionReader reader(context);
  formats::CsvConverter converter(options, reader);
  formats::TokenTable table(rule.columns());
  std::vector<uint8_t> bad(rows);
  Tokenize(csv, rows, options.dialect, &table, &bad);
  Culprits culprits(rule, refusals ? bad.size() : 0);
  if (refusals) culprits.Note(bad, -1);
  arrow::ArrayVector fields(rule.type->fields().size());
  for (int field = 0; field < static_cast<int>(fields.size()); ++field) {
    int slot = rule.SlotOf(field);
    if (slot < 0) continue;
    formats::ColumnBuilder column(rule.type->fields()[field].type);
    column.Reserve(rows);
    converter.Convert(table, slot, &column, bad.data());
    if (refusals) culprits.Note(bad, field);
    fields[field] = column.Finish();
  }
  if (refusals) {
    culprits.Tell(refusals);
  } else if (rule.fails && std::find(bad.begin(), bad.end(), 1) != bad.end()) {
    throw Malformed(rule.columns());
  }
  if (rule.corrupt_field >= 0) fields[rule.corrupt_field] = CorruptTexts(csv, bad);
  return MakeStructArray(types::ToArrow(rule.type), rows, fields, AndValidity({&csv}, rows));
}

/// Only the first argument shows in column names.
void ShowFirstOnly(const std::string& name, logical::ScalarBinding* binding) {
  binding->sql = [name](const std::vector<std::string>& texts) { return name + "(" + texts[0] + ")"; };
}

ScalarBindingPtr BindFromCsv(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  if (!arguments[0].type->IsStringLike() && !arguments[0].type->Is(TypeId::kNull)) {
    throw UnexpectedInput(context, {arguments[0]}, 0, "\"STRING\"");
  }
  CsvRule rule;
  rule.type = types::AsNullable(SchemaLiteral(context, arguments, 1));
  rule.options = OptionsLiteral(context, arguments, 2);
  if (!rule.type->Is(TypeId::kStruct)) {
    throw base::Error(base::ErrorKind::kAnalysis, "INVALID_SCHEMA.NON_STRUCT_TYPE",
                      {{"inputSchema", QuotedSql(arguments[1].sql)}, {"dataType", Quoted(*rule.type)}});
  }
  formats::CsvOptions options(WithTimeZone(rule.options, context.time_zone));
  if (options.mode == formats::ParseMode::kDropMalformed) {
    throw base::Error(base::ErrorKind::kAnalysis, "PARSE_MODE_UNSUPPORTED",
                      {{"funcName", "`from_csv`"}, {"mode", "DROPMALFORMED"}});
  }
  rule.fails = options.mode == formats::ParseMode::kFailFast;
  formats::CheckCorruptColumn(*rule.type, options.corrupt_column);
  for (size_t i = 0; i < rule.type->fields().size(); ++i) {
    if (rule.type->fields()[i].name == options.corrupt_column) rule.corrupt_field = static_cast<int>(i);
  }
  auto kernel = [rule](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    Column<std::string_view> csv(values[0]);
    return scope.Result(ParseAll(rule, eval.time_zone, csv, scope.rows()));
  };
  std::vector<TypePtr> types = TypesOf(arguments);
  types[0] = String();
  auto binding = NewBinding(context, arguments, rule.type, types, kernel, Nulls::kAlways);
  binding->expensive = true;
  ShowFirstOnly("from_csv", binding.get());
  AddCheckedForm(binding.get(),
                 [rule](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows, Refusals* refusals) {
                   return ParseAll(rule, eval.time_zone, Column<std::string_view>(values[0]), rows, refusals);
                 });
  return binding;
}

void AppendRow(const types::DataType& type, const arrow::ArrayVector& columns, int64_t row,
               const formats::DateTimeWriter& datetimes, formats::CsvRowWriter* rows, std::string* out) {
  std::string value;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i]->IsNull(row)) {
      rows->Append(i == 0, nullptr, out);
      continue;
    }
    value.clear();
    formats::AppendPlainValue(*type.fields()[i].type, *columns[i], row, datetimes, &value);
    rows->Append(i == 0, &value, out);
  }
}

ScalarBindingPtr BindToCsv(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  TypePtr type = arguments[0].type;
  if (!type->Is(TypeId::kStruct)) {
    throw TypeMismatch(CallSql(context, {arguments[0]}), "UNSUPPORTED_INPUT_TYPE",
                       {{"functionName", QuotedName(context)}, {"dataType", Quoted(*type)}});
  }
  for (const types::StructField& field : type->fields()) {
    if (field.type->IsNested()) throw base::Error::Unsupported("to_csv of nested values");
  }
  auto options = OptionsLiteral(context, arguments, 1);
  auto kernel = [type, options](EvalContext& eval, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope({values[0]}, rows);
    formats::FormatContext given = WithTimeZone(options, eval.time_zone);
    formats::CsvOptions csv_options(given);
    formats::OptionReader reader(given);
    formats::DateTimeWriter datetimes(reader);
    formats::CsvRowWriter writer(csv_options);
    ColumnBase column(values[0]);
    const auto& structs = static_cast<const arrow::StructArray&>(*column.array());
    arrow::ArrayVector columns;
    for (int i = 0; i < structs.num_fields(); ++i) columns.push_back(structs.field(i));
    TextWriter out(arrow::utf8(), scope.rows(), AndValidity({&column}, scope.rows()));
    std::string buffer;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (column.valid(row)) {
        buffer.clear();
        AppendRow(*type, columns, column.index(row), datetimes, &writer, &buffer);
        out.Append(buffer);
      }
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  auto binding = NewBinding(context, arguments, String(), TypesOf(arguments), kernel);
  binding->nullable = arguments[0].nullable;
  ShowFirstOnly("to_csv", binding.get());
  return binding;
}

ScalarBindingPtr BindSchemaOfCsv(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  const Argument& csv = arguments[0];
  if (!csv.literal || !csv.type->IsStringLike()) {
    if (csv.literal && !csv.type->IsStringLike()) throw UnexpectedInput(context, arguments, 0, "\"STRING\"");
    throw TypeMismatch(context, arguments, "NON_FOLDABLE_INPUT",
                       {{"inputName", "`csv`"}, {"inputType", "\"STRING\""}, {"inputExpr", QuotedSql(csv.sql)}});
  }
  if (csv.literal->is_null()) throw TypeMismatch(context, arguments, "UNEXPECTED_NULL", {{"exprName", "csv"}});
  formats::FormatContext given = WithTimeZone(OptionsLiteral(context, arguments, 1), context.time_zone);
  formats::CsvOptions options(given);
  formats::RecordTokenizer tokenizer(options.dialect, false);
  formats::TokenTable table(0);
  std::vector<formats::TokenView> tokens;
  size_t position = 0;
  if (tokenizer.Next(StringLiteral(csv), true, &position) == formats::RecordTokenizer::Status::kRecord) {
    for (const formats::CsvToken& token : tokenizer.tokens()) tokens.push_back(Kept(token, &table));
  }
  formats::OptionReader reader(given);
  std::string ddl = formats::InferCsvRecord(tokens, options, reader)->Sql();
  auto kernel = [ddl](EvalContext&, const std::vector<arrow::Datum>&, int64_t) { return TextConstant(ddl); };
  auto binding = NewBinding(context, arguments, String(), TypesOf(arguments), kernel, Nulls::kNever);
  ShowFirstOnly("schema_of_csv", binding.get());
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, CsvConvert) {
  registry.Add({.name = "from_csv",
                .usage = "A line of CSV as a struct of the given type.",
                .example = "SELECT from_csv('1, 0.8', 'a INT, b DOUBLE')",
                .since = "3.0.0",
                .bind = BindScalar(BindFromCsv)});
  registry.Add({.name = "to_csv",
                .usage = "A struct as a line of CSV.",
                .example = "SELECT to_csv(named_struct('a', 1, 'b', 2))",
                .since = "3.0.0",
                .bind = BindScalar(BindToCsv)});
  registry.Add({.name = "schema_of_csv",
                .usage = "The type of a constant line of CSV, as DDL.",
                .example = "SELECT schema_of_csv('1,abc')",
                .since = "3.0.0",
                .bind = BindScalar(BindSchemaOfCsv)});
}

}  // namespace sluice::functions
