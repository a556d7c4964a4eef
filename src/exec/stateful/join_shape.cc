// Takes a stream-stream join apart as Spark's JoinConditionSplitPredicates and StreamingSymmetricHashJoinHelper do.
#include "exec/stateful/join_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "functions/null_test.h"
#include "logical/join_watermark.h"
#include "logical/watermark_metadata.h"

namespace sluice::exec {
namespace {

using logical::AttributePtr;
using logical::Attributes;
using logical::ExprId;
using logical::ExprPtr;
using plan::JoinType;
using types::Literal;
using types::TypeId;

bool IsEventTime(const logical::AttributeExpr& attribute) {
  return logical::WatermarkDelayMs(attribute.metadata).has_value();
}

std::set<ExprId> IdsOf(const Attributes& attributes) {
  std::set<ExprId> ids;
  for (const AttributePtr& attribute : attributes) ids.insert(attribute->id);
  return ids;
}

bool RefersOnlyTo(const ExprPtr& expr, const std::set<ExprId>& ids) {
  return std::ranges::all_of(logical::References(expr),
                             [&](const AttributePtr& attribute) { return ids.contains(attribute->id); });
}

std::optional<size_t> FindEventTime(const Attributes& input, bool many_event_times) {
  std::optional<size_t> first;
  std::set<ExprId> ids;
  std::string names;
  for (size_t i = 0; i < input.size(); ++i) {
    if (!IsEventTime(*input[i])) continue;
    if (!first) first = i;
    ids.insert(input[i]->id);
    names += (names.empty() ? "" : ",") + input[i]->ToString();
  }
  if (ids.size() > 1 && !many_event_times) {
    throw base::Error(base::ErrorKind::kAnalysis, "_LEGACY_ERROR_TEMP_3077", {{"eventTimeCols", "(" + names + ")"}});
  }
  return first;
}

std::optional<size_t> FindEventTimeKey(const std::vector<ExprPtr>& keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto* attribute = keys[i]->As<logical::AttributeExpr>();
    if (attribute && IsEventTime(*attribute)) return i;
  }
  return std::nullopt;
}

// The conjuncts of a condition by what they are about; those about nothing are asked of each side.
struct SplitCondition {
  std::vector<ExprPtr> left, right, both;
};

SplitCondition Split(const ExprPtr& condition, const Attributes& left, const Attributes& right) {
  SplitCondition split;
  if (!condition) return split;
  std::set<ExprId> left_ids = IdsOf(left), right_ids = IdsOf(right);
  for (const ExprPtr& conjunct : logical::SplitConjuncts(condition)) {
    bool of_left = conjunct->Deterministic() && RefersOnlyTo(conjunct, left_ids);
    bool of_right = conjunct->Deterministic() && RefersOnlyTo(conjunct, right_ids);
    if (of_left) split.left.push_back(conjunct);
    if (of_right) split.right.push_back(conjunct);
    if (!of_left && !of_right) split.both.push_back(conjunct);
  }
  return split;
}

std::string Text(const std::vector<ExprPtr>& conjuncts) {
  ExprPtr all = logical::JoinConjuncts(conjuncts);
  return all ? all->ToString() : "null";
}

// What Spark's Literal.default gives.
Literal DefaultOf(const types::TypePtr& type) {
  switch (type->id()) {
    case TypeId::kBoolean:
      return Literal::Boolean(false);
    case TypeId::kByte:
      return Literal::Byte(0);
    case TypeId::kShort:
      return Literal::Short(0);
    case TypeId::kInteger:
      return Literal::Integer(0);
    case TypeId::kLong:
      return Literal::Long(0);
    case TypeId::kFloat:
      return Literal::Float(0);
    case TypeId::kDouble:
      return Literal::Double(0);
    case TypeId::kDecimal:
      return Literal::Decimal({}, type->precision(), type->scale());
    case TypeId::kString:
      return Literal::String("");
    case TypeId::kBinary:
      return Literal::Binary("");
    case TypeId::kDate:
      return Literal::Date(0);
    case TypeId::kTimestamp:
      return Literal::Timestamp(0);
    case TypeId::kTimestampNtz:
      return Literal::TimestampNtz(0);
    default:
      throw base::Error::Unsupported("A join of two streaming DataFrames by <=> of the type " + type->Sql());
  }
}

void AddKey(const ExprPtr& key, bool null_safe, std::vector<ExprPtr>* keys) {
  if (!null_safe) return keys->push_back(key);
  ExprPtr otherwise = logical::MakeLiteral(DefaultOf(key->type));
  keys->push_back(std::make_shared<logical::LazyExpr>(logical::ExprKind::kCoalesce, key->type, false,
                                                      std::vector<ExprPtr>{key, otherwise}));
  keys->push_back(functions::IsNull(key));
}

// The columns of `input` that the conjuncts use.
std::vector<size_t> UsedFields(const std::vector<ExprPtr>& conjuncts, const Attributes& input) {
  std::set<ExprId> used;
  for (const ExprPtr& conjunct : conjuncts) used.merge(IdsOf(logical::References(conjunct)));
  std::vector<size_t> fields;
  for (size_t i = 0; i < input.size(); ++i) {
    if (used.contains(input[i]->id)) fields.push_back(i);
  }
  return fields;
}

}  // namespace

