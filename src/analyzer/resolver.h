// The state of one analysis: resolves relations from the leaves up.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/analyzer.h"
#include "analyzer/scope.h"
#include "sql/parser.h"

namespace sluice::analyzer {

/// One select-list item: a named expression, or a bare generator with the names the user gave its columns.
struct SelectItem {
  logical::ExprPtr expr;
  std::vector<std::string> generator_names;
};

/// Values of the ? and :name marks of one SQL text.
struct SqlParameters {
  std::string text;
  std::map<std::string, plan::ExpressionPtr> named;
  std::vector<plan::ExpressionPtr> positional;
};

class ExpressionResolver;

class Resolver {
 public:
  explicit Resolver(const AnalyzerContext& context);

  /// The node and its plan id's tag; throws kAnalysis errors.
  logical::PlanPtr Resolve(const plan::RelationPtr& relation);
  /// A subquery: names that it lacks are looked up in `outer`.
  logical::PlanPtr ResolveSubquery(const plan::RelationPtr& relation, Scope* outer);
  /// The relation that the client attached under that plan id; null if there is none.
  plan::RelationPtr FindReference(int64_t plan_id) const;

  const AnalyzerContext& context() const { return context_; }
  const NameMatcher& names() const { return names_; }
  bool ansi() const { return ansi_; }
  const std::string& time_zone() const { return time_zone_; }
  sql::ParserOptions parser_options() const { return sql::ParserOptions(*context_.conf); }
  PlanIds& plan_ids() { return plan_ids_; }
  Scope* outer_scope() const { return outer_; }
  const SqlParameters* parameters() const { return parameters_.empty() ? nullptr : &parameters_.back(); }

 private:
  logical::PlanPtr Dispatch(const plan::Relation& relation);

  // relations/, a file a family.
  logical::PlanPtr Node(const plan::NamedTable& node);
  logical::PlanPtr Node(const plan::DataSource& node);
  logical::PlanPtr Node(const plan::Project& node);
  logical::PlanPtr Node(const plan::Filter& node);
  logical::PlanPtr Node(const plan::Join& node);
  logical::PlanPtr Node(const plan::SetOp& node);
  logical::PlanPtr Node(const plan::Sort& node);
  logical::PlanPtr Node(const plan::Limit& node);
  logical::PlanPtr Node(const plan::Offset& node);
  logical::PlanPtr Node(const plan::Tail& node);
  logical::PlanPtr Node(const plan::Aggregate& node);
  logical::PlanPtr Node(const plan::Deduplicate& node);
  logical::PlanPtr Node(const plan::LocalRelation& node);
  logical::PlanPtr Node(const plan::Values& node);
  logical::PlanPtr Node(const plan::Range& node);
  logical::PlanPtr Node(const plan::SubqueryAlias& node);
  logical::PlanPtr Node(const plan::WithColumns& node);
  logical::PlanPtr Node(const plan::WithColumnsRenamed& node);
  logical::PlanPtr Node(const plan::Drop& node);
  logical::PlanPtr Node(const plan::ToDF& node);
  logical::PlanPtr Node(const plan::ToSchema& node);
  logical::PlanPtr Node(const plan::Sample& node);
  logical::PlanPtr Node(const plan::Repartition& node);
  logical::PlanPtr Node(const plan::RepartitionByExpression& node);
  logical::PlanPtr Node(const plan::Hint& node);
  logical::PlanPtr Node(const plan::ShowString& node);
  logical::PlanPtr Node(const plan::HtmlString& node);
  logical::PlanPtr Node(const plan::FillNa& node);
  logical::PlanPtr Node(const plan::DropNa& node);
  logical::PlanPtr Node(const plan::ReplaceNa& node);
  logical::PlanPtr Node(const plan::Describe& node);
  logical::PlanPtr Node(const plan::Summary& node);
  logical::PlanPtr Node(const plan::Unpivot& node);
  logical::PlanPtr Node(const plan::Transpose& node);
  logical::PlanPtr Node(const plan::WithWatermark& node);
  logical::PlanPtr Node(const plan::CollectMetrics& node);
  logical::PlanPtr Node(const plan::MapPartitions& node);
  logical::PlanPtr Node(const plan::GroupMap& node);
  logical::PlanPtr Node(const plan::CoGroupMap& node);
  logical::PlanPtr Node(const plan::ApplyInPandasWithState& node);
  logical::PlanPtr Node(const plan::TransformWithState& node);
  logical::PlanPtr Node(const plan::CachedRemoteRelation& node);
  logical::PlanPtr Node(const plan::Parse& node);
  logical::PlanPtr Node(const plan::SqlQuery& node);
  logical::PlanPtr Node(const plan::WithRelations& node);
  logical::PlanPtr Node(const plan::CommonTableExpressions& node);
  logical::PlanPtr Node(const plan::LateralView& node);
  logical::PlanPtr Node(const plan::TableValuedFunction& node);
  logical::PlanPtr Node(const plan::CatalogCall& node);
  logical::PlanPtr Node(const plan::Unsupported& node);

