// Groups with their states go to a worker and come back changed (FlatMapGroupsInPandasWithStateExec, state format 2).
#include "python/pandas_with_state.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/stateful/state_context.h"
#include "exec/stateful/stateful_operator.h"
#include "python/arrow_exchange.h"
#include "python/grouped_rows.h"
#include "python/python_value.h"
#include "python/row_pickler.h"
#include "python/task.h"
#include "state/unsafe_layout.h"
#include "state/unsafe_row.h"

namespace sluice::python {
namespace {

using logical::GroupTimeout;

constexpr int64_t kNoTimestamp = -1;
/// A state row's fields: the user's value, and with a timeout when it ends.
constexpr size_t kFieldsWithTimeout = 2, kTimeoutField = 1;

types::TypePtr ValueSchema(const logical::PandasWithState& node) {
  std::vector<types::StructField> fields = {{"groupState", node.state_type, true}};
  if (node.timeout != GroupTimeout::kNone) fields.push_back({"timeoutTimestamp", types::Long(), false});
  return types::Struct(std::move(fields));
}

/// What all partitions and batches of the operator share.
struct Shape {
  Shape(const logical::PandasWithState& node, const logical::Attributes& input)
      : function(node.function),
        timeout(node.timeout),
        state_type(node.state_type),
        input(input),
        output(node.output),
        key_columns(PositionsOf(node.grouping, input)),
        // Keys that are computed stand behind the columns that the function takes.
        values(static_cast<int>(function->arguments.empty() ? input.size() : function->arguments.size())),
        event_time(exec::EventTimeKey::Find(input)),
        schema{KeySchema(node.grouping), ValueSchema(node)},
        keys(schema.key),
        state_rows(schema.value) {}
  std::shared_ptr<const plan::PythonUdf> function;
  GroupTimeout timeout;
  types::TypePtr state_type;
  logical::Attributes input, output;
  std::vector<int> key_columns;
  int values;
  std::optional<exec::EventTimeKey> event_time;
  state::StoreSchema schema;
  state::UnsafeRowEncoder keys, state_rows;

  bool has_timeout() const { return timeout != GroupTimeout::kNone; }
};

/// The state of one partition. The thread that writes to the worker reads it while results change it.
class GroupStates {
 public:
  GroupStates(const Shape& shape, std::shared_ptr<state::StateStore> store) : shape_(shape), store_(std::move(store)) {}

  /// For the keys in [begin, end) the pickled state; nothing for a key without one.
  std::vector<std::optional<std::string>> Read(const state::UnsafeRows& keys, size_t begin, size_t end) const {
    std::vector<std::optional<std::string>> out(end - begin);
    std::vector<std::string_view> rows;
    std::vector<size_t> places;
    arrow::ArrayVector columns;
    {
      std::lock_guard lock(mutex_);
      for (size_t i = begin; i < end; ++i) {
        std::string_view value = store_->Get(keys[static_cast<int64_t>(i)]);
        if (!value.data()) continue;
        rows.push_back(value);
        places.push_back(i - begin);
      }
      if (rows.empty()) return out;
      columns = state::DecodeUnsafeRows(*shape_.schema.value, rows);
    }
    const auto& values = static_cast<const arrow::StructArray&>(*columns[0]);
    for (size_t i = 0; i < places.size(); ++i) {
      auto row = static_cast<int64_t>(i);
      if (values.IsNull(row)) continue;  // only a timeout is kept
      out[places[i]] = PickleRow(values.fields(), *shape_.state_type, row);
    }
    return out;
  }

  void Put(const std::vector<std::string>& keys, const std::vector<PythonValuePtr>& values,
           const std::vector<int64_t>& timeouts) {
    if (keys.empty()) return;
    arrow::ArrayVector columns = {ToColumn(values, shape_.state_type)};
    if (shape_.has_timeout()) {
      arrow::Int64Builder builder;
      base::ThrowIfError(builder.AppendValues(timeouts));
      columns.push_back(base::ValueOrThrow(builder.Finish()));
    }
    state::UnsafeRows rows = shape_.state_rows.Encode(columns, static_cast<int64_t>(keys.size()));
    std::lock_guard lock(mutex_);
    for (size_t i = 0; i < keys.size(); ++i) store_->Put(keys[i], rows[static_cast<int64_t>(i)]);
  }
  void Remove(std::string_view key) {
    std::lock_guard lock(mutex_);
    store_->Remove(key);
  }

