// The options of JSON files and of from_json.
#pragma once

#include <string>

#include "formats/compression.h"
#include "formats/option_reader.h"

namespace sluice::formats {

struct JsonOptions {
  explicit JsonOptions(const FormatContext& context);

  ParseMode mode = ParseMode::kPermissive;
  std::string corrupt_column;
  std::string encoding = "UTF-8";
  std::string line_separator;  ///< empty = \n, \r\n or \r
  bool multi_line = false;
  bool partial_results = true;
  bool filters = true;  ///< rows are left out by the query's filters

  // What is let through beside strict JSON.
  bool comments = false;
  bool unquoted_names = false;
  bool single_quotes = true;
  bool leading_zeros = false;
  bool non_numeric_numbers = true;
  bool escape_any_character = false;
  bool control_characters = false;
  int max_depth = 1000;

  // Inference.
  bool primitives_as_string = false;
  bool prefers_decimal = false;
  bool drop_all_null = false;
  bool infer_timestamp = false;
  double sampling_ratio = 1.0;

  // Writing.
  CompressionKind compression = CompressionKind::kNone;
  bool ignore_null_fields = true;
  bool pretty = false;
  bool write_non_ascii_as_code_point = false;
};

}  // namespace sluice::formats
