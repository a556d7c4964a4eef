// Joins by a hash table of one side that all partitions of the other share; without equal keys every pair is tried.
#include <arrow/array/array_primitive.h>
#include <arrow/array/builder_primitive.h>

#include <atomic>
#include <numeric>

#include "base/arrow_status.h"
#include "exec/boolean_logic.h"
#include "exec/expression_frame.h"
#include "exec/group_table.h"
#include "exec/operators.h"
#include "exec/row_gather.h"

namespace sluice::exec {
namespace {

using plan::JoinType;

constexpr int64_t kPairs = 16384;  // candidate pairs looked at together

// The built side: rows, and for each key the rows that have it.
struct BuildSide {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::unique_ptr<GroupTable> table;
  std::vector<int32_t> starts;  // of key k: members[starts[k]] … members[starts[k+1]-1]
  std::vector<int32_t> members;
  std::unique_ptr<std::atomic<bool>[]> matched;  // full outer join only
};

// Clears the ids of rows whose key has a null that matches nothing.
void DropNullKeys(const arrow::ArrayVector& keys, const std::vector<bool>& null_safe, int64_t rows, uint32_t* ids) {
  for (size_t k = 0; k < keys.size(); ++k) {
    if (null_safe[k] || keys[k]->null_count() == 0) continue;
    for (int64_t i = 0; i < rows; ++i) {
      if (keys[k]->IsNull(i)) ids[i] = GroupTable::kMissing;
    }
  }
}

bool Emits(JoinType type) { return type != JoinType::kLeftSemi && type != JoinType::kLeftAnti; }

class HashJoinOperator final : public Operator {
 public:
  HashJoinOperator(logical::Attributes output, OperatorPtr left, OperatorPtr right, const JoinSpec& spec)
      : Operator(std::move(output)),
        left_(std::move(left)),
        right_(std::move(right)),
        type_(spec.type),
        build_left_(spec.build_left),
        null_safe_(spec.null_safe),
        left_keys_(spec.left_keys, left_->output()),
        right_keys_(spec.right_keys, right_->output()) {
    logical::Attributes both = left_->output();
    both.insert(both.end(), right_->output().begin(), right_->output().end());
    pair_schema_ = logical::ArrowSchema(both);
    if (spec.residual) residual_ = Compile(spec.residual, both);
    text_ = DescribeJoin(spec);
    for (const auto& key : spec.left_keys) key_types_.push_back(types::ToArrow(key->type));
  }

  int Partitions(ExecContext& context) const override {
    Build(context);
    if (type_ == JoinType::kFullOuter) {
      FullOuter(context);
      return 1;
    }
    return Probe().Partitions(context);
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override;
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {left_.get(), right_.get()}; }

 private:
  friend class ProbeIterator;
  using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

  const Operator& Probe() const { return build_left_ ? *right_ : *left_; }
  const Operator& BuildOperator() const { return build_left_ ? *left_ : *right_; }
  const CompiledProjection& ProbeKeys() const { return build_left_ ? right_keys_ : left_keys_; }
  const CompiledProjection& BuildKeys() const { return build_left_ ? left_keys_ : right_keys_; }

  std::string DescribeJoin(const JoinSpec& spec) const {
    static const char* const kNames[] = {"Inner",    "LeftOuter", "RightOuter", "FullOuter",
                                         "LeftSemi", "LeftAnti",  "Cross"};
    std::string side = build_left_ ? "BuildLeft" : "BuildRight";
    std::string type = kNames[static_cast<int>(spec.type)];
    std::string condition = spec.residual ? ", " + spec.residual->ToString() : "";
    if (spec.left_keys.empty()) return "BroadcastNestedLoopJoin " + side + ", " + type + condition;
    return "BroadcastHashJoin " + ListText(spec.left_keys) + ", " + ListText(spec.right_keys) + ", " + type + ", " +
           side + condition + ", false";
  }

  std::shared_ptr<BuildSide> Build(ExecContext& context) const {
    return context.Shared<BuildSide>(this, [&] { return MakeBuildSide(context); });
  }

  std::shared_ptr<BuildSide> MakeBuildSide(ExecContext& context) const {
    const Operator& source = BuildOperator();
    std::vector<Batches> parts(source.Partitions(context));
    ForEachPartition(source, context, [&](int partition) {
      auto iterator = source.Open(context, partition);
      while (auto batch = iterator->Next()) {
        context.cancellation->Check();
        if (batch->num_rows() > 0) parts[partition].push_back(std::move(batch));
      }
    });
    Batches all;
    for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(all));
    auto side = std::make_shared<BuildSide>();
    side->rows = ConcatenateBatches(source.schema(), all);
    int64_t rows = side->rows->num_rows();
    auto eval = context.TaskEval(0);
    auto keys = BuildKeys().EvaluateArrays(eval, *side->rows);
    side->table = std::make_unique<GroupTable>(key_types_);
    std::vector<uint32_t> ids(rows);
    side->table->Assign(keys, rows, ids.data());
    DropNullKeys(keys, null_safe_, rows, ids.data());
    Index(ids, side.get());
    if (type_ == JoinType::kFullOuter) side->matched = std::make_unique<std::atomic<bool>[]>(rows);
    return side;
  }