  /// The keys whose timeout is before `now_ms`, as columns.
  arrow::ArrayVector TimedOut(int64_t now_ms) const {
    std::vector<std::string_view> keys;
    store_->ForEach([&](std::string_view key, std::string_view value) {
      size_t at = state::BitsetBytes(kFieldsWithTimeout) + 8 * kTimeoutField;
      auto timeout = state::Load<int64_t>(value.data() + at);
      if (timeout != kNoTimestamp && timeout < now_ms) keys.push_back(key);
      return true;
    });
    if (keys.empty()) return {};
    return state::DecodeUnsafeRows(*shape_.schema.key, keys);
  }

  state::StateStore& store() { return *store_; }

 private:
  const Shape& shape_;
  std::shared_ptr<state::StateStore> store_;
  mutable std::mutex mutex_;
};

/// The groups of one task. Written in batches of up to `max_rows` rows; a group that does not fit goes on in the next.
class GroupWriter {
 public:
  GroupWriter(const Shape& shape, const GroupStates& states, GroupedRows groups, std::string properties_of_present,
              std::string properties_of_absent, std::string time_zone, int64_t max_rows)
      : shape_(shape),
        states_(states),
        groups_(std::move(groups)),
        present_(std::move(properties_of_present)),
        absent_(std::move(properties_of_absent)),
        time_zone_(std::move(time_zone)),
        max_rows_(max_rows > 0 ? max_rows : std::numeric_limits<int32_t>::max()),
        keys_(shape.keys.Encode(groups_.Keys(shape.key_columns), static_cast<int64_t>(groups_.groups()))),
        schema_(WorkerSchema(shape.input, time_zone_)) {}

  void Write(SocketStream& socket) {
    auto rows = ToWorkerBatch(*groups_.rows, shape_.input, schema_, time_zone_);
    arrow::FieldVector fields = schema_->fields();
    fields.push_back(arrow::field("__state", StateType()));
    ArrowStreamWriter writer(socket, arrow::schema(fields));
    size_t group = 0;
    for (int64_t begin = 0; group < groups_.groups();) {
      int64_t end = std::min(begin + max_rows_, rows->num_rows());
      writer.Write(*NextBatch(*rows, begin, end, &group));
      socket.Flush();
      begin = end;
    }
    writer.Close();
  }

 private:
  static std::shared_ptr<arrow::DataType> StateType() {
    return arrow::struct_({arrow::field("properties", arrow::utf8()), arrow::field("keyRowAsUnsafe", arrow::binary()),
                           arrow::field("object", arrow::binary()), arrow::field("startOffset", arrow::int32()),
                           arrow::field("numRows", arrow::int32()), arrow::field("isLastChunk", arrow::boolean())});
  }

  // The rows [begin, end) with the parts of groups in them.
  std::shared_ptr<arrow::RecordBatch> NextBatch(const arrow::RecordBatch& rows, int64_t begin, int64_t end,
                                                size_t* group) {
    size_t first = *group, last = first;
    while (last < groups_.groups() && groups_.starts[last] < end) ++last;
    std::vector<std::optional<std::string>> states = states_.Read(keys_, first, last);
    auto builder = base::ValueOrThrow(arrow::MakeBuilder(StateType()));
    for (size_t g = first; g < last; ++g) {
      int64_t from = std::max(groups_.starts[g], begin), to = std::min(groups_.starts[g + 1], end);
      bool ends = groups_.starts[g + 1] <= end;
      Append(static_cast<arrow::StructBuilder&>(*builder), g, states[g - first], from - begin, to - from, ends);
      if (ends) ++*group;
    }
    base::ThrowIfError(builder->AppendNulls(end - begin - builder->length()));
    arrow::ArrayVector columns = rows.Slice(begin, end - begin)->columns();
    columns.push_back(base::ValueOrThrow(builder->Finish()));
    arrow::FieldVector fields = schema_->fields();
    fields.push_back(arrow::field("__state", StateType()));
    return arrow::RecordBatch::Make(arrow::schema(fields), end - begin, std::move(columns));
  }

