// Constructors and rebuilding of logical plan nodes.
#include "logical/plan.h"

#include "logical/watermark_metadata.h"

namespace sluice::logical {
namespace {

bool AnyStream(PlanKind kind, const std::vector<PlanPtr>& children) {
  if (kind == PlanKind::kStreamScan) return true;
  for (const PlanPtr& child : children) {
    if (child->is_streaming) return true;
  }
  return false;
}

Attributes NamedOutput(const std::vector<ExprPtr>& named) {
  Attributes out;
  out.reserve(named.size());
  for (const ExprPtr& expr : named) out.push_back(ToAttribute(expr));
  return out;
}

void Append(Attributes& to, const Attributes& more) { to.insert(to.end(), more.begin(), more.end()); }

Attributes Nullable(const Attributes& from) {
  Attributes out;
  out.reserve(from.size());
  for (const AttributePtr& attribute : from) {
    out.push_back(attribute->nullable ? attribute : attribute->WithNullability(true));
  }
  return out;
}

Attributes JoinOutput(const Plan& left, const Plan& right, plan::JoinType type) {
  using plan::JoinType;
  if (type == JoinType::kLeftSemi || type == JoinType::kLeftAnti) return left.output;
  bool left_nullable = type == JoinType::kRightOuter || type == JoinType::kFullOuter;
  bool right_nullable = type == JoinType::kLeftOuter || type == JoinType::kFullOuter;
  Attributes out = left_nullable ? Nullable(left.output) : left.output;
  Append(out, right_nullable ? Nullable(right.output) : right.output);
  return out;
}

Attributes Concat(Attributes first, const Attributes& second) {
  Append(first, second);
  return first;
}

// The event-time column gets the mark, any other loses it (EventTimeWatermark.output).
Attributes WatermarkOutput(const Plan& child, const AttributeExpr& event_time, int64_t delay_ms) {
  Attributes out;
  for (const AttributePtr& attribute : child.output) {
    std::optional<int64_t> delay;
    if (attribute->id == event_time.id) delay = delay_ms;
    auto copy = std::make_shared<AttributeExpr>(*attribute);
    copy->metadata = WithWatermarkDelay(attribute->metadata, delay);
    out.push_back(copy);
  }
  return out;
}

std::vector<ExprPtr> Widen(const std::vector<std::shared_ptr<const SortOrderExpr>>& order) {
  return {order.begin(), order.end()};
}

Attributes TextColumn(const char* name) { return {std::make_shared<AttributeExpr>(name, types::String(), false)}; }

}  // namespace

Plan::Plan(PlanKind kind, std::vector<PlanPtr> children_in, Attributes output)
    : kind(kind),
      children(std::move(children_in)),
      output(std::move(output)),
      is_streaming(AnyStream(kind, children)) {}

PlanPtr Plan::WithExpressions(std::vector<ExprPtr>) const { return WithChildren(children); }

types::TypePtr Plan::Schema() const {
  std::vector<types::StructField> fields;
  for (const AttributePtr& attribute : output) {
    if (attribute->hidden) continue;
    fields.push_back({attribute->name, attribute->type, attribute->nullable, attribute->metadata});
  }
  return types::Struct(std::move(fields));
}

LocalData::LocalData(Attributes output, std::vector<std::shared_ptr<arrow::RecordBatch>> batches)
    : Plan(PlanKind::kLocalData, {}, std::move(output)), batches(std::move(batches)) {}
PlanPtr LocalData::WithChildren(std::vector<PlanPtr>) const { return std::make_shared<LocalData>(output, batches); }

RangePlan::RangePlan(AttributePtr id, int64_t start, int64_t end, int64_t step, int partitions)
    : Plan(PlanKind::kRange, {}, {std::move(id)}), start(start), end(end), step(step), partitions(partitions) {}
PlanPtr RangePlan::WithChildren(std::vector<PlanPtr>) const {
  return std::make_shared<RangePlan>(output[0], start, end, step, partitions);
}

Scan::Scan(std::shared_ptr<TableHandle> table, Attributes output, std::vector<std::string> columns,
           std::vector<ExprPtr> pushed)
    : Plan(PlanKind::kScan, {}, std::move(output)),
      table(std::move(table)),
      columns(std::move(columns)),
      pushed(std::move(pushed)) {}
PlanPtr Scan::WithChildren(std::vector<PlanPtr>) const {
  return std::make_shared<Scan>(table, output, columns, pushed);
}

StreamScan::StreamScan(std::shared_ptr<StreamHandle> stream, Attributes output, std::vector<std::string> columns,
                       std::vector<ExprPtr> pushed)
    : Plan(PlanKind::kStreamScan, {}, std::move(output)),
      stream(std::move(stream)),
      columns(std::move(columns)),
      pushed(std::move(pushed)) {}
PlanPtr StreamScan::WithChildren(std::vector<PlanPtr>) const {
  return std::make_shared<StreamScan>(stream, output, columns, pushed);
}

InMemory::InMemory(Attributes output, std::shared_ptr<BatchSource> source, std::string name)
    : Plan(PlanKind::kInMemory, {}, std::move(output)), source(std::move(source)), name(std::move(name)) {}
PlanPtr InMemory::WithChildren(std::vector<PlanPtr>) const { return std::make_shared<InMemory>(output, source, name); }

Project::Project(PlanPtr child, std::vector<ExprPtr> expressions)
    : Plan(PlanKind::kProject, {child}, NamedOutput(expressions)), expressions(std::move(expressions)) {}
PlanPtr Project::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Project>(new_children[0], expressions);
}
PlanPtr Project::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Project>(child(), std::move(new_expressions));
}

