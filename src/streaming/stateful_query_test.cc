// Streaming aggregation through the loop: state over batches and restarts, missing state, progress.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/uuid.h"
#include "functions/registry.h"
#include "streaming/batch_frame_sink.h"
#include "streaming/query_manager.h"
#include "streaming/test_stream.h"

namespace sluice::streaming {
namespace {

using connectors::OutputMode;
using testing::HasSubstr;

class StatefulQueryTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = (std::filesystem::temp_directory_path() / ("stateful-" + base::NewUuid())).string();
    stream_ = std::make_shared<NumberStream>();
    functions::RegisterAll(functions_);
    conf_.Set("spark.sql.shuffle.partitions", "2");
  }
  void TearDown() override {
    manager_.StopAll();
    std::filesystem::remove_all(root_);
  }

  // SELECT count(1) * 1000 + v … as a single column: "1000 * count + v" of each group.
  logical::PlanPtr CountByValue(bool keyed) {
    auto v = std::make_shared<logical::AttributeExpr>("v", types::Long(), true);
    auto scan = std::make_shared<logical::StreamScan>(stream_, logical::Attributes{v}, std::vector<std::string>{"v"});
    auto one = logical::MakeLiteral(types::Literal::Integer(1));
    functions::Argument argument{types::Integer(), false, nullptr, "1"};
    auto bind = std::get<functions::BindAggregate>(functions_.Find("count")->bind);
    auto binding = bind({true, "UTC", "count"}, {argument}, false);
    auto call = std::make_shared<logical::AggregateCall>(binding, std::vector<logical::ExprPtr>{one}, false, nullptr);
    auto count = std::make_shared<logical::AliasExpr>(call, "count");
    std::vector<logical::ExprPtr> grouping, results{count};
    if (keyed) {
      grouping = {v};
      results = {count, v};
    }
    return std::make_shared<logical::Aggregate>(scan, grouping, results);
  }

  // Keeps "value=count" of every row.
  class PairSink : public connectors::StreamSink {
   public:
    explicit PairSink(std::vector<std::string>* batches) : batches_(batches) {}
    std::string Description() const override { return "PairSink"; }
    connectors::PartitionWriterPtr OpenPartition(const connectors::SinkBatch&, int) override {
      return std::make_unique<Writer>(*this);
    }
    void CommitBatch(const connectors::SinkBatch& batch, const std::vector<connectors::WriterMessage>&) override {
      std::sort(rows_.begin(), rows_.end());
      std::string text = std::to_string(batch.batch_id) + ":";
      for (const auto& row : rows_) text += " " + row;
      batches_->push_back(text);
      rows_.clear();
    }

   private:
    class Writer : public connectors::PartitionWriter {
     public:
      explicit Writer(PairSink& sink) : sink_(sink) {}
      void Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
        std::lock_guard lock(sink_.mutex_);
        for (int64_t i = 0; i < batch->num_rows(); ++i) {
          std::string row;
          for (int c = batch->num_columns() - 1; c >= 0; --c) {
            row += (row.empty() ? "" : "=") + batch->column(c)->GetScalar(i).ValueOrDie()->ToString();
          }
          sink_.rows_.push_back(row);
        }
      }
      connectors::WriterMessage Finish() override { return {}; }

     private:
      PairSink& sink_;
    };
    std::vector<std::string>* batches_;
    std::mutex mutex_;
    std::vector<std::string> rows_;
  };

  StreamingQueryPtr Start(OutputMode mode, bool keyed = true) {
    QueryDefinition definition;
    definition.plan = CountByValue(keyed);
    definition.checkpoint = root_;
    definition.mode = mode;
    definition.conf = std::make_shared<base::SqlConf>(conf_);
    definition.sink = std::make_unique<PairSink>(&batches_);
    return manager_.Start(std::move(definition));
  }
  std::string Take() {
    std::string all;
    for (const auto& batch : batches_) all += (all.empty() ? "" : "; ") + batch;
    batches_.clear();
    return all;
  }
  bool Exists(const std::string& name) { return std::filesystem::exists(root_ + "/" + name); }

  std::string root_;
  base::SqlConf conf_;
  functions::FunctionRegistry functions_;
  std::shared_ptr<NumberStream> stream_;
  std::vector<std::string> batches_;
  QueryManager manager_;
};

