// TransformWithStateInPySparkExec: sorted rows go to a worker, whose state calls a server beside it answers.
#include "python/transform_with_state.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/sort_key.h"
#include "exec/stateful/state_context.h"
#include "exec/stateful/stateful_operator.h"
#include "logical/watermark_metadata.h"
#include "python/arrow_exchange.h"
#include "python/connected_process.h"
#include "python/grouped_rows.h"
#include "python/processor_driver.h"
#include "python/state_server.h"
#include "python/task.h"
#include "state/rocksdb_options.h"
#include "state/work_folder.h"

namespace sluice::python {
namespace {

using logical::TimeMode;

constexpr char kRocksDbProvider[] = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider";

bool IsPandas(int eval_type) {
  return eval_type == kTransformWithStatePandasUdf || eval_type == kTransformWithStatePandasInitStateUdf;
}

/// One of the two frames that a processor takes.
struct Side {
  Side(logical::Attributes columns, const logical::Attributes& grouping, int values)
      : columns(std::move(columns)), key_columns(PositionsOf(grouping, this->columns)), values(values) {}
  logical::Attributes columns;
  std::vector<int> key_columns;
  int values;  ///< columns that are no computed keys
};

/// What all partitions and batches of the operator share.
struct Shape {
  Shape(const logical::TransformWithState& node, const std::vector<exec::OperatorPtr>& children)
      : spec(node.spec),
        key(KeySchema(node.grouping)),
        rows(children[0]->output(), node.grouping,
             static_cast<int>(spec.function->arguments.empty() ? children[0]->output().size()
                                                               : spec.function->arguments.size())),
        event_time(exec::EventTimeKey::Find(rows.columns)),
        output(node.output) {
    if (node.has_initial_state()) initial.emplace(children[1]->output(), node.initial_grouping, spec.initial_columns);
    for (size_t i = 0; spec.has_event_time_column && i < output.size(); ++i) {
      if (logical::WatermarkDelayMs(output[i]->metadata)) output_event_time = static_cast<int>(i);
    }
  }
  logical::TransformWithStateSpec spec;
  types::TypePtr key;
  Side rows;
  std::optional<Side> initial;
  std::optional<exec::EventTimeKey> event_time;
  logical::Attributes output;
  std::optional<int> output_event_time;  ///< column of eventTimeColumnName
};

/// Rows of one frame for a worker.
struct SideRows {
  GroupedRows groups;
  std::shared_ptr<arrow::RecordBatch> batch;  // as workers take it

  static SideRows Of(const Side& side, GroupedRows groups, const std::string& time_zone) {
    SideRows out;
    out.batch = ToWorkerBatch(*groups.rows, side.columns, WorkerSchema(side.columns, time_zone), time_zone);
    out.groups = std::move(groups);
    return out;
  }
};

void WritePlain(SocketStream& socket, const arrow::RecordBatch& rows, int64_t max_rows) {
  ArrowStreamWriter writer(socket, rows.schema());
  for (int64_t begin = 0; begin < rows.num_rows(); begin += max_rows) {
    writer.Write(*rows.Slice(begin, max_rows));
    socket.Flush();
  }
  writer.Close();
}

// Both frames in one stream of two struct columns: a batch has rows of one of them, and all batches of a key follow one
// another.
class PairWriter {
 public:
  PairWriter(const SideRows& rows, const SideRows& initial)
      : sides_{&rows, &initial},
        types_{arrow::struct_(rows.batch->schema()->fields()), arrow::struct_(initial.batch->schema()->fields())},
        schema_(arrow::schema({arrow::field("inputData", types_[0]), arrow::field("initState", types_[1])})) {}

