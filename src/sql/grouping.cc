// GROUP BY with ROLLUP, CUBE and GROUPING SETS.
#include <set>

#include "sql/grammar.h"

namespace sluice::sql {

using plan::ExpressionPtr;

namespace {

using Sets = std::vector<std::vector<ExpressionPtr>>;
constexpr size_t kMaxSets = 4096;

Sets CrossProduct(const Sets& left, const Sets& right) {
  Sets result;
  for (const auto& a : left) {
    for (const auto& b : right) {
      result.push_back(a);
      result.back().insert(result.back().end(), b.begin(), b.end());
    }
  }
  return result;
}

Sets Rollup(const Sets& elements) {
  Sets result;
  for (size_t count = elements.size() + 1; count > 0; --count) {
    result.emplace_back();
    for (size_t i = 0; i + 1 < count; ++i) {
      result.back().insert(result.back().end(), elements[i].begin(), elements[i].end());
    }
  }
  return result;
}

// All subsets, in the order of Spark: (a, b), (a), (b), ().
Sets Cube(const Sets& elements) {
  Sets result = {{}};
  for (size_t i = elements.size(); i > 0; --i) {
    Sets with = result;
    for (auto& set : with) set.insert(set.begin(), elements[i - 1].begin(), elements[i - 1].end());
    with.insert(with.end(), result.begin(), result.end());
    result = std::move(with);
  }
  return result;
}

}  // namespace

bool Grammar::IsGroupingAnalytics() const {
  if (tokens_.IsAny({"ROLLUP", "CUBE"})) return tokens_.Is("(", 1);
  return tokens_.IsSequence({"GROUPING", "SETS", "("});
}

std::vector<ExpressionPtr> Grammar::GroupingSet() {
  if (tokens_.Is("(") && !IsLambda()) {
    size_t mark = tokens_.Mark();
    tokens_.Next();
    if (tokens_.Accept(")")) return {};
    if (!StartsQuery()) {
      std::vector<ExpressionPtr> set = Expressions();
      // "(a) + 1" and "(a).b" are expressions that begin with a parenthesis.
      if (tokens_.Accept(")") && tokens_.IsAny({",", ")"})) return set;
    }
    tokens_.Reset(mark);
  }
  return {Expression()};
}

Sets Grammar::GroupingSets() {
  tokens_.Expect("(");
  Sets sets;
  do {
    if (IsGroupingAnalytics()) {
      Sets inner = GroupingAnalytics();
      sets.insert(sets.end(), inner.begin(), inner.end());
    } else {
      sets.push_back(GroupingSet());
    }
  } while (tokens_.Accept(","));
  tokens_.Expect(")");
  return sets;
}

Sets Grammar::GroupingAnalytics() {
  types::TokenStream::Depth depth(tokens_);
  Token kind = tokens_.Next();
  if (kind.upper == "GROUPING") {
    tokens_.Expect("SETS");
    return GroupingSets();
  }
  tokens_.Expect("(");
  Sets elements;
  do {
    elements.push_back(GroupingSet());
  } while (tokens_.Accept(","));
  tokens_.Expect(")");
  constexpr size_t kMaxCube = 12;
  if (kind.upper == "CUBE" && elements.size() > kMaxCube)
    throw base::Error::Unsupported("CUBE of more than 12 elements");
  return kind.upper == "CUBE" ? Cube(elements) : Rollup(elements);
}

void Grammar::GroupBy(plan::Aggregate* aggregate) {
  tokens_.ExpectSequence({"GROUP", "BY"});
  Sets sets = {{}};
  std::vector<ExpressionPtr> plain;
  bool analytic = false;
  do {
    if (IsGroupingAnalytics()) {
      analytic = true;
      sets = CrossProduct(sets, GroupingAnalytics());
    } else {
      plain.push_back(Expression());
      sets = CrossProduct(sets, {{plain.back()}});
    }
    if (sets.size() > kMaxSets) throw base::Error::Unsupported("GROUP BY with more than 4096 grouping sets");
  } while (tokens_.Accept(","));
  if (!analytic) {
    aggregate->grouping = std::move(plain);
    if (tokens_.AcceptSequence({"WITH", "ROLLUP"})) aggregate->group_type = plan::GroupType::kRollup;
    if (tokens_.AcceptSequence({"WITH", "CUBE"})) aggregate->group_type = plan::GroupType::kCube;
    if (!tokens_.AcceptSequence({"GROUPING", "SETS"})) return;
    sets = GroupingSets();
  }
  aggregate->group_type = plan::GroupType::kGroupingSets;
  std::set<std::string> seen;
  for (const ExpressionPtr& expression : aggregate->grouping) seen.insert(plan::ToString(*expression));
  for (const auto& set : sets) {
    for (const ExpressionPtr& expression : set) {
      if (seen.insert(plan::ToString(*expression)).second) aggregate->grouping.push_back(expression);
    }
  }
  aggregate->grouping_sets = std::move(sets);
}

}  // namespace sluice::sql
