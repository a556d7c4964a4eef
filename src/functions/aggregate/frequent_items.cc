// collect_frequent_items: what DataFrame.freqItems is made of (Karp, Schenker and Papadimitriou).
#include <algorithm>
#include <unordered_map>

#include "functions/aggregate/grouped_values.h"
#include "functions/list_picker.h"
#include "functions/registry.h"
#include "functions/signature.h"
#include "functions/sort_keys.h"
#include "types/murmur3.h"

namespace sluice::functions {

using types::TypePtr;

namespace {

/// The counters of one group; `row` stands for a value.
class FrequentItems {
 public:
  explicit FrequentItems(size_t size) : size_(size) {}
  void Add(std::string_view key, int64_t row) {
    if (auto found = counts_.find(key); found != counts_.end()) {
      ++found->second.count;
      return;
    }
    if (counts_.size() < size_) {
      counts_.emplace(key, Counter{row, 1});
      most_ = std::max(most_, counts_.size());
      return;
    }
    int64_t least = 0;
    for (auto at = counts_.begin(); at != counts_.end(); ++at) {
      least = at == counts_.begin() ? at->second.count : std::min(least, at->second.count);
    }
    // The new value takes the place of those that go when every count is lowered.
    if (least <= 1) counts_.emplace(key, Counter{row, 1 + least});
    int64_t lowered = std::min<int64_t>(least, 1);
    for (auto& [ignored, counter] : counts_) counter.count -= lowered;
    std::erase_if(counts_, [](const auto& entry) { return entry.second.count <= 0; });
  }
  std::vector<int64_t> Rows() const {
    std::vector<int64_t> out;
    for (const auto& [ignored, counter] : counts_) out.push_back(counter.row);
    return out;
  }
  /// How many values were counted at once.
  size_t most() const { return most_; }

 private:
  struct Counter {
    int64_t row, count;
  };
  size_t size_, most_ = 0;
  std::unordered_map<std::string_view, Counter> counts_;
};

/// Where a Scala hash map of `most` entries lists a value with that hash.
uint32_t MapPlace(uint32_t hash, size_t most) {
  size_t table = 16;
  while (static_cast<double>(most) + 1 >= static_cast<double>(table) * 0.75) table *= 2;
  return (hash ^ (hash >> 16)) & (table - 1);
}

class CollectFrequentItems : public CollectingAccumulator {
 public:
  /// The first column only marks a row, so that nulls are kept.
  CollectFrequentItems(TypePtr type, int32_t size)
      : CollectingAccumulator({types::Byte(), type}), type_(std::move(type)), size_(size) {}
  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    auto marks = DenseRows(rows);
    CollectingAccumulator::Update(context, {marks, arguments[0]}, group_ids, rows);
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    auto values = rows_.Values(1);
    Column<std::string_view> keys(SortKeys(type_, values));
    ColumnBase known(values);
    std::vector<uint32_t> hashes = Hashes(values);
    ListPicker out(rows_.groups());
    for (const auto& group : rows_.Members()) {
      FrequentItems items(static_cast<size_t>(size_));
      // A null's key is as short as can be.
      for (int64_t row : group) items.Add(known.valid(row) ? keys[row] : std::string_view(), row);
      std::vector<int64_t> picked = items.Rows();
      auto place = [&](int64_t row) { return std::pair(MapPlace(hashes[row], items.most()), hashes[row]); };
      std::sort(picked.begin(), picked.end(), [&](int64_t a, int64_t b) { return place(a) < place(b); });
      for (int64_t row : picked) out.Pick(row);
      out.EndRow();
    }
    return out.Finish(types::Array(type_), values);
  }

 private:
  static std::shared_ptr<arrow::Array> DenseRows(int64_t rows) {
    Writer<int8_t> marks(arrow::int8(), rows);
    for (int64_t row = 0; row < rows; ++row) marks.Set(row, 1);
    return marks.Finish();
  }
  /// Hash codes as the JVM has them of whole numbers and texts; nulls have none.
  std::vector<uint32_t> Hashes(const std::shared_ptr<arrow::Array>& values) const {
    std::vector<int32_t> hashes(values->length(), types::kMurmur3Seed);
    if (type_->Is(types::TypeId::kInteger)) {
      Column<int32_t> numbers(values);
      for (int64_t row = 0; row < values->length(); ++row) hashes[row] = numbers.valid(row) ? numbers[row] : 0;
    } else if (type_->Is(types::TypeId::kLong)) {
      Column<int64_t> numbers(values);
      for (int64_t row = 0; row < values->length(); ++row) {
        int64_t number = numbers.valid(row) ? numbers[row] : 0;
        bool small = number == static_cast<int32_t>(number);
        hashes[row] =
            static_cast<int32_t>(small ? number : number ^ static_cast<int64_t>(static_cast<uint64_t>(number) >> 32));
      }
    } else {
      types::Murmur3(*values, hashes.data());
      for (int64_t row = 0; row < values->length(); ++row) {
        if (values->IsNull(row)) hashes[row] = 0;
      }
    }
    return {hashes.begin(), hashes.end()};
  }
  TypePtr type_;
  int32_t size_;
};

BindAggregate BindFrequentItems() {
  return [](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 2, 2);
    TypePtr type = arguments[0].type;
    auto size = static_cast<int32_t>(LongLiteral(arguments[1]));
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = types::Array(type, arguments[0].nullable);
    binding->nullable = false;
    binding->argument_types = {type, types::Integer()};
    binding->buffers = {{"buf", GroupedRows({types::Byte(), type}).list_type(), true}};
    binding->make = [type, size] { return std::make_unique<CollectFrequentItems>(type, size); };
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, FrequentItems) {
  registry.Add({.name = "collect_frequent_items",
                .usage = "Values that may occur in more than one of `size` rows.",
                .since = "4.0.0",
                .bind = BindFrequentItems(),
                .internal = true});
}

}  // namespace sluice::functions
