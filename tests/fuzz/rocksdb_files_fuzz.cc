// Files of the RocksDB-backed provider: archives, their metadata, changelogs, schemas of families, keys. The first byte
// chooses what the rest is read as.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "state/changelog.h"
#include "state/key_encoder.h"
#include "state/lz4_block.h"
#include "state/rocksdb_snapshot.h"
#include "state/schema_file.h"
#include "state/zip_archive.h"

namespace {

using namespace sluice;

void DecodeKey(std::string_view stored) {
  static const types::TypePtr schema =
      types::Struct({{"a", types::Long()}, {"s", types::String()}, {"f", types::Double()}});
  static const state::KeyEncoder encoders[] = {
      {schema, {}, std::nullopt},
      {schema, {state::KeyLayout::Kind::kPrefix, 1, {}}, int16_t{2}},
      {schema, {state::KeyLayout::Kind::kRange, 0, {2, 0}}, int16_t{3}},
  };
  std::string buffer;
  for (const auto& encoder : encoders) {
    try {
      encoder.Decode(stored, &buffer);
    } catch (const base::Error&) {
      // A key of another layout.
    }
  }
}

void Read(char kind, std::string_view rest) {
  auto ignore = [](const state::ChangelogRecord&) {};
  switch (kind) {
    case 0:
      for (const state::ZipEntry& entry : state::Unzip(rest)) {
        if (entry.name == "metadata") state::ParseSnapshotMetadata(entry.content);
      }
      return;
    case 1:
      state::ParseSnapshotMetadata(rest);
      return;
    case 2:
      return state::ReadChangelog(rest, "lz4", ignore);
    case 3: {
      std::string stream;
      state::AppendLz4Blocks(rest, &stream);
      state::EndLz4Blocks(&stream);
      return state::ReadChangelog(stream, "lz4", ignore);
    }
    case 4:
      state::ParseFamilySchemaFile(rest);
      return;
    default:
      DecodeKey(rest);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  try {
    Read(static_cast<char>(data[0]), {reinterpret_cast<const char*>(data) + 1, size - 1});
  } catch (const base::Error&) {
    // Refused, as damaged files are.
  }
  return 0;
}
