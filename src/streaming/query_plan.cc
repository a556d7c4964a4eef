// From the analyzed plan to sources and operators.
#include "streaming/query_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "exec/compiled_expression.h"
#include "optimizer/optimizer.h"
#include "state/rocksdb_options.h"

namespace sluice::streaming {
namespace {

using logical::PlanPtr;

constexpr const char* kStateProvider = "spark.sql.streaming.stateStore.providerClass";
constexpr const char* kHdfsBackedProvider =
    "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider";
constexpr const char* kRocksDbProvider = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider";

// Streams in the order in which Spark numbers them: from the root down, left to right, once per
// scan.
std::vector<const logical::StreamScan*> FindScans(const PlanPtr& plan) {
  std::vector<const logical::StreamScan*> scans;
  std::function<void(const PlanPtr&)> walk = [&](const PlanPtr& node) {
    if (const auto* scan = node->As<logical::StreamScan>()) scans.push_back(scan);
    for (const PlanPtr& child : node->children) walk(child);
  };
  walk(plan);
  return scans;
}

std::string Indented(const std::string& tree) {
  std::string out;
  size_t at = 0;
  for (bool first = true; at < tree.size(); first = false) {
    size_t end = tree.find('\n', at);
    std::string line = tree.substr(at, end == std::string::npos ? end : end - at);
    if (!line.empty()) out += (first ? "+- " : "   ") + line + "\n";
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return out;
}

// One more reading of a stream.
class SecondReading final : public connectors::StreamDefinition {
 public:
  explicit SecondReading(std::shared_ptr<connectors::StreamDefinition> stream) : stream_(std::move(stream)) {}
  std::string Describe() const override { return stream_->Describe(); }
  std::string dead_letter_option() const override { return stream_->dead_letter_option(); }
  types::TypePtr schema() const override { return stream_->schema(); }
  types::TypePtr metadata_columns() const override { return stream_->metadata_columns(); }
  std::string short_name() const override { return stream_->short_name(); }
  std::unique_ptr<connectors::StreamSource> Create(const connectors::StreamSourceContext& context) override {
    return stream_->Create(context);
  }

 private:
  std::shared_ptr<connectors::StreamDefinition> stream_;
};

void CheckStateConf(const base::SqlConf& conf) {
  auto require = [&](const std::string& key, const std::string& supported) {
    std::string value = conf.Find(key).value_or(supported);
    if (value == supported) return;
    throw base::Error::Unsupported(fmt::format("{}={}", key, value), fmt::format("Only {} is.", supported));
  };
  std::string provider = conf.GetString(kStateProvider);
  if (provider != kHdfsBackedProvider && provider != kRocksDbProvider) {
    throw base::Error::Unsupported(fmt::format("{}={}", kStateProvider, provider),
                                   fmt::format("Only {} and {} are.", kHdfsBackedProvider, kRocksDbProvider));
  }
  require("spark.sql.streaming.stateStore.encodingFormat", "unsaferow");
  require("spark.sql.streaming.aggregation.stateFormatVersion", "2");
  require("spark.sql.streaming.join.stateFormatVersion", "2");
  require("spark.sql.streaming.stateStore.skipNullsForStreamStreamJoins.enabled", "false");
}

}  // namespace

PlanPtr SeparateReadings(const PlanPtr& analyzed) {
  // Readings by stream and first column, in the order of the sources.
  std::map<const logical::StreamHandle*, std::map<logical::ExprId, std::shared_ptr<logical::StreamHandle>>> readings;
  bool several = false;
  for (const logical::StreamScan* scan : FindScans(analyzed)) {
    auto definition = std::dynamic_pointer_cast<connectors::StreamDefinition>(scan->stream);
    if (!definition || scan->output.empty()) continue;
    auto& of_stream = readings[scan->stream.get()];
    auto& reading = of_stream[scan->output[0]->id];
    if (reading) continue;
    several |= of_stream.size() > 1;
    reading = of_stream.size() == 1 ? scan->stream : std::make_shared<SecondReading>(std::move(definition));
  }
  if (!several) return analyzed;
  return logical::Transform(analyzed, [&](const PlanPtr& node) -> PlanPtr {
    const auto* scan = node->As<logical::StreamScan>();
    auto of_stream = scan ? readings.find(scan->stream.get()) : readings.end();
    if (of_stream == readings.end() || scan->output.empty()) return nullptr;
    return std::make_shared<logical::StreamScan>(of_stream->second.at(scan->output[0]->id), scan->output, scan->columns,
                                                 scan->pushed);
  });
}

QuerySources CreateSources(const PlanPtr& plan, const std::string& checkpoint,
                           connectors::StreamSourceContext context) {
  QuerySources sources;
  for (const logical::StreamScan* scan : FindScans(plan)) {
    auto definition = std::dynamic_pointer_cast<connectors::StreamDefinition>(scan->stream);
    if (!definition) throw base::Error::Internal("not a stream: " + scan->stream->Describe());
    auto known = std::ranges::find_if(sources.unique,
                                      [&](const QuerySourcePtr& source) { return source->definition == definition; });
    if (known == sources.unique.end()) {
      context.metadata_path = fmt::format("{}/sources/{}", checkpoint, sources.unique.size());
      auto source = std::make_shared<QuerySource>();
      source->definition = definition;
      source->source = definition->Create(context);
      source->description = source->source->Description();
      sources.unique.push_back(std::move(source));
      known = std::prev(sources.unique.end());
    }
    sources.lines.push_back(static_cast<size_t>(known - sources.unique.begin()));
  }
  return sources;
}

PhysicalPlan PlanQuery(const PlanPtr& analyzed, const std::shared_ptr<const base::SqlConf>& conf,
                       connectors::OutputMode mode, const exec::PythonPlanner& python,
                       const logical::EvalContext& eval) {
  PhysicalPlan plan;
  plan.optimized = optimizer::Optimize(
      analyzed,
      [&](const logical::ExprPtr& expr) {
        logical::EvalContext context = eval;
        return exec::EvaluateConstant(expr, context);
      },
      *conf);
  exec::PlannerOptions options;
  options.conf = conf;
  options.python = python;
  options.streaming = true;
  options.state_partitions = static_cast<int>(conf->GetLong("spark.sql.shuffle.partitions"));
  options.output_mode = mode;
  plan.root = exec::PlanOperators(plan.optimized, options);
  plan.stateful = exec::FindStatefulOperators(*plan.root);
  return plan;
}

std::unique_ptr<state::StateManager> MakeStateManager(const base::SqlConf& conf, const std::string& root,
                                                      const std::string& run_id, int64_t min_batches_to_retain) {
  CheckStateConf(conf);
  state::StateOptions options;
  options.codec = conf.GetString("spark.sql.streaming.stateStore.compression.codec");
  options.min_batches_to_retain = min_batches_to_retain;
  options.min_deltas_for_snapshot = conf.GetLong("spark.sql.streaming.stateStore.minDeltasForSnapshot");
  options.run_id = run_id;
  options.check_schema = conf.GetBool("spark.sql.streaming.stateStore.stateSchemaCheck");
  options.repair_snapshots = conf.GetBool("spark.sql.streaming.stateStore.autoSnapshotRepair.enabled");
  options.most_repair_changes = conf.GetLong("spark.sql.streaming.stateStore.autoSnapshotRepair.maxChangeFileReplay");
  options.row_checksums = conf.GetBool("spark.sql.streaming.stateStore.rowChecksum.enabled");
  options.verify_reads = conf.GetLong("spark.sql.streaming.stateStore.rowChecksum.readVerificationRatio");
  if (conf.GetString(kStateProvider) == kHdfsBackedProvider) return state::MakeHdfsBackedStateManager(root, options);
  return state::MakeRocksDbStateManager(root, options, state::ReadRocksDbOptions(conf));
}

std::string WritePlanText(const PlanPtr& plan, const std::string& sink) {
  return "WriteToMicroBatchDataSource " + sink + "\n" + Indented(logical::TreeString(plan));
}

std::string ExplainQuery(const PlanPtr& analyzed, const PhysicalPlan& physical, const std::string& sink,
                         int64_t batch_id, bool extended) {
  std::string out;
  if (extended) {
    std::string analyzed_text = WritePlanText(analyzed, sink);
    out += "== Parsed Logical Plan ==\n" + analyzed_text + "\n== Analyzed Logical Plan ==\n" + analyzed_text +
           "\n== Optimized Logical Plan ==\n" + WritePlanText(physical.optimized, sink) + "\n";
  }
  std::string tree = exec::Explain(*physical.root);
  tree.erase(0, tree.find('\n') + 1);
  return out + fmt::format(
                   "== Physical Plan ==\nWriteToDataSourceV2 MicroBatchWrite[epoch: {}, writer: "
                   "{}]\n{}\n",
                   batch_id, sink, Indented(tree));
}

}  // namespace sluice::streaming
