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
  Percentile(TypePtr type, TypePtr result, std::vector<double> shares, bool frequency)
      : CollectingAccumulator(frequency ? std::vector<TypePtr>{Double(), Long()} : std::vector<TypePtr>{Double()}),
        type_(std::move(type)),
        result_(std::move(result)),
        shares_(std::move(shares)),
        frequency_(frequency) {}

  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    arrow::ArrayVector columns = {arguments[0]};
    if (frequency_) columns.push_back(arguments[2]);
    CollectingAccumulator::Update(context, columns, group_ids, rows);
  }

  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    Column<double> values(rows_.Values(0));
    std::optional<Column<int64_t>> counts;
    if (frequency_) counts.emplace(rows_.Values(1));
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
      for (double share : shares_) {
        if (sorted.empty() && many) break;
        out.push_back(sorted.empty() ? 0 : Interpolate(sorted, total, share));
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
  TypePtr type_, result_;
  std::vector<double> shares_;
  bool frequency_;
};

std::vector<double> Shares(const BindContext& context, const Arguments& arguments) {
  const Argument& percentage = arguments[1];
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
                                                             std::vector<double> shares, bool many) {
  CheckCount(context, {arguments[0]}, 1, 1);
  const TypePtr& given = arguments[0].type;
  if (!given->IsNumeric() && !given->IsStringLike() && !given->Is(TypeId::kNull)) {
    throw UnexpectedInput(context, arguments, 0, "(\"NUMERIC\" or \"ANSI INTERVAL\")");
  }
  bool frequency = arguments.size() == 3;
  auto binding = std::make_shared<logical::AggregateBinding>();
  binding->name = PrettyName(context);
  binding->type = many ? types::Array(Double(), false) : Double();
  binding->argument_types = {Double()};
  if (arguments.size() > 1) binding->argument_types.push_back(arguments[1].type);
  if (frequency) binding->argument_types.push_back(Long());
  binding->buffers = {
      {"buf",
       GroupedRows(frequency ? std::vector<TypePtr>{Double(), Long()} : std::vector<TypePtr>{Double()}).list_type(),
       true}};
  binding->make = [type = given, result = binding->type, shares, frequency] {
    return std::make_unique<Percentile>(type, result, shares, frequency);
  };
  return binding;
}

BindAggregate BindPercentile() {
  return [](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 2, 3);
    auto binding =
        PercentileBinding(context, arguments, Shares(context, arguments), arguments[1].type->Is(TypeId::kArray));
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
    return PercentileBinding(context, arguments, {0.5}, false);
  };
}

/// The value that occurs most often; of several the first seen, or the least if `deterministic`.
class Mode : public CollectingAccumulator {
 public:
  Mode(const TypePtr& type, bool deterministic)
      : CollectingAccumulator({type}), type_(type), deterministic_(deterministic) {}
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
    return count > best_count || (deterministic_ && count == best_count && key < best);
  }
  TypePtr type_;
  bool deterministic_;
};

BindAggregate BindMode() {
  return [](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 2);
    TypePtr type = arguments[0].type;
    bool deterministic = arguments.size() == 2 && arguments[1].literal && !arguments[1].literal->is_null() &&
                         arguments[1].type->Is(TypeId::kBoolean) && BoolLiteral(arguments[1]);
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = type;
    binding->argument_types = {type};
    if (arguments.size() == 2) binding->argument_types.push_back(types::Boolean());
    binding->buffers = {{"buf", GroupedRows({type}).list_type(), true}};
    binding->make = [type, deterministic] { return std::make_unique<Mode>(type, deterministic); };
    binding->sql = [](const std::vector<std::string>& texts) { return "mode(" + texts[0] + ")"; };
    return binding;
  };
}

/// Texts joined by a delimiter, in the order they come.
class Joined : public CollectingAccumulator {
 public:
  Joined(const TypePtr& type, std::string delimiter)
      : CollectingAccumulator({type}), type_(type), delimiter_(std::move(delimiter)) {}
  void Update(logical::EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
              int64_t rows) override {
    CollectingAccumulator::Update(context, {arguments[0]}, group_ids, rows);
  }
  std::shared_ptr<arrow::Array> Finish(logical::EvalContext&) const override {
    Column<std::string_view> values(rows_.Values(0));
    TextWriter out(types::ToArrow(type_), rows_.groups());
    for (const auto& group : rows_.Members()) {
      for (size_t i = 0; i < group.size(); ++i) {
        if (i > 0) out.Append(delimiter_);
        out.Append(values[group[i]]);
      }
      if (group.empty()) {
        out.EndRowAsNull();
      } else {
        out.EndRow();
      }
    }
    return out.Finish();
  }

 private:
  TypePtr type_;
  std::string delimiter_;
};

BindAggregate BindListAgg() {
  return [](const BindContext& context, const Arguments& arguments, bool) {
    CheckCount(context, arguments, 1, 2);
    TypePtr type = arguments[0].type->Is(TypeId::kBinary) ? types::Binary() : types::String();
    auto types = Coerce(context, arguments, {type});
    std::string delimiter;
    if (arguments.size() == 2) {
      if (!arguments[1].literal) {
        throw TypeMismatch(
            context, arguments, "NON_FOLDABLE_INPUT",
            {{"inputName", "`delimiter`"}, {"inputType", Quoted(*type)}, {"inputExpr", QuotedSql(arguments[1].sql)}});
      }
      if (!arguments[1].literal->is_null()) delimiter = StringLiteral(arguments[1]);
    }
    auto binding = std::make_shared<logical::AggregateBinding>();
    binding->name = PrettyName(context);
    binding->type = type;
    binding->argument_types = types;
    binding->buffers = {{"buf", GroupedRows({type}).list_type(), true}};
    binding->make = [type, delimiter] { return std::make_unique<Joined>(type, delimiter); };
    if (arguments.size() == 1) {
      binding->sql = [name = binding->name](const std::vector<std::string>& texts) {
        return name + "(" + texts[0] + ", NULL)";
      };
    }
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
}

SLUICE_REGISTER(FunctionRegistry, Mode) {
  registry.Add({.name = "mode",
                .usage = "The value that occurs most often.",
                .example = "SELECT mode(a) FROM VALUES (0), (10), (10) AS t(a)",
                .since = "3.4.0",
                .bind = BindMode()});
}

SLUICE_REGISTER(FunctionRegistry, ListAgg) {
  registry.Add({.name = "listagg",
                .aliases = {"string_agg"},
                .usage = "The values that are not null, joined by a delimiter.",
                .example = "SELECT listagg(a, ',') FROM VALUES ('a'), ('b') AS t(a)",
                .since = "4.0.0",
                .bind = BindListAgg()});
}

}  // namespace sluice::functions
