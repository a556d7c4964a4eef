// Resolved plan nodes: each knows its output attributes and whether it is a stream.
#pragma once

#include <arrow/record_batch.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "logical/expression.h"
#include "plan/relation.h"

namespace sluice::logical {

/// A batch data set that can be scanned; connectors/spi derives from it (spi::BatchTable).
class TableHandle {
 public:
  virtual ~TableHandle() = default;
  /// As in plan texts: "FileScan parquet [file:/a]".
  virtual std::string Describe() const = 0;
};
/// A stream to be read; connectors/spi derives from it (spi::StreamDefinition).
class StreamHandle {
 public:
  virtual ~StreamHandle() = default;
  virtual std::string Describe() const = 0;
  /// The option by which the reader asked that records which a parser refuses are put aside; empty if it did not.
  virtual std::string dead_letter_option() const { return ""; }
};
/// Batches that stay in memory: memory-sink tables, cached frames, foreachBatch input. Snapshots are immutable.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual std::vector<std::shared_ptr<arrow::RecordBatch>> Snapshot() const = 0;
};

enum class PlanKind {
  kLocalData,
  kRange,
  kScan,
  kStreamScan,
  kInMemory,
  kProject,
  kFilter,
  kJoin,
  kAggregate,
  kSort,
  kLimit,
  kOffset,
  kTail,
  kUnion,
  kDeduplicate,
  kSample,
  kRepartition,
  kGenerate,
  kExpand,
  kWindow,
  kWatermark,
  kCollectMetrics,
  kDeadLetters,
  kMapPartitions,
  kGroupMap,
  kCoGroupMap,
  kShowString,
  kHint,
  kPandasWithState,
  kTransformWithState,
};

struct Plan;
using PlanPtr = std::shared_ptr<const Plan>;
using Attributes = std::vector<AttributePtr>;

struct Plan {
  Plan(PlanKind kind, std::vector<PlanPtr> children, Attributes output);
  virtual ~Plan() = default;
  const PlanKind kind;
  const std::vector<PlanPtr> children;
  const Attributes output;
  const bool is_streaming;  ///< any leaf is a stream

  const PlanPtr& child() const { return children[0]; }
  virtual PlanPtr WithChildren(std::vector<PlanPtr> new_children) const = 0;
  /// All expressions of this node itself, in a fixed order; WithExpressions takes them back in that order.
  virtual std::vector<ExprPtr> Expressions() const { return {}; }
  virtual PlanPtr WithExpressions(std::vector<ExprPtr> new_expressions) const;
  /// One line, without children: "Filter (v#1 > 5)".
  virtual std::string Describe() const = 0;
  types::TypePtr Schema() const;  ///< struct of the visible output

  template <typename T>
  const T* As() const {
    return dynamic_cast<const T*>(this);
  }
};

