// Moves rows between partitions: by key hash, by range, in turn; and merges whole partitions.
#include <algorithm>

#include "exec/aggregation.h"
#include "exec/operators.h"
#include "exec/row_gather.h"
#include "exec/sort_key.h"
#include "types/xor_shift_random.h"

namespace sluice::exec {
namespace {

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

class BatchesIterator final : public BatchIterator {
 public:
  explicit BatchesIterator(std::shared_ptr<const Batches> batches) : batches_(std::move(batches)) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    return next_ < batches_->size() ? (*batches_)[next_++] : nullptr;
  }

 private:
  std::shared_ptr<const Batches> batches_;
  size_t next_ = 0;
};

// Gives the target partition of each row of a batch; one a source partition.
using Router = std::function<std::vector<int32_t>(logical::EvalContext&, const arrow::RecordBatch&)>;

// The exchanged rows: targets[p] in the order of the source partitions.
struct Exchanged {
  std::vector<Batches> targets;
};

class ExchangeOperator : public Operator {
 public:
  ExchangeOperator(OperatorPtr child, int partitions, std::string text)
      : Operator(child->output()), child_(std::move(child)), partitions_(partitions), text_(std::move(text)) {}

  int Partitions(ExecContext& context) const override {
    Rows(context);
    return partitions_;
  }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    auto rows = Rows(context);
    return std::make_unique<BatchesIterator>(std::shared_ptr<const Batches>(rows, &rows->targets[partition]));
  }
  std::string Describe() const override { return text_; }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 protected:
  virtual std::shared_ptr<Exchanged> Exchange(ExecContext& context) const = 0;

  std::shared_ptr<Exchanged> Route(ExecContext& context, const std::function<Router(int)>& router_of) const {
    std::vector<std::vector<Batches>> parts(child_->Partitions(context));
    ForEachPartition(*child_, context, [&](int source) {
      std::vector<Batches> targets(partitions_);
      Router router = router_of(source);
      auto eval = context.TaskEval(source);
      auto rows = child_->Open(context, source);
      while (auto batch = rows->Next()) {
        context.cancellation->Check();
        if (batch->num_rows() == 0) continue;
        auto pieces = SplitBatch(batch, router(eval, *batch), partitions_);
        for (int p = 0; p < partitions_; ++p) {
          if (pieces[p]) targets[p].push_back(std::move(pieces[p]));
        }
      }
      parts[source] = std::move(targets);
    });
    auto result = std::make_shared<Exchanged>();
    result->targets.resize(partitions_);
    for (auto& part : parts) {
      for (int p = 0; p < partitions_; ++p) {
        std::move(part[p].begin(), part[p].end(), std::back_inserter(result->targets[p]));
      }
    }
    return result;
  }

  const Operator& child() const { return *child_; }
  int partitions() const { return partitions_; }

 private:
  std::shared_ptr<Exchanged> Rows(ExecContext& context) const {
    return context.Shared<Exchanged>(this, [&] { return Exchange(context); });
  }
  OperatorPtr child_;
  int partitions_;
  std::string text_;
};

class HashExchange final : public ExchangeOperator {
 public:
  HashExchange(OperatorPtr child, int partitions, const std::vector<logical::ExprPtr>& keys)
      : ExchangeOperator(child, partitions, Text(partitions, keys)), keys_(keys, child->output()) {}

 private:
  static std::string Text(int partitions, const std::vector<logical::ExprPtr>& keys) {
    std::string list;
    for (const auto& key : keys) list += key->ToString() + ", ";
    return fmt::format("Exchange hashpartitioning({}{}), REPARTITION_BY_NUM", list, partitions);
  }
  std::shared_ptr<Exchanged> Exchange(ExecContext& context) const override {
    return Route(context, [this](int) -> Router {
      return [this](logical::EvalContext& eval, const arrow::RecordBatch& batch) {
        return HashPartitions(keys_.EvaluateArrays(eval, batch), batch.num_rows(), partitions());
      };
    });
  }
  CompiledProjection keys_;
};

class RoundRobinExchange final : public ExchangeOperator {
 public:
  RoundRobinExchange(OperatorPtr child, int partitions)
      : ExchangeOperator(child, partitions,
                         fmt::format("Exchange RoundRobinPartitioning({}), REPARTITION_BY_NUM", partitions)) {}

 private:
  std::shared_ptr<Exchanged> Exchange(ExecContext& context) const override {
    // As Spark's ShuffleExchangeExec, each source starts at a random place.
    return Route(context, [this](int source) -> Router {
      int position = types::XorShiftRandom(source).NextInt(partitions());
      return [this, position](logical::EvalContext&, const arrow::RecordBatch& batch) mutable {
        std::vector<int32_t> targets(batch.num_rows());
        for (int32_t& target : targets) {
          position = (position + 1) % partitions();
          target = position;
        }
        return targets;
      };
    });
  }
};

