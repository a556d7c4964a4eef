// CSV files: whatever the bytes are, inference and reading give rows or the engine's error. The first byte chooses
// options.
#include <cstddef>
#include <cstdint>

#include "base/sql_conf.h"
#include "file_input.h"
#include "formats/csv/csv_format.h"

namespace {

using sluice::formats::Options;

/// One of each kind of dialect and mode.
const Options& OptionsFor(uint8_t choice) {
  static const Options kinds[] = {
      {},
      {{"header", "true"}, {"inferSchema", "true"}},
      {{"header", "true"}, {"inferSchema", "true"}, {"multiLine", "true"}},
      {{"sep", ";"}, {"quote", "'"}, {"escape", "'"}, {"comment", "#"}, {"mode", "DROPMALFORMED"}},
      {{"sep", "||"}, {"mode", "FAILFAST"}, {"inferSchema", "true"}},
      {{"multiLine", "true"}, {"ignoreLeadingWhiteSpace", "true"}, {"ignoreTrailingWhiteSpace", "true"}},
      {{"unescapedQuoteHandling", "STOP_AT_CLOSING_QUOTE"}, {"lineSep", "\n"}, {"nullValue", "-"}},
      {{"unescapedQuoteHandling", "BACK_TO_DELIMITER"}, {"multiLine", "true"}, {"maxColumns", "40"}},
      {{"unescapedQuoteHandling", "SKIP_VALUE"}, {"encoding", "UTF-16"}},
      {{"dateFormat", "dd/MM/yyyy"}, {"timestampFormat", "yyyy-MM-dd HH:mm"}, {"inferSchema", "true"}},
  };
  return kinds[choice % std::size(kinds)];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static const sluice::base::SqlConf conf;
  sluice::formats::FileFormatPtr format =
      sluice::formats::MakeCsvFormat({.options = OptionsFor(data[0]), .conf = &conf});
  sluice::fuzz::ReadFile(*format, {reinterpret_cast<const char*>(data) + 1, size - 1}, sluice::fuzz::AllTypes());
  return 0;
}
