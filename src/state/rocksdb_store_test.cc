// The RocksDB-backed store: families, layouts of keys, merges, versions, changelogs, snapshots and their repair.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/error.h"
#include "base/uuid.h"
#include "state/changelog.h"
#include "state/column_families.h"
#include "state/key_encoder.h"
#include "state/rocksdb_options.h"
#include "state/rocksdb_snapshot.h"
#include "state/schema_file.h"
#include "state/unsafe_row.h"
#include "state/zip_archive.h"

namespace sluice::state {
namespace {

using Kind = KeyLayout::Kind;

// With changelogs or not, and with checksums of rows or not.
class RocksDbStoreTest : public testing::TestWithParam<std::pair<bool, bool>> {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / ("state-" + base::NewUuid())).string();
    options_.check_schema = false;
    rocksdb_.changelog = GetParam().first;
    options_.row_checksums = GetParam().second;
    options_.verify_reads = 1;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<StateManager> Manager() { return MakeRocksDbStateManager(root_, options_, rocksdb_); }
  std::shared_ptr<StateStore> Open(StateManager& manager, int64_t version) {
    return manager.Open({0, 1, ""}, {}, version);
  }
  static std::map<std::string, std::string> Content(const StateStore& store) {
    std::map<std::string, std::string> all;
    store.ForEach([&](std::string_view key, std::string_view value) {
      all.emplace(key, value);
      return true;
    });
    return all;
  }
  void Fill(StateManager& manager, int64_t from, int64_t to) {
    for (int64_t version = from; version < to; ++version) {
      auto store = Open(manager, version);
      store->Put("count", std::to_string(version));
      store->Put("key" + std::to_string(version), "x");
      if (version % 3 == 2) store->Remove("key" + std::to_string(version - 1));
      store->Commit();
    }
    manager.Sync();
  }
  bool Exists(const std::string& name) { return std::filesystem::exists(root_ + "/0/1/" + name); }
  static std::string Row(const types::TypePtr& type, const std::vector<std::optional<int64_t>>& longs) {
    arrow::ArrayVector columns;
    for (const auto& value : longs) {
      arrow::Int64Builder builder;
      EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
      columns.push_back(*builder.Finish());
    }
    return std::string(UnsafeRowEncoder(type).Encode(columns, 1)[0]);
  }

  std::string root_;
  StateOptions options_;
  RocksDbOptions rocksdb_;
};
INSTANTIATE_TEST_SUITE_P(Snapshots, RocksDbStoreTest, testing::Values(std::pair(false, false), std::pair(false, true)));
INSTANTIATE_TEST_SUITE_P(Changelogs, RocksDbStoreTest, testing::Values(std::pair(true, false), std::pair(true, true)));

TEST_P(RocksDbStoreTest, KeepsVersionsOverARestart) {
  auto manager = Manager();
  Fill(*manager, 0, 8);
  auto before = Content(*Open(*manager, 8));
  EXPECT_EQ(before.at("count"), "7");
  EXPECT_EQ(Open(*manager, 8)->size(), static_cast<int64_t>(before.size()));
  EXPECT_EQ(Exists("8.changelog"), GetParam().first);
  EXPECT_EQ(Exists("8.zip"), !GetParam().first);
  auto again = Manager();
  auto store = Open(*again, 8);
  EXPECT_EQ(Content(*store), before);
  EXPECT_EQ(store->size(), static_cast<int64_t>(before.size()));
  store.reset();
  EXPECT_EQ(Content(*Open(*again, 3)).size(), 3u);
  EXPECT_TRUE(Content(*Open(*again, 0)).empty());
}

TEST_P(RocksDbStoreTest, AbortTakesChangesBack) {
  auto manager = Manager();
  Fill(*manager, 0, 4);
  auto before = Content(*Open(*manager, 4));
  {
    auto store = Open(*manager, 4);
    store->Put("count", "other");
    store->Remove("key3");
    store->RemoveIf([](std::string_view, std::string_view) { return true; });
    EXPECT_EQ(store->size(), 0);
  }
  auto store = Open(*manager, 4);
  EXPECT_EQ(Content(*store), before);
  EXPECT_EQ(store->size(), static_cast<int64_t>(before.size()));
}

TEST_P(RocksDbStoreTest, RemovesWhatPasses) {
  auto manager = Manager();
  auto store = Open(*manager, 0);
  for (int i = 0; i < 1000; ++i) store->Put("key" + std::to_string(i), std::to_string(i));
  store->Commit();
  store = Open(*manager, 1);
  std::map<std::string_view, std::string_view> removed;
  store->RemoveIf([&](std::string_view key, std::string_view value) {
    if (value.find('0') != std::string_view::npos) return false;
    removed.emplace(key, value);
    return true;
  });
  for (auto [key, value] : removed) EXPECT_EQ(key, "key" + std::string(value));
  EXPECT_EQ(removed.size() + static_cast<size_t>(store->size()), 1000u);
  auto left = Content(*store);
  store->Commit();
  EXPECT_EQ(Content(*Open(*Manager(), 2)), left);
}

TEST_P(RocksDbStoreTest, SnapshotsAndClean) {
  options_.min_deltas_for_snapshot = 3;
  options_.min_batches_to_retain = 5;
  auto manager = Manager();
  for (int64_t version = 0; version < 20; ++version) {
    Fill(*manager, version, version + 1);
    manager->Maintain();
  }
  EXPECT_FALSE(Exists("1.zip"));
  EXPECT_FALSE(Exists("1.changelog"));
  auto before = Content(*Open(*manager, 20));
  EXPECT_EQ(Content(*Open(*Manager(), 20)), before);
  EXPECT_EQ(Content(*Open(*Manager(), 16)).at("count"), "15");
  size_t tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(root_ + "/0/1/SSTs")) {
    tables += entry.path().extension() == ".sst";
  }
  EXPECT_LT(tables, 20u);
}

