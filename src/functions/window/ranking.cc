// Ranking functions: row_number, rank, dense_rank, percent_rank, cume_dist, ntile.
#include "functions/signature.h"
#include "functions/writers.h"

namespace sluice::functions {

using logical::EvalContext;
using types::Double;
using types::Integer;
using types::TypePtr;

namespace {

using Peers = std::vector<bool>;

/// A function of the order alone: `fill(values, peers, rows)`. `name` is how Spark prints it.
template <typename T, typename Fill>
BindWindow OfOrder(std::string name, TypePtr type, Fill fill) {
  return [name, type, fill](const BindContext& context, const Arguments& arguments) {
    CheckCount(context, arguments, 0, 0);
    auto binding = std::make_shared<logical::WindowBinding>();
    binding->name = name;
    binding->type = type;
    binding->nullable = false;
    binding->kernel = [type, fill](EvalContext&, const arrow::ArrayVector&, const Peers& peers, int64_t rows) {
      Writer<T> out(types::ToArrow(type), rows);
      fill(out.values(), peers, rows);
      return out.Finish();
    };
    return binding;
  };
}

template <typename T>
void Ranks(T* out, const Peers& peers, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) {
    out[row] = peers[row] || row == 0 ? static_cast<T>(row + 1) : out[row - 1];
  }
}

void DenseRanks(int32_t* out, const Peers& peers, int64_t rows) {
  for (int64_t row = 0; row < rows; ++row) out[row] = row == 0 ? 1 : out[row - 1] + (peers[row] ? 1 : 0);
}

void PercentRanks(double* out, const Peers& peers, int64_t rows) {
  Ranks(out, peers, rows);
  for (int64_t row = 0; row < rows; ++row) out[row] = rows > 1 ? (out[row] - 1) / static_cast<double>(rows - 1) : 0;
}

void CumulativeShares(double* out, const Peers& peers, int64_t rows) {
  for (int64_t start = 0; start < rows;) {
    int64_t end = start + 1;
    while (end < rows && !peers[end]) ++end;
    for (int64_t row = start; row < end; ++row) out[row] = static_cast<double>(end) / static_cast<double>(rows);
    start = end;
  }
}

logical::WindowBindingPtr BindNtile(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 0, 1);
  int64_t buckets = 1;
  auto binding = std::make_shared<logical::WindowBinding>();
  if (!arguments.empty()) {
    if (!arguments[0].literal) {
      throw TypeMismatch(
          context, arguments, "NON_FOLDABLE_INPUT",
          {{"inputName", "`buckets`"}, {"inputType", "\"INT\""}, {"inputExpr", QuotedSql(arguments[0].sql)}});
    }
    if (!arguments[0].type->Is(types::TypeId::kInteger) || arguments[0].literal->is_null()) {
      throw UnexpectedInput(context, arguments, 0, "\"INT\"");
    }
    buckets = LongLiteral(arguments[0]);
    if (buckets <= 0) {
      throw TypeMismatch(
          context, arguments, "VALUE_OUT_OF_RANGE",
          {{"exprName", "`buckets`"}, {"valueRange", "(0, 2147483647]"}, {"currentValue", std::to_string(buckets)}});
    }
    binding->argument_types = {Integer()};
  }
  binding->name = PrettyName(context);
  binding->type = Integer();
  binding->nullable = false;
  binding->kernel = [buckets](EvalContext&, const arrow::ArrayVector&, const Peers&, int64_t rows) {
    Writer<int32_t> out(arrow::int32(), rows);
    int64_t size = rows / buckets, larger = rows % buckets;
    int64_t row = 0;
    for (int64_t bucket = 0; row < rows; ++bucket) {
      int64_t end = std::min(rows, row + size + (bucket < larger ? 1 : 0));
      for (; row < end; ++row) out.Set(row, static_cast<int32_t>(bucket + 1));
    }
    return out.Finish();
  };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, Ranking) {
  registry.Add({.name = "row_number",
                .usage = "The number of the row in its partition, from 1.",
                .example = "SELECT a, row_number() OVER (ORDER BY a) FROM VALUES (2), (1) t(a)",
                .since = "2.0.0",
                .bind = OfOrder<int32_t>("row_number", Integer(), [](int32_t* out, const Peers&, int64_t rows) {
                  for (int64_t row = 0; row < rows; ++row) out[row] = static_cast<int32_t>(row + 1);
                })});
  registry.Add({.name = "rank",
                .usage = "1 more than the number of rows before the row's peers.",
                .example = "SELECT a, rank() OVER (ORDER BY a) FROM VALUES (1), (1), (2) t(a)",
                .since = "2.0.0",
                .bind = OfOrder<int32_t>("RANK", Integer(), Ranks<int32_t>)});
  registry.Add({.name = "dense_rank",
                .usage = "1 more than the number of distinct values before the row's.",
                .example = "SELECT a, dense_rank() OVER (ORDER BY a) FROM VALUES (1), (1), (2) t(a)",
                .since = "2.0.0",
                .bind = OfOrder<int32_t>("DENSE_RANK", Integer(), DenseRanks)});
  registry.Add({.name = "percent_rank",
                .usage = "The rank as a share of the partition, from 0 to 1.",
                .example = "SELECT a, percent_rank() OVER (ORDER BY a) FROM VALUES (1), (1), (2) t(a)",
                .since = "2.0.0",
                .bind = OfOrder<double>("PERCENT_RANK", Double(), PercentRanks)});
  registry.Add({.name = "cume_dist",
                .usage = "The share of the partition's rows up to the row and its peers.",
                .example = "SELECT a, cume_dist() OVER (ORDER BY a) FROM VALUES (1), (1), (2) t(a)",
                .since = "2.0.0",
                .bind = OfOrder<double>("cume_dist", Double(), CumulativeShares)});
  registry.Add({.name = "ntile",
                .usage = "The number of the row's bucket when the partition is cut into n of nearly equal size.",
                .example = "SELECT a, ntile(2) OVER (ORDER BY a) FROM VALUES (1), (1), (2) t(a)",
                .since = "2.0.0",
                .bind = BindWindow(BindNtile)});
}

}  // namespace sluice::functions
