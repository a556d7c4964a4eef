// Compiles the inputs of aggregates and keeps their accumulators.
#include "exec/aggregation.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>

#include <algorithm>

#include "base/arrow_status.h"
#include "base/error.h"
#include "exec/boolean_logic.h"
#include "exec/expression_frame.h"
#include "exec/operators.h"

namespace sluice::exec {

using logical::AggregateCall;
using logical::ExprPtr;

namespace {

constexpr int64_t kPieceRows = 16384;

}  // namespace

AggregationPlan::AggregationPlan(const std::vector<ExprPtr>& grouping, const std::vector<ExprPtr>& results,
                                 const logical::Attributes& input) {
  std::vector<ExprPtr> columns = grouping;
  for (const ExprPtr& key : grouping) grouping_.push_back(logical::ToAttribute(key));
  std::vector<ExprPtr> rewritten;
  for (const ExprPtr& result : results) {
    output_.push_back(logical::ToAttribute(result));
    rewritten.push_back(logical::Transform(result, [&](const ExprPtr& expr) -> ExprPtr {
      if (expr->kind != logical::ExprKind::kAggregateCall) return nullptr;
      auto call = std::static_pointer_cast<const AggregateCall>(expr);
      for (const auto& known : calls_) {
        if (known != call && !logical::SemanticEquals(known, call)) continue;
        call = known;
        break;
      }
      if (std::find(calls_.begin(), calls_.end(), call) == calls_.end()) AddCall(call, &columns);
      return std::make_shared<logical::AttributeExpr>(call->binding->name, call->binding->type, call->binding->nullable,
                                                      call->result_id);
    }));
  }
  FindSlidingKey(grouping);
  finished_ = grouping_;
  for (const auto& call : calls_) {
    finished_.push_back(std::make_shared<logical::AttributeExpr>(call->binding->name, call->binding->type,
                                                                 call->binding->nullable, call->result_id));
  }
  input_ = std::make_unique<CompiledProjection>(columns, input);
  results_ = std::make_unique<CompiledProjection>(rewritten, finished_);
}

void AggregationPlan::FindSlidingKey(const std::vector<ExprPtr>& grouping) {
  for (size_t key = 0; key < grouping.size(); ++key) {
    if (auto windows = SlidingWindows(grouping[key])) sliding_ = SlidingKey{key, windows->slide, windows->count};
  }
  merges_panes_ = sliding_ && distinct_sets_.empty() &&
                  std::ranges::all_of(calls_, [](const auto& call) { return IsOrderFree(*call->binding); });
}

void AggregationPlan::AddCall(const std::shared_ptr<const AggregateCall>& call, std::vector<ExprPtr>* input) {
  CallInput place;
  auto arguments = call->arguments();
  bool distinct = call->distinct && !call->binding->ignores_duplicates;
  if (distinct) FindDistinctSet(*call, &place);
  if (place.count == 0) {
    place.first = static_cast<int>(input->size());
    place.count = static_cast<int>(arguments.size());
    input->insert(input->end(), arguments.begin(), arguments.end());
    if (call->has_filter) {
      place.filter = static_cast<int>(input->size());
      input->push_back(call->filter());
    }
    if (distinct) {
      place.distinct_set = static_cast<int>(distinct_sets_.size());
      distinct_sets_.push_back(
          {place.first, place.count, place.filter, arguments, call->has_filter ? call->filter() : nullptr});
    }
  }
  calls_.push_back(call);
  inputs_.push_back(place);
}

void AggregationPlan::FindDistinctSet(const AggregateCall& call, CallInput* place) {
  auto arguments = call.arguments();
  auto filter = call.has_filter ? call.filter() : nullptr;
  for (size_t s = 0; s < distinct_sets_.size(); ++s) {
    const DistinctSet& set = distinct_sets_[s];
    if (set.arguments.size() != arguments.size() || (set.filter_expr == nullptr) != (filter == nullptr)) continue;
    bool same = !filter || logical::SemanticEquals(filter, set.filter_expr);
    for (size_t i = 0; same && i < arguments.size(); ++i) {
      same = logical::SemanticEquals(arguments[i], set.arguments[i]);
    }
    if (same) {
      *place = CallInput{set.first, set.count, set.filter, static_cast<int>(s)};
      return;
    }
  }
}

std::vector<std::shared_ptr<arrow::DataType>> AggregationPlan::key_types() const {
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const auto& key : grouping_) types.push_back(types::ToArrow(key->type));
  return types;
}

std::string AggregationPlan::Describe(const std::string& mode) const {
  std::string functions;
  for (const auto& call : calls_) {
    if (!functions.empty()) functions += ", ";
    functions += mode + call->ToString();
  }
  return "HashAggregate(keys=" + ListText(grouping_) + ", functions=[" + functions + "])";
}

