// The HDFS-backed store: versions, undo, reload, snapshots, missing and damaged files.
#include "state/state_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/error.h"
#include "base/uuid.h"
#include "state/state_file.h"
#include "state/state_map.h"

namespace sluice::state {
namespace {

class StateStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / ("state-" + base::NewUuid())).string();
    options_.check_schema = false;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  static std::string Pad(std::string text) {
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  }
  std::unique_ptr<StateManager> Manager() { return MakeHdfsBackedStateManager(root_, options_); }
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
  static std::string ConditionOf(const std::function<void()>& action) {
    try {
      action();
    } catch (const base::Error& error) {
      return error.condition();
    }
    return "";
  }
  void Fill(StateManager& manager, int64_t from, int64_t to) {
    for (int64_t version = from; version < to; ++version) {
      auto store = Open(manager, version);
      store->Put(Pad("count"), Pad(std::to_string(version)));
      store->Put(Pad("key" + std::to_string(version)), Pad("x"));
      if (version % 3 == 2) store->Remove(Pad("key" + std::to_string(version - 1)));
      store->Commit();
    }
  }
  bool Exists(const std::string& name) { return std::filesystem::exists(root_ + "/0/1/" + name); }

  std::string root_;
  StateOptions options_;
};

TEST_F(StateStoreTest, KeepsVersionsOverARestart) {
  auto manager = Manager();
  Fill(*manager, 0, 8);
  auto before = Content(*Open(*manager, 8));
  EXPECT_TRUE(Exists("8.delta"));
  auto again = Manager();
  EXPECT_EQ(Content(*Open(*again, 8)), before);
  EXPECT_EQ(before.at(Pad("count")), Pad("7"));
  EXPECT_EQ(Content(*Open(*again, 3)).size(), 3u);  // an older version is loaded too
}

TEST_F(StateStoreTest, AbortTakesChangesBack) {
  auto manager = Manager();
  Fill(*manager, 0, 4);
  auto before = Content(*Open(*manager, 4));
  {
    auto store = Open(*manager, 4);
    store->Put(Pad("count"), Pad("something much longer than it was"));
    store->Put(Pad("count"), Pad("short"));
    store->Remove(Pad("key3"));
    store->Put(Pad("key3"), Pad("again"));
    store->Put(Pad("new"), Pad("new"));
    store->Remove(Pad("new"));
    store->Remove(Pad("key0"));
  }
  EXPECT_EQ(Content(*Open(*manager, 4)), before);
  EXPECT_FALSE(Exists("5.delta"));
}

TEST_F(StateStoreTest, RemovesWhatPasses) {
  auto manager = Manager();
  auto store = Open(*manager, 0);
  for (int i = 0; i < 1000; ++i) store->Put(Pad("key" + std::to_string(i)), Pad(std::to_string(i)));
  store->Commit();
  auto before = Content(*store);
  std::vector<std::pair<std::string_view, std::string_view>> removed;
  auto all_but_one_in_ten = [&](std::string_view key, std::string_view value) {
    if (value == Pad("7") || value.find('0') != std::string_view::npos) return false;
    removed.emplace_back(key, value);
    return true;
  };
  Open(*manager, 1)->RemoveIf(all_but_one_in_ten);
  EXPECT_EQ(Content(*Open(*manager, 1)), before) << "an aborted batch took something";

  removed.clear();
  store = Open(*manager, 1);
  store->RemoveIf(all_but_one_in_ten);
  for (auto [key, value] : removed) EXPECT_EQ(before.at(std::string(key)), value);
  EXPECT_EQ(removed.size() + store->size(), before.size());
  auto left = Content(*store);
  store->Commit();
  EXPECT_EQ(Content(*Open(*manager, 2)), left);
  EXPECT_EQ(Content(*Open(*Manager(), 2)), left);
}

TEST_F(StateStoreTest, AbsentKeysDifferFromEmptyValues) {
  auto manager = Manager();
  auto store = Open(*manager, 0);
  store->Put("", "");
  EXPECT_NE(store->Get("").data(), nullptr);
  EXPECT_EQ(store->Get(Pad("no")).data(), nullptr);
  store->Commit();
  auto again = Manager();
  EXPECT_NE(Open(*again, 1)->Get("").data(), nullptr);
}