  void Append(arrow::StructBuilder& builder, size_t group, const std::optional<std::string>& state, int64_t offset,
              int64_t rows, bool last) const {
    base::ThrowIfError(builder.Append());
    auto& properties = static_cast<arrow::StringBuilder&>(*builder.child(0));
    auto& key = static_cast<arrow::BinaryBuilder&>(*builder.child(1));
    auto& object = static_cast<arrow::BinaryBuilder&>(*builder.child(2));
    base::ThrowIfError(properties.Append(state ? present_ : absent_));
    base::ThrowIfError(key.Append(keys_[static_cast<int64_t>(group)]));
    base::ThrowIfError(state ? object.Append(*state) : object.AppendNull());
    base::ThrowIfError(static_cast<arrow::Int32Builder&>(*builder.child(3)).Append(static_cast<int32_t>(offset)));
    base::ThrowIfError(static_cast<arrow::Int32Builder&>(*builder.child(4)).Append(static_cast<int32_t>(rows)));
    base::ThrowIfError(static_cast<arrow::BooleanBuilder&>(*builder.child(5)).Append(last));
  }

  const Shape& shape_;
  const GroupStates& states_;
  GroupedRows groups_;
  std::string present_, absent_, time_zone_;
  int64_t max_rows_;
  state::UnsafeRows keys_;
  std::shared_ptr<arrow::Schema> schema_;
};

// Works on one state partition: groups with rows first, then, of what the state has after them, those that timed out.
class PandasWithStateIterator final : public exec::BatchIterator {
 public:
  PandasWithStateIterator(const Shape& shape, const state::OperatorInfo& info, std::shared_ptr<WorkerPool> pool,
                          std::shared_ptr<arrow::Schema> schema, exec::ExecContext& context, int partition,
                          exec::BatchIteratorPtr child, std::shared_ptr<arrow::Schema> child_schema)
      : shape_(shape),
        info_(info),
        pool_(std::move(pool)),
        schema_(std::move(schema)),
        context_(context),
        partition_(partition),
        child_(std::move(child)),
        child_schema_(std::move(child_schema)),
        states_(std::make_unique<GroupStates>(shape, context.state->Open({info.id, partition, ""}, shape.schema))) {
    auto of = [&](const auto& watermarks) {
      auto found = watermarks.find(info.id);
      return found == watermarks.end() ? std::nullopt : found->second;
    };
    late_ms_ = of(context.state->late_watermark_ms);
    watermark_ms_ = of(context.state->eviction_watermark_ms);
    now_ms_ = context.eval.current_timestamp_us / 1000;
  }

  std::shared_ptr<arrow::RecordBatch> Next() override {
    for (;;) {
      auto start = std::chrono::steady_clock::now();
      if (task_) {
        auto results = task_->NextBatch();
        std::shared_ptr<arrow::RecordBatch> rows = results ? Apply(*results) : nullptr;
        if (!results) EndTask();
        CountTime(start);
        if (rows && rows->num_rows() > 0) return rows;
        continue;
      }
      switch (phase_) {
        case Phase::kStart:
          phase_ = Phase::kData;
          StartData();
          break;
        case Phase::kData:
          phase_ = Phase::kTimeouts;
          if (shape_.has_timeout()) StartTimeouts();
          break;
        case Phase::kTimeouts:
          phase_ = Phase::kDone;
          Commit();
          return nullptr;
        case Phase::kDone:
          return nullptr;
      }
      CountTime(start);
    }
  }

 private:
  enum class Phase { kStart, kData, kTimeouts, kDone };

  void CountTime(std::chrono::steady_clock::time_point start) {
    (phase_ == Phase::kTimeouts ? removal_time_ : update_time_) += std::chrono::steady_clock::now() - start;
  }

  void StartData() {
    // Only who waits for event times leaves late rows out.
    std::optional<int64_t> late_ms = shape_.timeout == GroupTimeout::kEventTime ? late_ms_ : std::nullopt;
    auto rows = ReadInTime(*child_, child_schema_, shape_.event_time, late_ms, &metrics_.rows_dropped_by_watermark);
    child_.reset();
    StartTask(GroupByKey(rows, shape_.key_columns), false);
  }