  void Write(SocketStream& socket, const std::vector<int>& row_keys, const std::vector<int>& initial_keys,
             int64_t max_rows) const {
    ArrowStreamWriter writer(socket, schema_);
    exec::SortKeys keys[2] = {KeysOf(0, row_keys), KeysOf(1, initial_keys)};
    size_t at[2] = {0, 0};
    while (at[0] < sides_[0]->groups.groups() || at[1] < sides_[1]->groups.groups()) {
      bool has_rows = at[0] < sides_[0]->groups.groups(), has_initial = at[1] < sides_[1]->groups.groups();
      int order = !has_rows ? 1 : !has_initial ? -1 : Compare(keys[0], at[0], keys[1], at[1]);
      if (order >= 0) WriteGroup(writer, 1, at[1]++, max_rows);
      if (order <= 0) WriteGroup(writer, 0, at[0]++, max_rows);
      socket.Flush();
    }
    writer.Close();
  }

 private:
  exec::SortKeys KeysOf(int side, const std::vector<int>& key_columns) const {
    const GroupedRows& groups = sides_[side]->groups;
    arrow::ArrayVector keys = groups.groups() == 0 ? arrow::ArrayVector() : groups.Keys(key_columns);
    return {keys, std::vector<exec::SortDirection>(keys.size()), static_cast<int64_t>(groups.groups())};
  }
  static int Compare(const exec::SortKeys& a, size_t i, const exec::SortKeys& b, size_t j) {
    return a.row(static_cast<int64_t>(i)).compare(b.row(static_cast<int64_t>(j)));
  }
  void WriteGroup(ArrowStreamWriter& writer, int side, size_t group, int64_t max_rows) const {
    const std::vector<int64_t>& starts = sides_[side]->groups.starts;
    for (int64_t begin = starts[group]; begin < starts[group + 1]; begin += max_rows) {
      int64_t count = std::min(max_rows, starts[group + 1] - begin);
      auto rows = sides_[side]->batch->Slice(begin, count);
      arrow::ArrayVector columns(2);
      columns[side] = std::make_shared<arrow::StructArray>(types_[side], count, rows->columns());
      columns[1 - side] = base::ValueOrThrow(arrow::MakeArrayOfNull(types_[1 - side], count));
      writer.Write(*arrow::RecordBatch::Make(schema_, count, std::move(columns)));
    }
  }

  const SideRows* sides_[2];
  std::shared_ptr<arrow::DataType> types_[2];
  std::shared_ptr<arrow::Schema> schema_;
};

/// What a partition of one batch works with.
struct Input {
  std::shared_ptr<void> store_owner;  ///< in a batch query: what the store lies in
  std::shared_ptr<state::FamilyStore> store;
  exec::BatchIteratorPtr rows, initial;  ///< no initial state but in the first batch
  std::shared_ptr<arrow::Schema> rows_schema, initial_schema;
};

// Works on one state partition.
class TransformWithStateIterator final : public exec::BatchIterator {
 public:
  TransformWithStateIterator(const Shape& shape, const state::OperatorInfo* info,
                             const std::vector<StateVariable>& variables, std::shared_ptr<WorkerPool> pool,
                             std::shared_ptr<arrow::Schema> schema, exec::ExecContext& context, int partition,
                             Input input)
      : shape_(shape),
        info_(info),
        variables_(variables),
        pool_(std::move(pool)),
        schema_(std::move(schema)),
        context_(context),
        partition_(partition),
        input_(std::move(input)) {
    if (info_) {
      auto of = [&](const auto& watermarks) {
        auto found = watermarks.find(info_->id);
        return found == watermarks.end() ? std::nullopt : found->second;
      };
      late_ms_ = of(context.state->late_watermark_ms);
      watermark_ms_ = of(context.state->eviction_watermark_ms);
    }
    state_ = std::make_unique<ProcessorState>(input_.store.get(), shape.key, shape.spec.time_mode,
                                              context.eval.current_timestamp_us / 1000, watermark_ms_.value_or(0));
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    auto start = std::chrono::steady_clock::now();
    if (!started_) Start();
    while (task_) {
      auto results = task_->NextBatch();
      if (!results) {
        task_.reset();
        server_.reset();
        break;
      }
      auto rows = FromStructBatch(*results, shape_.output, schema_);
      if (shape_.output_event_time) CheckEventTimes(*rows->column(*shape_.output_event_time));
      update_time_ += std::chrono::steady_clock::now() - start;
      if (rows->num_rows() > 0) return rows;
      start = std::chrono::steady_clock::now();
    }
    if (!input_.store) return nullptr;
    update_time_ += std::chrono::steady_clock::now() - start;
    Finish();
    return nullptr;
  }

