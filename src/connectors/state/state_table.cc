// The source `statestore`: the state of a checkpoint as a table, or what batches changed in it.
#include <arrow/api.h>

#include <numeric>

#include "base/arrow_status.h"
#include "base/error.h"
#include "connectors/spi/registry.h"
#include "connectors/state/state_target.h"
#include "state/row_arena.h"
#include "state/unsafe_row.h"

namespace sluice::connectors {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using Rows = std::vector<std::string_view>;

class StatePartitionId : public InputPartition {
 public:
  explicit StatePartitionId(int number) : number(number) {}
  const int number;
};

ArrayPtr Structs(const types::TypePtr& type, const Rows& rows, const std::vector<bool>* valid = nullptr) {
  arrow::ArrayVector columns = state::DecodeUnsafeRows(*type, rows);
  auto count = static_cast<int64_t>(rows.size());
  std::shared_ptr<arrow::Buffer> bitmap;
  if (valid) {
    arrow::TypedBufferBuilder<bool> builder;
    for (bool bit : *valid) base::ThrowIfError(builder.Append(bit));
    bitmap = base::ValueOrThrow(builder.Finish());
  }
  return std::make_shared<arrow::StructArray>(types::ToArrow(type), count, columns, bitmap);
}

ArrayPtr Field(const ArrayPtr& of, int index) { return static_cast<const arrow::StructArray&>(*of).field(index); }

ArrayPtr WithoutLast(const ArrayPtr& of) {
  const auto& structs = static_cast<const arrow::StructArray&>(*of);
  arrow::FieldVector fields = structs.type()->fields();
  arrow::ArrayVector columns = structs.fields();
  fields.pop_back();
  columns.pop_back();
  return std::make_shared<arrow::StructArray>(arrow::struct_(fields), structs.length(), columns, structs.null_bitmap());
}

template <typename Builder, typename Value>
ArrayPtr Repeated(Value value, size_t rows) {
  Builder builder;
  for (size_t i = 0; i < rows; ++i) base::ThrowIfError(builder.Append(value));
  return base::ValueOrThrow(builder.Finish());
}

// Rows of one partition, read whole at the first call; given in pieces.
class StateRows : public BatchReader {
 public:
  StateRows(const StateTarget& target, int partition, const ScanRequest& request)
      : target_(target), partition_(partition), request_(request) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (!read_) Read();
    size_t first = given_, last = std::min(Count(), first + static_cast<size_t>(request_.batch_rows));
    if (first == last) return nullptr;
    given_ = last;
    return Project(Columns(first, last), last - first);
  }

 private:
  size_t Count() const { return Grouped() ? groups_.size() : keys_.size(); }
  bool Grouped() const { return target_.shape == StateShape::kList || target_.shape == StateShape::kMap; }

  void Read() {
    read_ = true;
    state::StoreToRead store = target_.store;
    store.id.partition = partition_;
    if (target_.options.change_feed) {
      ReadChanges(store);
    } else if (target_.family) {
      ReadFamily(store);
    } else {
      std::optional<int64_t> snapshot;
      if (target_.options.snapshot_batch) snapshot = *target_.options.snapshot_batch + 1;
      store_ = state::OpenForReading(target_.source, store, target_.options.batch_id + 1, snapshot);
      // Its views live as long as it is open and unchanged.
      store_->ForEach([&](std::string_view key, std::string_view value) {
        keys_.push_back(key);
        values_.push_back(value);
        return true;
      });
    }
  }

  void ReadFamily(const state::StoreToRead& store) {
    std::optional<int64_t> snapshot;
    if (target_.options.snapshot_batch) snapshot = *target_.options.snapshot_batch + 1;
    auto open = state::OpenFamiliesForReading(target_.source, store, target_.options.batch_id + 1, snapshot);
    state::FamilyHandle family = open->CreateFamily(*target_.family);
    open->ForEach(family, [&](std::string_view key, std::string_view value) {
      Keep(key, value);
      return true;
    });
    if (Grouped()) Group();
  }

  // What belongs together lies together: a key's elements, and the entries of its map.
  void Group() {
    ArrayPtr group_keys;
    if (target_.shape == StateShape::kMap) group_keys = Field(Structs(target_.key, keys_), 0);
    for (size_t i = 0; i < keys_.size(); ++i) {
      auto at = static_cast<int64_t>(i);
      bool same =
          i > 0 && (group_keys ? group_keys->RangeEquals(*group_keys, at - 1, at, at) : keys_[i] == keys_[i - 1]);
      if (!same) groups_.push_back(i);
    }
  }

  void ReadChanges(const state::StoreToRead& store) {
    for (int64_t batch = target_.options.change_start; batch <= target_.options.change_end; ++batch) {
      state::ReadStateChanges(target_.source, store, batch + 1, [&](const state::StateChange& change) {
        Keep(change.key, change.value);
        kinds_.push_back(change.kind);
        batches_.push_back(batch);
      });
    }
  }

  void Keep(std::string_view key, std::string_view value) {
    keys_.push_back(arena_.Keep(key));
    values_.push_back(arena_.Keep(value));
  }

  static Rows Slice(const Rows& of, size_t first, size_t last) {
    return {of.begin() + static_cast<std::ptrdiff_t>(first), of.begin() + static_cast<std::ptrdiff_t>(last)};
  }

