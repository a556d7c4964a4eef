// Delta and snapshot files, their rows, and the files beside them. The first byte chooses what the rest is read as.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "state/lz4_block.h"
#include "state/schema_file.h"
#include "state/state_file.h"
#include "state/unsafe_row.h"

namespace {

using namespace sluice;

const types::TypePtr& RowSchema() {
  static const types::TypePtr schema =
      types::Struct({{"i", types::Integer()},
                     {"s", types::String()},
                     {"d", types::Decimal(38, 5)},
                     {"w", types::Struct({{"start", types::Timestamp()}, {"end", types::Timestamp()}})},
                     {"a", types::Array(types::String())},
                     {"m", types::Map(types::Integer(), types::Array(types::Long()))},
                     {"c", types::CalendarInterval()}});
  return schema;
}

std::string Compressed(std::string_view content) {
  std::string stream;
  state::AppendLz4Blocks(content, &stream);
  state::EndLz4Blocks(&stream);
  return stream;
}

void DecodeRow(std::string_view row) {
  state::FindUnsafeRowDefect(*RowSchema(), row);
  arrow::ArrayVector columns = state::DecodeUnsafeRows(*RowSchema(), {row});
  state::UnsafeRowEncoder(RowSchema()).Encode(columns, 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto ignore = [](const state::StateEntry&) {};
  try {
    switch (data[0] % 7) {
      case 0:
        state::ReadStateFile(file, "lz4", false, ignore);
        break;
      case 1:
        state::ReadStateFile(file, "zstd", true, ignore);
        break;
      case 2:
        // Framing alone: what a damaged but well compressed file would hold.
        state::ReadStateFile(Compressed(file), "lz4", true, ignore);
        break;
      case 3:
        DecodeRow(file);
        break;
      case 4:
        state::ParseSchemaFile(file);
        break;
      case 5:
        state::ParseOperatorMetadata(file);
        break;
      default:
        state::DecompressLz4Blocks(file);
    }
  } catch (const base::Error&) {
  }
  return 0;
}