  void StartTimeouts() {
    std::optional<int64_t> limit =
        shape_.timeout == GroupTimeout::kProcessingTime ? std::optional(now_ms_) : watermark_ms_;
    if (!limit) return;
    arrow::ArrayVector keys = states_->TimedOut(*limit);
    if (keys.empty()) return;
    // A row of nulls beside the key stands for the group without rows.
    int64_t count = keys[0]->length();
    arrow::ArrayVector columns;
    for (const auto& field : child_schema_->fields()) {
      columns.push_back(base::ValueOrThrow(arrow::MakeArrayOfNull(field->type(), count)));
    }
    for (size_t i = 0; i < keys.size(); ++i) columns[shape_.key_columns[i]] = keys[i];
    GroupedRows groups{arrow::RecordBatch::Make(child_schema_, count, std::move(columns)), {}};
    for (int64_t i = 0; i <= count; ++i) groups.starts.push_back(i);
    StartTask(std::move(groups), true);
  }

  std::string Properties(bool timed_out, bool defined) const {
    auto text = [](bool value) { return value ? "true" : "false"; };
    return fmt::format(R"({{"batchProcessingTimeMs":{},"eventTimeWatermarkMs":{},"timeoutConf":"{}","hasTimedOut":{},)"
                       R"("watermarkPresent":{},"defined":{},"updated":false,"removed":false,"timeoutTimestamp":{}}})",
                       now_ms_, watermark_ms_.value_or(kNoTimestamp), NameOf(shape_.timeout), text(timed_out),
                       text(shape_.event_time.has_value()), text(defined), kNoTimestamp);
  }

  void StartTask(GroupedRows groups, bool timed_out) {
    if (groups.groups() == 0) return;
    int64_t max_rows = context_.conf->GetLong("spark.sql.execution.arrow.maxRecordsPerBatch");
    writer_ = std::make_unique<GroupWriter>(shape_, *states_, std::move(groups), Properties(timed_out, true),
                                            Properties(timed_out, false), context_.eval.time_zone, max_rows);
    TaskSpec spec;
    spec.eval_type = kGroupedMapPandasUdfWithState;
    spec.functions = {{GroupedArguments(shape_.key_columns, shape_.values), {shape_.function->command}}};
    spec.runner_conf = RunnerConf(*context_.conf);
    spec.eval_conf = {{"state_value_schema", shape_.state_type->Json()}};
    spec.partition_id = partition_;
    task_ = std::make_unique<Task>(pool_.get(), std::move(spec), context_.cancellation,
                                   [this](SocketStream& socket) { writer_->Write(socket); });
  }

  void EndTask() {
    task_.reset();
    writer_.reset();
  }

  // Takes over the states in a batch of results and gives the rows in it.
  std::shared_ptr<arrow::RecordBatch> Apply(const arrow::RecordBatch& results) {
    if (results.num_columns() != 3) throw base::Error::Internal("A Python worker's states have another form");
    const auto& counts = static_cast<const arrow::StructArray&>(*results.column(0));
    auto count = [&](int field) {
      return results.num_rows() == 0 ? 0 : static_cast<const arrow::Int32Array&>(*counts.field(field)).Value(0);
    };
    int32_t data_rows = count(0), state_rows = count(1);
    ApplyStates(static_cast<const arrow::StructArray&>(*results.column(2)), state_rows);
    return FromStructColumn(*results.column(1)->Slice(0, data_rows), shape_.output, schema_);
  }

  void ApplyStates(const arrow::StructArray& states, int64_t count) {
    const auto& properties = static_cast<const arrow::StringArray&>(*states.field(0));
    const auto& keys = static_cast<const arrow::BinaryArray&>(*states.field(1));
    const auto& objects = static_cast<const arrow::BinaryArray&>(*states.field(2));
    const auto& old_timeouts = static_cast<const arrow::Int64Array&>(*states.field(3));
    std::vector<std::string> put_keys;
    std::vector<PythonValuePtr> values;
    std::vector<int64_t> timeouts;
    for (int64_t i = 0; i < count; ++i) {
      auto state = nlohmann::json::parse(properties.GetView(i));
      int64_t timeout = state.at("timeoutTimestamp");
      bool removed = state.at("removed"), updated = state.at("updated");
      if (removed && timeout == kNoTimestamp) {
        states_->Remove(keys.GetView(i));
        ++metrics_.rows_removed;
      } else if (updated || removed || timeout != old_timeouts.Value(i)) {
        put_keys.emplace_back(keys.GetView(i));
        values.push_back(objects.IsNull(i) ? std::make_shared<PythonValue>() : ReadPickle(objects.GetView(i)));
        timeouts.push_back(timeout);
      }
    }
    states_->Put(put_keys, values, timeouts);
    metrics_.rows_updated += static_cast<int64_t>(put_keys.size());
  }

