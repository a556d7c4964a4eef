// What a parser implements so that what it refuses can be put aside (dead letters): its checked form.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "logical/binding.h"

namespace sluice::functions {

/// Why rows are refused; most are not.
class Refusals {
 public:
  /// Rows come in ascending order, each once. `reason` is for people: "the field `a` is not of type INT".
  void Add(int64_t row, std::string reason) { reasons_.emplace_back(row, std::move(reason)); }
  /// A text a row, null where the input was taken.
  std::shared_ptr<arrow::Array> Finish(const std::string& function, int64_t rows) const;

 private:
  std::vector<std::pair<int64_t, std::string>> reasons_;
};

/// Parses `rows` rows to an array of the call's type; raises nothing for input that does not fit but adds its row.
using CheckedParse = std::function<std::shared_ptr<arrow::Array>(
    logical::EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows, Refusals* refusals)>;

/// Gives the binding its checked form. The input that is refused is the call's first argument; null never is.
void AddCheckedForm(logical::ScalarBinding* binding, CheckedParse parse);

/// The fields of a checked form's result.
inline constexpr int kCheckedValue = 0, kCheckedError = 1;

}  // namespace sluice::functions
