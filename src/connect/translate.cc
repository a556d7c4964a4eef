// Relations and commands: which message is translated by which file.
#include "connect/translate.h"

#include "connect/invalid_plan.h"
#include "connect/translator.h"

namespace sluice::connect {
namespace {

// As deep as the receiver lets messages be; deeper ones can only be built inside the process.
constexpr int kMaxDepth = 512;

class DepthGuard {
 public:
  DepthGuard(int* depth, const char* what) : depth_(depth) {
    if (*depth_ >= kMaxDepth) throw TooDeep(what);
    ++*depth_;
  }
  ~DepthGuard() { --*depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  int* depth_;
};

}  // namespace

plan::RelationPtr Translator::Relation(const proto::Relation& relation) {
  DepthGuard guard(&depth_, "plan");
  std::optional<int64_t> plan_id;
  if (relation.common().has_plan_id()) plan_id = relation.common().plan_id();
  return std::make_shared<plan::Relation>(plan::Relation{RelationNode(relation), plan_id});
}

plan::ExpressionPtr Translator::Expression(const proto::Expression& expression) {
  DepthGuard guard(&depth_, "expression");
  return std::make_shared<plan::Expression>(plan::Expression{ExpressionNode(expression)});
}

plan::Relation::Node Translator::RelationNode(const proto::Relation& relation) {
  using Case = proto::Relation;
  switch (relation.rel_type_case()) {
    case Case::kRead:
      return ReadToPlan(relation.read());
    case Case::kProject:
      return ToPlan(*this, relation.project());
    case Case::kFilter:
      return ToPlan(*this, relation.filter());
    case Case::kJoin:
      return ToPlan(*this, relation.join());
    case Case::kSetOp:
      return ToPlan(*this, relation.set_op());
    case Case::kSort:
      return ToPlan(*this, relation.sort());
    case Case::kLimit:
      return ToPlan(*this, relation.limit());
    case Case::kAggregate:
      return ToPlan(*this, relation.aggregate());
    case Case::kSql:
      return ToPlan(*this, relation.sql());
    case Case::kLocalRelation:
      return ToPlan(*this, relation.local_relation());
    case Case::kSample:
      return ToPlan(*this, relation.sample());
    case Case::kOffset:
      return ToPlan(*this, relation.offset());
    case Case::kDeduplicate:
      return ToPlan(*this, relation.deduplicate());
    case Case::kRange:
      return ToPlan(*this, relation.range());
    case Case::kSubqueryAlias:
      return ToPlan(*this, relation.subquery_alias());
    case Case::kRepartition:
      return ToPlan(*this, relation.repartition());
    case Case::kToDf:
      return ToPlan(*this, relation.to_df());
    case Case::kWithColumnsRenamed:
      return ToPlan(*this, relation.with_columns_renamed());
    case Case::kShowString:
      return ToPlan(*this, relation.show_string());
    case Case::kDrop:
      return ToPlan(*this, relation.drop());
    case Case::kTail:
      return ToPlan(*this, relation.tail());
    case Case::kWithColumns:
      return ToPlan(*this, relation.with_columns());
    case Case::kHint:
      return ToPlan(*this, relation.hint());
    case Case::kUnpivot:
      return ToPlan(*this, relation.unpivot());
    case Case::kToSchema:
      return ToPlan(*this, relation.to_schema());
    case Case::kRepartitionByExpression:
      return ToPlan(*this, relation.repartition_by_expression());
    case Case::kMapPartitions:
      return ToPlan(*this, relation.map_partitions());
    case Case::kCollectMetrics:
      return ToPlan(*this, relation.collect_metrics());
    case Case::kParse:
      return ToPlan(*this, relation.parse());
    case Case::kGroupMap:
      return ToPlan(*this, relation.group_map());
    case Case::kCoGroupMap:
      return ToPlan(*this, relation.co_group_map());
    case Case::kApplyInPandasWithState:
      return ToPlan(*this, relation.apply_in_pandas_with_state());
    case Case::kWithWatermark:
      return ToPlan(*this, relation.with_watermark());
    case Case::kHtmlString:
      return ToPlan(*this, relation.html_string());
    case Case::kCachedRemoteRelation:
      return plan::CachedRemoteRelation{relation.cached_remote_relation().relation_id()};
    case Case::kWithRelations:
      return ToPlan(*this, relation.with_relations());
    case Case::kUnresolvedTableValuedFunction:
      return ToPlan(*this, relation.unresolved_table_valued_function());
    case Case::kLateralJoin:
      return ToPlan(*this, relation.lateral_join());
    case Case::kChunkedCachedLocalRelation:
      return ToPlan(*this, relation.chunked_cached_local_relation());
    case Case::kFillNa:
      return ToPlan(*this, relation.fill_na());
    case Case::kDropNa:
      return ToPlan(*this, relation.drop_na());
    case Case::kReplace:
      return ToPlan(*this, relation.replace());
    case Case::kSummary:
      return ToPlan(*this, relation.summary());
    case Case::kDescribe:
      return ToPlan(*this, relation.describe());
    case Case::kCatalog:
      return ToPlan(*this, relation.catalog());
    case Case::kCachedLocalRelation:
      throw InvalidPlan("CANNOT_FIND_CACHED_LOCAL_RELATION", {{"hash", relation.cached_local_relation().hash()}});
    case Case::kCommonInlineUserDefinedTableFunction:
      return plan::Unsupported{"The Python table function " +
                               relation.common_inline_user_defined_table_function().function_name()};
    case Case::kCommonInlineUserDefinedDataSource:
      return plan::Unsupported{"The Python data source " + relation.common_inline_user_defined_data_source().name()};
    case Case::kAsOfJoin:
      return plan::Unsupported{"An as-of join"};
    case Case::kNearestByJoin:
      return plan::Unsupported{"A nearest-by join"};
    case Case::kTranspose:
      return ToPlan(*this, relation.transpose());
    case Case::kRelationChanges:
      return plan::Unsupported{"Reading the changes of a table"};
    case Case::kCrosstab:
      return ToPlan(*this, relation.crosstab());
    case Case::kCov:
      return ToPlan(*this, relation.cov());
    case Case::kCorr:
      return ToPlan(*this, relation.corr());
    case Case::kApproxQuantile:
      return ToPlan(*this, relation.approx_quantile());
    case Case::kFreqItems:
      return ToPlan(*this, relation.freq_items());
    case Case::kSampleBy:
      return ToPlan(*this, relation.sample_by());
    case Case::kMlRelation:
      return plan::Unsupported{"Machine learning (pyspark.ml)"};
    case Case::kExtension:
      throw InvalidPlan("NO_HANDLER_FOR_EXTENSION", {{"extensionTypeUrl", relation.extension().type_url()}});
    case Case::kUnknown:
      throw OneofNotSupported(relation, "rel_type");
    case Case::REL_TYPE_NOT_SET:
      break;
  }
  throw OneofNotSet(relation, "rel_type");
}

plan::RelationPtr ToPlan(const proto::Relation& relation, const TranslationContext& context) {
  return Translator(context).Relation(relation);
}

plan::ExpressionPtr ToPlan(const proto::Expression& expression, const TranslationContext& context) {
  return Translator(context).Expression(expression);
}

plan::CommandPtr ToPlan(const proto::Command& command, const TranslationContext& context) {
  Translator translator(context);
  auto node = [&]() -> plan::Command::Node {
    switch (command.command_type_case()) {
      case proto::Command::kRegisterFunction:
        return ToPlan(translator, command.register_function());
      case proto::Command::kWriteOperation:
        return ToPlan(translator, command.write_operation());
      case proto::Command::kWriteOperationV2:
        return ToPlan(translator, command.write_operation_v2());
      case proto::Command::kCreateDataframeView:
        return ToPlan(translator, command.create_dataframe_view());
      case proto::Command::kWriteStreamOperationStart:
        return ToPlan(translator, command.write_stream_operation_start());
      case proto::Command::kCheckpointCommand:
        return ToPlan(translator, command.checkpoint_command());
      case proto::Command::kRegisterTableFunction:
        return plan::UnsupportedCommand{"Python table functions (spark.udtf.register)"};
      case proto::Command::kRegisterDataSource:
        return plan::RegisterDataSource{command.register_data_source().name(),
                                        {command.register_data_source().python_data_source().command(),
                                         command.register_data_source().python_data_source().python_ver()}};
      case proto::Command::kMergeIntoTableCommand:
        return plan::UnsupportedCommand{"DataFrame.mergeInto"};
      case proto::Command::kMlCommand:
        return plan::UnsupportedCommand{"Machine learning (pyspark.ml)"};
      case proto::Command::kCreateResourceProfileCommand:
        return plan::UnsupportedCommand{"Resource profiles"};
      case proto::Command::kExecuteExternalCommand:
        return plan::UnsupportedCommand{"External commands"};
      case proto::Command::kPipelineCommand:
        return plan::UnsupportedCommand{"Declarative pipelines"};
      case proto::Command::kExtension:
        throw InvalidPlan("NO_HANDLER_FOR_EXTENSION", {{"extensionTypeUrl", command.extension().type_url()}});
      case proto::Command::COMMAND_TYPE_NOT_SET:
        throw OneofNotSet(command, "command_type");
      default:  // the commands that the server answers itself
        throw OneofNotSupported(command, "command_type");
    }
  }();
  return std::make_shared<plan::Command>(plan::Command{std::move(node)});
}

std::vector<std::string> ParseTableName(const std::string& text) { return types::ParseAttributeName(text); }

}  // namespace sluice::connect