class RangeExchange final : public ExchangeOperator {
 public:
  RangeExchange(OperatorPtr child, int partitions, const std::vector<logical::ExprPtr>& keys,
                std::vector<SortDirection> directions, const std::string& text)
      : ExchangeOperator(child, partitions,
                         fmt::format("Exchange rangepartitioning({}, {}), REPARTITION_BY_NUM", text, partitions)),
        keys_(keys, child->output()),
        directions_(std::move(directions)) {}

 private:
  // All rows are collected, so the bounds are exact; equal keys stay together.
  std::shared_ptr<Exchanged> Exchange(ExecContext& context) const override {
    std::vector<Batches> parts(child().Partitions(context));
    ForEachPartition(child(), context, [&](int source) {
      auto rows = child().Open(context, source);
      while (auto batch = rows->Next()) {
        context.cancellation->Check();
        parts[source].push_back(std::move(batch));
      }
    });
    Batches all;
    for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(all));
    auto rows = ConcatenateBatches(child().schema(), all);
    auto eval = context.TaskEval(0);
    SortKeys keys(keys_.EvaluateArrays(eval, *rows), directions_, rows->num_rows());
    auto order = SortedRows(keys);
    std::vector<int32_t> targets(order.size());
    int32_t target = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      auto wanted = static_cast<int32_t>(i * partitions() / order.size());
      if (wanted > target && keys.row(order[i]) != keys.row(order[i - 1])) target = wanted;
      targets[order[i]] = target;
    }
    auto result = std::make_shared<Exchanged>();
    result->targets.resize(partitions());
    auto pieces = SplitBatch(rows, targets, partitions());
    for (int p = 0; p < partitions(); ++p) {
      if (pieces[p]) result->targets[p].push_back(std::move(pieces[p]));
    }
    return result;
  }
  CompiledProjection keys_;
  std::vector<SortDirection> directions_;
};

// Reads several partitions of the child one after the other.
class ChainIterator final : public BatchIterator {
 public:
  ChainIterator(const Operator& child, ExecContext& context, int begin, int end)
      : child_(child), context_(context), next_(begin), end_(end) {}
  std::shared_ptr<arrow::RecordBatch> Next() override {
    for (;;) {
      if (!current_) {
        if (next_ == end_) return nullptr;
        current_ = child_.Open(context_, next_++);
      }
      if (auto batch = current_->Next()) return batch;
      current_.reset();
    }
  }

 private:
  const Operator& child_;
  ExecContext& context_;
  int next_, end_;
  BatchIteratorPtr current_;
};

class CoalesceOperator final : public Operator {
 public:
  CoalesceOperator(OperatorPtr child, int partitions)
      : Operator(child->output()), child_(std::move(child)), partitions_(partitions) {}

  int Partitions(ExecContext& context) const override { return std::min(child_->Partitions(context), partitions_); }
  BatchIteratorPtr Open(ExecContext& context, int partition) const override {
    int64_t sources = child_->Partitions(context), targets = Partitions(context);
    return std::make_unique<ChainIterator>(*child_, context, static_cast<int>(sources * partition / targets),
                                           static_cast<int>(sources * (partition + 1) / targets));
  }
  std::string Describe() const override { return fmt::format("Coalesce {}", partitions_); }
  std::vector<const Operator*> Children() const override { return {child_.get()}; }

 private:
  OperatorPtr child_;
  int partitions_;
};

}  // namespace

OperatorPtr MakeExchange(OperatorPtr child, int partitions, const std::vector<logical::ExprPtr>& keys) {
  if (keys.empty()) return std::make_shared<RoundRobinExchange>(std::move(child), partitions);
  return std::make_shared<HashExchange>(std::move(child), partitions, keys);
}

OperatorPtr MakeRangeExchange(OperatorPtr child, int partitions,
                              const std::vector<std::shared_ptr<const logical::SortOrderExpr>>& order) {
  std::vector<logical::ExprPtr> keys;
  std::vector<SortDirection> directions;
  std::string text;
  for (const auto& key : order) {
    keys.push_back(key->children[0]);
    directions.push_back({key->ascending, key->nulls_first});
    text += (text.empty() ? "" : ", ") + key->ToString();
  }
  return std::make_shared<RangeExchange>(std::move(child), partitions, keys, std::move(directions), text);
}

OperatorPtr MakeCoalesce(OperatorPtr child, int partitions) {
  return std::make_shared<CoalesceOperator>(std::move(child), std::max(1, partitions));
}

}  // namespace sluice::exec