TEST_F(StateStoreTest, ARepeatedBatchReplacesItsDelta) {
  auto manager = Manager();
  Fill(*manager, 0, 2);
  auto again = Manager();
  auto store = Open(*again, 1);
  store->Put(Pad("other"), Pad("run"));
  store->Commit();
  auto third = Manager();
  EXPECT_EQ(Content(*Open(*third, 2)).count(Pad("other")), 1u);
  EXPECT_EQ(Content(*Open(*third, 2)).at(Pad("count")), Pad("0"));
}

TEST_F(StateStoreTest, SnapshotsShortenLoadingAndOldVersionsGo) {
  options_.min_deltas_for_snapshot = 3;
  options_.min_batches_to_retain = 5;
  auto manager = Manager();
  for (int64_t version = 0; version < 20; ++version) {
    Fill(*manager, version, version + 1);
    manager->Maintain();
  }
  EXPECT_TRUE(Exists("4.snapshot") || Exists("12.snapshot"));
  EXPECT_FALSE(Exists("1.delta"));
  EXPECT_TRUE(Exists("20.delta"));
  auto before = Content(*Open(*manager, 20));
  auto again = Manager();
  EXPECT_EQ(Content(*Open(*again, 20)), before);
  EXPECT_EQ(Content(*Open(*again, 16)).at(Pad("count")), Pad("15"));
}

TEST_F(StateStoreTest, ADamagedSnapshotIsPassedOver) {
  options_.min_deltas_for_snapshot = 3;
  auto manager = Manager();
  for (int64_t version = 0; version < 10; ++version) {
    Fill(*manager, version, version + 1);
    manager->Maintain();
  }
  auto before = Content(*Open(*manager, 10));
  ASSERT_TRUE(Exists("8.snapshot"));
  std::ofstream(root_ + "/0/1/8.snapshot") << "not a state file";
  auto again = Manager();
  auto store = Open(*again, 10);
  EXPECT_EQ(Content(*store), before);
  EXPECT_EQ(store->Metrics().at("numSnapshotsAutoRepaired"), 1);
  store.reset();
  options_.repair_snapshots = false;
  EXPECT_EQ(ConditionOf([&] { Open(*Manager(), 10); }), "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED");
}

TEST_F(StateStoreTest, RowChecksumsAreVerified) {
  options_.row_checksums = true;
  options_.codec = "zstd";
  auto manager = Manager();
  Fill(*manager, 0, 4);
  auto before = Content(*Open(*manager, 4));
  EXPECT_EQ(Content(*Open(*Manager(), 4)), before);
  // A delta whose rows are not those of its checksums.
  std::string path = root_ + "/0/1/4.delta", file;
  StateFileWriter writer("zstd", [&](std::string_view bytes) { file.append(bytes); });
  writer.Put(Pad("key"), "1234" + Pad("value"));
  writer.Finish();
  std::ofstream(path) << file;
  try {
    Open(*Manager(), 4);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.condition(), "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED");
    EXPECT_NE(error.message().find(path), std::string::npos);
    EXPECT_NE(error.message().find("STATE_STORE_ROW_CHECKSUM_VERIFICATION_FAILED"), std::string::npos);
  }
}

TEST_F(StateStoreTest, MissingAndDamagedFilesAreErrors) {
  auto manager = Manager();
  Fill(*manager, 0, 3);
  std::filesystem::remove(root_ + "/0/1/2.delta");
  std::string expected = "CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS";
  try {
    Open(*Manager(), 3);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.message(),
              "[" + expected + "] An error occurred during loading state. Error reading delta file file:" + root_ +
                  "/0/1/2.delta of HDFSStateStoreProvider[stateStoreProviderId=StateStoreProviderId[ "
                  "storeId=StateStoreId[ operatorId=0, partitionId=1, storeName=default ], queryRunId= ]]: "
                  "file:" +
                  root_ + "/0/1/2.delta does not exist. SQLSTATE: 58030");
  }
  std::ofstream(root_ + "/0/1/2.delta") << "not a state file";
  try {
    Open(*Manager(), 3);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.condition(), "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED");
    ASSERT_EQ(error.causes().size(), 1u);
    EXPECT_NE(error.causes()[0].find(root_ + "/0/1/2.delta"), std::string::npos);
  }
}

