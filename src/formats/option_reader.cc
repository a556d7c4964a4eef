// Option look-up and the checks that text formats share.
#include "formats/option_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "formats/byte_input.h"
#include "formats/number_parser.h"

namespace sluice::formats {
namespace {

using base::Error;
using base::ErrorKind;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

}  // namespace

std::optional<std::string> OptionReader::Find(std::string_view name) const {
  for (const auto& [key, value] : options_) {
    if (SameName(key, name)) return value;
  }
  return std::nullopt;
}

std::string OptionReader::Get(std::string_view name, std::string_view otherwise) const {
  return Find(name).value_or(std::string(otherwise));
}

bool OptionReader::GetBoolean(std::string_view name, bool otherwise) const {
  auto text = Find(name);
  if (!text) return otherwise;
  bool value;
  if (!ParseBoolean(*text, &value)) {
    throw Error::Plain(ErrorKind::kIllegalArgument, fmt::format("For input string: \"{}\"", *text));
  }
  return value;
}

bool OptionReader::GetFlag(std::string_view name, bool otherwise) const {
  auto text = Find(name);
  if (!text) return otherwise;
  bool value;
  if (!ParseBoolean(*text, &value)) {
    throw Error(ErrorKind::kSpark, "_LEGACY_ERROR_TEMP_2147", {{"paramName", std::string(name)}});
  }
  return value;
}

int OptionReader::GetInt(std::string_view name, int otherwise) const {
  auto text = Find(name);
  if (!text) return otherwise;
  int32_t value;
  if (!ParseInteger(text->data(), text->size(), &value)) {
    throw Error(ErrorKind::kRuntime, "_LEGACY_ERROR_TEMP_2146", {{"paramName", std::string(name)}, {"value", *text}});
  }
  return value;
}

double OptionReader::GetDouble(std::string_view name, double otherwise) const {
  auto text = Find(name);
  if (!text) return otherwise;
  double value;
  if (!ParseDouble(text->data(), text->size(), &value)) {
    throw Error::Plain(ErrorKind::kNumberFormat, fmt::format("For input string: \"{}\"", *text));
  }
  return value;
}

char OptionReader::GetChar(std::string_view name, char otherwise) const {
  auto text = Find(name);
  if (!text) return otherwise;
  if (text->empty()) return '\0';
  auto characters = std::count_if(text->begin(), text->end(), [](char c) { return (c & 0xc0) != 0x80; });
  if (characters > 1) {
    throw Error(ErrorKind::kRuntime, "OPTION_VALUE_EXCEEDS_ONE_CHARACTER",
                {{"paramName", std::string(name)}, {"actualValue", *text}});
  }
  if (text->size() > 1) throw Error::Unsupported(fmt::format("the character '{}' for the option '{}'", *text, name));
  return text->front();
}

std::string OptionReader::Conf(std::string_view key, std::string_view otherwise) const {
  if (!conf_) return std::string(otherwise);
  return conf_->Find(key).value_or(std::string(otherwise));
}

bool OptionReader::ConfBoolean(std::string_view key, bool otherwise) const {
  return Lower(Conf(key, otherwise ? "true" : "false")) == "true";
}

void OptionReader::Refuse(std::string_view name, std::string_view harmless) const {
  auto value = Find(name);
  if (value && (harmless.empty() || Lower(*value) != Lower(harmless))) {
    throw Error::Unsupported(fmt::format("the option '{}' with the value '{}'", name, *value));
  }
}

ParseMode ParseModeOf(const OptionReader& options) {
  std::string mode = Lower(options.Get("mode", "PERMISSIVE"));
  if (mode == "dropmalformed") return ParseMode::kDropMalformed;
  if (mode == "failfast") return ParseMode::kFailFast;
  return ParseMode::kPermissive;
}

std::string CorruptColumnOf(const OptionReader& options) {
  return options.Get("columnNameOfCorruptRecord",
                     options.Conf("spark.sql.columnNameOfCorruptRecord", "_corrupt_record"));
}

std::string EncodingOf(const OptionReader& options, std::string_view owner) {
  auto given = options.Find("encoding");
  if (!given) given = options.Find("charset");
  if (!given) return "UTF-8";
  std::string name = *given;
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (std::string_view known : {"ISO-8859-1", "US-ASCII", "UTF-16", "UTF-16BE", "UTF-16LE", "UTF-32", "UTF-8"}) {
    if (name == known) return name;
  }
  throw Error(ErrorKind::kIllegalArgument, "INVALID_PARAMETER_VALUE.CHARSET",
              {{"parameter", "`charset`"},
               {"functionName", fmt::format("`{}`", owner)},
               {"charsets", "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8"},
               {"charset", *given}});
}

void CheckCorruptColumn(const types::DataType& schema, const std::string& column) {
  auto index = schema.FieldIndex(column, true);
  if (!index) return;
  const types::StructField& field = schema.fields()[*index];
  if (field.type->Is(types::TypeId::kString) && field.nullable) return;
  throw Error(ErrorKind::kAnalysis, "INVALID_CORRUPT_RECORD_TYPE",
              {{"columnName", types::QuoteIdentifier({column})}, {"actualType", "\"" + field.type->Sql() + "\""}});
}

void CheckNotOnlyCorruptColumn(const types::DataType& wanted, const types::DataType& schema,
                               const std::string& column) {
  if (wanted.fields().size() != 1 || wanted.fields()[0].name != column) return;
  (void)schema;
  throw Error(ErrorKind::kAnalysis, "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN");
}

void ThrowMalformedRecord(const std::string& path, const std::string& record) {
  ThrowReadError(path, Error(ErrorKind::kSpark, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                             {{"badRecord", record}, {"failFastMode", "FAILFAST"}}));
}

}  // namespace sluice::formats
