// Logs of a checkpoint: text forms, damaged files, purge, lock.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/uuid.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/offset_log.h"
#include "checkpoint/query_metadata.h"

namespace sluice::checkpoint {
namespace {

class CheckpointLogsTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = std::filesystem::temp_directory_path() / ("checkpoint-" + base::NewUuid());
    std::filesystem::create_directories(root_);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::string root() const { return root_.string(); }
  void Put(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  static std::string MessageOf(const std::function<void()>& action) {
    try {
      action();
    } catch (const base::Error& error) {
      return error.message();
    }
    return "no error";
  }

  std::filesystem::path root_;
};

constexpr char kSparkEntry[] =
    "v1\n{\"batchWatermarkMs\":1704110390000,\"batchTimestampMs\":1700000000123,\"conf\":{"
    "\"spark.sql.streaming.stateStore.providerClass\":\"org.apache.spark.sql.execution.streaming."
    "state."
    "HDFSBackedStateStoreProvider\",\"spark.sql.streaming.stateStore.rocksdb."
    "mergeOperatorVersion\":\"2\","
    "\"spark.sql.streaming.stateStore.rocksdb.formatVersion\":\"5\",\"spark.sql.streaming."
    "queryEvolution."
    "enableSourceEvolution\":\"false\",\"spark.sql.streaming.stateStore.encodingFormat\":"
    "\"unsaferow\","
    "\"spark.sql.streaming.statefulOperator.useStrictDistribution\":\"true\",\"spark.sql.streaming."
    "flatMapGroupsWithState.stateFormatVersion\":\"2\",\"spark.sql.streaming."
    "multipleWatermarkPolicy\":\"min\","
    "\"spark.sql.streaming.stateStore.rowChecksum.enabled\":\"false\",\"spark.sql.streaming."
    "aggregation."
    "stateFormatVersion\":\"2\",\"spark.sql.function.protobufExtensions.enabled\":\"false\","
    "\"spark.sql.shuffle."
    "partitions\":\"2\",\"spark.sql.streaming.join.stateFormatVersion\":\"2\",\"spark.sql."
    "streaming.stateStore."
    "compression.codec\":\"lz4\",\"spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan\":"
    "\"false\"}}\n"
    "{\"logOffset\":0}\n-";

TEST_F(CheckpointLogsTest, OffsetsAreWrittenAsSparkWritesThem) {
  base::SqlConf conf;
  conf.Set("spark.sql.shuffle.partitions", "2");
  OffsetEntry entry;
  entry.metadata = {1704110390000, 1700000000123, LoggedConf(conf)};
  entry.offsets = {"{\"logOffset\":0}", std::nullopt};
  EXPECT_EQ(FormatOffsetEntry(entry), kSparkEntry);
  EXPECT_EQ(entry.ToString(), "[{\"logOffset\":0}, -]");
}

TEST_F(CheckpointLogsTest, OffsetsAreReadBack) {
  OffsetEntry entry = ParseOffsetEntry(kSparkEntry);
  EXPECT_EQ(entry.metadata.watermark_ms, 1704110390000);
  EXPECT_EQ(entry.metadata.timestamp_ms, 1700000000123);
  ASSERT_EQ(entry.offsets.size(), 2u);
  EXPECT_EQ(entry.offsets[0], "{\"logOffset\":0}");
  EXPECT_EQ(entry.offsets[1], std::nullopt);
  EXPECT_EQ(FormatOffsetEntry(entry), kSparkEntry);
}

TEST_F(CheckpointLogsTest, MissingSettingsTakeTheirOldMeaning) {
  OffsetEntry entry = ParseOffsetEntry(
      "v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":5,\"conf\":{\"spark.sql.shuffle."
      "partitions\":\"7\"}}\n3");
  base::SqlConf conf;
  conf.Set("spark.sql.shuffle.partitions", "2");
  conf.Set("spark.sql.streaming.multipleWatermarkPolicy", "max");
  RestoreLoggedConf(entry.metadata, conf);
  EXPECT_EQ(conf.GetLong("spark.sql.shuffle.partitions"), 7);
  EXPECT_EQ(conf.GetString("spark.sql.streaming.multipleWatermarkPolicy"), "min");
  EXPECT_EQ(conf.GetString("spark.sql.streaming.aggregation.stateFormatVersion"), "1");
}

TEST_F(CheckpointLogsTest, AnEntryIsNeverOverwritten) {
  OffsetLog log(root());
  EXPECT_TRUE(log.MetadataLog::Add(0, "one"));
  EXPECT_FALSE(log.MetadataLog::Add(0, "two"));
  EXPECT_EQ(log.Read(0), "one");
}

TEST_F(CheckpointLogsTest, DamagedOffsetFilesAreNamed) {
  OffsetLog log(root());
  std::string where = "Failed to read log file file:" + root() + "/offsets/2. ";
  Put("offsets/2", "");
  EXPECT_EQ(MessageOf([&] { log.Get(2); }), where + "Incomplete log file");
  Put("offsets/2", "v99\n{}\n1");
  EXPECT_EQ(MessageOf([&] { log.Get(2); }),
            where +
                "[INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION] UnsupportedLogVersion. The maximum "
                "supported log "
                "version is v2, but encountered v99. The log file was produced by a newer version "
                "of Spark and cannot "
                "be read by this version. You need to upgrade. SQLSTATE: KD002");
  Put("offsets/2", "xxv1\n{}\n1");
  EXPECT_EQ(MessageOf([&] { log.Get(2); }), where +
                                                "[MALFORMED_LOG_FILE] Log file was malformed: "
                                                "failed to read correct log version from xxv1. "
                                                "SQLSTATE: KD002");
  Put("offsets/2", "v1\n{\"batchWatermarkMs\":\n1");
  EXPECT_TRUE(MessageOf([&] { log.Get(2); }).starts_with(where + "Malformed metadata line"));
  EXPECT_FALSE(log.Get(3).has_value());
}

TEST_F(CheckpointLogsTest, CommitsRoundTrip) {
  EXPECT_EQ(FormatCommitEntry({0}), "v1\n{\"nextBatchWatermarkMs\":0}");
  EXPECT_EQ(ParseCommitEntry("v1\n{\"nextBatchWatermarkMs\":1704110390000}").next_watermark_ms, 1704110390000);
  EXPECT_EQ(ParseCommitEntry("v2\n{\"nextBatchWatermarkMs\":7}").next_watermark_ms, 7);
  CommitLog log(root());
  Put("commits/0", "");
  EXPECT_EQ(MessageOf([&] { log.Get(0); }),
            "Failed to read log file file:" + root() + "/commits/0. Incomplete log file in the offset commit log");
}

TEST_F(CheckpointLogsTest, ListsAndPurges) {
  CommitLog log(root());
  for (int64_t id : {3, 0, 1, 2, 10, 9}) log.Add(id, CommitEntry{});
  Put("commits/.10.crc", "x");
  Put("commits/7.tmp", "x");
  EXPECT_EQ(log.Batches(), (std::vector<int64_t>{0, 1, 2, 3, 9, 10}));
  EXPECT_EQ(log.LatestBatch(), 10);
  log.Purge(10);
  EXPECT_EQ(log.Batches(), (std::vector<int64_t>{10}));
  EXPECT_TRUE(std::filesystem::exists(root_ / "commits/.10.crc"));
  log.Purge(11);
  EXPECT_FALSE(std::filesystem::exists(root_ / "commits/.10.crc"));
  EXPECT_EQ(log.LatestBatch(), std::nullopt);
}

TEST_F(CheckpointLogsTest, TheQueryIdStays) {
  std::string id = ReadOrCreateQueryId(root(), true);
  EXPECT_TRUE(base::IsUuid(id));
  EXPECT_EQ(base::ReadWholeFile(root() + "/metadata"), "{\"id\":\"" + id + "\"}");
  EXPECT_EQ(ReadOrCreateQueryId(root(), true), id);
  OffsetLog(root()).MetadataLog::Add(0, "v1\n{}");
  base::RemoveFile(root() + "/metadata");
  EXPECT_EQ(MessageOf([&] { ReadOrCreateQueryId(root(), true); }),
            "[STREAMING_CHECKPOINT_MISSING_METADATA_FILE] Checkpoint location file:" + root() +
                " is in an inconsistent state: the metadata file is missing but offset and/or "
                "commit logs contain "
                "data. Please restore the metadata file or create a new checkpoint directory. "
                "SQLSTATE: 42K03");
  EXPECT_NE(ReadOrCreateQueryId(root(), false), id);
}

TEST_F(CheckpointLogsTest, OneQueryHoldsTheLock) {
  ReadOrCreateQueryId(root(), true);
  {
    CheckpointLock lock(root());
    EXPECT_TRUE(MessageOf([&] { CheckpointLock again(root()); }).starts_with("[CONCURRENT_QUERY]"));
  }
  CheckpointLock again(root());
}

}  // namespace
}  // namespace sluice::checkpoint