 private:
  void Start() {
    started_ = true;
    std::optional<int64_t> late_ms = shape_.spec.time_mode == TimeMode::kEventTime ? late_ms_ : std::nullopt;
    const std::string& zone = context_.eval.time_zone;
    auto rows =
        ReadInTime(*input_.rows, input_.rows_schema, shape_.event_time, late_ms, &metrics_.rows_dropped_by_watermark);
    input_.rows.reset();
    rows_ = SideRows::Of(shape_.rows, GroupByKey(rows, shape_.rows.key_columns), zone);
    if (input_.initial) {
      int64_t none = 0;
      auto initial = ReadInTime(*input_.initial, input_.initial_schema, std::nullopt, std::nullopt, &none);
      input_.initial.reset();
      initial_ = SideRows::Of(*shape_.initial, GroupByKey(initial, shape_.initial->key_columns), zone);
    }
    bool has_rows = rows_.groups.groups() > 0 || (initial_ && initial_->groups.groups() > 0);
    if (has_rows || HasDueTimers()) {
      StartTask();
    } else {
      for (const StateVariable& variable : variables_) state_->Declare(variable);
    }
  }

  bool HasDueTimers() {
    switch (shape_.spec.time_mode) {
      case TimeMode::kNone:
        return false;
      case TimeMode::kProcessingTime:
        return state_->HasExpiredTimers(state_->batch_timestamp_ms());
      case TimeMode::kEventTime:
        return state_->HasExpiredTimers(state_->watermark_ms());
    }
    return false;
  }

  void StartTask() {
    server_ = std::make_unique<StateServer>(NewSocketPath(pool_->options()), state_.get());
    bool pandas = IsPandas(shape_.spec.function->eval_type);
    TaskSpec spec;
    TaskFunction function{GroupedArguments(shape_.rows.key_columns, shape_.rows.values),
                          {shape_.spec.function->command}};
    if (initial_) {
      spec.eval_type = pandas ? kTransformWithStatePandasInitStateUdf : kTransformWithStatePythonRowInitStateUdf;
      auto more = GroupedArguments(shape_.initial->key_columns, shape_.initial->values);
      function.arguments.insert(function.arguments.end(), more.begin(), more.end());
    } else {
      spec.eval_type = pandas ? kTransformWithStatePandasUdf : kTransformWithStatePythonRowUdf;
    }
    spec.functions = {std::move(function)};
    spec.runner_conf = RunnerConf(*context_.conf);
    spec.eval_conf = {{"state_server_socket_port", server_->path()}, {"grouping_key_schema", shape_.key->Json()}};
    spec.partition_id = partition_;
    int64_t max_rows = context_.conf->GetLong("spark.sql.execution.arrow.maxRecordsPerBatch");
    if (max_rows <= 0) max_rows = std::numeric_limits<int32_t>::max();
    task_ = std::make_unique<Task>(pool_.get(), std::move(spec), context_.cancellation,
                                   [this, max_rows](SocketStream& socket) { WriteRows(socket, max_rows); });
  }

  void WriteRows(SocketStream& socket, int64_t max_rows) {
    if (!initial_) return WritePlain(socket, *rows_.batch, max_rows);
    PairWriter(rows_, *initial_).Write(socket, shape_.rows.key_columns, shape_.initial->key_columns, max_rows);
  }