TEST_F(StatefulQueryTest, UpdateGivesChangedGroupsOverRestarts) {
  auto query = Start(OutputMode::kUpdate);
  stream_->Add({1, 2, 1});
  query->ProcessAllAvailable();
  stream_->Add({1, 3});
  query->ProcessAllAvailable();
  EXPECT_EQ(Take(), "0: 1=2 2=1; 1: 1=3 3=1");
  query->Stop();
  for (const char* file :
       {"state/0/0/2.delta", "state/0/1/2.delta", "state/0/_metadata/metadata", "state/0/0/_metadata/schema"}) {
    EXPECT_TRUE(Exists(file)) << file;
  }
  stream_->Add({2, 1});
  query = Start(OutputMode::kUpdate);
  query->ProcessAllAvailable();
  EXPECT_EQ(Take(), "2: 1=4 2=2");
  auto progress = nlohmann::json::parse(query->RecentProgress().front());
  auto metrics = progress["stateOperators"][0];
  EXPECT_EQ(metrics["operatorName"], "stateStoreSave");
  EXPECT_EQ(metrics["numRowsTotal"], 3);
  EXPECT_EQ(metrics["numRowsUpdated"], 2);
  EXPECT_EQ(metrics["numShufflePartitions"], 2);
  EXPECT_EQ(metrics["numStateStoreInstances"], 2);
}

TEST_F(StatefulQueryTest, CompleteGivesAllGroups) {
  auto query = Start(OutputMode::kComplete);
  stream_->Add({1, 2, 1});
  query->ProcessAllAvailable();
  stream_->Add({3});
  query->ProcessAllAvailable();
  EXPECT_EQ(Take(), "0: 1=2 2=1; 1: 1=2 2=1 3=1");
}

TEST_F(StatefulQueryTest, OneGroupWithoutKeys) {
  auto query = Start(OutputMode::kUpdate, false);
  stream_->Add({1, 2, 1});
  query->ProcessAllAvailable();
  query->Stop();
  stream_->Add({5});
  query = Start(OutputMode::kUpdate, false);
  query->ProcessAllAvailable();
  EXPECT_EQ(Take(), "0: 3; 1: 4");
}

TEST_F(StatefulQueryTest, ARepeatedBatchStartsFromTheStateBeforeIt) {
  auto query = Start(OutputMode::kUpdate);
  stream_->Add({1});
  query->ProcessAllAvailable();
  stream_->Add({1, 2});
  query->ProcessAllAvailable();
  query->Stop();
  Take();
  base::RemoveFile(root_ + "/commits/1");
  query = Start(OutputMode::kUpdate);
  query->ProcessAllAvailable();
  EXPECT_EQ(Take(), "1: 1=2 2=1");
}

TEST_F(StatefulQueryTest, MissingStateIsAnError) {
  auto query = Start(OutputMode::kUpdate);
  for (int64_t v : {1, 2}) {
    stream_->Add({v, v + 10});
    query->ProcessAllAvailable();
  }
  query->Stop();
  for (const char* part : {"0", "1"}) {
    for (const char* name : {"1.delta", "2.delta"}) base::RemoveFile(root_ + "/state/0/" + part + "/" + name);
  }
  stream_->Add({9});
  query = Start(OutputMode::kUpdate);
  try {
    query->ProcessAllAvailable();
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("[CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS]"));
    ASSERT_FALSE(error.causes().empty());
    EXPECT_THAT(error.causes()[0], HasSubstr("[CANNOT_LOAD_STATE_STORE.CANNOT_READ_DELTA_FILE_NOT_EXISTS]"));
  }
}

TEST_F(StatefulQueryTest, ADroppedOperatorIsAnError) {
  auto query = Start(OutputMode::kUpdate);
  stream_->Add({1});
  query->ProcessAllAvailable();
  query->Stop();
  std::string metadata = base::ReadWholeFile(root_ + "/state/0/_metadata/metadata");
  metadata.replace(metadata.find("stateStoreSave"), 14, "dedupe");
  base::WriteFileDurably(root_ + "/state/0/_metadata/metadata", metadata, base::Existing::kReplace);
  stream_->Add({1});
  query = Start(OutputMode::kUpdate);
  EXPECT_THROW(query->ProcessAllAvailable(), base::Error);
  EXPECT_THAT(query->ExceptionText(),
              HasSubstr("Stateful operators in the metadata: [(OperatorId: 0 -> OperatorName: dedupe)]; Stateful "
                        "operators in current batch: [(OperatorId: 0 -> OperatorName: stateStoreSave)]."));
}

TEST_F(StatefulQueryTest, TheRestoredNumberOfPartitionsWins) {
  auto query = Start(OutputMode::kUpdate);
  stream_->Add({1, 2, 3});
  query->ProcessAllAvailable();
  query->Stop();
  conf_.Set("spark.sql.shuffle.partitions", "7");
  stream_->Add({1, 2, 3});
  query = Start(OutputMode::kUpdate);
  query->ProcessAllAvailable();
  EXPECT_EQ(Take(), "0: 1=1 2=1 3=1; 1: 1=2 2=2 3=2");
  EXPECT_FALSE(Exists("state/0/2"));
}

}  // namespace
}  // namespace sluice::streaming
