// Evaluates source filters on single rows: parsers leave a row as soon as a value rules it out.
#include "formats/row_filter.h"

#include <arrow/scalar.h>

#include <algorithm>
#include <cmath>

namespace sluice::formats {
namespace {

using types::TypeId;
using Op = SourceFilter::Op;

// Spark's order of doubles: NaN equals itself and is the greatest.
int CompareReals(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
  return a < b ? -1 : a > b;
}

template <typename T>
int CompareOrdered(const T& a, const T& b) {
  return a < b ? -1 : b < a;
}

bool Holds(Op op, int compared) {
  switch (op) {
    case Op::kLess:
      return compared < 0;
    case Op::kLessEqual:
      return compared <= 0;
    case Op::kGreater:
      return compared > 0;
    case Op::kGreaterEqual:
      return compared >= 0;
    default:
      return compared == 0;
  }
}

template <typename Values, typename Compare>
bool HoldsForAny(Op op, const Values& values, const Compare& compare) {
  return std::any_of(values.begin(), values.end(), [&](const auto& value) { return Holds(op, compare(value)); });
}

bool TextHolds(Op op, std::string_view text, const std::vector<std::string>& values) {
  switch (op) {
    case Op::kStartsWith:
      return text.starts_with(values[0]);
    case Op::kEndsWith:
      return text.ends_with(values[0]);
    case Op::kContains:
      return text.find(values[0]) != std::string_view::npos;
    case Op::kEqual:
      return text == values[0];
    default:
      return HoldsForAny(op, values, [&](const std::string& value) { return text.compare(value); });
  }
}

int64_t IntegerAt(const ColumnBuilder& column, int64_t row) {
  switch (column.id()) {
    case TypeId::kByte:
      return column.Values<int8_t>()[row];
    case TypeId::kShort:
      return column.Values<int16_t>()[row];
    case TypeId::kInteger:
    case TypeId::kDate:
    case TypeId::kYearMonthInterval:
      return column.Values<int32_t>()[row];
    default:
      return column.Values<int64_t>()[row];
  }
}

int64_t IntegerOf(const arrow::Scalar& scalar) {
  using arrow::internal::PrimitiveScalarBase;
  auto bytes = static_cast<const PrimitiveScalarBase&>(scalar).view();
  switch (bytes.size()) {
    case 1:
      return *reinterpret_cast<const int8_t*>(bytes.data());
    case 2:
      return *reinterpret_cast<const int16_t*>(bytes.data());
    case 4:
      return *reinterpret_cast<const int32_t*>(bytes.data());
    default:
      return *reinterpret_cast<const int64_t*>(bytes.data());
  }
}

double RealOf(const arrow::Scalar& scalar) {
  if (scalar.type->id() == arrow::Type::FLOAT) return static_cast<const arrow::FloatScalar&>(scalar).value;
  return static_cast<const arrow::DoubleScalar&>(scalar).value;
}

}  // namespace

RowFilter::RowFilter(const std::vector<SourceFilter>& filters, const types::DataType& columns, Order order)
    : order_(order) {
  for (const SourceFilter& filter : filters) {
    Node node;
    if (!Compile(filter, columns, &node)) continue;
    std::vector<int> used;
    CollectColumns(node, &used);
    if (columns.fields().empty()) continue;
    nodes_of_column_.resize(columns.fields().size());
    const int index = static_cast<int>(nodes_.size());
    if (used.empty()) {
      // A constant: known with the first value.
      const size_t first = order == Order::kFixed ? 1 : nodes_of_column_.size();
      for (size_t column = 0; column < first; ++column) nodes_of_column_[column].push_back(index);
    } else if (order == Order::kFixed) {
      nodes_of_column_[*std::max_element(used.begin(), used.end())].push_back(index);
    } else {
      for (int column : used) nodes_of_column_[column].push_back(index);
    }
    nodes_.push_back(std::move(node));
  }
}

bool RowFilter::Keeps(int column, const ColumnBuilder* columns, int64_t row) const {
  for (int index : nodes_of_column_[column]) {
    const Node& node = nodes_[index];
    if (order_ == Order::kAny && !AllSet(node, columns, row)) continue;
    if (Evaluate(node, columns, row) != Truth::kTrue) return false;
  }
  return true;
}

bool RowFilter::Compile(const SourceFilter& filter, const types::DataType& columns, Node* out) {
  out->op = filter.op;
  switch (filter.op) {
    case Op::kAlwaysFalse:
      return true;
    case Op::kAnd:
    case Op::kOr:
    case Op::kNot:
      for (const SourceFilter& child : filter.children) {
        if (!Compile(child, columns, &out->children.emplace_back())) return false;
      }
      return true;
    default:
      break;
  }
  auto index = columns.FieldIndex(filter.column, true);
  if (!index) return false;
  out->column = *index;
  return CompileValues(filter, *columns.fields()[*index].type, out);
}

bool RowFilter::CompileValues(const SourceFilter& filter, const types::DataType& type, Node* out) {
  switch (type.id()) {
    case TypeId::kBoolean:
      out->kind = Kind::kBoolean;
      break;
    case TypeId::kFloat:
    case TypeId::kDouble:
      out->kind = Kind::kReal;
      break;
    case TypeId::kString:
    case TypeId::kChar:
    case TypeId::kVarchar:
    case TypeId::kBinary:
      out->kind = Kind::kText;
      break;
    case TypeId::kDecimal:
      out->kind = Kind::kDecimal;
      break;
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInteger:
    case TypeId::kLong:
    case TypeId::kDate:
    case TypeId::kTime:
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
    case TypeId::kYearMonthInterval:
    case TypeId::kDayTimeInterval:
      out->kind = Kind::kInteger;
      break;
    default:
      return filter.op == Op::kIsNull || filter.op == Op::kIsNotNull;
  }
  for (const types::Literal& value : filter.values) {
    if (value.is_null()) {
      out->has_null = true;
      continue;
    }
    const arrow::Scalar& scalar = *value.value;
    switch (out->kind) {
      case Kind::kBoolean:
        out->integers.push_back(static_cast<const arrow::BooleanScalar&>(scalar).value);
        break;
      case Kind::kInteger:
        out->integers.push_back(IntegerOf(scalar));
        break;
      case Kind::kReal:
        out->reals.push_back(RealOf(scalar));
        break;
      case Kind::kText:
        out->texts.emplace_back(static_cast<const arrow::BaseBinaryScalar&>(scalar).view());
        break;
      case Kind::kDecimal:
        out->decimals.push_back(static_cast<const arrow::Decimal128Scalar&>(scalar).value);
        break;
    }
  }
  return true;
}

void RowFilter::CollectColumns(const Node& node, std::vector<int>* columns) {
  if (node.column >= 0) columns->push_back(node.column);
  for (const Node& child : node.children) CollectColumns(child, columns);
}

bool RowFilter::AllSet(const Node& node, const ColumnBuilder* columns, int64_t row) {
  if (node.column >= 0 && columns[node.column].length() <= row) return false;
  return std::all_of(node.children.begin(), node.children.end(),
                     [&](const Node& child) { return AllSet(child, columns, row); });
}

RowFilter::Truth RowFilter::Evaluate(const Node& node, const ColumnBuilder* columns, int64_t row) {
  switch (node.op) {
    case Op::kAlwaysFalse:
      return Truth::kFalse;
    case Op::kNot: {
      Truth truth = Evaluate(node.children[0], columns, row);
      if (truth == Truth::kUnknown) return truth;
      return truth == Truth::kTrue ? Truth::kFalse : Truth::kTrue;
    }
    case Op::kAnd:
    case Op::kOr: {
      const Truth decides = node.op == Op::kAnd ? Truth::kFalse : Truth::kTrue;
      Truth all = node.op == Op::kAnd ? Truth::kTrue : Truth::kFalse;
      for (const Node& child : node.children) {
        Truth truth = Evaluate(child, columns, row);
        if (truth == decides) return decides;
        if (truth == Truth::kUnknown) all = Truth::kUnknown;
      }
      return all;
    }
    default:
      return EvaluateLeaf(node, columns[node.column], row);
  }
}

RowFilter::Truth RowFilter::EvaluateLeaf(const Node& node, const ColumnBuilder& column, int64_t row) {
  auto truth_of = [](bool value) { return value ? Truth::kTrue : Truth::kFalse; };
  const bool null = column.IsNull(row);
  if (node.op == Op::kIsNull) return truth_of(null);
  if (node.op == Op::kIsNotNull) return truth_of(!null);
  if (null) return node.op == Op::kNullSafeEqual ? Truth::kFalse : Truth::kUnknown;
  bool holds = false;
  switch (node.kind) {
    case Kind::kBoolean: {
      bool value = column.BoolAt(row);
      holds = HoldsForAny(node.op, node.integers, [&](int64_t other) { return CompareOrdered<int64_t>(value, other); });
      break;
    }
    case Kind::kInteger: {
      int64_t value = IntegerAt(column, row);
      holds = HoldsForAny(node.op, node.integers, [&](int64_t other) { return CompareOrdered(value, other); });
      break;
    }
    case Kind::kReal: {
      double value = column.id() == TypeId::kFloat ? column.Values<float>()[row] : column.Values<double>()[row];
      holds = HoldsForAny(node.op, node.reals, [&](double other) { return CompareReals(value, other); });
      break;
    }
    case Kind::kText:
      holds = TextHolds(node.op, column.StringAt(row), node.texts);
      break;
    case Kind::kDecimal: {
      auto value = column.Values<arrow::Decimal128>()[row];
      holds = HoldsForAny(node.op, node.decimals, [&](const auto& other) { return CompareOrdered(value, other); });
      break;
    }
  }
  if (!holds && node.has_null) return Truth::kUnknown;
  return truth_of(holds);
}

}  // namespace sluice::formats
