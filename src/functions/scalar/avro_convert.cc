// from_avro, to_avro, schema_of_avro.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "formats/avro/avro_decoder.h"
#include "formats/avro/avro_encoder.h"
#include "formats/avro/avro_types.h"
#include "formats/option_reader.h"
#include "functions/checked_parser.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/scalar/avro_registry.h"
#include "functions/text_options.h"

namespace sluice::functions {

using formats::AvroDocument;
using formats::AvroDocumentPtr;
using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr std::string_view kReadOptions[] = {"mode",
                                             "avroschema",
                                             "datetimerebasemode",
                                             "enablestableidentifiersforuniontype",
                                             "stableidentifierprefixforuniontype",
                                             "recursivefieldmaxdepth",
                                             "positionalfieldmatching"};
constexpr int kMostRecursion = 15;

/// What a from_avro call was bound to.
struct ReadRule {
  formats::AvroReaderPtr reader;
  formats::AvroDecoderPtr decoder;          ///< null where values name their schemas
  std::shared_ptr<RegistryDecoders> by_id;  ///< null where they don't
  bool has_secret = false;                  ///< the options are not to be shown
  TypePtr type;                             ///< the reader's, all nullable in mode PERMISSIVE
  bool fails = true;
};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// The call as Spark prints it: arguments that were left out are NULL.
std::string WholeSql(const BindContext& context, const Arguments& arguments, size_t count) {
  std::string out = PrettyName(context) + "(";
  for (size_t i = 0; i < count; ++i) out += (i ? ", " : "") + (i < arguments.size() ? arguments[i].sql : "NULL");
  return out + ")";
}

/// Checks an argument that must be a constant text, or NULL.
void CheckSchema(const BindContext& context, const Arguments& arguments, size_t at, size_t count,
                 std::string_view ordinal, std::string_view direction) {
  const Argument& schema = arguments[at];
  if (schema.literal && (schema.type->IsStringLike() || schema.type->Is(TypeId::kNull))) return;
  std::string name = PrettyName(context);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  throw TypeMismatch(
      WholeSql(context, arguments, count), "TYPE_CHECK_FAILURE_WITH_HINT",
      {{"hint", ""},
       {"msg", fmt::format("The {} argument of the {} SQL function must be a constant string containing the JSON "
                           "representation of the schema to use for converting the value {} AVRO format",
                           ordinal, name, direction)}});
}

formats::Options Options(const BindContext& context, const Arguments& arguments, size_t at, std::string_view ordinal) {
  if (arguments.size() <= at) return {};
  const Argument& options = arguments[at];
  const types::DataType& type = *options.type;
  bool nothing = type.Is(TypeId::kNull) || (type.Is(TypeId::kMap) && type.key()->Is(TypeId::kNull));
  bool texts = type.Is(TypeId::kMap) && type.key()->IsStringLike() && type.value()->IsStringLike();
  if (options.literal && nothing) return {};
  if (options.literal && texts) return OptionsLiteral(context, arguments, at);
  std::string name = PrettyName(context);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  throw TypeMismatch(
      WholeSql(context, arguments, at + 1), "TYPE_CHECK_FAILURE_WITH_HINT",
      {{"hint", ""},
       {"msg", fmt::format("The {} argument of the {} SQL function must be a constant map of strings to strings "
                           "containing the options to use for converting the value from AVRO format",
                           ordinal, name)}});
}

base::Error BadOption(const std::string& name, const std::string& message) {
  return base::Error(base::ErrorKind::kAnalysis, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE",
                     {{"optionName", name}, {"message", message}});
}

bool Flag(const formats::OptionReader& options, const std::string& name) {
  std::string text = options.Get(name, "false");
  if (Lower(text) == "true") return true;
  if (Lower(text) == "false") return false;
  throw BadOption(name, fmt::format("Cannot cast value '{}' to Boolean.", text));
}

int MaxRecursion(const formats::OptionReader& options) {
  std::string text = options.Get("recursiveFieldMaxDepth", "-1");
  int depth = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), depth);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw base::Error::Plain(base::ErrorKind::kNumberFormat, fmt::format("For input string: \"{}\"", text));
  }
  if (depth > kMostRecursion) {
    throw BadOption("recursiveFieldMaxDepth", fmt::format("Should not be greater than {}.", kMostRecursion));
  }
  return depth;
}