TEST_P(RocksDbStoreTest, ADamagedSnapshotIsRepairedFromChangelogs) {
  options_.min_deltas_for_snapshot = 3;
  auto manager = Manager();
  for (int64_t version = 0; version < 8; ++version) {
    Fill(*manager, version, version + 1);
    manager->Maintain();
  }
  auto before = Content(*Open(*manager, 8));
  std::string newest = Exists("8.zip") ? "8.zip" : "6.zip";
  ASSERT_TRUE(Exists(newest));
  std::ofstream(root_ + "/0/1/" + newest) << "no archive";
  if (!GetParam().first) {
    EXPECT_THROW(Open(*Manager(), 8), base::Error);
    return;
  }
  auto again = Manager();
  auto store = Open(*again, 8);
  EXPECT_EQ(Content(*store), before);
  EXPECT_EQ(store->Metrics().at("rocksdbNumSnapshotsAutoRepaired"), 1);
  store.reset();
  options_.repair_snapshots = false;
  EXPECT_THROW(Open(*Manager(), 8), base::Error);
}

TEST_P(RocksDbStoreTest, FamiliesAreFoundMergedAndScanned) {
  auto key = types::Struct({{"a", types::Long()}, {"b", types::Long()}});
  auto value = types::Struct({{"v", types::Long()}});
  auto first = types::Struct({{"a", types::Long()}});
  ColumnFamily list{"list", {key, value}, {}, true};
  ColumnFamily prefixed{"prefixed", {key, value}, {Kind::kPrefix, 1, {}}};
  ColumnFamily ordered{"$ordered", {key, value}, {Kind::kRange, 0, {1}}, false, true};
  auto manager = Manager();
  {
    auto store = manager->OpenFamilies({0, 1, ""}, 0);
    FamilyHandle l = store->CreateFamily(list), p = store->CreateFamily(prefixed), o = store->CreateFamily(ordered);
    for (int64_t i : {3, 1, 2}) store->Merge(l, Row(key, {7, 7}), Row(value, {i}));
    for (int64_t i : {5, -3, 0, 1000000}) {
      store->Put(p, Row(key, {i > 0, i}), Row(value, {i}));
      store->Put(o, Row(key, {1, i}), Row(value, {i}));
    }
    store->Put(o, Row(key, {1, std::nullopt}), Row(value, {42}));
    EXPECT_EQ(store->size(), 5);  // one list, four prefixed; the ordered family is internal
    store->Commit();
  }
  manager = Manager();
  auto store = manager->OpenFamilies({0, 1, ""}, 1);
  EXPECT_EQ(store->size(), 5);
  FamilyHandle l = store->CreateFamily(list), p = store->CreateFamily(prefixed), o = store->CreateFamily(ordered);
  std::vector<std::string> seen;
  store->ForEachValue(l, Row(key, {7, 7}), [&](std::string_view row) {
    seen.emplace_back(row);
    return true;
  });
  EXPECT_EQ(seen, (std::vector<std::string>{Row(value, {3}), Row(value, {1}), Row(value, {2})}));
  EXPECT_EQ(store->Get(l, Row(key, {7, 7})), Row(value, {3}));
  auto collect = [&](std::string_view found, std::string_view) {
    seen.emplace_back(found);
    return true;
  };
  seen.clear();
  store->PrefixScan(p, Row(first, {1}), collect);
  EXPECT_EQ(seen.size(), 2u);
  seen.clear();
  store->ForEach(o, collect);
  EXPECT_EQ(seen, (std::vector<std::string>{Row(key, {1, -3}), Row(key, {1, 0}), Row(key, {1, 5}),
                                            Row(key, {1, 1000000}), Row(key, {1, std::nullopt})}));
  seen.clear();
  store->RangeScan(o, Row(first, {0}), Row(first, {1000}), collect);
  EXPECT_EQ(seen, (std::vector<std::string>{Row(key, {1, 0}), Row(key, {1, 5})}));
  store->Remove(l, Row(key, {7, 7}));
  EXPECT_EQ(store->Get(l, Row(key, {7, 7})).data(), nullptr);
  EXPECT_TRUE(store->RemoveFamily("prefixed"));
  EXPECT_FALSE(store->RemoveFamily("prefixed"));
  EXPECT_EQ(store->size(), 0);
  EXPECT_THROW(store->CreateFamily({"$mine", {key, value}}), base::Error);
  EXPECT_THROW(store->CreateFamily({"default", {key, value}}), base::Error);
  store->Commit();
  EXPECT_EQ(manager->OpenFamilies({0, 1, ""}, 2)->size(), 0);
}

