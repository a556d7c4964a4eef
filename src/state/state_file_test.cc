// State files, LZ4 blocks, schema and metadata files.
#include "state/state_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/durable_file.h"
#include "base/error.h"
#include "state/lz4_block.h"
#include "state/schema_file.h"

namespace sluice::state {
namespace {

std::string Testdata(const std::string& name) {
  return base::ReadWholeFile(std::string(SLUICE_SOURCE_DIR) + "/src/state/testdata/" + name);
}

std::string CompressLz4Blocks(std::string_view content) {
  std::string stream;
  AppendLz4Blocks(content, &stream);
  EndLz4Blocks(&stream);
  return stream;
}

TEST(Lz4BlockTest, RoundTripsAllSizes) {
  for (size_t size : {0, 1, 100, 32767, 32768, 32769, 200000}) {
    std::string text;
    uint64_t random = 88172645463325252ull;
    while (text.size() < size) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      text += size % 2 ? std::string(1, static_cast<char>(random)) : std::to_string(random % 1000) + ",";
    }
    text.resize(size);
    EXPECT_EQ(DecompressLz4Blocks(CompressLz4Blocks(text)), text);
  }
}

TEST(Lz4BlockTest, RefusesEveryFlippedByteAndEveryCut) {
  std::string stream = CompressLz4Blocks("some text that repeats, some text that repeats, some text that repeats");
  for (size_t i = 0; i < stream.size(); ++i) {
    std::string damaged = stream;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    bool refused = false;
    try {
      // The level of the token only bounds the block.
      refused = DecompressLz4Blocks(damaged) == DecompressLz4Blocks(stream);
    } catch (const base::Error&) {
      refused = true;
    }
    EXPECT_TRUE(refused) << i;
    EXPECT_THROW(DecompressLz4Blocks(stream.substr(0, i)), base::Error) << i;
  }
}

TEST(StateFileTest, RoundTrips) {
  for (const char* codec : {"lz4", "zstd"}) {
    std::string file;
    StateFileWriter writer(codec, [&](std::string_view bytes) { file.append(bytes); });
    writer.Put("key-0001", "value-01value-02");
    writer.Put("key-0002", "");
    writer.Remove("key-0001");
    writer.Finish();
    std::vector<std::string> seen;
    auto visit = [&](const StateEntry& entry) {
      seen.push_back(std::string(entry.key) + (entry.removed ? " removed" : "=" + std::string(entry.value)));
    };
    EXPECT_EQ(ReadStateFile(file, codec, false, visit).kind, StateFileDefect::Kind::kNone);
    EXPECT_EQ(seen, (std::vector<std::string>{"key-0001=value-01value-02", "key-0002=", "key-0001 removed"}));
    EXPECT_EQ(ReadStateFile(file, codec, true, visit).kind, StateFileDefect::Kind::kValueSize);
    EXPECT_EQ(ReadStateFile("", codec, false, visit).kind, StateFileDefect::Kind::kStream);
    for (size_t i = 0; i < file.size(); ++i) {
      EXPECT_EQ(ReadStateFile(file.substr(0, i), codec, false, visit).kind, StateFileDefect::Kind::kStream) << i;
      std::string damaged = file;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      seen.clear();
      ReadStateFile(damaged, codec, false, visit);
    }
  }
  EXPECT_THROW(CheckStateCodec("lzf"), base::Error);
}

TEST(StateFileTest, LargeFilesAreWrittenInPieces) {
  for (const char* codec : {"lz4", "zstd"}) {
    std::string file;
    size_t pieces = 0;
    StateFileWriter writer(codec, [&](std::string_view bytes) { file.append(bytes), ++pieces; });
    std::map<std::string, std::string> written, read;
    for (int i = 0; i < 50'000; ++i) {
      std::string key = fmt::format("key {:012}", i * 7919), value(8 * (i % 5), static_cast<char>(i));
      writer.Put(key, value);
      written[key] = value;
    }
    writer.Finish();
    EXPECT_GT(pieces, 5u);
    ReadStateFile(file, codec, true, [&](const StateEntry& entry) { read[std::string(entry.key)] = entry.value; });
    EXPECT_EQ(read, written);
  }
}

TEST(StateFileTest, EqualEntriesOfSparkInBothCodecs) {
  std::map<std::string, std::string> lz4, zstd;
  ReadStateFile(Testdata("lz4/1.delta"), "lz4", false,
                [&](const StateEntry& entry) { lz4[std::string(entry.key)] = entry.value; });
  ReadStateFile(Testdata("zstd/1.delta"), "zstd", false,
                [&](const StateEntry& entry) { zstd[std::string(entry.key)] = entry.value; });
  EXPECT_EQ(lz4.size(), 3u);
  EXPECT_EQ(lz4, zstd);
}

TEST(StateFileTest, Lz4StreamOfSparkIsMadeAgain) {
  std::string spark = Testdata("lz4/1.delta");
  std::string content = DecompressLz4Blocks(spark);
  EXPECT_EQ(DecompressLz4Blocks(CompressLz4Blocks(content)), content);
  EXPECT_EQ(CompressLz4Blocks(content).substr(0, 9), spark.substr(0, 9));
  EXPECT_EQ(CompressLz4Blocks(content).substr(13, 8), spark.substr(13, 8));  // length and checksum
}

TEST(SchemaFileTest, EqualsSparks) {
  std::string file = Testdata("lz4/schema");
  StoreSchema schema = ParseSchemaFile(file);
  EXPECT_EQ(schema.key->fields().size(), 18u);
  EXPECT_EQ(FormatSchemaFile(schema), file);
  EXPECT_THROW(ParseSchemaFile(file.substr(0, 100)), base::Error);
}

TEST(SchemaFileTest, LongAndStrangeNames) {
  std::vector<types::StructField> fields;
  for (int i = 0; i < 3000; ++i) fields.push_back({"field " + std::to_string(i) + " é 🎉", types::Long()});
  StoreSchema schema{types::Struct(fields), types::Struct({{"v", types::Long()}})};
  StoreSchema read = ParseSchemaFile(FormatSchemaFile(schema));
  EXPECT_TRUE(types::Equal(read.key, schema.key));
}

TEST(SchemaFileTest, Compatibility) {
  auto make = [](types::TypePtr type, bool nullable) { return types::Struct({{"a", std::move(type), nullable}}); };
  EXPECT_TRUE(SchemasCompatible(*make(types::Long(), false), *make(types::Long(), true)));
  EXPECT_FALSE(SchemasCompatible(*make(types::Long(), true), *make(types::Long(), false)));
  EXPECT_FALSE(SchemasCompatible(*make(types::Long(), true), *make(types::Integer(), true)));
  EXPECT_EQ(SchemaText(*types::Struct({{"k", types::String()}, {"d", types::Decimal(10, 2), false}})),
            "StructType(StructField(k,StringType,true),StructField(d,DecimalType(10,2),false))");
}

TEST(SchemaFileTest, OperatorMetadataEqualsSparks) {
  OperatorInfo info = ParseOperatorMetadata(Testdata("lz4/operator_metadata"));
  EXPECT_EQ(info.name, "stateStoreSave");
  EXPECT_EQ(info.partitions, 1);
  EXPECT_EQ(FormatOperatorMetadata(info), Testdata("lz4/operator_metadata"));
  EXPECT_THROW(ParseOperatorMetadata("v1\n{\"a\":1}"), base::Error);
}

}  // namespace
}  // namespace sluice::state