/// Rows known at analysis; `table` columns match the output by position.
struct LocalData : Plan {
  LocalData(Attributes output, std::vector<std::shared_ptr<arrow::RecordBatch>> batches);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
struct RangePlan : Plan {
  RangePlan(AttributePtr id, int64_t start, int64_t end, int64_t step, int partitions);
  int64_t start, end, step;
  int partitions;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
/// A batch table. `columns[i]` is the table column of output[i]; `pushed` conjuncts may be used by the reader to skip
/// rows or row groups, the Filter above stays unless the reader says it applies them exactly.
struct Scan : Plan {
  Scan(std::shared_ptr<TableHandle> table, Attributes output, std::vector<std::string> columns,
       std::vector<ExprPtr> pushed = {});
  std::shared_ptr<TableHandle> table;
  std::vector<std::string> columns;
  std::vector<ExprPtr> pushed;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
/// A stream as a leaf. The same StreamScan object reached twice (self union) is one source.
struct StreamScan : Plan {
  StreamScan(std::shared_ptr<StreamHandle> stream, Attributes output, std::vector<std::string> columns,
             std::vector<ExprPtr> pushed = {});
  std::shared_ptr<StreamHandle> stream;
  std::vector<std::string> columns;
  std::vector<ExprPtr> pushed;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
struct InMemory : Plan {
  InMemory(Attributes output, std::shared_ptr<BatchSource> source, std::string name);
  std::shared_ptr<BatchSource> source;
  std::string name;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
struct Project : Plan {
  Project(PlanPtr child, std::vector<ExprPtr> expressions);  ///< attributes or aliases
  std::vector<ExprPtr> expressions;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override { return expressions; }
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
struct Filter : Plan {
  Filter(PlanPtr child, ExprPtr condition);
  ExprPtr condition;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override { return {condition}; }
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
struct Join : Plan {
  Join(PlanPtr left, PlanPtr right, plan::JoinType type, ExprPtr condition);  ///< condition null = none
  plan::JoinType type;
  ExprPtr condition;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// `results` are named expressions over grouping attributes and AggregateCalls; `grouping` are attributes of the child
/// or aliases. A reference to a grouping expression in `results` is the grouping's attribute.
struct Aggregate : Plan {
  Aggregate(PlanPtr child, std::vector<ExprPtr> grouping, std::vector<ExprPtr> results);
  std::vector<ExprPtr> grouping;
  std::vector<ExprPtr> results;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
struct Sort : Plan {
  Sort(PlanPtr child, std::vector<std::shared_ptr<const SortOrderExpr>> order, bool global);
  std::vector<std::shared_ptr<const SortOrderExpr>> order;
  bool global;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// kLimit, kOffset, kTail
struct LimitPlan : Plan {
  LimitPlan(PlanKind kind, PlanPtr child, int64_t count);
  int64_t count;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
/// UNION ALL of children with equal types; output attributes are new.
struct Union : Plan {
  Union(std::vector<PlanPtr> children, Attributes output);
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
struct Deduplicate : Plan {
  Deduplicate(PlanPtr child, Attributes keys, bool within_watermark);
  Attributes keys;
  bool within_watermark;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
struct Sample : Plan {
  Sample(PlanPtr child, double lower, double upper, bool with_replacement, int64_t seed);
  double lower, upper;
  bool with_replacement;
  int64_t seed;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
struct Repartition : Plan {
  Repartition(PlanPtr child, int partitions, bool shuffle, std::vector<ExprPtr> keys);
  int partitions;  ///< 0 = default
  bool shuffle;    ///< false: coalesce
  std::vector<ExprPtr> keys;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override { return keys; }
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// child columns, then the generator's outputs.
struct Generate : Plan {
  Generate(PlanPtr child, std::shared_ptr<const GeneratorCall> generator, bool outer, Attributes generated);
  std::shared_ptr<const GeneratorCall> generator;
  bool outer;
  Attributes generated;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// Each input row once per projection (grouping sets).
struct Expand : Plan {
  Expand(PlanPtr child, std::vector<std::vector<ExprPtr>> projections, Attributes output);
  std::vector<std::vector<ExprPtr>> projections;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// child columns, then one column per window expression (aliases of WindowCalls with equal partition and order).
struct Window : Plan {
  Window(PlanPtr child, std::vector<ExprPtr> windows);
  std::vector<ExprPtr> windows;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override { return windows; }
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
struct Watermark : Plan {
  /// The output's event-time attribute carries "spark.watermarkDelayMs" in its metadata.
  Watermark(PlanPtr child, AttributePtr event_time, int64_t delay_ms, std::string delay_text);
  AttributePtr event_time;
  int64_t delay_ms;
  std::string delay_text;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
struct CollectMetrics : Plan {
  CollectMetrics(PlanPtr child, std::string name, std::vector<ExprPtr> metrics);  ///< named aggregate expressions
  std::string name;
  std::vector<ExprPtr> metrics;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override { return metrics; }
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// Takes rows that have a refusal out of the route, to the dead letters of the stream.
struct DeadLetters : Plan {
  DeadLetters(PlanPtr child, std::shared_ptr<StreamHandle> stream, Attributes record, std::vector<ExprPtr> refusals);
  std::shared_ptr<StreamHandle> stream;
  Attributes record;              ///< all columns of the stream's record, as the child has them
  std::vector<ExprPtr> refusals;  ///< texts; of those that are not null the first counts
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
struct MapPartitions : Plan {
  MapPartitions(PlanPtr child, std::shared_ptr<const plan::PythonUdf> function, Attributes output);
  std::shared_ptr<const plan::PythonUdf> function;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};
/// applyInPandas / applyInArrow: `grouping` are attributes of the child.
struct GroupMap : Plan {
  GroupMap(PlanPtr child, Attributes grouping, std::shared_ptr<const plan::PythonUdf> function, Attributes output);
  Attributes grouping;
  std::shared_ptr<const plan::PythonUdf> function;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// cogroup().applyInPandas / applyInArrow: groupings are attributes of the left and of the right child.
struct CoGroupMap : Plan {
  CoGroupMap(PlanPtr left, PlanPtr right, Attributes left_grouping, Attributes right_grouping,
             std::shared_ptr<const plan::PythonUdf> function, Attributes output);
  Attributes left_grouping, right_grouping;
  std::shared_ptr<const plan::PythonUdf> function;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::vector<ExprPtr> Expressions() const override;
  PlanPtr WithExpressions(std::vector<ExprPtr>) const override;
  std::string Describe() const override;
};
/// One row, one string column: the table of df.show() (or the HTML of a notebook).
struct ShowString : Plan {
  ShowString(PlanPtr child, int num_rows, int truncate, bool vertical, bool html);
  int num_rows, truncate;
  bool vertical, html;
  PlanPtr WithChildren(std::vector<PlanPtr>) const override;
  std::string Describe() const override;
};

/// The whole tree with Spark's "+- " and ":- " drawing.
std::string TreeString(const PlanPtr& plan);
/// Bottom-up rewrite of nodes; `rewrite` gives the replacement or null.
PlanPtr Transform(const PlanPtr& plan, const std::function<PlanPtr(const PlanPtr&)>& rewrite);
/// Rewrites the expressions of every node.
PlanPtr TransformExpressions(const PlanPtr& plan, const std::function<ExprPtr(const ExprPtr&)>& rewrite);
void Visit(const PlanPtr& plan, const std::function<void(const PlanPtr&)>& visit);
std::shared_ptr<arrow::Schema> ArrowSchema(const Attributes& output);

}  // namespace sluice::logical