  static void Index(const std::vector<uint32_t>& ids, BuildSide* side) {
    side->starts.assign(side->table->size() + 1, 0);
    for (uint32_t id : ids) {
      if (id != GroupTable::kMissing) ++side->starts[id + 1];
    }
    std::partial_sum(side->starts.begin(), side->starts.end(), side->starts.begin());
    side->members.resize(side->starts.back());
    std::vector<int32_t> next(side->starts.begin(), side->starts.end() - 1);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] != GroupTable::kMissing) side->members[next[ids[i]]++] = static_cast<int32_t>(i);
    }
  }

  // Probe columns and build columns in the order left, right.
  std::shared_ptr<arrow::RecordBatch> Pairs(const std::shared_ptr<arrow::Schema>& schema,
                                            const arrow::RecordBatch& probe,
                                            const std::shared_ptr<arrow::Array>& probe_rows, const BuildSide& side,
                                            const std::shared_ptr<arrow::Array>& build_rows) const {
    arrow::ArrayVector from_probe, from_build;
    for (const auto& column : probe.columns()) {
      from_probe.push_back(probe_rows ? TakeRows(column, probe_rows) : column);
    }
    for (const auto& column : side.rows->columns()) from_build.push_back(TakeRows(column, build_rows));
    arrow::ArrayVector columns = build_left_ ? std::move(from_build) : std::move(from_probe);
    auto& right = build_left_ ? from_probe : from_build;
    columns.insert(columns.end(), right.begin(), right.end());
    return arrow::RecordBatch::Make(schema, build_rows->length(), std::move(columns));
  }

  std::shared_ptr<Batches> FullOuter(ExecContext& context) const;
  std::shared_ptr<arrow::RecordBatch> Unmatched(const BuildSide& side) const;

  OperatorPtr left_, right_;
  JoinType type_;
  bool build_left_;
  std::vector<bool> null_safe_;
  CompiledProjection left_keys_, right_keys_;
  std::vector<std::shared_ptr<arrow::DataType>> key_types_;
  std::shared_ptr<arrow::Schema> pair_schema_;
  CompiledExpressionPtr residual_;
  std::string text_;
};