JoinSpec WithPlainKeys(const JoinSpec& spec) {
  JoinSpec plain = spec;
  plain.left_keys.clear();
  plain.right_keys.clear();
  for (size_t i = 0; i < spec.left_keys.size(); ++i) {
    AddKey(spec.left_keys[i], spec.null_safe[i], &plain.left_keys);
    AddKey(spec.right_keys[i], spec.null_safe[i], &plain.right_keys);
  }
  return plain;
}

JoinSide::JoinSide(const std::string& name, const Attributes& columns, const std::vector<ExprPtr>& key_list,
                   const ExprPtr& own, bool many_event_times)
    : input(columns),
      key_expressions(key_list),
      keys(key_list, columns),
      own_condition(own ? Compile(own, columns) : nullptr),
      event_time_index(FindEventTime(columns, many_event_times)),
      layout(name, key_list, columns) {
  for (size_t i = 0; i < columns.size(); ++i) all_fields.push_back(i);
}

JoinShape::JoinShape(const JoinSpec& spec, const Attributes& left_input, const Attributes& right_input,
                     bool many_event_times)
    : type(spec.type == JoinType::kCross ? JoinType::kInner : spec.type),
      left("left", left_input, spec.left_keys,
           logical::JoinConjuncts(Split(spec.residual, left_input, right_input).left), many_event_times),
      right("right", right_input, spec.right_keys,
            logical::JoinConjuncts(Split(spec.residual, left_input, right_input).right), many_event_times),
      condition_(spec.residual) {
  SplitCondition split = Split(spec.residual, left_input, right_input);
  watermark_key_ = FindEventTimeKey(spec.left_keys);
  if (!watermark_key_) watermark_key_ = FindEventTimeKey(spec.right_keys);
  condition_text_ = fmt::format("condition = [ leftOnly = {}, rightOnly = {}, both = {}, full = {} ]", Text(split.left),
                                Text(split.right), Text(split.both), condition_ ? condition_->ToString() : "null");
  if (split.both.empty()) return;
  both_left_fields = UsedFields(split.both, left_input);
  both_right_fields = UsedFields(split.both, right_input);
  Attributes used;
  for (size_t field : both_left_fields) used.push_back(left_input[field]);
  for (size_t field : both_right_fields) used.push_back(right_input[field]);
  both_schema = logical::ArrowSchema(used);
  both = Compile(logical::JoinConjuncts(split.both), used);
}

std::optional<JoinEviction> JoinShape::EvictionOf(bool of_left, int64_t watermark_ms) const {
  const JoinSide &side = of_left ? left : right, &other = of_left ? right : left;
  if (watermark_key_) {
    const types::DataType& key = *side.key_expressions[*watermark_key_]->type;
    return JoinEviction{EventTimeKey::At(*watermark_key_, key, side.key_expressions.size()), true, watermark_ms};
  }
  if (!side.event_time_index) return std::nullopt;
  auto limit = logical::StateValueWatermark(side.input, other.input, condition_, watermark_ms);
  if (!limit) return std::nullopt;
  size_t index = *side.event_time_index;
  return JoinEviction{EventTimeKey::At(index, *side.input[index]->type, side.input.size() + 1), false, *limit};
}

int64_t JoinShape::OutputWatermark(int64_t input_ms) const {
  int64_t lowest = input_ms;
  for (bool of_left : {true, false}) {
    if (auto eviction = EvictionOf(of_left, input_ms)) lowest = std::min(lowest, eviction->limit_ms);
  }
  return lowest;
}

bool JoinShape::KeepsUnmatched(bool of_left) const {
  return type == JoinType::kFullOuter || type == (of_left ? JoinType::kLeftOuter : JoinType::kRightOuter);
}

std::string JoinShape::Describe() const {
  static const char* const kNames[] = {"Inner",    "LeftOuter", "RightOuter", "FullOuter",
                                       "LeftSemi", "LeftAnti",  "Cross"};
  return fmt::format("{}, {}, {}, {}", ListText(left.key_expressions), ListText(right.key_expressions),
                     kNames[static_cast<int>(type)], condition_text_);
}

}  // namespace sluice::exec
