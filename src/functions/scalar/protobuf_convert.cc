// from_protobuf, to_protobuf.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "formats/option_reader.h"
#include "formats/protobuf/protobuf_decoder.h"
#include "formats/protobuf/protobuf_encoder.h"
#include "functions/checked_parser.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/text_options.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::TypeId;
using types::TypePtr;

namespace {

constexpr std::string_view kOptions[] = {
    "mode",          "recursive.fields.max.depth", "convert.any.fields.to.json",     "emit.default.values",
    "enums.as.ints", "upcast.unsigned.ints",       "unwrap.primitive.wrapper.types", "retain.empty.message.types"};

/// The constant arguments of a call.
struct Call {
  formats::ProtobufMessageTypePtr message;
  formats::Options options;
};

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}
std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// The call as Spark prints it: a descriptor or options that were left out are NULL.
std::string WholeSql(const std::string& name, const std::vector<std::string>& texts, bool options_third) {
  std::vector<std::string> all = texts;
  if (options_third) all.insert(all.begin() + 2, "NULL");
  all.resize(4, "NULL");
  return fmt::format("{}({})", name, fmt::join(all, ", "));
}

bool IsOptions(const types::DataType& type) {
  return type.Is(TypeId::kMap) && type.key()->IsStringLike() && type.value()->IsStringLike();
}
bool IsNothing(const types::DataType& type) {
  return type.Is(TypeId::kNull) || (type.Is(TypeId::kMap) && type.key()->Is(TypeId::kNull));
}

/// Whether the third argument is the options, and there is no descriptor.
bool OptionsThird(const Arguments& arguments) {
  return arguments.size() == 3 && (IsOptions(*arguments[2].type) || arguments[2].type->Is(TypeId::kMap));
}

base::Error WrongArgument(const BindContext& context, const Arguments& arguments, const std::string& ordinal,
                          const std::string& what) {
  std::vector<std::string> texts;
  for (const Argument& argument : arguments) texts.push_back(argument.sql);
  std::string name = PrettyName(context);
  return TypeMismatch(WholeSql(name, texts, OptionsThird(arguments)), "TYPE_CHECK_FAILURE_WITH_HINT",
                      {{"hint", ""},
                       {"msg", fmt::format("The {} argument of the {} SQL function must be a constant {}", ordinal,
                                           Upper(name), what)}});
}

std::string ReadDescriptorFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) {
    throw base::Error(base::ErrorKind::kAnalysis, "PROTOBUF_DESCRIPTOR_FILE_NOT_FOUND", {{"filePath", path}});
  }
  return bytes;
}

/// The descriptor set: its bytes, or the path of a file that the server reads.
std::string DescriptorSet(const BindContext& context, const Arguments& arguments) {
  if (arguments.size() > 2 && !OptionsThird(arguments)) {
    const Argument& given = arguments[2];
    bool good = given.literal &&
                (given.type->IsStringLike() || given.type->Is(TypeId::kBinary) || given.type->Is(TypeId::kNull));
    if (!good) {
      throw WrongArgument(context, arguments, "third",
                          "string or binary data representing the Protobuf descriptor file path");
    }
    if (!given.literal->is_null()) {
      std::string text = StringLiteral(given);
      return given.type->Is(TypeId::kBinary) ? text : ReadDescriptorFile(text);
    }
  }
  throw base::Error(base::ErrorKind::kAnalysis, "CANNOT_LOAD_PROTOBUF_CLASS",
                    {{"protobufClassName", arguments[1].literal ? StringLiteral(arguments[1]) : ""},
                     {"explanation", "Sluice has no Java classes; give a descriptor set"}});
}

formats::Options Options(const BindContext& context, const Arguments& arguments) {
  size_t at = OptionsThird(arguments) ? 2 : 3;
  if (arguments.size() <= at) return {};
  const Argument& given = arguments[at];
  if (!given.literal || !(IsOptions(*given.type) || IsNothing(*given.type))) {
    std::string direction = PrettyName(context) == "to_protobuf" ? "to" : "from";
    throw WrongArgument(context, arguments, at == 2 ? "third" : "fourth",
                        "map of strings to strings containing the options to use for converting the value " +
                            direction + " Protobuf format");
  }
  if (IsNothing(*given.type)) return {};
  formats::Options options = OptionsLiteral(context, arguments, at);
  for (const auto& [name, value] : options) {
    if (std::find(std::begin(kOptions), std::end(kOptions), Lower(name)) != std::end(kOptions)) continue;
    throw base::Error::Unsupported(fmt::format("the option '{}' of {}", name, PrettyName(context)));
  }
  return options;
}

Call BindCall(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, 4);
  if (!arguments[1].literal || !arguments[1].type->IsStringLike() || arguments[1].literal->is_null()) {
    throw WrongArgument(context, arguments, "second", "string representing the Protobuf message name");
  }
  if (context.Flag("spark.sql.function.protobufExtensions.enabled", false)) {
    throw base::Error::Unsupported("spark.sql.function.protobufExtensions.enabled");
  }
  Call call;
  call.options = Options(context, arguments);
  call.message =
      std::make_shared<formats::ProtobufMessageType>(DescriptorSet(context, arguments), StringLiteral(arguments[1]));
  return call;
}

