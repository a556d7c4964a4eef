// Relations about where rows lie and which are kept: repartition, sample, hints.
#include <random>

#include "analyzer/expression_resolver.h"
#include "analyzer/missing_columns.h"
#include "functions/coercion.h"
#include "types/number_text.h"

namespace sluice::analyzer {

using base::ErrorKind;
using logical::ExprPtr;
using logical::PlanPtr;

PlanPtr Resolver::Node(const plan::Repartition& node) {
  PlanPtr input = Resolve(node.input);
  if (node.num_partitions <= 0) {
    throw base::Error::Plain(
        ErrorKind::kIllegalArgument,
        fmt::format("requirement failed: Number of partitions ({}) must be positive.", node.num_partitions));
  }
  return std::make_shared<logical::Repartition>(input, node.num_partitions, node.shuffle, std::vector<ExprPtr>{});
}

PlanPtr Resolver::Node(const plan::RepartitionByExpression& node) {
  Scope scope;
  scope.outer = outer_;
  scope.inputs = {Resolve(node.input)};
  MissingColumns missing(names_, scope);
  std::vector<ExprPtr> keys = ExpressionResolver(*this, scope).ResolveAll(node.expressions);
  if (node.num_partitions && *node.num_partitions <= 0) {
    throw base::Error::Plain(
        ErrorKind::kIllegalArgument,
        fmt::format("requirement failed: Number of partitions ({}) must be positive.", *node.num_partitions));
  }
  return missing.Restore(
      std::make_shared<logical::Repartition>(missing.Extend(), node.num_partitions.value_or(0), true, std::move(keys)));
}

PlanPtr Resolver::Node(const plan::Hint& node) {
  std::string name = ToLower(node.name);
  auto count = [&]() -> std::optional<int32_t> {
    for (const plan::ExpressionPtr& parameter : node.parameters) {
      const auto* literal = parameter->As<types::Literal>();
      if (literal && literal->type->IsIntegral() && !literal->is_null()) return std::stoi(literal->ToString());
    }
    return std::nullopt;
  };
  if (name == "coalesce" || (name == "repartition" && node.parameters.size() == 1 && count())) {
    return Node(plan::Repartition{node.input, count().value_or(1), name == "repartition"});
  }
  if (name == "repartition" || name == "repartition_by_range" || name == "rebalance") {
    std::vector<plan::ExpressionPtr> keys;
    for (const plan::ExpressionPtr& parameter : node.parameters) {
      if (!parameter->As<types::Literal>()) keys.push_back(parameter);
    }
    return Node(plan::RepartitionByExpression{node.input, std::move(keys), count()});
  }
  return Resolve(node.input);  // join strategies and unknown hints change no rows
}

PlanPtr Resolver::Node(const plan::Sample& node) {
  PlanPtr input = Resolve(node.input);
  double fraction = node.upper - node.lower;
  constexpr double kRounding = 1e-6;
  if (node.with_replacement && fraction < -kRounding) {
    throw base::Error::Plain(ErrorKind::kIllegalArgument,
                             fmt::format("requirement failed: Sampling fraction ({}) must be nonnegative with "
                                         "replacement",
                                         types::FormatDouble(fraction)));
  }
  if (!node.with_replacement && (fraction < -kRounding || fraction > 1 + kRounding)) {
    throw base::Error::Plain(ErrorKind::kIllegalArgument,
                             fmt::format("requirement failed: Sampling fraction ({}) must be on interval [0, 1] "
                                         "without replacement",
                                         types::FormatDouble(fraction)));
  }
  if (node.deterministic_order) {
    std::vector<std::shared_ptr<const logical::SortOrderExpr>> order;
    for (const auto& attribute : input->output) {
      if (functions::IsOrderable(*attribute->type)) {
        order.push_back(std::make_shared<logical::SortOrderExpr>(attribute, true, true));
      }
    }
    if (!order.empty()) input = std::make_shared<logical::Sort>(input, std::move(order), false);
  }
  int64_t seed = node.seed ? *node.seed : static_cast<int64_t>(std::random_device{}());
  return std::make_shared<logical::Sample>(input, node.lower, node.upper, node.with_replacement, seed);
}

}  // namespace sluice::analyzer