  // By the watermark of the batch before, which operators above take for late rows.
  void CheckEventTimes(const arrow::Array& column) const {
    if (!late_ms_) return;
    const auto& times = static_cast<const arrow::TimestampArray&>(column);
    for (int64_t i = 0; i < times.length(); ++i) {
      if (times.IsNull(i) || times.Value(i) / 1000 >= *late_ms_) continue;
      throw base::Error(
          base::ErrorKind::kRuntime, "EMITTING_ROWS_OLDER_THAN_WATERMARK_NOT_ALLOWED",
          {{"currentWatermark", std::to_string(*late_ms_)}, {"emittedRowEventTime", std::to_string(times.Value(i))}});
    }
  }

  void Finish() {
    using std::chrono::milliseconds;
    auto start = std::chrono::steady_clock::now();
    state_->RemoveExpired();
    metrics_.removals_ms = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start).count();
    if (info_) Commit();
    input_.store.reset();
    input_.store_owner.reset();
  }

  void Commit() {
    using std::chrono::milliseconds;
    auto start = std::chrono::steady_clock::now();
    state::FamilyStore& store = *input_.store;
    const ProcessorMetrics& counted = state_->metrics();
    metrics_.operator_name = info_->name;
    metrics_.shuffle_partitions = info_->partitions;
    metrics_.store_instances = 1;
    metrics_.rows_updated = counted.rows_updated;
    metrics_.rows_removed = counted.rows_removed;
    metrics_.rows_total = store.size();
    metrics_.memory_bytes = store.MemoryUsed();
    metrics_.custom = store.Metrics();
    metrics_.custom["numRegisteredTimers"] = counted.timers_registered;
    metrics_.custom["numDeletedTimers"] = counted.timers_deleted;
    metrics_.custom["numExpiredTimers"] = 0;  // Spark counts none of a Python processor's
    metrics_.custom["numValuesRemovedDueToTTLExpiry"] = counted.values_expired;
    CountVariables();
    metrics_.updates_ms = std::chrono::duration_cast<milliseconds>(update_time_).count();
    context_.state->Commit(store);
    metrics_.commit_ms = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start).count();
    context_.state->Report(info_->id, metrics_);
  }

  // Every partition counts them, as in Spark.
  void CountVariables() {
    for (const char* kind : {"Value", "List", "Map"}) {
      metrics_.custom[fmt::format("num{}StateVars", kind)] = 0;
      metrics_.custom[fmt::format("num{}StateWithTTLVars", kind)] = 0;
    }
    for (const StateVariable& variable : variables_) {
      const char* kinds[] = {"Value", "List", "Map"};
      ++metrics_.custom[fmt::format("num{}State{}Vars", kinds[static_cast<int>(variable.kind)],
                                    variable.ttl_ms ? "WithTTL" : "")];
    }
  }

  const Shape& shape_;
  const state::OperatorInfo* info_;  // null in a batch query
  const std::vector<StateVariable>& variables_;
  std::shared_ptr<WorkerPool> pool_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::ExecContext& context_;
  const int partition_;
  Input input_;
  std::optional<int64_t> late_ms_, watermark_ms_;
  bool started_ = false;
  SideRows rows_;
  std::optional<SideRows> initial_;
  exec::StateOperatorMetrics metrics_;
  std::chrono::steady_clock::duration update_time_{};
  std::unique_ptr<ProcessorState> state_;
  std::unique_ptr<StateServer> server_;
  std::unique_ptr<Task> task_;  // last: it ends before the server, which waits for its worker
};

