// Exact percentiles, median and mode.
#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "functions/aggregate/grouped_values.h"
#include "functions/cast.h"
#include "functions/list_picker.h"
#include "functions/registry.h"
#include "functions/signature.h"
#include "functions/sort_keys.h"

namespace sluice::functions {

using types::Double;
using types::Long;
using types::TypeId;
using types::TypePtr;

namespace {

using Weighted = std::pair<double, int64_t>;

/// How a value is found between two ranks, and which argument holds the values.
struct PercentileRule {
  std::vector<double> shares;
  bool frequency = false;   ///< the third argument says how often a value counts
  bool discrete = false;    ///< percentile_disc: a value that occurs
  bool descending = false;  ///< WITHIN GROUP (ORDER BY … DESC)
  size_t value_at = 0;
};

/// The first value whose rank reaches the share.
double Reaching(const std::vector<Weighted>& sorted, int64_t total, double share) {
  auto wanted = static_cast<int64_t>(std::ceil(static_cast<double>(total) * share));
  int64_t seen = 0;
  for (const auto& [value, count] : sorted) {
    seen += count;
    if (seen >= wanted) return value;
  }
  return sorted.back().first;
}

/// The value between two ranks of sorted, counted values.
double Interpolate(const std::vector<Weighted>& sorted, int64_t total, double share) {
  double position = static_cast<double>(total - 1) * share;
  double lower = std::floor(position), higher = std::ceil(position);
  auto at = [&](double rank) {
    int64_t seen = 0;
    for (const auto& [value, count] : sorted) {
      seen += count;
      if (static_cast<double>(seen) > rank) return value;
    }
    return sorted.back().first;
  };
  double low = at(lower);
  if (lower == higher) return low;
  double high = at(higher);
  if (low == high) return low;
  return (higher - position) * low + (position - lower) * high;
}

class Percentile : public CollectingAccumulator {
 public:
  /// Columns: the value as a double, and how often it counts.
  Percentile(TypePtr result, PercentileRule rule)
      : CollectingAccumulator(rule.frequency ? std::vector<TypePtr>{Double(), Long()} : std::vector<TypePtr>{Double()}),
        result_(std::move(result)),
        rule_(std::move(rule)) {}

  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    arrow::ArrayVector columns = {arguments[rule_.value_at]};
    if (rule_.frequency) columns.push_back(arguments[2]);
    CollectingAccumulator::Update(context, columns, group_ids, rows);
  }

  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    Column<double> values(rows_.Values(0));
    std::optional<Column<int64_t>> counts;
    if (rule_.frequency) counts.emplace(rows_.Values(1));
    bool many = result_->Is(TypeId::kArray);
    auto members = rows_.Members();
    ListWriter lists(rows_.groups());
    std::vector<double> out;
    std::vector<uint8_t> set;
    for (const auto& group : members) {
      std::vector<Weighted> sorted;
      int64_t total = 0;
      for (int64_t row : group) {
        int64_t count = counts ? (counts->valid(row) ? (*counts)[row] : 0) : 1;
        if (count < 0) {
          throw base::Error(base::ErrorKind::kRuntime, "_LEGACY_ERROR_TEMP_2149");
        }
        if (count > 0) sorted.emplace_back(values[row], count);
        total += count;
      }
      // NaN is the greatest.
      std::sort(sorted.begin(), sorted.end(), [](const Weighted& a, const Weighted& b) {
        return a.first < b.first || (b.first != b.first && a.first == a.first);
      });
      if (rule_.descending) std::reverse(sorted.begin(), sorted.end());
      auto at = rule_.discrete ? &Reaching : &Interpolate;
      for (double share : rule_.shares) {
        if (sorted.empty() && many) break;
        out.push_back(sorted.empty() ? 0 : at(sorted, total, share));
        set.push_back(!sorted.empty());
      }
      if (sorted.empty() && many) {
        lists.EndRowAsNull();
      } else {
        lists.EndRow(static_cast<int64_t>(out.size()));
      }
    }
    Writer<double> writer(arrow::float64(), static_cast<int64_t>(out.size()));
    for (size_t i = 0; i < out.size(); ++i) {
      if (set[i]) {
        writer.Set(static_cast<int64_t>(i), out[i]);
      } else {
        writer.SetNull(static_cast<int64_t>(i));
      }
    }
    auto flat = writer.Finish();
    return many ? lists.Finish(types::ToArrow(result_), flat) : flat;
  }

 private:
  TypePtr result_;
  PercentileRule rule_;
};

