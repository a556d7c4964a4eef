// percentile_approx.
#include <cstring>

#include "functions/aggregate/group_values.h"
#include "functions/aggregate/quantile_summary.h"
#include "functions/cast.h"
#include "functions/list_picker.h"
#include "functions/registry.h"
#include "functions/signature.h"
#include "functions/type_dispatch.h"

namespace sluice::functions {

using types::Double;
using types::TypeId;
using types::TypePtr;

namespace {

struct Rule {
  TypePtr input;  ///< a number, date, timestamp or interval
  TypePtr result;
  std::vector<double> shares;
  int64_t accuracy = 10000;
  bool many = false;
};

class ApproxPercentile : public logical::GroupedAccumulator {
 public:
  explicit ApproxPercentile(Rule rule) : rule_(std::move(rule)) {}
  void Resize(int64_t groups) override {
    summaries_.resize(groups, QuantileSummary(1.0 / static_cast<double>(rule_.accuracy)));
  }
  void Update(logical::EvalContext&, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    WithPrimitive(*rule_.input, [&](auto tag) {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, Int128>) {
        ForEachValue<T>(arguments[0], group_ids, rows,
                        [this](uint32_t group, T value) { summaries_[group].Insert(static_cast<double>(value)); });
      }
    });
  }
  void Merge(logical::EvalContext&, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
             int64_t rows) override {
    Column<std::string_view> bytes(buffers[0]);
    for (int64_t row = 0; row < rows; ++row) {
      if (!bytes.valid(row)) continue;
      QuantileSummary& own = summaries_[group_ids[row]];
      own.Compress();
      own.Merge(Decode(bytes[row]));
    }
  }
  arrow::ArrayVector Buffers() const override {
    TextWriter out(arrow::binary(), static_cast<int64_t>(summaries_.size()));
    for (const QuantileSummary& summary : summaries_) {
      QuantileSummary copy = summary;
      copy.Compress();
      Encode(copy, out);
      out.EndRow();
    }
    return {out.Finish()};
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    auto groups = static_cast<int64_t>(summaries_.size());
    std::vector<double> values;
    ListWriter lists(groups);
    std::vector<uint8_t> set;
    for (const QuantileSummary& summary : summaries_) {
      QuantileSummary copy = summary;
      copy.Compress();
      bool empty = copy.count() == 0;
      for (double share : rule_.shares) {
        if (empty && rule_.many) break;
        values.push_back(empty ? 0 : copy.Query(share));
        set.push_back(!empty);
      }
      if (empty && rule_.many) {
        lists.EndRowAsNull();
      } else {
        lists.EndRow(static_cast<int64_t>(values.size()));
      }
    }
    auto flat = FromDoubles(values, set);
    return rule_.many ? lists.Finish(types::ToArrow(types::Array(rule_.result, false)), flat) : flat;
  }
  int64_t MemoryUsed() const override {
    int64_t bytes = 0;
    for (const QuantileSummary& summary : summaries_) bytes += summary.MemoryUsed();
    return bytes;
  }

 private:
  /// The values in the input's type.
  std::shared_ptr<arrow::Array> FromDoubles(const std::vector<double>& values, const std::vector<uint8_t>& set) const {
    return WithPrimitive(*rule_.result, [&](auto tag) -> std::shared_ptr<arrow::Array> {
      using T = typename decltype(tag)::type;
      if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string_view>) {
        throw base::Error::Internal("percentile_approx of " + rule_.result->Sql());
      } else {
        Writer<T> out(types::ToArrow(rule_.result), static_cast<int64_t>(values.size()));
        for (size_t i = 0; i < values.size(); ++i) {
          if (set[i]) {
            out.Set(static_cast<int64_t>(i), static_cast<T>(values[i]));
          } else {
            out.SetNull(static_cast<int64_t>(i));
          }
        }
        return out.Finish();
      }
    });
  }

  static void Encode(const QuantileSummary& summary, TextWriter& out) {
    auto put = [&](auto value) { std::memcpy(out.Claim(sizeof(value)), &value, sizeof(value)); };
    put(summary.count());
    put(static_cast<int64_t>(summary.samples().size()));
    for (const auto& sample : summary.samples()) {
      put(sample.value);
      put(sample.g);
      put(sample.delta);
    }
  }
  QuantileSummary Decode(std::string_view bytes) const {
    QuantileSummary out(1.0 / static_cast<double>(rule_.accuracy));
    int64_t header[2];
    std::memcpy(header, bytes.data(), sizeof(header));
    std::vector<QuantileSummary::Sample> samples(static_cast<size_t>(header[1]));
    if (!samples.empty()) {
      std::memcpy(samples.data(), bytes.data() + sizeof(header), samples.size() * sizeof(samples[0]));
    }
    out.Restore(std::move(samples), header[0]);
    return out;
  }