bool HasDates(const types::DataType& type) {
  if (type.Is(TypeId::kDate) || type.Is(TypeId::kTimestamp)) return true;
  if (type.Is(TypeId::kArray)) return HasDates(*type.element());
  if (type.Is(TypeId::kMap)) return HasDates(*type.value());
  return type.Is(TypeId::kStruct) && std::any_of(type.fields().begin(), type.fields().end(),
                                                 [](const types::StructField& field) { return HasDates(*field.type); });
}

/// Whether the rebase mode refuses old dates; LEGACY, the Julian calendar, is not supported where there are dates.
bool RefusesOldDates(const std::string& mode, const std::string& name, const types::DataType& type) {
  if (mode == "EXCEPTION") return true;
  if (mode != "CORRECTED" && mode != "LEGACY") {
    throw BadOption(name, fmt::format("'{}' is none of EXCEPTION, LEGACY, CORRECTED.", mode));
  }
  if (mode != "CORRECTED" && HasDates(type)) {
    throw base::Error::Unsupported(name + " " + mode + " of Avro", "CORRECTED takes dates as they are");
  }
  return false;
}

formats::AvroReadOptions ReadOptions(const formats::OptionReader& options) {
  formats::AvroReadOptions out;
  out.types.stable_union_names = Flag(options, "enableStableIdentifiersForUnionType");
  out.types.union_prefix = options.Get("stableIdentifierPrefixForUnionType", "member_");
  out.types.max_recursion = MaxRecursion(options);
  Flag(options, "positionalFieldMatching");  // the type is made of the schema, so both ways give the same
  return out;
}

void CheckNames(const BindContext& context, const formats::Options& options, bool with_registry) {
  for (const auto& [name, value] : options) {
    if (with_registry && IsRegistryOption(Lower(name))) continue;
    if (std::find(std::begin(kReadOptions), std::end(kReadOptions), Lower(name)) != std::end(kReadOptions)) continue;
    throw base::Error::Unsupported(fmt::format("the option '{}' of {}", name, PrettyName(context)));
  }
}

std::string SchemaText(const Argument& schema) { return schema.literal->is_null() ? "" : StringLiteral(schema); }

/// The schema of the result: the evolved one, the one given, or the latest of the registry's subject.
AvroDocumentPtr ExpectedSchema(const formats::OptionReader& options, const std::string& schema,
                               const std::optional<RegistryUse>& registry) {
  if (auto evolved = options.Find("avroSchema")) return AvroDocument::Parse(*evolved);
  if (!schema.empty() || !registry) return AvroDocument::Parse(schema);
  if (registry->subject.empty()) {
    throw BadOption("schema.registry.subject", "from_avro needs a schema, or a subject whose latest schema it takes.");
  }
  return AvroDocument::Parse(formats::SchemaRegistry::For(registry->settings)->Latest(registry->subject).text);
}

ReadRule MakeReadRule(const BindContext& context, const std::string& schema, const formats::Options& given) {
  CheckNames(context, given, true);
  formats::FormatContext format{given, context.conf};
  formats::OptionReader options(format);
  ReadRule rule;
  rule.fails = FailsFast(context, options);
  auto registry = ReadRegistryUse(given, context.conf);
  AvroDocumentPtr expected = ExpectedSchema(options, schema, registry);
  formats::AvroReadOptions read = ReadOptions(options);
  std::string rebase =
      options.Get("datetimeRebaseMode", options.Conf("spark.sql.avro.datetimeRebaseModeInRead", "CORRECTED"));
  rule.reader = std::make_shared<formats::AvroReader>(expected, read);
  if (RefusesOldDates(rebase, "datetimeRebaseMode", *rule.reader->type())) {
    read.refuse_old_dates = true;
    rule.reader = std::make_shared<formats::AvroReader>(expected, read);
  }
  if (registry) {
    rule.by_id = std::make_shared<RegistryDecoders>(formats::SchemaRegistry::For(registry->settings), rule.reader);
    rule.has_secret = registry->has_secret;
  } else {
    rule.decoder = std::make_shared<formats::AvroDecoder>(rule.reader, AvroDocument::Parse(schema));
  }
  rule.type = rule.fails ? rule.reader->type() : types::AsNullable(rule.reader->type());
  return rule;
}

/// Takes the decoder of the schema that a value names, and its header off the value; null if there is none.
class DecoderPicker {
 public:
  explicit DecoderPicker(const ReadRule& rule) : rule_(rule), decoder_(rule.decoder) {}

