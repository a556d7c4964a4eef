// Prints one node of a plan tree as a line of its fields with its inputs indented below.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/relation.h"

namespace sluice::plan {

class TreeText {
 public:
  explicit TreeText(std::string_view node) : line_(node) {}

  TreeText& Text(std::string_view name, const std::string& value);
  TreeText& Flag(std::string_view name, bool value);
  TreeText& Number(std::string_view name, double value);
  TreeText& Name(std::string_view name, const std::vector<std::string>& parts);
  TreeText& Names(std::string_view name, const std::vector<std::string>& names);
  TreeText& Type(std::string_view name, const types::TypePtr& type);
  TreeText& Map(std::string_view name, const Options& options);
  TreeText& Expr(std::string_view name, const ExpressionPtr& expression);
  TreeText& Exprs(std::string_view name, const std::vector<ExpressionPtr>& expressions);
  TreeText& Orders(std::string_view name, const std::vector<SortOrder>& orders);
  TreeText& Input(const RelationPtr& input);

  std::string Finish() const { return line_ + "\n" + inputs_; }

 private:
  TreeText& Add(std::string_view name, const std::string& value);
  std::string line_;
  std::string inputs_;
};

}  // namespace sluice::plan
