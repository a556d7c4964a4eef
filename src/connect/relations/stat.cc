// Statistics over columns (DataFrame.describe, DataFrame.stat), said with aggregates, pivots and filters as far as they
// go.
#include <cmath>

#include "connect/translator.h"

namespace sluice::connect {
namespace {

using plan::ExpressionPtr;

ExpressionPtr Column(const std::string& name) { return plan::MakeAttribute(types::ParseAttributeName(name)); }
ExpressionPtr Text(const std::string& text) { return plan::Make(types::Literal::String(text)); }
ExpressionPtr Number(double value) { return plan::Make(types::Literal::Double(value)); }
ExpressionPtr Cast(ExpressionPtr child, types::TypePtr type) {
  return plan::Make(plan::Cast{std::move(child), std::move(type)});
}
ExpressionPtr Named(ExpressionPtr child, const std::string& name) {
  return plan::Make(plan::Alias{std::move(child), {name}, ""});
}

plan::Relation::Node Totals(plan::RelationPtr input, std::vector<ExpressionPtr> aggregates) {
  plan::Aggregate out;
  out.input = std::move(input);
  out.aggregates = std::move(aggregates);
  return out;
}

// Nulls count as zero, as in StatFunctions.
ExpressionPtr NumberOrZero(const std::string& name) {
  return plan::MakeFunction("coalesce", {Cast(Column(name), types::Double()), Number(0)});
}

// The label of a row or column of a contingency table.
ExpressionPtr Label(const std::string& name) {
  return plan::MakeFunction("coalesce", {Cast(Column(name), types::String()), Text("null")});
}

}  // namespace

plan::Relation::Node ToPlan(Translator& translator, const proto::StatDescribe& describe) {
  return plan::Describe{translator.Relation(describe.input()), ToVector(describe.cols())};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatSummary& summary) {
  return plan::Summary{translator.Relation(summary.input()), ToVector(summary.statistics())};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatCov& cov) {
  auto value = plan::MakeFunction("covar_samp", {NumberOrZero(cov.col1()), NumberOrZero(cov.col2())});
  return Totals(translator.Relation(cov.input()), {Named(value, "cov")});
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatCorr& corr) {
  if (corr.has_method() && corr.method() != "pearson") {
    throw base::Error::Plain(
        base::ErrorKind::kIllegalArgument,
        "requirement failed: Currently only the calculation of the Pearson Correlation coefficient is supported.");
  }
  auto value = plan::MakeFunction("corr", {NumberOrZero(corr.col1()), NumberOrZero(corr.col2())});
  return Totals(translator.Relation(corr.input()), {Named(value, "corr")});
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatCrosstab& crosstab) {
  plan::Aggregate table;
  table.input = translator.Relation(crosstab.input());
  table.group_type = plan::GroupType::kPivot;
  table.grouping = {Named(Label(crosstab.col1()), crosstab.col1() + "_" + crosstab.col2())};
  table.pivot_column = plan::MakeFunction("replace", {Label(crosstab.col2()), Text("`"), Text("")});
  table.aggregates = {plan::MakeFunction("count", {plan::Make(types::Literal::Integer(1))})};
  plan::FillNa filled{plan::MakeRelation(std::move(table)), {}, {types::Literal::Long(0)}};
  return filled;
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatFreqItems& frequent) {
  constexpr double kDefaultSupport = 0.01;
  double support = frequent.has_support() ? frequent.support() : kDefaultSupport;
  if (!(support >= 1e-4 && support <= 1.0)) {
    throw base::Error::Plain(
        base::ErrorKind::kIllegalArgument,
        "requirement failed: Support must be in [1e-4, 1], but got " + std::to_string(support) + ".");
  }
  auto size = plan::Make(types::Literal::Integer(static_cast<int32_t>(1 / support)));
  std::vector<ExpressionPtr> items;
  for (const std::string& column : frequent.cols()) {
    items.push_back(Named(plan::MakeFunction("collect_frequent_items", {Column(column), size}), column + "_freqItems"));
  }
  return Totals(translator.Relation(frequent.input()), std::move(items));
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatApproxQuantile& quantile) {
  std::vector<ExpressionPtr> probabilities, columns;
  for (double probability : quantile.probabilities()) probabilities.push_back(Number(probability));
  // An accuracy is one over the error; the greatest one is exact.
  double accuracy = quantile.relative_error() > 0 ? std::ceil(1 / quantile.relative_error()) : INT32_MAX;
  auto bounded = static_cast<int32_t>(std::clamp<double>(accuracy, 1, INT32_MAX));
  auto none = plan::Make(types::Literal::Null(types::Double()));
  for (const std::string& column : quantile.cols()) {
    auto value = plan::MakeFunction("nanvl", {Cast(Column(column), types::Double()), none});
    auto found = plan::MakeFunction("percentile_approx", {value, plan::MakeFunction("array", probabilities),
                                                          plan::Make(types::Literal::Integer(bounded))});
    auto empty = Cast(plan::MakeFunction("array", {}), types::Array(types::Double(), false));
    columns.push_back(plan::MakeFunction("coalesce", {found, empty}));
  }
  return Totals(translator.Relation(quantile.input()),
                {Named(plan::MakeFunction("array", std::move(columns)), "approx_quantile")});
}

plan::Relation::Node ToPlan(Translator& translator, const proto::StatSampleBy& sample) {
  auto column = translator.Expression(sample.col());
  std::vector<ExpressionPtr> branches;
  for (const auto& fraction : sample.fractions()) {
    if (!(fraction.fraction() >= 0 && fraction.fraction() <= 1)) {
      throw base::Error::Plain(base::ErrorKind::kIllegalArgument, "requirement failed: Fractions must be in [0, 1]");
    }
    branches.push_back(plan::MakeFunction("<=>", {column, plan::Make(ToLiteral(fraction.stratum()))}));
    branches.push_back(Number(fraction.fraction()));
  }
  branches.push_back(Number(0));
  std::vector<ExpressionPtr> seed;
  if (sample.has_seed()) seed.push_back(plan::Make(types::Literal::Long(sample.seed())));
  auto wanted = branches.size() > 1 ? plan::MakeFunction("when", std::move(branches)) : Number(0);
  return plan::Filter{translator.Relation(sample.input()),
                      plan::MakeFunction("<", {plan::MakeFunction("rand", std::move(seed)), wanted})};
}

plan::Relation::Node ToPlan(Translator& translator, const proto::Transpose& transpose) {
  return plan::Transpose{translator.Relation(transpose.input()), translator.Expressions(transpose.index_columns())};
}

}  // namespace sluice::connect
