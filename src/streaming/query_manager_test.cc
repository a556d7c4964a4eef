// The loop: order of logs, restarts, triggers, waiting, failures, progress.
#include "streaming/query_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/durable_file.h"
#include "base/uuid.h"
#include "logical/plan.h"
#include "optimizer/optimizer.h"
#include "streaming/batch_frame_sink.h"
#include "streaming/test_stream.h"

namespace sluice::streaming {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class QueryManagerTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / ("query-" + base::NewUuid())).string();
    stream_ = std::make_shared<NumberStream>();
  }
  void TearDown() override {
    manager_.StopAll();
    std::filesystem::remove_all(root_);
  }

  QueryDefinition Definition(plan::Trigger trigger = {}, const std::string& name = "") {
    QueryDefinition definition;
    definition.name = name;
    definition.plan = Scan(stream_);
    definition.checkpoint = root_;
    definition.trigger = trigger;
    definition.conf = std::make_shared<base::SqlConf>(conf_);
    definition.sink = std::make_unique<RecordingSink>(record_);
    return definition;
  }
  static logical::PlanPtr Scan(const std::shared_ptr<NumberStream>& stream) {
    auto v = std::make_shared<logical::AttributeExpr>("v", types::Long(), true);
    return std::make_shared<logical::StreamScan>(stream, logical::Attributes{v}, std::vector<std::string>{"v"});
  }
  StreamingQueryPtr Start(plan::Trigger trigger = {}, const std::string& name = "") {
    return manager_.Start(Definition(trigger, name));
  }
  void RunAvailable() { Start({plan::TriggerKind::kAvailableNow, ""})->AwaitTermination(std::nullopt); }
  std::string File(const std::string& name) { return base::ReadWholeFile(root_ + "/" + name); }
  bool Exists(const std::string& name) { return std::filesystem::exists(root_ + "/" + name); }
  static nlohmann::json Last(const StreamingQueryPtr& query) {
    return nlohmann::json::parse(query->RecentProgress().back());
  }

  std::string root_;
  base::SqlConf conf_;
  std::shared_ptr<NumberStream> stream_;
  std::shared_ptr<SinkRecord> record_ = std::make_shared<SinkRecord>();
  QueryManager manager_;
};

TEST_F(QueryManagerTest, RunsBatchesAsDataArrives) {
  auto query = Start({}, "numbers");
  query->ProcessAllAvailable();
  EXPECT_EQ(record_->Text(), "");
  stream_->Add({3, 1, 2});
  query->ProcessAllAvailable();
  stream_->Add({4});
  query->ProcessAllAvailable();
  EXPECT_EQ(record_->Text(), "0:1,2,3 1:4");
  EXPECT_TRUE(query->IsActive());
  EXPECT_EQ(query->Status().message, "Waiting for data to arrive");
  EXPECT_FALSE(query->Status().is_data_available);
  EXPECT_THAT(File("offsets/1"), StartsWith("v1\n{\"batchWatermarkMs\":0,\"batchTimestampMs\":"));
  EXPECT_THAT(File("offsets/1"), testing::EndsWith("}}\n4"));
  EXPECT_EQ(File("commits/1"), "v1\n{\"nextBatchWatermarkMs\":0}");
  EXPECT_EQ(stream_->Committed(), (std::vector<std::string>{"3"}));
  query->Stop();
  EXPECT_FALSE(query->IsActive());
  EXPECT_EQ(query->Status().message, "Stopped");
  EXPECT_TRUE(query->AwaitTermination(1));
  EXPECT_FALSE(query->Exception());
  EXPECT_TRUE(manager_.Active().empty());
  EXPECT_EQ(manager_.Find(query->id(), query->run_id()), query);
}

