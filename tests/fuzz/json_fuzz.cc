// JSON files: whatever the bytes are, inference and reading give rows or the engine's error. The first byte chooses
// options.
#include <cstddef>
#include <cstdint>

#include "base/sql_conf.h"
#include "file_input.h"
#include "formats/json/json_format.h"

namespace {

using sluice::formats::Options;

const Options& OptionsFor(uint8_t choice) {
  static const Options kinds[] = {
      {},
      {{"multiLine", "true"}},
      {{"mode", "FAILFAST"}, {"prefersDecimal", "true"}},
      {{"mode", "DROPMALFORMED"}, {"primitivesAsString", "true"}, {"dropFieldIfAllNull", "true"}},
      {{"allowComments", "true"},
       {"allowUnquotedFieldNames", "true"},
       {"allowNumericLeadingZeros", "true"},
       {"allowBackslashEscapingAnyCharacter", "true"},
       {"allowUnquotedControlChars", "true"},
       {"inferTimestamp", "true"}},
      {{"multiLine", "true"}, {"allowSingleQuotes", "false"}, {"allowNonNumericNumbers", "false"}},
      {{"dateFormat", "dd/MM/yyyy"}, {"timestampFormat", "yyyy-MM-dd HH:mm"}},
  };
  return kinds[choice % std::size(kinds)];
}

const sluice::types::TypePtr& NestedTypes() {
  static const sluice::types::TypePtr schema = sluice::types::ParseDdl(
      "a INT, b STRING, c STRUCT<x: DOUBLE, y: ARRAY<DATE>>, d MAP<STRING, STRUCT<z: TIMESTAMP>>, e "
      "ARRAY<ARRAY<BIGINT>>, "
      "f DECIMAL(10, 2), g BOOLEAN, h BINARY, i TIMESTAMP_NTZ, _corrupt_record STRING");
  return schema;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const sluice::base::SqlConf conf;
  sluice::formats::FileFormatPtr format =
      sluice::formats::MakeJsonFormat({.options = OptionsFor(data[0]), .conf = &conf});
  sluice::fuzz::ReadFile(*format, {reinterpret_cast<const char*>(data) + 1, size - 1}, NestedTypes());
  return 0;
}