/// The operator's id, families and properties, as the checkpoint records them.
state::OperatorInfo MakeInfo(const Shape& shape, const std::vector<StateVariable>& variables, int64_t id,
                             int partitions) {
  state::OperatorInfo info;
  info.id = id;
  info.name =
      IsPandas(shape.spec.function->eval_type) ? "transformWithStateInPandasExec" : "transformWithStateInPySparkExec";
  info.partitions = partitions;
  state::StoreInfo store;
  auto described = nlohmann::ordered_json::array();
  auto describe = [&](const std::string& name, const char* type, bool ttl) {
    described.push_back(nlohmann::ordered_json{{"stateName", name}, {"stateVariableType", type}, {"ttlEnabled", ttl}});
  };
  for (const StateVariable& variable : variables) {
    const char* types[] = {"ValueState", "ListState", "MapState"};
    describe(variable.name, types[static_cast<int>(variable.kind)], variable.ttl_ms.has_value());
    for (auto& family : FamiliesOf(variable, shape.key)) store.families.push_back(std::move(family));
  }
  TimeMode mode = shape.spec.time_mode;
  for (auto& family : TimerFamilies(mode, shape.key)) store.families.push_back(std::move(family));
  if (mode != TimeMode::kNone) describe(TimerVariableName(mode), "TimerState", false);
  info.stores.push_back(std::move(store));
  info.properties_json = nlohmann::ordered_json{
      {"timeMode", NameOf(mode)},
      {"outputMode", shape.spec.output_mode},
      {"stateVariables",
       described}}.dump();
  return info;
}

/// The store of one partition of a batch query, in a folder that goes with it.
class BatchStore {
 public:
  BatchStore(const base::SqlConf& conf, int partition)
      : folder_("transform-with-state"),
        manager_(state::MakeRocksDbStateManager(folder_.path(), {}, state::ReadRocksDbOptions(conf))),
        store_(manager_->OpenFamilies({0, partition, ""}, 0)) {}
  const std::shared_ptr<state::FamilyStore>& store() const { return store_; }

 private:
  state::WorkFolder folder_;
  std::unique_ptr<state::StateManager> manager_;
  std::shared_ptr<state::FamilyStore> store_;
};

/// In a batch query: every key is new, and its state is dropped at the end. Any setting of the provider will do.
class BatchTransformWithStateOperator final : public exec::Operator {
 public:
  BatchTransformWithStateOperator(std::shared_ptr<WorkerPool> pool, std::vector<exec::OperatorPtr> children,
                                  const logical::TransformWithState& node)
      : Operator(node.output), pool_(std::move(pool)), shape_(node, children), children_(std::move(children)) {}

  int Partitions(exec::ExecContext& context) const override {
    int partitions = children_[0]->Partitions(context);
    if (children_.size() > 1) children_[1]->Partitions(context);
    return partitions;
  }
  exec::BatchIteratorPtr Open(exec::ExecContext& context, int partition) const override {
    auto owner = std::make_shared<BatchStore>(*context.conf, partition);
    Input input;
    input.store = owner->store();
    input.store_owner = std::move(owner);
    input.rows = children_[0]->Open(context, partition);
    input.rows_schema = children_[0]->schema();
    if (children_.size() > 1) {
      input.initial = children_[1]->Open(context, partition);
      input.initial_schema = children_[1]->schema();
    }
    return std::make_unique<TransformWithStateIterator>(shape_, nullptr, no_variables_, pool_, schema(), context,
                                                        partition, std::move(input));
  }
  std::string Describe() const override {
    return fmt::format("TransformWithStateInPySpark {}, {}, {}", shape_.spec.function->name, shape_.spec.output_mode,
                       NameOf(shape_.spec.time_mode));
  }
  std::vector<const exec::Operator*> Children() const override {
    std::vector<const exec::Operator*> out;
    for (const auto& child : children_) out.push_back(child.get());
    return out;
  }

 private:
  std::shared_ptr<WorkerPool> pool_;
  Shape shape_;
  std::vector<exec::OperatorPtr> children_;
  const std::vector<StateVariable> no_variables_;  // the worker declares them
};

void CheckProvider(const base::SqlConf& conf) {
  std::string provider = conf.GetString("spark.sql.streaming.stateStore.providerClass");
  if (provider == kRocksDbProvider) return;
  throw base::Error(base::ErrorKind::kUnsupportedOperation, "UNSUPPORTED_FEATURE.STORE_BACKEND_NOT_SUPPORTED_FOR_TWS",
                    {{"stateStoreProvider", provider}});
}

