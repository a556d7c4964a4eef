// Types as DDL and as JSON: an error, or a type whose JSON reads as the same type.
#include <arrow/util/utf8.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "types/data_type.h"

namespace {

void CheckJson(const sluice::types::DataType& type) {
  if (!sluice::types::ParseJsonType(type.Json())->Equals(type)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  arrow::util::InitializeUTF8();
  if (!arrow::util::ValidateUTF8(data, size)) return 0;  // clients' texts are checked when they are received
  std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    CheckJson(*sluice::types::ParseDdl(text));
  } catch (const sluice::base::Error&) {
  }
  try {
    CheckJson(*sluice::types::ParseJsonType(text));
  } catch (const sluice::base::Error&) {
  }
  return 0;
}