  void Commit() {
    using std::chrono::milliseconds;
    auto start = std::chrono::steady_clock::now();
    state::StateStore& store = states_->store();
    metrics_.operator_name = info_.name;
    metrics_.shuffle_partitions = info_.partitions;
    metrics_.store_instances = 1;
    metrics_.rows_total = store.size();
    metrics_.memory_bytes = store.MemoryUsed();
    metrics_.custom = store.Metrics();
    metrics_.updates_ms = std::chrono::duration_cast<milliseconds>(update_time_).count();
    metrics_.removals_ms = std::chrono::duration_cast<milliseconds>(removal_time_).count();
    context_.state->Commit(store);
    states_.reset();
    metrics_.commit_ms = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start).count();
    context_.state->Report(info_.id, metrics_);
  }

  const Shape& shape_;
  const state::OperatorInfo& info_;
  std::shared_ptr<WorkerPool> pool_;
  std::shared_ptr<arrow::Schema> schema_;
  exec::ExecContext& context_;
  const int partition_;
  exec::BatchIteratorPtr child_;
  std::shared_ptr<arrow::Schema> child_schema_;
  std::optional<int64_t> late_ms_, watermark_ms_;
  int64_t now_ms_ = 0;
  Phase phase_ = Phase::kStart;
  exec::StateOperatorMetrics metrics_;
  std::chrono::steady_clock::duration update_time_{}, removal_time_{};
  std::unique_ptr<GroupStates> states_;
  std::unique_ptr<GroupWriter> writer_;
  std::unique_ptr<Task> task_;  // last: its thread uses the writer
};

class PandasWithStateOperator final : public exec::StatefulOperator {
 public:
  PandasWithStateOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                          const logical::PandasWithState& node, const exec::StatefulOptions& options)
      : StatefulOperator(node.output),
        pool_(std::move(pool)),
        shape_(node, child->output()),
        has_watermark_(options.has_watermark) {
    info_.id = options.operator_id;
    info_.name = "applyInPandasWithState";
    info_.partitions = std::max(1, options.partitions);
    info_.stores.push_back({"default", shape_.schema, 0});
    int partitions = node.grouping.empty() ? 1 : info_.partitions;
    child_ = exec::MakeExchange(std::move(child), partitions, {node.grouping.begin(), node.grouping.end()});
  }

  const state::OperatorInfo& info() const override { return info_; }
  bool has_watermark() const override { return has_watermark_; }
  bool NeedsBatchWithoutData(int64_t previous_ms, int64_t watermark_ms) const override {
    switch (shape_.timeout) {
      case GroupTimeout::kNone:
        return false;
      case GroupTimeout::kProcessingTime:
        return true;  // the clock moves on its own
      case GroupTimeout::kEventTime:
        return has_watermark_ && watermark_ms > previous_ms;
    }
    return false;
  }
  int Partitions(exec::ExecContext& context) const override { return child_->Partitions(context); }
  exec::BatchIteratorPtr Open(exec::ExecContext& context, int partition) const override {
    if (!context.state) throw base::Error::Internal("A stateful operator outside of a micro-batch");
    return std::make_unique<PandasWithStateIterator>(shape_, info_, pool_, schema(), context, partition,
                                                     child_->Open(context, partition), child_->schema());
  }
  std::string Describe() const override {
    return fmt::format("FlatMapGroupsInPandasWithState {}, {}, {}, state info [ opId = {}, numPartitions = {}], 2, {}",
                       shape_.function->name, shape_.schema.key->Ddl(), shape_.state_type->Ddl(), info_.id,
                       info_.partitions, NameOf(shape_.timeout));
  }
  std::vector<const exec::Operator*> Children() const override { return {child_.get()}; }

 private:
  std::shared_ptr<WorkerPool> pool_;
  exec::OperatorPtr child_;
  Shape shape_;
  bool has_watermark_;
  state::OperatorInfo info_;
};

}  // namespace

exec::OperatorPtr MakePandasWithStateOperator(std::shared_ptr<WorkerPool> pool, exec::OperatorPtr child,
                                              const logical::PandasWithState& node,
                                              const exec::StatefulOptions& options) {
  return std::make_shared<PandasWithStateOperator>(std::move(pool), std::move(child), node, options);
}

}  // namespace sluice::python