TEST_F(QueryManagerTest, ReportsProgress) {
  auto query = Start({}, "numbers");
  query->ProcessAllAvailable();
  auto idle = Last(query);
  EXPECT_EQ(idle["batchId"], 0);
  EXPECT_EQ(idle["sink"]["numOutputRows"], -1);
  EXPECT_FALSE(idle["durationMs"].contains("addBatch"));
  stream_->Add({1, 2});
  query->ProcessAllAvailable();
  auto progress = Last(query);
  EXPECT_EQ(progress["id"], query->id());
  EXPECT_EQ(progress["name"], "numbers");
  EXPECT_EQ(progress["sources"][0]["description"], "Numbers[]");
  EXPECT_TRUE(progress["sources"][0]["startOffset"].is_null());
  EXPECT_EQ(progress["sources"][0]["endOffset"], "2");
  EXPECT_EQ(progress["sources"][0]["numInputRows"], 2);
  EXPECT_EQ(progress["sink"]["numOutputRows"], 2);
  for (const char* key :
       {"addBatch", "commitOffsets", "getBatch", "latestOffset", "queryPlanning", "triggerExecution", "walCommit"}) {
    EXPECT_TRUE(progress["durationMs"].contains(key)) << key;
  }
}

TEST_F(QueryManagerTest, GoesOnAfterARestart) {
  stream_->Add({1});
  RunAvailable();
  stream_->Add({2, 3});
  RunAvailable();
  RunAvailable();
  EXPECT_EQ(record_->Text(), "0:1 1:2,3");
  EXPECT_FALSE(Exists("offsets/2"));
}

TEST_F(QueryManagerTest, RepeatsABatchThatWasNotCommitted) {
  stream_->Add({1});
  RunAvailable();
  stream_->Add({2, 3});
  RunAvailable();
  std::string logged = File("offsets/1");
  base::RemoveFile(root_ + "/commits/1");
  stream_->Add({4});
  RunAvailable();
  EXPECT_EQ(record_->Text(), "0:1 1:2,3 1:2,3 2:4");
  EXPECT_EQ(File("offsets/1"), logged);
  EXPECT_TRUE(Exists("commits/1"));
}

TEST_F(QueryManagerTest, WhatShowsAfterTheLogWaitsForIt) {
  using connectors::BeforeLog;
  stream_->Limit(1);
  for (BeforeLog before_log : {BeforeLog::kNothing, BeforeLog::kRows, BeforeLog::kAll}) {
    std::filesystem::remove_all(root_);
    stream_->Add(std::vector<int64_t>(20));
    QueryDefinition definition = Definition({plan::TriggerKind::kAvailableNow, ""});
    int64_t unlogged = 0, batches = 0;
    definition.sink = std::make_unique<RecordingSink>(record_, before_log, [&](int64_t batch) {
      ++batches;
      bool logged =
          Exists("offsets/" + std::to_string(batch)) && (batch == 0 || Exists("commits/" + std::to_string(batch - 1)));
      unlogged += logged ? 0 : 1;
    });
    manager_.Start(std::move(definition))->AwaitTermination(std::nullopt);
    EXPECT_EQ(batches % 20, 0);
    if (before_log != BeforeLog::kAll) EXPECT_EQ(unlogged, 0);
    for (int64_t batch = 0; batch < batches; ++batch) EXPECT_TRUE(Exists("commits/" + std::to_string(batch))) << batch;
  }
}

TEST_F(QueryManagerTest, AFailedLogEndsTheQuery) {
  stream_->Limit(1);
  stream_->Add({1});
  RunAvailable();
  base::WriteFileDurably(root_ + "/commits/3", "another writer's", base::Existing::kFail);
  stream_->Add(std::vector<int64_t>(20));
  QueryDefinition definition = Definition({plan::TriggerKind::kAvailableNow, ""});
  definition.sink = std::make_unique<RecordingSink>(record_, connectors::BeforeLog::kAll);
  auto query = manager_.Start(std::move(definition));
  EXPECT_THROW(query->AwaitTermination(std::nullopt), base::Error);
  EXPECT_THAT(query->ExceptionText(), HasSubstr("CONCURRENT_STREAM_LOG_UPDATE"));
  EXPECT_FALSE(Exists("offsets/4"));
}