  Rule rule_;
  std::vector<QuantileSummary> summaries_;
};

logical::AggregateBindingPtr BindApproxPercentile(const BindContext& context, const Arguments& arguments, bool) {
  CheckCount(context, arguments, 2, 3);
  Rule rule;
  rule.input = arguments[0].type;
  bool time = rule.input->Is(TypeId::kDate) || rule.input->IsTimestampLike() ||
              rule.input->Is(TypeId::kDayTimeInterval) || rule.input->Is(TypeId::kYearMonthInterval);
  if (!rule.input->IsNumeric() && !time) rule.input = Coerce(context, {arguments[0]}, {Double()})[0];
  rule.result = rule.input;
  const Argument& percentage = arguments[1];
  if (!percentage.literal || percentage.literal->is_null()) {
    throw TypeMismatch(
        context, arguments, "NON_FOLDABLE_INPUT",
        {{"inputName", "`percentage`"}, {"inputType", "\"DOUBLE\""}, {"inputExpr", QuotedSql(percentage.sql)}});
  }
  rule.many = percentage.type->Is(TypeId::kArray);
  logical::EvalContext eval;
  auto cast = MakeCastKernel(percentage.type, rule.many ? types::Array(Double()) : Double(),
                             logical::CastBehaviour::kLegacy)(eval, {arrow::Datum(percentage.literal->value)}, 1);
  ColumnBase column(cast);
  auto shares = rule.many ? arrow::MakeArray(column.array()->data()->child_data[0]) : column.array();
  Column<double> doubles(shares);
  for (int64_t i = 0; i < shares->length(); ++i) {
    if (!doubles.valid(i) || doubles[i] < 0 || doubles[i] > 1) {
      throw TypeMismatch(
          context, arguments, "VALUE_OUT_OF_RANGE",
          {{"exprName", "percentage"}, {"valueRange", "[0.0, 1.0]"}, {"currentValue", QuotedSql(percentage.sql)}});
    }
    rule.shares.push_back(doubles[i]);
  }
  if (arguments.size() == 3) {
    const Argument& accuracy = arguments[2];
    if (!accuracy.literal || accuracy.literal->is_null() || !accuracy.type->IsIntegral()) {
      throw TypeMismatch(
          context, arguments, "NON_FOLDABLE_INPUT",
          {{"inputName", "`accuracy`"}, {"inputType", "\"BIGINT\""}, {"inputExpr", QuotedSql(accuracy.sql)}});
    }
    rule.accuracy = LongLiteral(accuracy);
    if (rule.accuracy <= 0 || rule.accuracy > INT32_MAX) {
      throw TypeMismatch(context, arguments, "VALUE_OUT_OF_RANGE",
                         {{"exprName", "accuracy"},
                          {"valueRange", "(0, 2147483647]"},
                          {"currentValue", std::to_string(rule.accuracy) + "L"}});
    }
  }
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context);
  binding->type = rule.many ? types::Array(rule.result, false) : rule.result;
  binding->argument_types = {rule.input, percentage.type};
  if (arguments.size() == 3) binding->argument_types.push_back(arguments[2].type);
  binding->buffers = {{"buf", types::Binary(), true}};
  binding->make = [rule] { return std::make_unique<ApproxPercentile>(rule); };
  if (arguments.size() == 2) {
    binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
      return name + "(" + texts[0] + ", " + texts[1] + ", 10000)";
    };
  }
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, ApproxPercentile) {
  registry.Add({.name = "percentile_approx",
                .aliases = {"approx_percentile"},
                .usage = "A value near a share of the sorted values, with an error of 1 / accuracy.",
                .example = "SELECT percentile_approx(a, 0.5, 100) FROM VALUES (0), (1), (2), (10) AS t(a)",
                .since = "2.1.0",
                .bind = BindAggregate(BindApproxPercentile)});
}

}  // namespace sluice::functions