Accumulators::Accumulators(const AggregationPlan& plan) : plan_(&plan) {
  for (const auto& call : plan.calls_) calls_.push_back(call->binding->make());
}

void Accumulators::Resize(int64_t groups) {
  if (groups == groups_) return;
  groups_ = groups;
  for (auto& call : calls_) call->Resize(groups);
}

void Accumulators::Merge(logical::EvalContext& context, const std::vector<arrow::ArrayVector>& buffers,
                         const uint32_t* ids, int64_t rows) {
  for (size_t c = 0; c < calls_.size(); ++c) {
    if (plan_->inputs_[c].distinct_set < 0) calls_[c]->Merge(context, buffers[c], ids, rows);
  }
}

std::vector<arrow::ArrayVector> Accumulators::Buffers() const {
  std::vector<arrow::ArrayVector> buffers;
  for (size_t c = 0; c < calls_.size(); ++c) {
    buffers.push_back(plan_->inputs_[c].distinct_set < 0 ? calls_[c]->Buffers() : arrow::ArrayVector());
  }
  return buffers;
}

arrow::ArrayVector Accumulators::Finish(logical::EvalContext& context) const {
  arrow::ArrayVector finished;
  for (const auto& call : calls_) finished.push_back(call->Finish(context));
  return finished;
}

int64_t Accumulators::MemoryUsed() const {
  int64_t total = 0;
  for (const auto& call : calls_) total += call->MemoryUsed();
  return total;
}

PartialAggregation::PartialAggregation(const AggregationPlan& plan)
    : plan_(plan), table_(plan.key_types()), accumulators_(plan) {
  for (const auto& set : plan.distinct_sets_) {
    std::vector<std::shared_ptr<arrow::DataType>> types = {arrow::uint32()};
    for (const auto& argument : set.arguments) types.push_back(types::ToArrow(argument->type));
    distinct_.push_back(std::make_unique<GroupTable>(std::move(types)));
  }
}

uint32_t* PartialAggregation::AssignGroups(const arrow::ArrayVector& keys, int64_t rows) {
  if (static_cast<int64_t>(ids_.size()) < rows) ids_.resize(rows, 0);
  if (keys.empty()) {
    accumulators_.Resize(1);  // ids_ stays all zero
    return ids_.data();
  }
  table_.Assign(keys, rows, ids_.data());
  accumulators_.Resize(table_.size());
  return ids_.data();
}

namespace {

std::shared_ptr<arrow::Array> GroupNumbers(std::vector<uint32_t> ids) {
  auto rows = static_cast<int64_t>(ids.size());
  return std::make_shared<arrow::UInt32Array>(rows, arrow::Buffer::FromVector(std::move(ids)));
}

}  // namespace

void PartialAggregation::Add(logical::EvalContext& context, const arrow::RecordBatch& batch) {
  if (batch.num_rows() == 0) return;
  auto columns = plan_.input_->EvaluateArrays(context, batch);
  int64_t rows = batch.num_rows();
  if (!plan_.sliding()) return AddColumns(context, columns, rows);
  int64_t windows = plan_.sliding()->windows, piece = std::max<int64_t>(1, kPieceRows / windows);
  for (int64_t begin = 0; begin < rows; begin += piece) {
    int64_t count = std::min(piece, rows - begin);
    AddColumns(context, InAllWindows(*plan_.sliding(), columns, begin, count), count * windows);
  }
}

void PartialAggregation::AddToPanes(logical::EvalContext& context, const arrow::RecordBatch& batch) {
  if (batch.num_rows() == 0) return;
  AddColumns(context, plan_.input_->EvaluateArrays(context, batch), batch.num_rows());
}

void PartialAggregation::MergePanes(logical::EvalContext& context, PartialAggregation& panes) {
  for (PartialRows& piece : panes.TakePieces(kPieceRows)) {
    const SlidingKey& sliding = *plan_.sliding();
    auto latest = std::static_pointer_cast<arrow::StructArray>(piece.keys[sliding.key]);
    for (int64_t window = 0; window < sliding.windows; ++window) {
      piece.keys[sliding.key] = EarlierWindows(*latest, window * sliding.slide);
      Merge(context, piece);
    }
  }
}