TEST(ChangelogTest, VersionsReadBack) {
  for (int version : {1, 2}) {
    std::string file;
    ChangelogWriter writer(version, "lz4", [&](std::string_view bytes) { file.append(bytes); });
    writer.Put("key", "value");
    if (version > 1) writer.Merge("key", "more");
    writer.Remove("key");
    writer.Finish();
    std::vector<std::string> seen;
    ReadChangelog(file, "lz4", [&](const ChangelogRecord& record) {
      seen.push_back(std::to_string(static_cast<int>(record.kind)) + std::string(record.key) + "=" +
                     std::string(record.value));
    });
    if (version == 1) {
      EXPECT_EQ(seen, (std::vector<std::string>{"0key=value", "2key="}));
    } else {
      EXPECT_EQ(seen, (std::vector<std::string>{"0key=value", "1key=more", "2key="}));
    }
    for (size_t size = 0; size < file.size(); ++size) {
      EXPECT_THROW(ReadChangelog(file.substr(0, size), "lz4", [](const ChangelogRecord&) {}), base::Error);
    }
  }
}

TEST(ZipTest, ReadsBackAndRefusesDamage) {
  std::vector<ZipEntry> entries{{"CURRENT", "MANIFEST-000005\n"}, {"empty", ""}, {"large", std::string(100'000, 'x')}};
  std::string archive = Zip(entries);
  auto read = Unzip(archive);
  ASSERT_EQ(read.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read[i].name, entries[i].name);
    EXPECT_EQ(read[i].content, entries[i].content);
  }
  for (size_t size = 0; size < archive.size(); ++size) EXPECT_THROW(Unzip(archive.substr(0, size)), base::Error);
  EXPECT_THROW(Unzip(Zip({{"../up", "x"}})), base::Error);
}

TEST(SnapshotMetadataTest, IsAsSparkWritesIt) {
  std::string text =
      R"(v1
{"sstFiles":[{"localFileName":"000008.sst","dfsSstFileName":"000008-d06e25d0.sst","sizeBytes":1630}],"numKeys":6,"numInternalKeys":14,"columnFamilyMapping":{"$ttl_mp":5,"default":1},"columnFamilyTypeMap":{"$ttl_mp":true,"default":false},"maxColumnFamilyId":8})";
  SnapshotMetadata metadata = ParseSnapshotMetadata(text);
  EXPECT_EQ(metadata.keys, 6);
  EXPECT_EQ(metadata.families.at("$ttl_mp").id, 5);
  EXPECT_TRUE(metadata.families.at("$ttl_mp").internal);
  EXPECT_EQ(FormatSnapshotMetadata(metadata), text);
  EXPECT_THROW(ParseSnapshotMetadata("v2\n{}"), base::Error);
  EXPECT_THROW(ParseSnapshotMetadata("v1\n{\"sstFiles\":3}"), base::Error);
  EXPECT_THROW(
      ParseSnapshotMetadata(
          "v1\n{\"sstFiles\":[{\"localFileName\":\"../x\",\"dfsSstFileName\":\"x\",\"sizeBytes\":1}],\"numKeys\":1}"),
      base::Error);
}

TEST(FamilySchemaTest, ReadsBack) {
  auto key = types::Struct({{"a", types::Long()}, {"b", types::String()}});
  std::vector<ColumnFamily> families(3);
  families[0] = {"$timers", {key, key}, {Kind::kRange, 0, {0}}, false, true};
  families[1] = {"map", {key, key}, {Kind::kPrefix, 1, {}}, false, false, types::Struct({{"u", types::String()}})};
  families[2] = {"value", {key, key}};
  std::string file = FormatFamilySchemaFile(families);
  auto read = ParseFamilySchemaFile(file);
  ASSERT_EQ(read.size(), 3u);
  EXPECT_TRUE(read[0].internal);
  EXPECT_EQ(read[0].layout.range_ordinals, std::vector<int>{0});
  EXPECT_EQ(read[1].layout.prefix_columns, 1);
  EXPECT_EQ(read[1].user_key_schema->Json(), families[1].user_key_schema->Json());
  EXPECT_EQ(FormatFamilySchemaFile(read), file);
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(ParseFamilySchemaFile(file.substr(0, size)), base::Error);
  }
}

}  // namespace
}  // namespace sluice::state