  const formats::AvroDecoder* Pick(std::string_view* value) {
    if (!rule_.by_id) return decoder_.get();
    int32_t id;
    has_header_ = formats::SplitRegistryMessage(*value, &id, value);
    if (!has_header_) return nullptr;
    if (!decoder_ || id != id_) {
      decoder_ = rule_.by_id->Find(id);
      id_ = id;
    }
    return decoder_.get();
  }

  /// What was wrong with the last value if it could not be read.
  std::string Complaint() const {
    if (!rule_.by_id || (has_header_ && decoder_)) return "the bytes are not a value of the schema";
    if (!has_header_) return "the bytes do not begin with the id of a schema";
    return UnknownSchema();
  }
  base::Error Failure() const {
    if (rule_.by_id && has_header_ && !decoder_) return base::Error::Plain(base::ErrorKind::kSpark, UnknownSchema());
    return base::Error::Plain(
        base::ErrorKind::kSpark,
        "Malformed records are detected in record parsing. Current parse Mode: FAILFAST. To process "
        "malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.");
  }

 private:
  std::string UnknownSchema() const {
    return fmt::format("The schema registry {} has no schema with the id {}", rule_.by_id->registry().host(), id_);
  }
  const ReadRule& rule_;
  formats::AvroDecoderPtr decoder_;
  int32_t id_ = 0;
  bool has_header_ = false;
};

/// With `refusals` bad values are noted there and raise nothing.
std::shared_ptr<arrow::Array> DecodeAll(const ReadRule& rule, const Column<std::string_view>& data, int64_t rows,
                                        Refusals* refusals = nullptr) {
  formats::AvroColumn out(rule.type);
  DecoderPicker decoders(rule);
  out.Reserve(rows);
  for (int64_t row = 0; row < rows; ++row) {
    if (!data.valid(row)) {
      out.AppendNull();
      continue;
    }
    std::string_view value = data[row];
    const formats::AvroDecoder* decoder = decoders.Pick(&value);
    if (decoder && out.Append(*decoder, value)) continue;
    if (refusals) {
      refusals->Add(row, decoders.Complaint());
      out.AppendNull();
      continue;
    }
    if (rule.fails) throw decoders.Failure();
    out.AppendEmpty();
  }
  return out.Finish();
}

/// Arguments that were left out show as NULL in column names and plans; one with credentials, at `secret`, does not
/// show.
void ShowAll(const std::string& name, size_t count, size_t secret, logical::ScalarBinding* binding) {
  binding->sql = [name, count, secret](const std::vector<std::string>& texts) {
    std::string out = name + "(" + texts[0];
    for (size_t i = 1; i < count; ++i) {
      out += ", " + (i == secret ? "*********(redacted)" : i < texts.size() ? texts[i] : std::string("NULL"));
    }
    return out + ")";
  };
}

ScalarBindingPtr BindFromAvro(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 3);
  CheckSchema(context, arguments, 1, 3, "second", "from");
  formats::Options options = Options(context, arguments, 2, "third");
  if (!arguments[0].type->Is(TypeId::kBinary)) throw UnexpectedInput(context, arguments, 0, "\"BINARY\"");
  ReadRule rule = MakeReadRule(context, SchemaText(arguments[1]), options);
  auto kernel = [rule](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope({values[0]}, rows);
    return scope.Result(DecodeAll(rule, Column<std::string_view>(values[0]), scope.rows()));
  };
  auto binding = NewBinding(context, arguments, rule.type, TypesOf(arguments), kernel, Nulls::kAlways);
  binding->expensive = true;
  binding->foldable = !rule.by_id;  // nothing is asked before the query runs
  ShowAll("from_avro", 3, rule.has_secret ? 2 : 0, binding.get());
  AddCheckedForm(binding.get(),
                 [rule](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows, Refusals* refusals) {
                   return DecodeAll(rule, Column<std::string_view>(values[0]), rows, refusals);
                 });
  return binding;
}

/// What a to_avro call was bound to.
struct WriteRule {
  formats::AvroEncoderPtr encoder;
  std::shared_ptr<RegistryWriter> registry;  ///< null where values don't name their schema
};

