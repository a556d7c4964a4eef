// The logs of file source and file sink: compaction, cleanup, damaged lines.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/uuid.h"
#include "checkpoint/file_log_entry.h"

namespace sluice::checkpoint {
namespace {

namespace fs = std::filesystem;

class FileLogTest : public testing::Test {
 protected:
  ~FileLogTest() override { fs::remove_all(folder_); }

  CompactibleFileLog Open(FileLogSettings settings = {}) const { return {folder_.string(), "LOG", settings}; }
  static std::string Line(const std::string& path, int64_t batch) {
    return FormatLogEntry(SourceLogEntry{path, 7, batch});
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> out;
    if (!fs::exists(folder_)) return out;
    for (const auto& file : fs::directory_iterator(folder_)) out.push_back(file.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }
  static std::string Paths(const CompactibleFileLog& log) {
    std::string out;
    log.ForEach(
        [&](std::string_view line, const LogPosition& position) { out += ParseSourceLogEntry(line, position).path; });
    return out;
  }
  void Put(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  template <typename Body>
  static std::string MessageOf(Body&& body) {
    try {
      body();
    } catch (const base::Error& error) {
      return error.message();
    }
    return "";
  }

  fs::path folder_ = fs::temp_directory_path() / ("file-log-" + base::NewUuid());
};

TEST_F(FileLogTest, CompactsAndDeletesExpired) {
  FileLogSettings settings{
      .compact_interval = 3, .delete_expired = true, .cleanup_delay_ms = 0, .min_batches_to_retain = 1};
  CompactibleFileLog log = Open(settings);
  for (int64_t batch = 0; batch < 7; ++batch) EXPECT_TRUE(log.Add(batch, {Line(std::string(1, 'a' + batch), batch)}));
  EXPECT_EQ(Names(), (std::vector<std::string>{"5.compact", "6"}));
  EXPECT_EQ(Paths(log), "abcdefg");
  EXPECT_EQ(log.Latest(), 6);
  EXPECT_EQ(log.LatestCompacted(), 5);
  EXPECT_FALSE(log.Add(6, {Line("x", 6)}));
  EXPECT_EQ(base::ReadWholeFile((folder_ / "6").string()), "v1\n" + Line("g", 6));
}

TEST_F(FileLogTest, KeepsTheIntervalOfWhatIsThere) {
  CompactibleFileLog log = Open({.compact_interval = 4});
  for (int64_t batch = 0; batch < 4; ++batch) log.Add(batch, {Line("a", batch)});
  // Of one compacted entry: the first divisor of 4 that is not below the default.
  CompactibleFileLog narrower = Open({.compact_interval = 2});
  for (int64_t batch = 4; batch < 8; ++batch) narrower.Add(batch, {Line("b", batch)});
  EXPECT_EQ(Names(), (std::vector<std::string>{"0", "1", "2", "3.compact", "4", "5", "6", "7.compact"}));
  EXPECT_EQ(Paths(Open({.compact_interval = 10})), "aaaabbbb");
}

TEST_F(FileLogTest, ACompactionLeavesOutWhatIsNotKept) {
  CompactibleFileLog log = Open({.compact_interval = 2});
  log.Add(0, {Line("old", 0), Line("new", 0)});
  log.Add(1, {Line("next", 1)}, [](std::string_view line, const LogPosition& position) {
    return ParseSourceLogEntry(line, position).path != "old";
  });
  EXPECT_EQ(Paths(log), "newnext");
}

TEST_F(FileLogTest, NamesWhatIsDamaged) {
  CompactibleFileLog log = Open();
  log.Add(0, {Line("a", 0)});
  log.Add(1, {Line("b", 1)});
  fs::remove(folder_ / "0");
  EXPECT_EQ(MessageOf([&] { Paths(log); }), "LOG/0 doesn't exist (latestId: 1, compactInterval: 10)");
  Put("0", "");
  EXPECT_EQ(MessageOf([&] { Paths(log); }), "Failed to read log file LOG/0. Incomplete log file");
  Put("0", "v1\nxx");
  EXPECT_EQ(MessageOf([&] { Paths(log); }),
            "Unrecognized token 'xx': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
            "'false')\n at [Source: LOG/0; line: 2, column: 1]");
  Put("0", "v1\n{\"path\":\"file:///x\",\"ti");
  EXPECT_TRUE(MessageOf([&] { Paths(log); }).starts_with("Unexpected end-of-input in field name\n"));
  Put("0", "v1\n{\"path\":\"file:///x\"}");
  EXPECT_TRUE(MessageOf([&] { Paths(log); }).starts_with("No usable value for timestamp\n"));
}

TEST_F(FileLogTest, AFailedAddLeavesNothing) {
  CompactibleFileLog log = Open({.compact_interval = 2});
  EXPECT_EQ(MessageOf([&] { log.Add(1, {Line("b", 1)}); }),
            "LOG/0 doesn't exist when compacting batch 1 (compactInterval: 2)");
  EXPECT_EQ(Names(), std::vector<std::string>());
}

TEST(FileLogEntryTest, SinkEntries) {
  SinkLogEntry entry{"file:///out/a%20b", 10, 1700000000000, false};
  std::string line = FormatLogEntry(entry);
  EXPECT_EQ(line,
            "{\"path\":\"file:///out/a%20b\",\"size\":10,\"isDir\":false,\"modificationTime\":1700000000000,"
            "\"blockReplication\":1,\"blockSize\":33554432,\"action\":\"add\"}");
  SinkLogEntry back = ParseSinkLogEntry(line, {});
  EXPECT_EQ(back.size, 10);
  EXPECT_FALSE(back.deleted);
}

}  // namespace
}  // namespace sluice::checkpoint