Filter::Filter(PlanPtr child, ExprPtr condition)
    : Plan(PlanKind::kFilter, {child}, child->output), condition(std::move(condition)) {}
PlanPtr Filter::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Filter>(new_children[0], condition);
}
PlanPtr Filter::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Filter>(child(), new_expressions[0]);
}

Join::Join(PlanPtr left, PlanPtr right, plan::JoinType type, ExprPtr condition)
    : Plan(PlanKind::kJoin, {left, right}, JoinOutput(*left, *right, type)),
      type(type),
      condition(std::move(condition)) {}
PlanPtr Join::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Join>(new_children[0], new_children[1], type, condition);
}
std::vector<ExprPtr> Join::Expressions() const {
  if (!condition) return {};
  return {condition};
}
PlanPtr Join::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Join>(children[0], children[1], type, new_expressions.empty() ? nullptr : new_expressions[0]);
}

Aggregate::Aggregate(PlanPtr child, std::vector<ExprPtr> grouping, std::vector<ExprPtr> results)
    : Plan(PlanKind::kAggregate, {child}, NamedOutput(results)),
      grouping(std::move(grouping)),
      results(std::move(results)) {}
PlanPtr Aggregate::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Aggregate>(new_children[0], grouping, results);
}
std::vector<ExprPtr> Aggregate::Expressions() const {
  std::vector<ExprPtr> out = grouping;
  out.insert(out.end(), results.begin(), results.end());
  return out;
}
PlanPtr Aggregate::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  auto middle = new_expressions.begin() + grouping.size();
  return std::make_shared<Aggregate>(child(), std::vector<ExprPtr>(new_expressions.begin(), middle),
                                     std::vector<ExprPtr>(middle, new_expressions.end()));
}

Sort::Sort(PlanPtr child, std::vector<std::shared_ptr<const SortOrderExpr>> order, bool global)
    : Plan(PlanKind::kSort, {child}, child->output), order(std::move(order)), global(global) {}
PlanPtr Sort::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Sort>(new_children[0], order, global);
}
std::vector<ExprPtr> Sort::Expressions() const { return Widen(order); }
PlanPtr Sort::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  std::vector<std::shared_ptr<const SortOrderExpr>> orders;
  for (const ExprPtr& expr : new_expressions) orders.push_back(std::dynamic_pointer_cast<const SortOrderExpr>(expr));
  return std::make_shared<Sort>(child(), std::move(orders), global);
}

LimitPlan::LimitPlan(PlanKind kind, PlanPtr child, int64_t count) : Plan(kind, {child}, child->output), count(count) {}
PlanPtr LimitPlan::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<LimitPlan>(kind, new_children[0], count);
}

