// SQL text as a statement and as an expression: a plan, or the engine's error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "sql/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    sluice::sql::ParseStatement(text);
  } catch (const sluice::base::Error&) {
  }
  try {
    sluice::sql::ParserOptions options;
    options.timestamp_ntz = true;
    options.double_quoted_identifiers = true;
    sluice::sql::ParseExpression(text, options);
  } catch (const sluice::base::Error&) {
  }
  return 0;
}
