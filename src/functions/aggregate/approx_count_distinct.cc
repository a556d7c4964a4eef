// approx_count_distinct: HyperLogLog++ with Spark's registers.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "functions/aggregate/group_values.h"
#include "functions/registry.h"
#include "functions/scalar/xxhash64.h"
#include "functions/signature.h"

namespace sluice::functions {

using types::Long;
using types::TypePtr;

namespace {

#include "functions/aggregate/hyper_log_log_tables.inc"

constexpr int kLeastPrecision = 4;
constexpr int kMostPrecision = 18;  // above there are no tables
constexpr int kRegisterBits = 6;
constexpr int kRegistersPerWord = 10;
constexpr int64_t kRegisterMask = (1 << kRegisterBits) - 1;
constexpr std::array<double, 15> kLinearCountingUpTo = {10,   20,   40,    80,    220,   400,    900,   1800,
                                                        3100, 6500, 11500, 20000, 50000, 120000, 350000};

/// The mean bias of the six estimates nearest to this one.
double BiasOf(double estimate, int precision) {
  constexpr int kNeighbours = 6;
  const std::vector<double>& estimates = kRawEstimates[precision - kLeastPrecision];
  const std::vector<double>& biases = kBiases[precision - kLeastPrecision];
  auto count = static_cast<int>(estimates.size());
  auto distance = [&](int i) { return (estimate - estimates[i]) * (estimate - estimates[i]); };
  auto nearest = static_cast<int>(std::lower_bound(estimates.begin(), estimates.end(), estimate) - estimates.begin());
  int low = std::max(nearest - kNeighbours + 1, 0);
  int high = std::min(low + kNeighbours, count);
  for (; high < count && distance(high) < distance(low); ++high) ++low;
  double sum = 0;
  for (int i = low; i < high; ++i) sum += biases[i];
  return sum / (high - low);
}

/// How registers are laid out and read for a precision.
struct Registers {
  int precision;
  int64_t count() const { return int64_t{1} << precision; }
  int words() const { return static_cast<int>(count() / kRegistersPerWord) + 1; }

  void Add(int64_t* words, uint64_t hash) const {
    auto index = static_cast<int64_t>(hash >> (64 - precision));
    uint64_t rest = (hash << precision) | (uint64_t{1} << (precision - 1));
    Raise(words, index, std::countl_zero(rest) + 1);
  }
  void Merge(int64_t* words, const std::vector<int64_t>& other) const {
    for (int64_t index = 0; index < count(); ++index) Raise(words, index, Get(other.data(), index));
  }
  int64_t Estimate(const int64_t* words) const {
    auto m = static_cast<double>(count());
    double inverse = 0, empty = 0;
    for (int64_t index = 0; index < count(); ++index) {
      int64_t value = Get(words, index);
      inverse += 1.0 / static_cast<double>(int64_t{1} << value);
      if (value == 0) ++empty;
    }
    double estimate = Alpha() * m * m / inverse;
    bool has_tables = precision <= kMostPrecision;
    if (empty > 0) {
      double linear = m * std::log(m / empty);
      bool small = has_tables && linear <= kLinearCountingUpTo[precision - kLeastPrecision];
      if (small || estimate <= 2.5 * m) return Rounded(linear);
    }
    return Rounded(has_tables && estimate < 5 * m ? estimate - BiasOf(estimate, precision) : estimate);
  }