  /// transformWithState with the watermark of its input on its own event time.
  logical::PlanPtr WithEventTime(const logical::PlanPtr& transform, const std::string& column);
  void CheckFilterCondition(const logical::ExprPtr& condition, const logical::PlanPtr& input) const;
  /// The value of LIMIT and OFFSET; INVALID_LIMIT_LIKE_EXPRESSION.*.
  int64_t LimitCount(const plan::ExpressionPtr& expression, const char* name);
  /// The columns cast and renamed by position.
  logical::PlanPtr ConformTo(const logical::PlanPtr& input, const types::TypePtr& schema);

  logical::PlanPtr Pivot(const plan::Aggregate& node, Scope& scope);
  std::vector<types::Literal> DistinctValues(const logical::PlanPtr& input, const logical::ExprPtr& column);
  /// HAVING: the condition may use aggregates and columns that the select list lacks.
  logical::PlanPtr Having(const logical::PlanPtr& plan, const plan::ExpressionPtr& condition);
  /// Replaces references to earlier items of the list by what they stand for.
  void InlineLateralAliases(std::vector<logical::ExprPtr>& items) const;
  /// The value of df.to(schema) for one column or field.
  logical::ExprPtr MatchType(const logical::ExprPtr& expr, const types::TypePtr& type,
                             const std::vector<std::string>& path);
  logical::PlanPtr Statistics(const plan::Summary& node, const std::vector<std::string>& wanted);
  logical::ExprPtr OneStatistic(ExpressionResolver& resolver, const std::string& statistic,
                                const logical::AttributePtr& column);
  logical::PlanPtr GeneratePlan(logical::PlanPtr input, const plan::ExpressionPtr& generator, bool outer,
                                const std::vector<std::string>& names, const std::string& qualifier);
  logical::PlanPtr RangeFunction(const plan::TableValuedFunction& node);
  /// What a name means before the catalog is asked: WITH, and views attached by the client; null if nothing.
  logical::PlanPtr FindDefinition(const std::string& name) const;
  logical::PlanPtr ReadTable(const catalog::Table& table, bool is_streaming, const plan::Options& options);
  /// USING: equal names joined, each once in the output.
  logical::PlanPtr JoinOn(logical::PlanPtr left, logical::PlanPtr right, plan::JoinType type,
                          const std::vector<std::string>& columns, logical::ExprPtr condition);
  /// Same number and types of columns on both sides of a set operation.
  void AlignColumns(const plan::SetOp& node, logical::PlanPtr& left, logical::PlanPtr& right);
  logical::PlanPtr CountedSetOperation(plan::SetOperation operation, const logical::PlanPtr& left,
                                       const logical::PlanPtr& right);
  void CheckMetric(const logical::ExprPtr& expr, const std::function<void(const char*)>& refuse) const;

  const AnalyzerContext& context_;
  NameMatcher names_;
  bool ansi_;
  std::string time_zone_;
  PlanIds plan_ids_;
  Scope* outer_ = nullptr;
  std::vector<std::map<std::string, logical::PlanPtr>> definitions_;
  std::vector<std::map<int64_t, plan::RelationPtr>> references_;
  std::vector<SqlParameters> parameters_;
  std::map<std::string, logical::PlanPtr> sources_;  ///< reads of this plan: the same read twice is one source
  int depth_ = 0;
};

}  // namespace sluice::analyzer