// Joins the batches of one probe partition.
class ProbeIterator final : public BatchIterator {
 public:
  ProbeIterator(const HashJoinOperator& join, std::shared_ptr<BuildSide> side, BatchIteratorPtr child,
                ExecContext& context, int partition)
      : join_(join),
        side_(std::move(side)),
        child_(std::move(child)),
        cancellation_(context.cancellation),
        eval_(context.TaskEval(partition)),
        outer_(join.type_ == JoinType::kLeftOuter || join.type_ == JoinType::kRightOuter ||
               join.type_ == JoinType::kFullOuter) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    for (;;) {
      if (!batch_ && !NextBatch()) return nullptr;
      cancellation_->Check();
      auto result = Emits(join_.type_) ? NextPairs() : Decide();
      if (result && result->num_rows() > 0) return result;
    }
  }

 private:
  bool NextBatch() {
    batch_ = child_->Next();
    if (!batch_) return false;
    int64_t rows = batch_->num_rows();
    auto keys = join_.ProbeKeys().EvaluateArrays(eval_, *batch_);
    ids_.resize(rows);
    side_->table->Find(keys, rows, ids_.data());
    DropNullKeys(keys, join_.null_safe_, rows, ids_.data());
    row_ = 0;
    member_ = 0;
    row_matched_ = false;
    return true;
  }

  int32_t Matches(int64_t row) const {
    uint32_t id = ids_[row];
    return id == GroupTable::kMissing ? 0 : side_->starts[id + 1] - side_->starts[id];
  }

  // Collects candidate pairs from the current position on; with a residual condition a row's candidates may go on in
  // the next round, so whether it matched is remembered.
  std::shared_ptr<arrow::RecordBatch> NextPairs() {
    std::vector<int32_t> probe, build;
    std::vector<int32_t> ended;  // rows all of whose candidates are in, by the number of pairs then
    int64_t rows = batch_->num_rows();
    bool first_matched = row_matched_;
    int64_t first_row = row_;
    while (row_ < rows && static_cast<int64_t>(build.size()) < kPairs) {
      int32_t count = Matches(row_);
      int32_t take =
          static_cast<int32_t>(std::min<int64_t>(count - member_, kPairs - static_cast<int64_t>(build.size())));
      const int32_t* members = count > 0 ? side_->members.data() + side_->starts[ids_[row_]] + member_ : nullptr;
      build.insert(build.end(), members, members + take);
      probe.insert(probe.end(), take, static_cast<int32_t>(row_));
      member_ += take;
      if (member_ < count) break;
      ++row_;
      member_ = 0;
    }
    int64_t end_row = row_;
    std::shared_ptr<arrow::RecordBatch> result;
    if (join_.residual_ && !build.empty()) ApplyResidual(&probe, &build);
    MarkMatched(build);
    if (outer_) AddUnmatched(first_row, end_row, first_matched, &probe, &build);
    if (!build.empty()) result = Output(std::move(probe), std::move(build));
    if (row_ == rows) batch_.reset();
    return result;
  }

  void ApplyResidual(std::vector<int32_t>* probe, std::vector<int32_t>* build) {
    auto pairs = join_.Pairs(join_.pair_schema_, *batch_, RowNumbers(*probe), *side_, RowNumbers(*build));
    auto mask = TrueMask(join_.residual_->Evaluate(eval_, *pairs), pairs->num_rows());
    size_t kept = 0;
    for (size_t i = 0; i < probe->size(); ++i) {
      if (!mask->Value(static_cast<int64_t>(i))) continue;
      (*probe)[kept] = (*probe)[i];
      (*build)[kept++] = (*build)[i];
    }
    probe->resize(kept);
    build->resize(kept);
  }

  void MarkMatched(const std::vector<int32_t>& build) {
    if (!side_->matched) return;
    for (int32_t row : build) side_->matched[row].store(true, std::memory_order_relaxed);
  }

  // Puts a pair with build row -1 where a probe row in [first, end) had no match; pairs are ordered by probe row.
  void AddUnmatched(int64_t first, int64_t end, bool first_matched, std::vector<int32_t>* probe,
                    std::vector<int32_t>* build) {
    row_matched_ = false;
    if (end < batch_->num_rows() && member_ > 0) {
      row_matched_ = (end == first && first_matched) || (!probe->empty() && probe->back() == end);
    }
    std::vector<int32_t> new_probe, new_build;
    size_t pair = 0;
    for (int64_t row = first; row < end; ++row) {
      size_t begin = pair;
      while (pair < probe->size() && (*probe)[pair] == row) ++pair;
      new_probe.insert(new_probe.end(), probe->begin() + static_cast<std::ptrdiff_t>(begin),
                       probe->begin() + static_cast<std::ptrdiff_t>(pair));
      new_build.insert(new_build.end(), build->begin() + static_cast<std::ptrdiff_t>(begin),
                       build->begin() + static_cast<std::ptrdiff_t>(pair));
      if (begin == pair && !(row == first && first_matched)) {
        new_probe.push_back(static_cast<int32_t>(row));
        new_build.push_back(-1);
      }
    }
    new_probe.insert(new_probe.end(), probe->begin() + static_cast<std::ptrdiff_t>(pair), probe->end());
    new_build.insert(new_build.end(), build->begin() + static_cast<std::ptrdiff_t>(pair), build->end());
    probe->swap(new_probe);
    build->swap(new_build);
  }

  std::shared_ptr<arrow::RecordBatch> Output(std::vector<int32_t> probe, std::vector<int32_t> build) {
    bool identity = static_cast<int64_t>(probe.size()) == batch_->num_rows();
    for (size_t i = 0; identity && i < probe.size(); ++i) identity = probe[i] == static_cast<int32_t>(i);
    auto probe_rows = identity ? nullptr : RowNumbers(std::move(probe));
    if (!outer_) return join_.Pairs(join_.schema(), *batch_, probe_rows, *side_, RowNumbers(std::move(build)));
    arrow::Int32Builder builder;
    base::ThrowIfError(builder.Reserve(static_cast<int64_t>(build.size())));
    for (int32_t row : build) {
      if (row < 0) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(row);
      }
    }
    return join_.Pairs(join_.schema(), *batch_, probe_rows, *side_, base::ValueOrThrow(builder.Finish()));
  }

  // Semi and anti join: one decision a probe row.
  std::shared_ptr<arrow::RecordBatch> Decide() {
    int64_t rows = batch_->num_rows();
    std::vector<bool> found(rows, false);
    if (!join_.residual_) {
      for (int64_t i = 0; i < rows; ++i) found[i] = Matches(i) > 0;
    } else {
      FindByResidual(&found);
    }
    std::vector<int32_t> kept;
    for (int64_t i = 0; i < rows; ++i) {
      if (found[i] == (join_.type_ == JoinType::kLeftSemi)) kept.push_back(static_cast<int32_t>(i));
    }
    auto batch = std::move(batch_);
    batch_.reset();
    if (static_cast<int64_t>(kept.size()) < rows) batch = TakeBatch(batch, RowNumbers(std::move(kept)));
    return WithSchema(batch, join_.schema());
  }
  void FindByResidual(std::vector<bool>* found) {
    std::vector<int32_t> probe, build;
    auto test = [&] {
      ApplyResidual(&probe, &build);
      for (int32_t row : probe) (*found)[row] = true;
      probe.clear();
      build.clear();
    };
    for (int64_t row = 0; row < batch_->num_rows(); ++row) {
      int32_t count = Matches(row);
      for (int32_t member = 0; member < count && !(*found)[row]; ++member) {
        probe.push_back(static_cast<int32_t>(row));
        build.push_back(side_->members[side_->starts[ids_[row]] + member]);
        if (static_cast<int64_t>(build.size()) == kPairs) test();
      }
    }
    if (!build.empty()) test();
  }

  const HashJoinOperator& join_;
  std::shared_ptr<BuildSide> side_;
  BatchIteratorPtr child_;
  base::CancellationPtr cancellation_;
  logical::EvalContext eval_;
  bool outer_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::vector<uint32_t> ids_;
  int64_t row_ = 0;
  int32_t member_ = 0;
  bool row_matched_ = false;
};