std::vector<double> Shares(const BindContext& context, const Arguments& arguments, size_t at) {
  const Argument& percentage = arguments[at];
  if (!percentage.literal) {
    throw TypeMismatch(
        context, arguments, "NON_FOLDABLE_INPUT",
        {{"inputName", "`percentage`"}, {"inputType", "\"DOUBLE\""}, {"inputExpr", QuotedSql(percentage.sql)}});
  }
  if (percentage.literal->is_null()) {
    throw TypeMismatch(context, arguments, "UNEXPECTED_NULL", {{"exprName", "percentage"}});
  }
  bool many = percentage.type->Is(TypeId::kArray);
  TypePtr wanted = many ? types::Array(Double()) : Double();
  logical::EvalContext eval;
  auto cast = MakeCastKernel(percentage.type, wanted, logical::CastBehaviour::kLegacy)(
      eval, {arrow::Datum(percentage.literal->value)}, 1);
  ColumnBase column(cast);
  auto values = many ? arrow::MakeArray(column.array()->data()->child_data[0]) : column.array();
  Column<double> doubles(values);
  std::vector<double> out;
  for (int64_t i = 0; i < values->length(); ++i) {
    double share = doubles.valid(i) ? doubles[i] : -1;
    if (share < 0 || share > 1) {
      throw TypeMismatch(
          context, arguments, "VALUE_OUT_OF_RANGE",
          {{"exprName", "percentage"}, {"valueRange", "[0.0, 1.0]"}, {"currentValue", QuotedSql(percentage.sql)}});
    }
    out.push_back(share);
  }
  return out;
}

std::shared_ptr<logical::AggregateBinding> PercentileBinding(const BindContext& context, const Arguments& arguments,
                                                             PercentileRule rule, bool many) {
  const TypePtr& given = arguments[rule.value_at].type;
  if (!given->IsNumeric() && !given->IsStringLike() && !given->Is(TypeId::kNull)) {
    throw UnexpectedInput(context, arguments, static_cast<int>(rule.value_at), "(\"NUMERIC\" or \"ANSI INTERVAL\")");
  }
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context);
  binding->type = many ? types::Array(Double(), false) : Double();
  for (const Argument& argument : arguments) binding->argument_types.push_back(argument.type);
  binding->argument_types[rule.value_at] = Double();
  if (rule.frequency) binding->argument_types[2] = Long();
  binding->buffers = {
      {"buf",
       GroupedRows(rule.frequency ? std::vector<TypePtr>{Double(), Long()} : std::vector<TypePtr>{Double()})
           .list_type(),
       true}};
  binding->make = [result = binding->type, rule] { return std::make_unique<Percentile>(result, rule); };
  return binding;
}

BindAggregate BindPercentile() {
  return [](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 2, 3);
    PercentileRule rule{.shares = Shares(context, arguments, 1), .frequency = arguments.size() == 3};
    auto binding = PercentileBinding(context, arguments, rule, arguments[1].type->Is(TypeId::kArray));
    if (arguments.size() == 2) {
      binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
        return name + "(" + texts[0] + ", " + texts[1] + ", 1)";
      };
    }
    return binding;
  };
}

BindAggregate BindMedian() {
  return [](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 1);
    return PercentileBinding(context, arguments, {.shares = {0.5}}, false);
  };
}

/// percentile_cont and percentile_disc (share) WITHIN GROUP (ORDER BY value).
BindAggregate BindOrderedPercentile(bool discrete) {
  return [discrete](const BindContext& context, const Arguments& arguments, bool) {
    size_t orders = context.within_group.size();
    if (orders == 0) {
      throw base::Error(base::ErrorKind::kAnalysis, "INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING",
                        {{"funcName", QuotedName(context)}});
    }
    if (orders > 1) {
      throw base::Error(
          base::ErrorKind::kAnalysis, "INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS",
          {{"funcName", QuotedName(context)}, {"expectedNum", "1"}, {"actualNum", std::to_string(orders)}});
    }
    CheckCount(context, arguments, 2, 2);
    bool descending = !context.within_group[0].ascending;
    PercentileRule rule{
        .shares = Shares(context, arguments, 0), .discrete = discrete, .descending = descending, .value_at = 1};
    auto binding = PercentileBinding(context, arguments, rule, arguments[0].type->Is(TypeId::kArray));
    binding->sql = [name = binding->name, descending](const std::vector<std::string>& texts) {
      return name + "(" + texts[0] + ") WITHIN GROUP (ORDER BY " + texts[1] + (descending ? " DESC)" : ")");
    };
    return binding;
  };
}

