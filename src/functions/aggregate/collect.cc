// collect_list, collect_set.
#include <arrow/array/concatenate.h>
#include <arrow/compute/api.h>

#include <unordered_map>

#include "base/arrow_status.h"
#include "base/error.h"
#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/signature.h"

namespace sluice::functions {
namespace {

/// All values with the group of each, in the order they came; lists are made when asked for.
class Collect : public logical::GroupedAccumulator {
 public:
  Collect(const types::TypePtr& element, bool distinct)
      : element_(types::ToArrow(element)), list_(types::ToArrow(types::Array(element, false))), distinct_(distinct) {}
  void Resize(int64_t groups) override { groups_ = groups; }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    Add(arguments[0], group_ids, rows);
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    const auto& lists = static_cast<const arrow::ListArray&>(*buffers[0]);
    std::vector<uint32_t> owners;
    std::vector<int64_t> picked;
    for (int64_t row = 0; row < rows; ++row) {
      if (lists.IsNull(row)) continue;
      for (int64_t child = lists.value_offset(row); child < lists.value_offset(row + 1); ++child) {
        owners.push_back(group_ids[row]);
        picked.push_back(child);
      }
    }
    Add(TakeRows(lists.values(), picked), owners.data(), static_cast<int64_t>(owners.size()));
  }
  arrow::ArrayVector Buffers() const override { return {Lists()}; }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override { return Lists(); }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(owners_.capacity() * 20); }

 private:
  void Add(const std::shared_ptr<arrow::Array>& values, const uint32_t* group_ids, int64_t rows) {
    arrays_.push_back(values);
    owners_.insert(owners_.end(), group_ids, group_ids + rows);
  }

  std::shared_ptr<arrow::Array> Lists() const {
    auto all = arrays_.empty() ? NullArray(element_, 0) : base::ValueOrThrow(arrow::Concatenate(arrays_));
    std::vector<std::vector<int64_t>> members(groups_);
    for (size_t i = 0; i < owners_.size(); ++i) {
      if (all->IsValid(static_cast<int64_t>(i))) members[owners_[i]].push_back(static_cast<int64_t>(i));
    }
    std::vector<int64_t> codes = distinct_ ? Codes(*all) : std::vector<int64_t>();
    std::vector<int64_t> picked;
    ListWriter out(groups_);
    for (auto& group : members) {
      std::unordered_map<int64_t, bool> seen;
      for (int64_t i : group) {
        if (!distinct_ || seen.emplace(codes[i], true).second) picked.push_back(i);
      }
      out.EndRow(static_cast<int64_t>(picked.size()));
    }
    return out.Finish(list_, TakeRows(all, picked));
  }

  /// Equal values have equal numbers.
  static std::vector<int64_t> Codes(const arrow::Array& values) {
    std::vector<int64_t> codes(values.length());
    auto encoded = arrow::compute::DictionaryEncode(arrow::MakeArray(values.data()));
    if (encoded.ok()) {
      auto indices = std::static_pointer_cast<arrow::DictionaryArray>(encoded->make_array());
      for (int64_t i = 0; i < values.length(); ++i) codes[i] = indices->IsNull(i) ? -1 : indices->GetValueIndex(i);
      return codes;
    }
    std::unordered_map<std::string, int64_t> known;
    for (int64_t i = 0; i < values.length(); ++i) {
      std::string text = base::ValueOrThrow(values.GetScalar(i))->ToString();
      codes[i] = known.emplace(std::move(text), static_cast<int64_t>(known.size())).first->second;
    }
    return codes;
  }

  std::shared_ptr<arrow::DataType> element_, list_;
  bool distinct_;
  int64_t groups_ = 0;
  arrow::ArrayVector arrays_;
  std::vector<uint32_t> owners_;
};

BindAggregate BindCollect(bool distinct) {
  return [distinct](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 1);
    const types::TypePtr& type = arguments[0].type;
    if (distinct && type->Is(types::TypeId::kMap)) {
      throw TypeMismatch(context, arguments, "UNSUPPORTED_INPUT_TYPE",
                         {{"functionName", QuotedName(context)}, {"dataType", "\"MAP\""}});
    }
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = distinct ? "collect_set" : "collect_list";
    binding->type = types::Array(type, false);
    binding->nullable = false;
    binding->argument_types = {type};
    binding->buffers = {{"buf", binding->type, true}};
    binding->ignores_duplicates = distinct;
    binding->make = [type, distinct] { return std::make_unique<Collect>(type, distinct); };
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Collect) {
  registry.Add({.name = "collect_list",
                .aliases = {"array_agg"},
                .usage = "The values that are not null as an array, in the order they come.",
                .example = "SELECT collect_list(a) FROM VALUES (1), (2), (1) AS t(a)",
                .since = "2.0.0",
                .bind = BindCollect(false)});
  registry.Add({.name = "collect_set",
                .usage = "The distinct values that are not null as an array.",
                .example = "SELECT collect_set(a) FROM VALUES (1), (2), (1) AS t(a)",
                .since = "2.0.0",
                .bind = BindCollect(true)});
}

}  // namespace sluice::functions