class StoredIterator final : public BatchIterator {
 public:
  explicit StoredIterator(std::shared_ptr<std::vector<std::shared_ptr<arrow::RecordBatch>>> batches)
      : batches_(std::move(batches)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    return next_ < batches_->size() ? (*batches_)[next_++] : nullptr;
  }

 private:
  std::shared_ptr<std::vector<std::shared_ptr<arrow::RecordBatch>>> batches_;
  size_t next_ = 0;
};

// Which rows of the build side are unmatched is known when all partitions have been probed.
std::shared_ptr<HashJoinOperator::Batches> HashJoinOperator::FullOuter(ExecContext& context) const {
  auto side = Build(context);
  return context.Shared<Batches>(&text_, [&] {
    std::vector<Batches> parts(Probe().Partitions(context));
    ForEachPartition(Probe(), context, [&](int partition) {
      ProbeIterator iterator(*this, side, Probe().Open(context, partition), context, partition);
      while (auto batch = iterator.Next()) parts[partition].push_back(std::move(batch));
    });
    auto all = std::make_shared<Batches>();
    for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(*all));
    if (auto rest = Unmatched(*side)) all->push_back(std::move(rest));
    return all;
  });
}

std::shared_ptr<arrow::RecordBatch> HashJoinOperator::Unmatched(const BuildSide& side) const {
  std::vector<int32_t> rows;
  for (int64_t i = 0; i < side.rows->num_rows(); ++i) {
    if (!side.matched[i].load(std::memory_order_relaxed)) rows.push_back(static_cast<int32_t>(i));
  }
  if (rows.empty()) return nullptr;
  auto build_rows = RowNumbers(std::move(rows));
  arrow::ArrayVector columns;
  for (const auto& field : Probe().schema()->fields()) {
    columns.push_back(base::ValueOrThrow(arrow::MakeArrayOfNull(field->type(), build_rows->length())));
  }
  auto nulls = arrow::RecordBatch::Make(Probe().schema(), build_rows->length(), std::move(columns));
  return Pairs(schema(), *nulls, nullptr, side, build_rows);
}

BatchIteratorPtr HashJoinOperator::Open(ExecContext& context, int partition) const {
  if (type_ == JoinType::kFullOuter) return std::make_unique<StoredIterator>(FullOuter(context));
  auto side = Build(context);
  bool needs_match = type_ == JoinType::kInner || type_ == JoinType::kCross || type_ == JoinType::kLeftSemi;
  if (needs_match && side->members.empty()) return std::make_unique<StoredIterator>(std::make_shared<Batches>());
  return std::make_unique<ProbeIterator>(*this, std::move(side), Probe().Open(context, partition), context, partition);
}

}  // namespace

OperatorPtr MakeHashJoin(OperatorPtr left, OperatorPtr right, logical::Attributes output, const JoinSpec& spec) {
  return std::make_shared<HashJoinOperator>(std::move(output), std::move(left), std::move(right), spec);
}

}  // namespace sluice::exec