TEST_F(QueryManagerTest, OnceRunsOneBatchWithoutLimits) {
  stream_->Limit(1);
  stream_->Add({1, 2, 3});
  auto query = Start({plan::TriggerKind::kOnce, ""});
  query->AwaitTermination(std::nullopt);
  EXPECT_EQ(record_->Text(), "0:1,2,3");
  query = Start({plan::TriggerKind::kOnce, ""});
  query->AwaitTermination(std::nullopt);
  EXPECT_EQ(query->RecentProgress().size(), 1u);
  EXPECT_EQ(record_->Text(), "0:1,2,3");
}

TEST_F(QueryManagerTest, AvailableNowKeepsLimitsAndStopsAtWhatWasThere) {
  stream_->Limit(2);
  stream_->Add({1, 2, 3});
  RunAvailable();
  EXPECT_EQ(record_->Text(), "0:1,2 1:3");
}

TEST_F(QueryManagerTest, TriggersByAClockMovedByHand) {
  auto clock = std::make_shared<base::ManualClock>(1000);
  manager_.UseClock(clock);
  std::mutex mutex;
  std::condition_variable arrived;
  std::vector<std::string> times;
  manager_.AddListener([&](const QueryEvent& event) {
    if (event.type != QueryEvent::Type::kProgress) return;
    std::lock_guard lock(mutex);
    times.push_back(nlohmann::json::parse(event.json)["progress"]["timestamp"]);
    arrived.notify_all();
  });
  auto wait_for = [&](size_t events) {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return times.size() >= events; });
  };
  stream_->Add({1});
  auto query = Start({plan::TriggerKind::kProcessingTime, "10 seconds"});
  wait_for(1);
  stream_->Add({2});
  clock->Set(9999);
  stream_->Add({3});
  clock->Set(10'000);
  wait_for(2);
  EXPECT_EQ(record_->Text(), "0:1 1:2,3");
  EXPECT_EQ(times, (std::vector<std::string>{"1970-01-01T00:00:01.000Z", "1970-01-01T00:00:10.000Z"}));
  EXPECT_THAT(File("offsets/1"), HasSubstr("\"batchTimestampMs\":10000,"));
}

TEST_F(QueryManagerTest, FailuresEndTheQueryAndAreTold) {
  stream_->Add({1});
  auto query = Start({}, "bad");
  query->ProcessAllAvailable();
  stream_->Add({NumberStream::kPoison});
  try {
    query->ProcessAllAvailable();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kStreamingQuery);
    EXPECT_EQ(error.condition(), "STREAM_FAILED");
    EXPECT_THAT(error.message(),
                StartsWith("[STREAM_FAILED] Query [id = " + query->id() + ", runId = " + query->run_id() +
                           "] terminated with exception: poison SQLSTATE: XXKST\n=== Streaming Query ===\n"));
  }
  EXPECT_THROW(query->AwaitTermination(10), base::Error);
  EXPECT_THROW(manager_.AwaitAnyTermination(10), base::Error);
  manager_.ResetTerminated();
  EXPECT_FALSE(manager_.AwaitAnyTermination(1));
  EXPECT_EQ(query->Status().message, "Terminated with exception: poison");
  EXPECT_THAT(query->ExceptionText(), StartsWith("org.apache.spark.sql.streaming.StreamingQueryException: poison\n"));
  EXPECT_TRUE(Exists("offsets/1"));
  EXPECT_FALSE(Exists("commits/1"));
}