formats::ProtobufOptions ReadOptions(const formats::OptionReader& options) {
  formats::ProtobufOptions out;
  out.max_recursion = options.GetInt("recursive.fields.max.depth", -1);
  out.emit_defaults = options.GetBoolean("emit.default.values", false);
  out.enums_as_ints = options.GetBoolean("enums.as.ints", false);
  out.unwrap_wrappers = options.GetBoolean("unwrap.primitive.wrapper.types", false);
  out.any_as_json = options.GetBoolean("convert.any.fields.to.json", false);
  out.upcast_unsigned = options.GetBoolean("upcast.unsigned.ints", false);
  out.retain_empty = options.GetBoolean("retain.empty.message.types", false);
  return out;
}

/// With `refusals` bad messages are noted there and raise nothing.
std::shared_ptr<arrow::Array> DecodeAll(const formats::ProtobufDecoder& decoder, bool fails,
                                        const Column<std::string_view>& data, int64_t rows,
                                        Refusals* refusals = nullptr) {
  formats::ProtobufColumn out(decoder);
  out.Reserve(rows);
  for (int64_t row = 0; row < rows; ++row) {
    if (data.valid(row) && out.Append(data[row])) continue;
    if (data.valid(row) && refusals) {
      refusals->Add(row, "the bytes are not a message of this type");
    } else if (data.valid(row) && fails) {
      throw base::Error(base::ErrorKind::kSpark, "MALFORMED_PROTOBUF_MESSAGE", {{"failFastMode", "FAILFAST"}});
    }
    out.AppendNull();
  }
  return out.Finish();
}

void ShowAll(const std::string& name, bool options_third, logical::ScalarBinding* binding) {
  binding->sql = [name, options_third](const std::vector<std::string>& texts) {
    return WholeSql(name, texts, options_third);
  };
}

ScalarBindingPtr BindFromProtobuf(const BindContext& context, const Arguments& arguments) {
  Call call = BindCall(context, arguments);
  if (!arguments[0].type->Is(TypeId::kBinary)) throw UnexpectedInput(context, arguments, 0, "\"BINARY\"");
  formats::FormatContext format{call.options, context.conf};
  formats::OptionReader options(format);
  bool fails = FailsFast(context, options);
  auto decoder = std::make_shared<formats::ProtobufDecoder>(call.message, ReadOptions(options));
  auto kernel = [decoder, fails](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope({values[0]}, rows);
    return scope.Result(DecodeAll(*decoder, fails, Column<std::string_view>(values[0]), scope.rows()));
  };
  auto binding = NewBinding(context, arguments, decoder->type(), TypesOf(arguments), kernel, Nulls::kAlways);
  binding->expensive = true;
  ShowAll("from_protobuf", OptionsThird(arguments), binding.get());
  AddCheckedForm(binding.get(),
                 [decoder](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows, Refusals* refusals) {
                   return DecodeAll(*decoder, false, Column<std::string_view>(values[0]), rows, refusals);
                 });
  return binding;
}

ScalarBindingPtr BindToProtobuf(const BindContext& context, const Arguments& arguments) {
  Call call = BindCall(context, arguments);
  TypePtr type = arguments[0].type;
  if (!type->Is(TypeId::kStruct)) throw UnexpectedInput(context, arguments, 0, "\"STRUCT\"");
  formats::FormatContext format{call.options, context.conf};
  ReadOptions(formats::OptionReader(format));  // Spark's options of writing are those of reading, and change nothing
  auto encoder =
      std::make_shared<formats::ProtobufEncoder>(type, call.message, context.Flag("spark.sql.caseSensitive", false));
  auto kernel = [encoder](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope({values[0]}, rows);
    ColumnBase data(values[0]);
    TextWriter out(arrow::binary(), scope.rows(), AndValidity({&data}, scope.rows()));
    std::string buffer;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      if (data.valid(row)) {
        buffer.clear();
        encoder->Append(*data.array()->data(), data.index(row), &buffer);
        out.Append(buffer);
      }
      out.EndRow();
    }
    return scope.Result(out.Finish());
  };
  auto binding = NewBinding(context, arguments, types::Binary(), TypesOf(arguments), kernel);
  binding->nullable = arguments[0].nullable;
  ShowAll("to_protobuf", OptionsThird(arguments), binding.get());
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ProtobufConvert) {
  registry.Add(
      {.name = "from_protobuf",
       .usage = "A Protobuf message as a struct. The message's name and its descriptor set, as binary data or as the "
                "path of a file that the server reads, are constants; so are the options, a map.",
       .example = "",
       .since = "4.0.0",
       .bind = BindScalar(BindFromProtobuf)});
  registry.Add({.name = "to_protobuf",
                .usage = "A struct as a Protobuf message of the given name in the given descriptor set.",
                .example = "",
                .since = "4.0.0",
                .bind = BindScalar(BindToProtobuf)});
}

}  // namespace sluice::functions