class TransformWithStateOperator final : public exec::StatefulOperator {
 public:
  TransformWithStateOperator(std::shared_ptr<WorkerPool> pool, std::vector<exec::OperatorPtr> children,
                             const logical::TransformWithState& node, const exec::StatefulOptions& options)
      : StatefulOperator(node.output),
        pool_(std::move(pool)),
        shape_(node, children),
        id_(options.operator_id),
        partitions_(std::max(1, options.partitions)),
        has_watermark_(options.has_watermark) {
    CheckProvider(*options.conf);
    auto exchange = [&](exec::OperatorPtr child, const logical::Attributes& keys) {
      return exec::MakeExchange(std::move(child), keys.empty() ? 1 : partitions_, {keys.begin(), keys.end()});
    };
    children_.push_back(exchange(children[0], node.grouping));
    if (node.has_initial_state()) children_.push_back(exchange(children[1], node.initial_grouping));
  }

  const state::OperatorInfo& info() const override {
    std::lock_guard lock(mutex_);
    if (!info_) {
      variables_ = LearnStateVariables(*pool_, *shape_.spec.function, shape_.key, shape_.spec.time_mode);
      info_ = MakeInfo(shape_, variables_, id_, partitions_);
    }
    return *info_;
  }
  bool has_watermark() const override { return has_watermark_; }
  bool NeedsBatchWithoutData(int64_t previous_ms, int64_t watermark_ms) const override {
    switch (shape_.spec.time_mode) {
      case TimeMode::kNone:
        return false;
      case TimeMode::kProcessingTime:
        return true;  // the clock moves on its own
      case TimeMode::kEventTime:
        return has_watermark_ && watermark_ms > previous_ms;
    }
    return false;
  }
  int Partitions(exec::ExecContext& context) const override {
    int partitions = children_[0]->Partitions(context);
    if (TakesInitialState(context)) children_[1]->Partitions(context);
    return partitions;
  }
  exec::BatchIteratorPtr Open(exec::ExecContext& context, int partition) const override {
    if (!context.state) throw base::Error::Internal("A stateful operator outside of a micro-batch");
    const state::OperatorInfo& described = info();
    Input input;
    input.store = context.state->OpenFamilies({id_, partition, ""});
    input.rows = children_[0]->Open(context, partition);
    input.rows_schema = children_[0]->schema();
    if (TakesInitialState(context)) {
      input.initial = children_[1]->Open(context, partition);
      input.initial_schema = children_[1]->schema();
    }
    return std::make_unique<TransformWithStateIterator>(shape_, &described, variables_, pool_, schema(), context,
                                                        partition, std::move(input));
  }
  std::string Describe() const override {
    return fmt::format("TransformWithStateInPySpark {}, {}, {}, state info [ opId = {}, numPartitions = {}]",
                       shape_.spec.function->name, shape_.spec.output_mode, NameOf(shape_.spec.time_mode), id_,
                       partitions_);
  }
  std::vector<const exec::Operator*> Children() const override {
    std::vector<const exec::Operator*> out;
    for (const auto& child : children_) out.push_back(child.get());
    return out;
  }

 private:
  bool TakesInitialState(const exec::ExecContext& context) const {
    return children_.size() > 1 && context.state && context.state->version() == 0;
  }

  std::shared_ptr<WorkerPool> pool_;
  Shape shape_;
  std::vector<exec::OperatorPtr> children_;
  int64_t id_;
  int partitions_;
  bool has_watermark_;
  mutable std::mutex mutex_;
  mutable std::vector<StateVariable> variables_;
  mutable std::optional<state::OperatorInfo> info_;
};

}  // namespace

exec::OperatorPtr MakeTransformWithStateOperator(std::shared_ptr<WorkerPool> pool,
                                                 std::vector<exec::OperatorPtr> children,
                                                 const logical::TransformWithState& node,
                                                 const exec::StatefulOptions* options) {
  if (!options) return std::make_shared<BatchTransformWithStateOperator>(std::move(pool), std::move(children), node);
  return std::make_shared<TransformWithStateOperator>(std::move(pool), std::move(children), node, *options);
}

}  // namespace sluice::python