void PartialAggregation::AddColumns(logical::EvalContext& context, const arrow::ArrayVector& columns, int64_t rows) {
  size_t key_count = plan_.grouping_.size();
  arrow::ArrayVector keys(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(key_count));
  const uint32_t* ids = AssignGroups(keys, rows);

  // Arguments and group ids of the rows that pass a filter.
  auto filtered = [&](int first, int count, int filter, const uint32_t** group_ids, int64_t* kept) {
    arrow::ArrayVector arguments(columns.begin() + first, columns.begin() + first + count);
    *group_ids = ids;
    *kept = rows;
    if (filter < 0) return arguments;
    auto selection = SelectedRows(*TrueMask(columns[filter], rows));
    *kept = selection->length();
    if (*kept == rows) return arguments;
    filtered_ids_.resize(*kept);
    const int32_t* selected = static_cast<const arrow::Int32Array&>(*selection).raw_values();
    for (int64_t i = 0; i < *kept; ++i) filtered_ids_[i] = ids[selected[i]];
    *group_ids = filtered_ids_.data();
    for (auto& argument : arguments) argument = TakeRows(argument, selection);
    return arguments;
  };

  const uint32_t* group_ids;
  int64_t kept;
  for (size_t c = 0; c < plan_.inputs_.size(); ++c) {
    const auto& place = plan_.inputs_[c];
    if (place.distinct_set >= 0) continue;
    auto arguments = filtered(place.first, place.count, place.filter, &group_ids, &kept);
    if (kept > 0) accumulators_[c].Update(context, arguments, group_ids, kept);
  }
  for (size_t s = 0; s < distinct_.size(); ++s) {
    const auto& set = plan_.distinct_sets_[s];
    auto arguments = filtered(set.first, set.count, set.filter, &group_ids, &kept);
    if (kept == 0) continue;
    arguments.insert(arguments.begin(), GroupNumbers(std::vector<uint32_t>(group_ids, group_ids + kept)));
    scratch_ids_.resize(kept);
    distinct_[s]->Assign(arguments, kept, scratch_ids_.data());
  }
}

void PartialAggregation::Merge(logical::EvalContext& context, const PartialRows& rows) {
  if (rows.rows == 0) return;
  const uint32_t* ids = AssignGroups(rows.keys, rows.rows);
  accumulators_.Merge(context, rows.buffers, ids, rows.rows);
  for (size_t s = 0; s < distinct_.size(); ++s) {
    arrow::ArrayVector columns = rows.distinct[s];
    int64_t count = columns[0]->length();
    if (count == 0) continue;
    const uint32_t* groups = static_cast<const arrow::UInt32Array&>(*columns[0]).raw_values();
    std::vector<uint32_t> numbers(count);
    for (int64_t i = 0; i < count; ++i) numbers[i] = ids[groups[i]];
    columns[0] = GroupNumbers(std::move(numbers));
    scratch_ids_.resize(count);
    distinct_[s]->Assign(columns, count, scratch_ids_.data());
  }
}

PartialRows PartialAggregation::Rows() const {
  PartialRows rows;
  rows.rows = groups();
  rows.keys = table_.Keys();
  rows.buffers = accumulators_.Buffers();
  for (const auto& set : distinct_) rows.distinct.push_back(set->Keys());
  return rows;
}

std::vector<PartialRows> PartialAggregation::TakePieces(int64_t rows) {
  std::vector<PartialRows> pieces;
  if (plan_.grouping_.empty()) {
    if (groups() > 0) pieces.push_back(Rows());
    return pieces;
  }
  std::vector<arrow::ArrayVector> keys = table_.TakeKeys(rows);
  std::vector<arrow::ArrayVector> buffers = accumulators_.Buffers();
  accumulators_ = Accumulators(plan_);
  int64_t begin = 0;
  for (arrow::ArrayVector& piece_keys : keys) {
    PartialRows piece;
    piece.rows = piece_keys[0]->length();
    piece.keys = std::move(piece_keys);
    for (const auto& call : buffers) {
      arrow::ArrayVector slices;
      for (const auto& buffer : call) slices.push_back(buffer->Slice(begin, piece.rows));
      piece.buffers.push_back(std::move(slices));
    }
    begin += piece.rows;
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

arrow::ArrayVector PartialAggregation::Finish(logical::EvalContext& context) {
  if (plan_.grouping_.empty()) accumulators_.Resize(1);
  for (size_t c = 0; c < plan_.inputs_.size(); ++c) {
    int s = plan_.inputs_[c].distinct_set;
    if (s < 0 || distinct_[s]->size() == 0) continue;
    arrow::ArrayVector columns = distinct_[s]->Keys();
    const uint32_t* groups = static_cast<const arrow::UInt32Array&>(*columns[0]).raw_values();
    accumulators_[c].Update(context, arrow::ArrayVector(columns.begin() + 1, columns.end()), groups,
                            columns[0]->length());
  }
  arrow::ArrayVector result = table_.Keys();
  for (auto& values : accumulators_.Finish(context)) result.push_back(std::move(values));
  return result;
}

int64_t PartialAggregation::MemoryUsed() const {
  int64_t total = table_.MemoryUsed() + accumulators_.MemoryUsed();
  for (const auto& set : distinct_) total += set->MemoryUsed();
  return total;
}

}  // namespace sluice::exec