 private:
  static int64_t Rounded(double value) { return static_cast<int64_t>(std::floor(value + 0.5)); }
  static int64_t Get(const int64_t* words, int64_t index) {
    return (words[index / kRegistersPerWord] >> (kRegisterBits * (index % kRegistersPerWord))) & kRegisterMask;
  }
  static void Raise(int64_t* words, int64_t index, int64_t value) {
    int64_t shift = kRegisterBits * (index % kRegistersPerWord);
    int64_t& word = words[index / kRegistersPerWord];
    if (value > ((word >> shift) & kRegisterMask)) word = (word & ~(kRegisterMask << shift)) | (value << shift);
  }
  double Alpha() const {
    if (precision == 4) return 0.673;
    if (precision == 5) return 0.697;
    if (precision == 6) return 0.709;
    return 0.7213 / (1 + 1.079 / static_cast<double>(count()));
  }
};

class ApproxCountDistinct : public logical::GroupedAccumulator {
 public:
  ApproxCountDistinct(TypePtr type, Registers registers) : type_(std::move(type)), registers_(registers) {}
  void Resize(int64_t groups) override { words_.resize(groups * registers_.words()); }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    std::vector<int64_t> hashes(rows, kXxHash64Seed);
    XxHash64(type_, arguments[0], hashes.data());
    ColumnBase values(arguments[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (values.valid(row)) registers_.Add(Words(group_ids[row]), static_cast<uint64_t>(hashes[row]));
    }
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    std::vector<Column<int64_t>> columns(buffers.begin(), buffers.end());
    std::vector<int64_t> other(columns.size());
    for (int64_t row = 0; row < rows; ++row) {
      for (size_t word = 0; word < columns.size(); ++word) other[word] = columns[word][row];
      registers_.Merge(Words(group_ids[row]), other);
    }
  }
  arrow::ArrayVector Buffers() const override {
    arrow::ArrayVector out;
    for (int word = 0; word < registers_.words(); ++word) {
      Writer<int64_t> column(arrow::int64(), groups());
      for (int64_t group = 0; group < groups(); ++group) column.Set(group, words_[group * registers_.words() + word]);
      out.push_back(column.Finish());
    }
    return out;
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    Writer<int64_t> out(arrow::int64(), groups());
    for (int64_t group = 0; group < groups(); ++group) {
      out.Set(group, registers_.Estimate(words_.data() + group * registers_.words()));
    }
    return out.Finish();
  }
  int64_t MemoryUsed() const override { return static_cast<int64_t>(words_.capacity() * sizeof(int64_t)); }

 private:
  int64_t groups() const { return static_cast<int64_t>(words_.size()) / registers_.words(); }
  int64_t* Words(uint32_t group) { return words_.data() + int64_t{group} * registers_.words(); }
  TypePtr type_;
  Registers registers_;
  std::vector<int64_t> words_;
};

double RelativeError(const BindContext& context, const Arguments& arguments) {
  constexpr double kDefault = 0.05;
  if (arguments.size() < 2) return kDefault;
  const Argument& given = arguments[1];
  if (!given.literal || given.literal->is_null() || !given.type->IsNumeric()) {
    throw TypeMismatch(
        context, arguments, "NON_FOLDABLE_INPUT",
        {{"inputName", "`relativeSD`"}, {"inputType", "\"DOUBLE\""}, {"inputExpr", QuotedSql(given.sql)}});
  }
  return std::stod(given.literal->ToString());
}

logical::AggregateBindingPtr BindApproxCountDistinct(const BindContext& context, const Arguments& arguments, bool) {
  CheckCount(context, arguments, 1, 2);
  TypePtr type = arguments[0].type;
  double error = RelativeError(context, arguments);
  Registers registers{static_cast<int>(std::ceil(2 * std::log(1.106 / error) / std::log(2.0)))};
  if (registers.precision < kLeastPrecision) {
    throw base::Error::Plain(
        base::ErrorKind::kIllegalArgument,
        "requirement failed: HLL++ requires at least 4 bits for addressing. Use a lower error, at most 39%.");
  }
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context);
  binding->type = Long();
  binding->nullable = false;
  binding->argument_types = {type};
  if (arguments.size() == 2) binding->argument_types.push_back(arguments[1].type);
  for (int word = 0; word < registers.words(); ++word) {
    binding->buffers.push_back({"MS[" + std::to_string(word) + "]", Long(), true});
  }
  binding->make = [type, registers] { return std::make_unique<ApproxCountDistinct>(type, registers); };
  binding->sql = [name = binding->name](const std::vector<std::string>& texts) { return name + "(" + texts[0] + ")"; };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ApproxCountDistinct) {
  registry.Add({.name = "approx_count_distinct",
                .usage = "About how many different values there are, within a relative standard deviation.",
                .example = "SELECT approx_count_distinct(a) FROM VALUES (1), (1), (2), (2), (3) AS t(a)",
                .since = "1.6.0",
                .bind = BindAggregate(BindApproxCountDistinct)});
}

}  // namespace sluice::functions