Union::Union(std::vector<PlanPtr> children, Attributes output)
    : Plan(PlanKind::kUnion, std::move(children), std::move(output)) {}
PlanPtr Union::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Union>(std::move(new_children), output);
}

Deduplicate::Deduplicate(PlanPtr child, Attributes keys, bool within_watermark)
    : Plan(PlanKind::kDeduplicate, {child}, child->output), keys(std::move(keys)), within_watermark(within_watermark) {}
PlanPtr Deduplicate::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Deduplicate>(new_children[0], keys, within_watermark);
}
std::vector<ExprPtr> Deduplicate::Expressions() const { return {keys.begin(), keys.end()}; }
PlanPtr Deduplicate::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Deduplicate>(child(), NamedOutput(new_expressions), within_watermark);
}

Sample::Sample(PlanPtr child, double lower, double upper, bool with_replacement, int64_t seed)
    : Plan(PlanKind::kSample, {child}, child->output),
      lower(lower),
      upper(upper),
      with_replacement(with_replacement),
      seed(seed) {}
PlanPtr Sample::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Sample>(new_children[0], lower, upper, with_replacement, seed);
}

Repartition::Repartition(PlanPtr child, int partitions, bool shuffle, std::vector<ExprPtr> keys)
    : Plan(PlanKind::kRepartition, {child}, child->output),
      partitions(partitions),
      shuffle(shuffle),
      keys(std::move(keys)) {}
PlanPtr Repartition::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Repartition>(new_children[0], partitions, shuffle, keys);
}
PlanPtr Repartition::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Repartition>(child(), partitions, shuffle, std::move(new_expressions));
}

Generate::Generate(PlanPtr child, std::shared_ptr<const GeneratorCall> generator, bool outer, Attributes generated)
    : Plan(PlanKind::kGenerate, {child}, Concat(child->output, generated)),
      generator(std::move(generator)),
      outer(outer),
      generated(std::move(generated)) {}
PlanPtr Generate::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Generate>(new_children[0], generator, outer, generated);
}
std::vector<ExprPtr> Generate::Expressions() const { return {generator}; }
PlanPtr Generate::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Generate>(child(), std::dynamic_pointer_cast<const GeneratorCall>(new_expressions[0]), outer,
                                    generated);
}

Expand::Expand(PlanPtr child, std::vector<std::vector<ExprPtr>> projections, Attributes output)
    : Plan(PlanKind::kExpand, {child}, std::move(output)), projections(std::move(projections)) {}
PlanPtr Expand::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Expand>(new_children[0], projections, output);
}
std::vector<ExprPtr> Expand::Expressions() const {
  std::vector<ExprPtr> out;
  for (const auto& projection : projections) out.insert(out.end(), projection.begin(), projection.end());
  return out;
}
PlanPtr Expand::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  std::vector<std::vector<ExprPtr>> split;
  auto at = new_expressions.begin();
  for (const auto& projection : projections) {
    split.emplace_back(at, at + projection.size());
    at += projection.size();
  }
  return std::make_shared<Expand>(child(), std::move(split), output);
}

Window::Window(PlanPtr child, std::vector<ExprPtr> windows)
    : Plan(PlanKind::kWindow, {child}, Concat(child->output, NamedOutput(windows))), windows(std::move(windows)) {}
PlanPtr Window::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Window>(new_children[0], windows);
}
PlanPtr Window::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Window>(child(), std::move(new_expressions));
}

Watermark::Watermark(PlanPtr child, AttributePtr event_time, int64_t delay_ms, std::string delay_text)
    : Plan(PlanKind::kWatermark, {child}, WatermarkOutput(*child, *event_time, delay_ms)),
      event_time(std::move(event_time)),
      delay_ms(delay_ms),
      delay_text(std::move(delay_text)) {}
PlanPtr Watermark::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<Watermark>(new_children[0], event_time, delay_ms, delay_text);
}
std::vector<ExprPtr> Watermark::Expressions() const { return {event_time}; }
PlanPtr Watermark::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<Watermark>(child(), ToAttribute(new_expressions[0]), delay_ms, delay_text);
}

