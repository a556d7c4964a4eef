// Reads and checks the options of JSON as JSONOptions does.
#include "formats/json/json_options.h"

#include <fmt/format.h>

#include "base/error.h"

namespace sluice::formats {

using base::Error;
using base::ErrorKind;

JsonOptions::JsonOptions(const FormatContext& context) {
  OptionReader options(context);
  mode = ParseModeOf(options);
  corrupt_column = CorruptColumnOf(options);
  sampling_ratio = options.GetDouble("samplingRatio", 1.0);
  primitives_as_string = options.GetBoolean("primitivesAsString", false);
  prefers_decimal = options.GetBoolean("prefersDecimal", false);
  comments = options.GetBoolean("allowComments", false);
  unquoted_names = options.GetBoolean("allowUnquotedFieldNames", false);
  single_quotes = options.GetBoolean("allowSingleQuotes", true);
  leading_zeros = options.GetBoolean("allowNumericLeadingZeros", false);
  non_numeric_numbers = options.GetBoolean("allowNonNumericNumbers", true);
  escape_any_character = options.GetBoolean("allowBackslashEscapingAnyCharacter", false);
  control_characters = options.GetBoolean("allowUnquotedControlChars", false);
  max_depth = options.GetInt("maxNestingDepth", 1000);
  drop_all_null = options.GetBoolean("dropFieldIfAllNull", false);
  ignore_null_fields =
      options.GetBoolean("ignoreNullFields", options.ConfBoolean("spark.sql.jsonGenerator.ignoreNullFields", true));
  multi_line = options.GetBoolean("multiLine", false);
  infer_timestamp = options.GetBoolean("inferTimestamp", false);
  pretty = options.GetBoolean("pretty", false);
  write_non_ascii_as_code_point = options.GetBoolean("writeNonAsciiCharacterAsCodePoint", false);
  filters = options.ConfBoolean("spark.sql.json.filterPushdown.enabled", true);
  partial_results = options.ConfBoolean("spark.sql.json.enablePartialResults", true);
  if (auto codec = options.Find("compression")) compression = ParseCompression(*codec);
  if (auto text = options.Find("lineSep")) {
    if (text->empty()) {
      throw Error::Plain(ErrorKind::kIllegalArgument, "requirement failed: 'lineSep' cannot be an empty string.");
    }
    line_separator = *text;
  }
  bool given = options.Find("encoding") || options.Find("charset");
  encoding = EncodingOf(options, "JSONOptions");
  if (given && !multi_line) {
    if (encoding == "UTF-16" || encoding == "UTF-32") {
      throw Error::Plain(ErrorKind::kIllegalArgument,
                         fmt::format("requirement failed: The {} encoding must not be included in the denyList when "
                                     "multiLine is disabled:\ndenylist: UTF-16, UTF-32",
                                     encoding));
    }
    if (encoding != "UTF-8" && line_separator.empty()) {
      throw Error::Plain(
          ErrorKind::kIllegalArgument,
          fmt::format("requirement failed: The lineSep option must be specified for the {} encoding", encoding));
    }
  }
  options.Refuse("singleVariantColumn");
  options.Refuse("maxNumLength");
  options.Refuse("maxStringLength");
}

}  // namespace sluice::formats
