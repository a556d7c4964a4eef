// Source filters compiled for rows that are being built.
#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <string>
#include <vector>

#include "formats/column_builder.h"
#include "formats/source_filter.h"

namespace sluice::formats {

/// Immutable; a filter over columns that are not there, or of types that can't be compared, is left out.
class RowFilter {
 public:
  /// When a filter on several columns of a row can be evaluated.
  enum class Order {
    kAny,   ///< columns come in any order: with the last of them that is set
    kFixed  ///< columns are set from the first to the last
  };
  /// `columns` is the struct of the columns that are built.
  RowFilter(const std::vector<SourceFilter>& filters, const types::DataType& columns, Order order);

  bool empty() const { return nodes_of_column_.empty(); }
  bool Concerns(int column) const { return !empty() && !nodes_of_column_[column].empty(); }
  /// Whether row `row`, whose value of `column` has just been set, may stay by the filters that can be evaluated now.
  bool Keeps(int column, const ColumnBuilder* columns, int64_t row) const;

 private:
  enum class Truth : uint8_t { kFalse, kTrue, kUnknown };
  enum class Kind : uint8_t { kBoolean, kInteger, kReal, kText, kDecimal };
  struct Node {
    SourceFilter::Op op;
    int column = -1;
    Kind kind = Kind::kInteger;
    std::vector<int64_t> integers;
    std::vector<double> reals;
    std::vector<std::string> texts;
    std::vector<arrow::Decimal128> decimals;
    bool has_null = false;
    std::vector<Node> children;
  };

  static bool Compile(const SourceFilter& filter, const types::DataType& columns, Node* out);
  static bool CompileValues(const SourceFilter& filter, const types::DataType& type, Node* out);
  static void CollectColumns(const Node& node, std::vector<int>* columns);
  static bool AllSet(const Node& node, const ColumnBuilder* columns, int64_t row);
  static Truth Evaluate(const Node& node, const ColumnBuilder* columns, int64_t row);
  static Truth EvaluateLeaf(const Node& node, const ColumnBuilder& column, int64_t row);

  Order order_;
  std::vector<Node> nodes_;
  std::vector<std::vector<int>> nodes_of_column_;  // empty if there are no filters
};

}  // namespace sluice::formats
