// The state of one translation: how deep it is and what it may look up. Each family of messages has
// a file of its own.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>
#include <vector>

#include "connect/translate.h"
#include "spark/connect/commands.pb.h"
#include "spark/connect/expressions.pb.h"
#include "spark/connect/relations.pb.h"

namespace sluice::connect {

namespace proto = ::spark::connect;

class Translator {
 public:
  explicit Translator(const TranslationContext& context) : context_(context) {}

  plan::RelationPtr Relation(const proto::Relation& relation);
  plan::ExpressionPtr Expression(const proto::Expression& expression);
  std::vector<plan::ExpressionPtr> Expressions(
      const google::protobuf::RepeatedPtrField<proto::Expression>& expressions);
  plan::SortOrder SortOrder(const proto::Expression_SortOrder& order);
  /// Sort keys of a Sort or a window.
  std::vector<plan::SortOrder> SortOrders(
      const google::protobuf::RepeatedPtrField<proto::Expression_SortOrder>& orders);
  plan::ExpressionPtr Alias(const proto::Expression_Alias& alias);
  /// A function with code; its arguments are translated too.
  plan::ExpressionPtr Function(const proto::CommonInlineUserDefinedFunction& function);

  const TranslationContext& context() const { return context_; }

 private:
  plan::Relation::Node RelationNode(const proto::Relation& relation);
  plan::Expression::Node ExpressionNode(const proto::Expression& expression);

  const TranslationContext& context_;
  int depth_ = 0;
};

using Names = google::protobuf::RepeatedPtrField<std::string>;
inline std::vector<std::string> ToVector(const Names& names) { return {names.begin(), names.end()}; }
inline plan::Options ToOptions(const google::protobuf::Map<std::string, std::string>& options) {
  return {options.begin(), options.end()};
}
/// The parts of a table's or view's name: a.`b c`.d.
std::vector<std::string> ParseTableName(const std::string& text);

// relations/read.cc
plan::Relation::Node ReadToPlan(const proto::Read& read);
// relations/project.cc: one input, columns changed or rows dropped
plan::Relation::Node ToPlan(Translator& translator, const proto::Project& project);
plan::Relation::Node ToPlan(Translator& translator, const proto::Filter& filter);
plan::Relation::Node ToPlan(Translator& translator, const proto::Sort& sort);
plan::Relation::Node ToPlan(Translator& translator, const proto::Limit& limit);
plan::Relation::Node ToPlan(Translator& translator, const proto::Offset& offset);
plan::Relation::Node ToPlan(Translator& translator, const proto::Tail& tail);
plan::Relation::Node ToPlan(Translator& translator, const proto::Deduplicate& deduplicate);
plan::Relation::Node ToPlan(Translator& translator, const proto::SubqueryAlias& alias);
plan::Relation::Node ToPlan(Translator& translator, const proto::WithColumns& columns);
plan::Relation::Node ToPlan(Translator& translator, const proto::WithColumnsRenamed& renamed);
plan::Relation::Node ToPlan(Translator& translator, const proto::Drop& drop);
plan::Relation::Node ToPlan(Translator& translator, const proto::ToDF& to_df);
plan::Relation::Node ToPlan(Translator& translator, const proto::ToSchema& to_schema);
plan::Relation::Node ToPlan(Translator& translator, const proto::Unpivot& unpivot);
plan::Relation::Node ToPlan(Translator& translator, const proto::Hint& hint);
// relations/partition.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::Sample& sample);
plan::Relation::Node ToPlan(Translator& translator, const proto::Repartition& repartition);
plan::Relation::Node ToPlan(Translator& translator, const proto::RepartitionByExpression& repartition);
// relations/join.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::Join& join);
plan::Relation::Node ToPlan(Translator& translator, const proto::LateralJoin& join);
// relations/aggregate.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::Aggregate& aggregate);
// relations/set.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::SetOperation& operation);
// relations/na.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::NAFill& fill);
plan::Relation::Node ToPlan(Translator& translator, const proto::NADrop& drop);
plan::Relation::Node ToPlan(Translator& translator, const proto::NAReplace& replace);
// relations/stat.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::StatDescribe& describe);
plan::Relation::Node ToPlan(Translator& translator, const proto::StatSummary& summary);
plan::Relation::Node ToPlan(Translator& translator, const proto::StatCov& cov);
plan::Relation::Node ToPlan(Translator& translator, const proto::StatCorr& corr);
plan::Relation::Node ToPlan(Translator& translator, const proto::StatCrosstab& crosstab);
plan::Relation::Node ToPlan(Translator& translator, const proto::StatFreqItems& frequent);
plan::Relation::Node ToPlan(Translator& translator, const proto::StatApproxQuantile& quantile);
plan::Relation::Node ToPlan(Translator& translator, const proto::StatSampleBy& sample);
plan::Relation::Node ToPlan(Translator& translator, const proto::Transpose& transpose);
// relations/show.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::ShowString& show);
plan::Relation::Node ToPlan(Translator& translator, const proto::HtmlString& html);
// relations/local.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::LocalRelation& local);
plan::Relation::Node ToPlan(Translator& translator, const proto::ChunkedCachedLocalRelation& cached);
plan::Relation::Node ToPlan(Translator& translator, const proto::Range& range);
plan::Relation::Node ToPlan(Translator& translator, const proto::Parse& parse);
// relations/sql.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::SQL& sql);
plan::Relation::Node ToPlan(Translator& translator, const proto::WithRelations& relations);
plan::Relation::Node ToPlan(Translator& translator, const proto::UnresolvedTableValuedFunction& function);
// relations/python.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::MapPartitions& map);
plan::Relation::Node ToPlan(Translator& translator, const proto::GroupMap& map);
plan::Relation::Node ToPlan(Translator& translator, const proto::CoGroupMap& map);
plan::Relation::Node ToPlan(Translator& translator, const proto::ApplyInPandasWithState& map);
// relations/streaming.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::WithWatermark& watermark);
plan::Relation::Node ToPlan(Translator& translator, const proto::CollectMetrics& metrics);
// relations/catalog.cc
plan::Relation::Node ToPlan(Translator& translator, const proto::Catalog& catalog);

// commands/write.cc
plan::Command::Node ToPlan(Translator& translator, const proto::WriteOperation& write);
plan::Command::Node ToPlan(Translator& translator, const proto::WriteOperationV2& write);
// commands/stream.cc
plan::Command::Node ToPlan(Translator& translator, const proto::WriteStreamOperationStart& write);
// commands/define.cc: views, functions, checkpoints
plan::Command::Node ToPlan(Translator& translator, const proto::CreateDataFrameViewCommand& view);
plan::Command::Node ToPlan(Translator& translator, const proto::CommonInlineUserDefinedFunction& function);
plan::Command::Node ToPlan(Translator& translator, const proto::CheckpointCommand& checkpoint);

}  // namespace sluice::connect