/// Which of several values that occur equally often is the mode.
enum class ModeTies { kFirstSeen, kLeast, kGreatest };

/// The value that occurs most often.
class Mode : public CollectingAccumulator {
 public:
  Mode(const TypePtr& type, ModeTies ties) : CollectingAccumulator({type}), type_(type), ties_(ties) {}
  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    CollectingAccumulator::Update(context, {arguments[0]}, group_ids, rows);
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    auto values = rows_.Values(0);
    Column<std::string_view> keys(SortKeys(type_, values));
    std::vector<int64_t> picked;
    for (const auto& group : rows_.Members()) {
      std::unordered_map<std::string_view, int64_t> counts;
      for (int64_t row : group) ++counts[keys[row]];
      int64_t best = -1;
      for (int64_t row : group) {
        if (best < 0 || Beats(counts[keys[row]], keys[row], counts[keys[best]], keys[best])) best = row;
      }
      picked.push_back(best);
    }
    return TakeRows(values, picked);
  }

 private:
  bool Beats(int64_t count, std::string_view key, int64_t best_count, std::string_view best) const {
    if (count != best_count || ties_ == ModeTies::kFirstSeen) return count > best_count;
    return ties_ == ModeTies::kLeast ? key < best : key > best;
  }
  TypePtr type_;
  ModeTies ties_;
};

/// mode(x), mode(x, deterministic), mode() WITHIN GROUP (ORDER BY x).
BindAggregate BindMode() {
  return [](const BindContext& context, const Arguments& arguments, bool) {
    bool ordered = !context.within_group.empty();
    CheckCount(context, arguments, 1, ordered ? 1 : 2);
    TypePtr type = arguments[0].type;
    ModeTies ties = ModeTies::kFirstSeen;
    if (ordered) ties = context.within_group[0].ascending ? ModeTies::kLeast : ModeTies::kGreatest;
    if (arguments.size() == 2 && arguments[1].literal && !arguments[1].literal->is_null() &&
        arguments[1].type->Is(TypeId::kBoolean) && BoolLiteral(arguments[1])) {
      ties = ModeTies::kLeast;
    }
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = type;
    binding->argument_types = {type};
    if (arguments.size() == 2) binding->argument_types.push_back(types::Boolean());
    binding->buffers = {{"buf", GroupedRows({type}).list_type(), true}};
    binding->make = [type, ties] { return std::make_unique<Mode>(type, ties); };
    binding->sql = [ties](const std::vector<std::string>& texts) -> std::string {
      if (ties == ModeTies::kFirstSeen) return "mode(" + texts[0] + ")";
      return "mode() WITHIN GROUP (ORDER BY " + texts[0] + (ties == ModeTies::kLeast ? " DESC)" : ")");
    };
    return binding;
  };
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Percentiles) {
  registry.Add({.name = "percentile",
                .usage = "The exact value at a share of the sorted values, between two of them if need be.",
                .example = "SELECT percentile(a, 0.3) FROM VALUES (0), (10) AS t(a)",
                .since = "2.1.0",
                .bind = BindPercentile()});
  registry.Add({.name = "median",
                .usage = "The middle of the sorted values.",
                .example = "SELECT median(a) FROM VALUES (0), (10) AS t(a)",
                .since = "3.4.0",
                .bind = BindMedian()});
  registry.Add({.name = "percentile_cont",
                .usage = "The exact value at a share of the values in their order, between two of them if need be.",
                .example = "SELECT percentile_cont(0.3) WITHIN GROUP (ORDER BY a) FROM VALUES (0), (10) AS t(a)",
                .since = "4.0.0",
                .bind = BindOrderedPercentile(false),
                .within_group = true});
  registry.Add({.name = "percentile_disc",
                .usage = "The first of the values in their order that reaches a share of them.",
                .example = "SELECT percentile_disc(0.3) WITHIN GROUP (ORDER BY a) FROM VALUES (0), (10) AS t(a)",
                .since = "4.0.0",
                .bind = BindOrderedPercentile(true),
                .within_group = true});
}

SLUICE_REGISTER(FunctionRegistry, Mode) {
  registry.Add({.name = "mode",
                .usage = "The value that occurs most often.",
                .example = "SELECT mode(a) FROM VALUES (0), (10), (10) AS t(a)",
                .since = "3.4.0",
                .bind = BindMode(),
                .within_group = true});
}

}  // namespace sluice::functions