TEST_F(StateStoreTest, SideFilesOfHadoopAreChecked) {
  auto manager = Manager();
  Fill(*manager, 0, 2);
  std::string side = root_ + "/0/1/.2.delta.crc";
  std::ofstream(side, std::ios::binary) << std::string("crc\0\0\0\2\0abcd", 12);
  EXPECT_EQ(ConditionOf([&] { Open(*Manager(), 2); }), "CANNOT_LOAD_STATE_STORE.UNCATEGORIZED");
  auto again = Manager();
  Fill(*again, 1, 2);  // writing a file anew takes its old side file away
  EXPECT_FALSE(std::filesystem::exists(side));
  Open(*Manager(), 2);
}

TEST_F(StateStoreTest, OperatorsAreRecordedAndChecked) {
  options_.check_schema = true;
  OperatorInfo info{0, "stateStoreSave", 2, {}};
  StoreSchema schema{types::Struct({{"k", types::String()}}), types::Struct({{"count", types::Long(), false}})};
  info.stores.push_back({"default", schema, 0});
  Manager()->Prepare({info}, 0);
  EXPECT_TRUE(std::filesystem::exists(root_ + "/0/_metadata/metadata"));
  EXPECT_TRUE(std::filesystem::exists(root_ + "/0/0/_metadata/schema"));
  Manager()->Prepare({info}, 5);
  OperatorInfo other = info;
  other.name = "dedupe";
  EXPECT_EQ(ConditionOf([&] { Manager()->Prepare({other}, 5); }),
            "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA");
  other = info;
  other.stores[0].schema.key = types::Struct({{"k", types::Long()}});
  EXPECT_EQ(ConditionOf([&] { Manager()->Prepare({other}, 5); }), "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE");
  std::filesystem::remove_all(root_);
  EXPECT_EQ(ConditionOf([&] { Manager()->Prepare({info}, 5); }), "STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY");
}

TEST(StateMapTest, AnImageOutlivesChanges) {
  StateMap map;
  for (int i = 0; i < 1000; ++i) map.Put("key" + std::to_string(i), "old");
  auto image = map.Freeze();
  map.StartRecording();
  for (int i = 0; i < 2000; ++i) map.Put("key" + std::to_string(i), "new");
  map.RemoveIf([](std::string_view key, std::string_view) { return key.ends_with("7"); });
  map.Keep();
  map.Clear();
  map.Put("key1", "newest");
  int entries = 0;
  image.ForEach([&](std::string_view, std::string_view value) {
    EXPECT_EQ(value, "old");
    ++entries;
  });
  EXPECT_EQ(entries, 1000);
  map.Thaw();
  EXPECT_EQ(map.Get("key1"), "newest");
}

TEST(StateMapTest, AgreesWithAMap) {
  StateMap map;
  std::map<std::string, std::string> model, saved;
  uint64_t random = 1;
  auto next = [&](uint64_t below) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    return random % below;
  };
  for (int round = 0; round < 200; ++round) {
    map.StartRecording();
    saved = model;
    for (int i = 0; i < 100; ++i) {
      std::string key = "key" + std::to_string(next(500));
      if (next(3) == 0) {
        EXPECT_EQ(map.Remove(key), model.erase(key) == 1);
      } else {
        std::string value(next(40), static_cast<char>('a' + next(26)));
        map.Put(key, value);
        model[key] = value;
      }
    }
    if (next(2)) {
      map.Keep();
    } else {
      map.Undo();
      model = saved;
    }
    ASSERT_EQ(map.size(), static_cast<int64_t>(model.size()));
  }
  for (const auto& [key, value] : model) EXPECT_EQ(map.Get(key), value);
  map.Clear();
  EXPECT_EQ(map.size(), 0);
}

}  // namespace
}  // namespace sluice::state