TEST_F(QueryManagerTest, TellsListeners) {
  std::mutex mutex;
  std::vector<std::string> seen;
  int number = manager_.AddListener([&](const QueryEvent& event) {
    auto json = nlohmann::json::parse(event.json);
    std::lock_guard lock(mutex);
    if (event.type == QueryEvent::Type::kProgress) {
      seen.push_back("progress " + json["progress"]["numInputRows"].dump());
    } else if (event.type == QueryEvent::Type::kTerminated) {
      seen.push_back("terminated " + json["exception"].dump() + json["errorClassOnException"].dump());
    }
  });
  stream_->Add({1, 2});
  RunAvailable();
  stream_->Add({NumberStream::kPoison});
  EXPECT_THROW(RunAvailable(), base::Error);
  manager_.RemoveListener(number);
  EXPECT_THROW(RunAvailable(), base::Error);
  std::lock_guard lock(mutex);
  EXPECT_EQ(seen, (std::vector<std::string>{"progress 2", "terminated nullnull",
                                            "terminated \"org.apache.spark.SparkRuntimeException: poison\"null"}));
}

TEST_F(QueryManagerTest, NamesAreUnique) {
  auto query = Start({}, "one");
  auto second = Definition({}, "one");
  second.checkpoint = root_ + "/other";
  try {
    manager_.Start(std::move(second));
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_EQ(error.message(),
              "Cannot start query with name one as a query with that name is already active in "
              "this SparkSession");
  }
  EXPECT_EQ(manager_.Get(query->id()), query);
  EXPECT_THROW(manager_.Get("nope"), base::Error);
}

TEST_F(QueryManagerTest, ASecondQueryOnACheckpointStopsTheFirst) {
  auto first = Start();
  auto second = Start();
  EXPECT_FALSE(first->IsActive());
  EXPECT_TRUE(second->IsActive());
  EXPECT_EQ(first->id(), second->id());
  EXPECT_NE(first->run_id(), second->run_id());
  conf_.Set("spark.sql.streaming.stopActiveRunOnRestart", "false");
  EXPECT_THROW(Start(), base::Error);
}

TEST_F(QueryManagerTest, DamagedLogsFailTheQuery) {
  auto message = [&] {
    try {
      RunAvailable();
      return std::string("no error");
    } catch (const base::Error& error) {
      return error.message().substr(0, error.message().find('\n'));
    }
  };
  for (int64_t v : {0, 1, 2}) {
    stream_->Add({v});
    RunAvailable();
  }
  std::string good = File("offsets/2");
  base::WriteFileDurably(root_ + "/offsets/2", "", base::Existing::kReplace);
  EXPECT_THAT(message(),
              HasSubstr("Failed to read log file file:" + root_ + "/offsets/2. Incomplete log file SQLSTATE"));
  base::WriteFileDurably(root_ + "/offsets/2", good + "\n7", base::Existing::kReplace);
  EXPECT_THAT(message(), HasSubstr("assertion failed: There are [2] sources in the checkpoint offsets and now there "
                                   "are [1] sources requested by the query. Cannot continue."));
  base::WriteFileDurably(root_ + "/offsets/2", good, base::Existing::kReplace);
  base::RemoveFile(root_ + "/offsets/1");
  EXPECT_THAT(message(), HasSubstr("terminated with exception: batch 1 doesn't exist SQLSTATE: XXKST"));
  base::RemoveFile(root_ + "/metadata");
  EXPECT_THAT(message(), StartsWith("[STREAMING_CHECKPOINT_MISSING_METADATA_FILE]"));
}

TEST_F(QueryManagerTest, PurgesOldEntries) {
  conf_.Set("spark.sql.streaming.minBatchesToRetain", "2");
  for (int64_t v = 0; v < 6; ++v) {
    stream_->Add({v});
    RunAvailable();
  }
  EXPECT_FALSE(Exists("offsets/2"));
  EXPECT_FALSE(Exists("commits/2"));
  EXPECT_TRUE(Exists("offsets/3"));
  EXPECT_TRUE(Exists("commits/5"));
}

TEST_F(QueryManagerTest, TemporaryCheckpointsGoUnlessTheQueryFailed) {
  stream_->Add({1});
  for (bool fails : {false, true}) {
    if (fails) stream_->Add({NumberStream::kPoison});
    auto definition = Definition({plan::TriggerKind::kAvailableNow, ""});
    definition.temporary_checkpoint = true;
    auto query = manager_.Start(std::move(definition));
    if (fails) {
      EXPECT_THROW(query->AwaitTermination(std::nullopt), base::Error);
    } else {
      query->AwaitTermination(std::nullopt);
    }
    EXPECT_EQ(std::filesystem::exists(root_), fails);
  }
}