  arrow::ArrayVector Columns(size_t first, size_t last) const {
    ArrayPtr partition = Repeated<arrow::Int32Builder>(partition_, last - first);
    if (Grouped()) return GroupColumns(first, last, partition);
    Rows keys = Slice(keys_, first, last), values = Slice(values_, first, last);
    if (target_.options.change_feed) return ChangeColumns(first, last, keys, values, partition);
    ArrayPtr key = Structs(target_.key, keys);
    switch (target_.shape) {
      case StateShape::kTimers:
        return {Field(key, 0), Field(key, 1), partition};
      case StateShape::kMapEntries:
        return {Field(key, 0), Field(key, 1), Structs(target_.value, values), partition};
      default:
        break;
    }
    ArrayPtr value = Structs(target_.value, values);
    if (target_.joined) return {WithoutLast(key), WithoutLast(value), partition};
    return {key, value, partition};
  }

  arrow::ArrayVector GroupColumns(size_t first, size_t last, const ArrayPtr& partition) const {
    auto start_of = [&](size_t group) { return group < groups_.size() ? groups_[group] : keys_.size(); };
    Rows firsts;
    std::vector<int32_t> offsets;
    for (size_t group = first; group <= last; ++group) {
      offsets.push_back(static_cast<int32_t>(start_of(group) - start_of(first)));
      if (group < last) firsts.push_back(keys_[groups_[group]]);
    }
    Rows keys = Slice(keys_, start_of(first), start_of(last)), values = Slice(values_, start_of(first), start_of(last));
    auto buffer = arrow::Buffer::FromVector(std::move(offsets));
    ArrayPtr key = Structs(target_.key, firsts), value = Structs(target_.value, values);
    auto type = types::ToArrow(target_.schema)->field(1)->type();
    auto groups = static_cast<int64_t>(last - first);
    if (target_.shape == StateShape::kList) {
      return {key, std::make_shared<arrow::ListArray>(type, groups, buffer, value), partition};
    }
    ArrayPtr entries = Field(Structs(target_.key, keys), 1);
    return {Field(key, 0), std::make_shared<arrow::MapArray>(type, groups, buffer, entries, value), partition};
  }

  arrow::ArrayVector ChangeColumns(size_t first, size_t last, const Rows& keys, Rows values,
                                   const ArrayPtr& partition) const {
    using Kind = state::StateChange::Kind;
    arrow::StringBuilder kinds;
    arrow::Int64Builder batches;
    std::vector<bool> valid;
    // A removed key has no value: a row of the right form stands for it.
    std::string nothing = EmptyRow();
    for (size_t i = first; i < last; ++i) {
      Kind kind = kinds_[i];
      const char* name = kind == Kind::kDelete ? "delete" : kind == Kind::kAppend ? "append" : "update";
      base::ThrowIfError(kinds.Append(name));
      base::ThrowIfError(batches.Append(batches_[i]));
      valid.push_back(kind != Kind::kDelete);
      if (kind == Kind::kDelete) values[i - first] = nothing;
    }
    return {base::ValueOrThrow(batches.Finish()), base::ValueOrThrow(kinds.Finish()), Structs(target_.key, keys),
            Structs(target_.value, values, &valid), partition};
  }

  // Of nulls only.
  std::string EmptyRow() const {
    size_t fields = target_.value->fields().size(), bitset = (fields + 63) / 64 * 8;
    std::string row(bitset + 8 * fields, '\0');
    for (size_t i = 0; i < fields; ++i) row[i / 8] = static_cast<char>(row[i / 8] | 1 << (i % 8));
    return row;
  }

  std::shared_ptr<arrow::RecordBatch> Project(const arrow::ArrayVector& columns, size_t rows) const {
    arrow::ArrayVector wanted;
    for (const std::string& name : request_.columns) {
      const auto& fields = target_.schema->fields();
      for (size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].name == name) wanted.push_back(columns[i]);
      }
    }
    return arrow::RecordBatch::Make(types::ToArrowSchema(*request_.schema), static_cast<int64_t>(rows), wanted);
  }

  const StateTarget& target_;
  const int partition_;
  const ScanRequest request_;
  bool read_ = false;
  std::shared_ptr<state::StateStore> store_;
  state::RowArena arena_;
  Rows keys_, values_;
  std::vector<size_t> groups_;  // where each begins
  std::vector<state::StateChange::Kind> kinds_;
  std::vector<int64_t> batches_;
  size_t given_ = 0;
};

class StateTable : public BatchTable {
 public:
  explicit StateTable(StateTarget target) : target_(std::move(target)) {}
  types::TypePtr schema() const override { return target_.schema; }
  std::string Describe() const override {
    const StateReadOptions& options = target_.options;
    return fmt::format("StateTable[stateCkptLocation={},batchId={},operatorId={},storeName={}]", target_.source.root,
                       options.batch_id, options.operator_id, options.store);
  }
  std::vector<InputPartitionPtr> Partitions(const ScanRequest&, int) override {
    std::vector<InputPartitionPtr> partitions;
    for (int number : target_.partitions) partitions.push_back(std::make_shared<StatePartitionId>(number));
    return partitions;
  }
  BatchReaderPtr Open(const InputPartitionPtr& partition, const ScanRequest& request) override {
    return std::make_unique<StateRows>(target_, static_cast<const StatePartitionId&>(*partition).number, request);
  }

 private:
  const StateTarget target_;
};

}  // namespace

SLUICE_REGISTER(ConnectorRegistry, StateStore) {
  DataSourceEntry entry;
  entry.name = "statestore";
  entry.aliases = {"org.apache.spark.sql.execution.datasources.v2.state.StateDataSource"};
  entry.usage = "The state that a query's checkpoint holds, of Sluice or of Spark, after any of its batches.";
  entry.options = StateOptionSpecs();
  entry.read = [](const ReadSpec& spec) { return std::make_shared<StateTable>(FindState(spec)); };
  registry.Add(std::move(entry));
}

}  // namespace sluice::connectors