std::shared_ptr<arrow::Array> EncodeAll(const WriteRule& rule, const ColumnBase& data, int64_t rows) {
  formats::AvroEncoder::Rows values(*rule.encoder, *data.array());
  TextWriter out(arrow::binary(), rows, AndValidity({&data}, rows));
  std::string buffer, header;
  for (int64_t row = 0; row < rows; ++row) {
    if (data.valid(row)) {
      if (rule.registry && header.empty()) header = rule.registry->Header();
      buffer = header;
      values.Append(data.index(row), &buffer);
      out.Append(buffer);
    }
    out.EndRow();
  }
  return out.Finish();
}

formats::AvroWriteOptions WriteOptions(const BindContext& context, const types::DataType& type) {
  formats::AvroWriteOptions options;
  options.case_sensitive = context.Flag("spark.sql.caseSensitive", false);
  std::string rebase = context.conf ? context.conf->GetString("spark.sql.avro.datetimeRebaseModeInWrite") : "CORRECTED";
  options.refuse_old_dates = RefusesOldDates(rebase, "spark.sql.avro.datetimeRebaseModeInWrite", type);
  return options;
}

ScalarBindingPtr BindToAvro(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  const Argument& data = arguments[0];
  std::string schema;
  if (arguments.size() > 1) {
    CheckSchema(context, arguments, 1, 2, "second", "to");
    schema = SchemaText(arguments[1]);
  }
  WriteRule rule;
  bool has_secret = false;
  if (auto settings = RegistryOptionsOf(schema)) {
    RegistryUse use = *ReadRegistryUse(*settings, context.conf);
    has_secret = use.has_secret;
    rule.registry = std::make_shared<RegistryWriter>(use, *data.type);
    schema = rule.registry->schema();
  } else if (schema.empty()) {
    schema = formats::ToAvroSchema(*data.type, data.nullable);
  }
  rule.encoder =
      std::make_shared<formats::AvroEncoder>(data.type, AvroDocument::Parse(schema), WriteOptions(context, *data.type));
  auto kernel = [rule](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope({values[0]}, rows);
    return scope.Result(EncodeAll(rule, ColumnBase(values[0]), scope.rows()));
  };
  auto binding = NewBinding(context, arguments, types::Binary(), TypesOf(arguments), kernel);
  binding->nullable = data.nullable;
  binding->foldable = !rule.registry;
  ShowAll("to_avro", 2, has_secret ? 1 : 0, binding.get());
  return binding;
}

ScalarBindingPtr BindSchemaOfAvro(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 2);
  CheckSchema(context, arguments, 0, 2, "first", "from");
  formats::Options given = Options(context, arguments, 1, "second");
  CheckNames(context, given, false);
  formats::FormatContext format{given, context.conf};
  formats::OptionReader options(format);
  FailsFast(context, options);
  std::string text = options.Find("avroSchema").value_or(SchemaText(arguments[0]));
  std::string ddl = formats::AvroReader(AvroDocument::Parse(text), ReadOptions(options)).type()->Sql();
  auto kernel = [ddl](EvalContext&, const std::vector<arrow::Datum>&, int64_t) { return TextConstant(ddl); };
  auto binding = NewBinding(context, arguments, types::String(), TypesOf(arguments), kernel, Nulls::kNever);
  ShowAll("schema_of_avro", 2, 0, binding.get());
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, AvroConvert) {
  registry.Add(
      {.name = "from_avro",
       .usage = "A binary value of the given Avro schema, a constant JSON text, as a value of the type it stands for; "
                "with the "
                "option schema.registry.url one that begins with the id of its schema.",
       .example =
           "SELECT from_avro(X'020A4D61676461', '{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"id\","
           "\"type\":\"int\"},{\"name\":\"who\",\"type\":\"string\"}]}', map('mode', 'PERMISSIVE'))",
       .since = "4.0.0",
       .bind = BindScalar(BindFromAvro)});
  registry.Add({.name = "to_avro",
                .usage = "A value in Avro's binary form, by the given schema or the one that its type has by default; "
                         "with settings of a "
                         "schema registry in the schema's place, behind the id of its schema.",
                .example = "SELECT hex(to_avro(named_struct('id', 1, 'who', 'Magda')))",
                .since = "4.0.0",
                .bind = BindScalar(BindToAvro)});
  registry.Add({.name = "schema_of_avro",
                .usage = "The type that from_avro gives for a constant Avro schema, as DDL.",
                .example = "SELECT schema_of_avro('{\"type\":\"map\",\"values\":[\"null\",\"double\"]}')",
                .since = "4.1.0",
                .bind = BindScalar(BindSchemaOfAvro)});
}

}  // namespace sluice::functions