CollectMetrics::CollectMetrics(PlanPtr child, std::string name, std::vector<ExprPtr> metrics)
    : Plan(PlanKind::kCollectMetrics, {child}, child->output), name(std::move(name)), metrics(std::move(metrics)) {}
PlanPtr CollectMetrics::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<CollectMetrics>(new_children[0], name, metrics);
}
PlanPtr CollectMetrics::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<CollectMetrics>(child(), name, std::move(new_expressions));
}

DeadLetters::DeadLetters(PlanPtr child, std::shared_ptr<StreamHandle> stream, Attributes record,
                         std::vector<ExprPtr> refusals)
    : Plan(PlanKind::kDeadLetters, {child}, child->output),
      stream(std::move(stream)),
      record(std::move(record)),
      refusals(std::move(refusals)) {}
PlanPtr DeadLetters::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<DeadLetters>(new_children[0], stream, record, refusals);
}
std::vector<ExprPtr> DeadLetters::Expressions() const {
  std::vector<ExprPtr> out(record.begin(), record.end());
  out.insert(out.end(), refusals.begin(), refusals.end());
  return out;
}
PlanPtr DeadLetters::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  auto middle = new_expressions.begin() + static_cast<std::ptrdiff_t>(record.size());
  return std::make_shared<DeadLetters>(child(), stream, NamedOutput({new_expressions.begin(), middle}),
                                       std::vector<ExprPtr>(middle, new_expressions.end()));
}

MapPartitions::MapPartitions(PlanPtr child, std::shared_ptr<const plan::PythonUdf> function, Attributes output)
    : Plan(PlanKind::kMapPartitions, {child}, std::move(output)), function(std::move(function)) {}
PlanPtr MapPartitions::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<MapPartitions>(new_children[0], function, output);
}

GroupMap::GroupMap(PlanPtr child, Attributes grouping, std::shared_ptr<const plan::PythonUdf> function,
                   Attributes output)
    : Plan(PlanKind::kGroupMap, {child}, std::move(output)),
      grouping(std::move(grouping)),
      function(std::move(function)) {}
PlanPtr GroupMap::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<GroupMap>(new_children[0], grouping, function, output);
}
std::vector<ExprPtr> GroupMap::Expressions() const { return {grouping.begin(), grouping.end()}; }
PlanPtr GroupMap::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  return std::make_shared<GroupMap>(child(), NamedOutput(new_expressions), function, output);
}

CoGroupMap::CoGroupMap(PlanPtr left, PlanPtr right, Attributes left_grouping, Attributes right_grouping,
                       std::shared_ptr<const plan::PythonUdf> function, Attributes output)
    : Plan(PlanKind::kCoGroupMap, {left, right}, std::move(output)),
      left_grouping(std::move(left_grouping)),
      right_grouping(std::move(right_grouping)),
      function(std::move(function)) {}
PlanPtr CoGroupMap::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<CoGroupMap>(new_children[0], new_children[1], left_grouping, right_grouping, function,
                                      output);
}
std::vector<ExprPtr> CoGroupMap::Expressions() const {
  std::vector<ExprPtr> out(left_grouping.begin(), left_grouping.end());
  out.insert(out.end(), right_grouping.begin(), right_grouping.end());
  return out;
}
PlanPtr CoGroupMap::WithExpressions(std::vector<ExprPtr> new_expressions) const {
  Attributes all = NamedOutput(new_expressions);
  auto middle = all.begin() + left_grouping.size();
  return std::make_shared<CoGroupMap>(children[0], children[1], Attributes(all.begin(), middle),
                                      Attributes(middle, all.end()), function, output);
}

ShowString::ShowString(PlanPtr child, int num_rows, int truncate, bool vertical, bool html)
    : Plan(PlanKind::kShowString, {child}, TextColumn(html ? "html_string" : "show_string")),
      num_rows(num_rows),
      truncate(truncate),
      vertical(vertical),
      html(html) {}
PlanPtr ShowString::WithChildren(std::vector<PlanPtr> new_children) const {
  return std::make_shared<ShowString>(new_children[0], num_rows, truncate, vertical, html);
}

}  // namespace sluice::logical