TEST_F(QueryManagerTest, SourcesThatDoNotWakeAreLookedAt) {
  stream_ = std::make_shared<NumberStream>(false);
  auto query = Start();
  stream_->Add({1});
  query->ProcessAllAvailable();
  EXPECT_EQ(record_->Text(), "0:1");
}

class FrameSink : public BatchFrameSink {
 public:
  explicit FrameSink(std::function<void(const BatchFrame&)> action) : action_(std::move(action)) {}
  void ProcessBatch(const BatchFrame& frame, const base::CancellationPtr&) override { action_(frame); }

 private:
  std::function<void(const BatchFrame&)> action_;
};

TEST_F(QueryManagerTest, FramesCanBeRunSeveralTimes) {
  stream_->Add({5, 6, 7});
  std::vector<int64_t> counts;
  logical::PlanPtr kept;
  auto definition = Definition();
  definition.sink = std::make_unique<FrameSink>([&](const BatchFrame& frame) {
    exec::PlannerOptions options;
    options.conf = std::make_shared<base::SqlConf>();
    auto root = exec::PlanOperators(frame.plan, options);
    for (int i = 0; i < 2; ++i) {
      exec::ExecContext context;
      int64_t rows = 0;
      for (const auto& batch : exec::Collect(*root, context)) rows += batch->num_rows();
      counts.push_back(rows);
    }
    kept = frame.plan;
  });
  auto query = manager_.Start(std::move(definition));
  query->ProcessAllAvailable();
  EXPECT_EQ(counts, (std::vector<int64_t>{3, 3}));
  EXPECT_EQ(Last(query)["sources"][0]["numInputRows"], 6);  // each run counts, as in Spark
  EXPECT_EQ(Last(query)["sink"]["numOutputRows"], -1);
  query->Stop();
  exec::PlannerOptions options;
  options.conf = std::make_shared<base::SqlConf>();
  exec::ExecContext context;
  EXPECT_THROW(exec::Collect(*exec::PlanOperators(kept, options), context), base::Error);
}

TEST_F(QueryManagerTest, ExplainsThePlan) {
  auto query = Start();
  EXPECT_EQ(query->Explain(false), "No physical plan. Waiting for data.");
  stream_->Add({1});
  query->ProcessAllAvailable();
  EXPECT_THAT(query->Explain(false), StartsWith("== Physical Plan ==\nWriteToDataSourceV2 MicroBatchWrite[epoch: 0"));
  EXPECT_THAT(query->Explain(true), HasSubstr("== Optimized Logical Plan =="));
  query->Stop();
  EXPECT_THAT(query->Explain(false), HasSubstr("numbers"));
}

TEST_F(QueryManagerTest, StopInterruptsAndManyQueriesRunAtOnce) {
  std::vector<StreamingQueryPtr> queries;
  for (int i = 0; i < 8; ++i) {
    auto definition = Definition();
    definition.checkpoint = root_ + "/" + std::to_string(i);
    queries.push_back(manager_.Start(std::move(definition)));
  }
  std::thread adding([&] {
    for (int64_t v = 0; v < 50; ++v) stream_->Add({v});
  });
  for (auto& query : queries) query->ProcessAllAvailable();
  adding.join();
  for (auto& query : queries) query->ProcessAllAvailable();
  EXPECT_EQ(manager_.Active().size(), 8u);
  manager_.StopAll();
  EXPECT_TRUE(manager_.Active().empty());
}

}  // namespace
}  // namespace sluice::streaming

namespace sluice::optimizer {
__attribute__((weak)) logical::PlanPtr Optimize(const logical::PlanPtr& plan, const ConstantFolder&,
                                                const base::SqlConf&) {
  return plan;
}
}  // namespace sluice::optimizer
