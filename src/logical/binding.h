// What a function becomes once its argument types are known: result type and vector kernel.
#pragma once

#include <arrow/array.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "types/data_type.h"
#include "types/literal.h"

namespace sluice::logical {

/// What kernels may need beside their arguments; one per task, made anew for each batch of a stream.
struct EvalContext {
  bool ansi = true;
  std::string time_zone = "UTC";     ///< session time zone, an IANA name or an offset
  int64_t current_timestamp_us = 0;  ///< fixed for a query or a micro-batch
  int partition_id = 0;
  int64_t batch_id = -1;           ///< of a stream
  bool last_map_key_wins = false;  ///< spark.sql.mapKeyDedupPolicy is LAST_WIN
  std::string current_user, current_database = "default";
  std::string input_file_name;  ///< of the file being read, "" elsewhere
  int64_t rows_before = 0;      ///< rows of this partition before this batch (monotonically_increasing_id)
};

/// Evaluates a scalar function for `rows` rows. Each argument is an Array of that length or a Scalar (constant over
/// the batch) and has exactly the bound argument type; the result is an Array of that length, or a Scalar. May throw
/// base::Error once for the first bad row; never throws per row.
using ScalarKernel =
    std::function<arrow::Datum(EvalContext& context, const std::vector<arrow::Datum>& arguments, int64_t rows)>;

/// A lambda argument (of transform, filter, aggregate …), compiled; what a kernel calls for the elements of its arrays.
class LambdaEvaluator {
 public:
  virtual ~LambdaEvaluator() = default;
  /// The lambda's value for each of rows->length() elements. `variables` are its arguments in order, each an Array of
  /// that length or a Scalar; `rows` (int32) is the row of the batch that each element belongs to, from which the body
  /// takes columns of the query.
  virtual arrow::Datum Evaluate(EvalContext& context, const std::vector<arrow::Datum>& variables,
                                const std::shared_ptr<arrow::Array>& rows) const = 0;
};
/// A kernel with lambdas: `arguments` without the lambdas, `lambdas` in the order of their positions.
using LambdaKernel = std::function<arrow::Datum(EvalContext& context, const std::vector<arrow::Datum>& arguments,
                                                const std::vector<const LambdaEvaluator*>& lambdas, int64_t rows)>;

struct ScalarBinding {
  std::string name;  ///< as Spark prints it in generated column names
  types::TypePtr type;
  bool nullable = true;
  std::vector<types::TypePtr> argument_types;  ///< the analyzer inserts casts to these
  ScalarKernel kernel;
  /// False: no arguments make it raise an error and it is cheap, so it may be evaluated for rows that don't need it.
  bool can_fail = true;
  bool deterministic = true;  ///< false: not folded, not pushed down, not duplicated (rand, uuid)
  bool foldable = true;  ///< false: value belongs to the batch or row position (current_timestamp, input_file_name)
  /// Positions of lambda arguments (transform, filter …); if there are any, `lambda_kernel` is used, not `kernel`.
  std::vector<int> lambda_arguments;
  LambdaKernel lambda_kernel;
  int struct_field = -1;   ///< of a call that takes a field out of a struct: its number
  bool expensive = false;  ///< a parser: not computed twice so that rows can go out earlier
  /// Of a parser of outside texts or bytes: the same call, whose result is a struct of the parsed value and of a text
  /// that says why the input is refused (null: it is not). It raises no error for refused input. Null for other
  /// functions.
  std::shared_ptr<const ScalarBinding> checked;
  /// The column name Spark generates when it is not "name(arg, arg)", e.g. "(a + 1)"; arguments as printed by
  /// Expr::Sql() are passed in. Null = default form.
  std::function<std::string(const std::vector<std::string>& arguments)> sql;
};
using ScalarBindingPtr = std::shared_ptr<const ScalarBinding>;

/// Aggregation of many groups at once. Group ids are dense numbers below the last Resize.
class GroupedAccumulator {
 public:
  virtual ~GroupedAccumulator() = default;
  virtual void Resize(int64_t groups) = 0;
  /// Adds rows; `arguments` have the bound types and are Arrays. A row's group is group_ids[row].
  virtual void Update(EvalContext& context, const arrow::ArrayVector& arguments, const uint32_t* group_ids,
                      int64_t rows) = 0;
  /// Adds partial results, laid out as AggregateBinding::buffers.
  virtual void Merge(EvalContext& context, const arrow::ArrayVector& buffers, const uint32_t* group_ids,
                     int64_t rows) = 0;
  /// The partial result of every group, one array per buffer field, in Spark's buffer layout.
  virtual arrow::ArrayVector Buffers() const = 0;
  /// The final value of every group.
  virtual std::shared_ptr<arrow::Array> Finish(EvalContext& context) const = 0;
  virtual int64_t MemoryUsed() const = 0;
};

struct AggregateBinding {
  std::string name;
  types::TypePtr type;
  bool nullable = true;
  std::vector<types::TypePtr> argument_types;
  /// The buffer's fields as Spark's aggregate has them (names, types, order): they are the state's value row.
  std::vector<types::StructField> buffers;
  std::function<std::unique_ptr<GroupedAccumulator>()> make;
  bool ignores_duplicates = false;  ///< min, max: DISTINCT may be dropped
  std::function<std::string(const std::vector<std::string>& arguments)> sql;
};
using AggregateBindingPtr = std::shared_ptr<const AggregateBinding>;

/// Rows made by a generator: row i of the outputs belongs to input row `parents[i]`; parents ascend.
struct GeneratedRows {
  std::vector<int64_t> parents;
  arrow::ArrayVector outputs;
};
struct GeneratorBinding {
  std::string name;
  std::vector<types::StructField> outputs;  ///< default column names (col, key, value, pos …) and types
  std::vector<types::TypePtr> argument_types;
  bool outer = false;  ///< explode_outer: a row without output gives one of nulls
  std::function<GeneratedRows(EvalContext&, const arrow::ArrayVector& arguments, int64_t rows)> kernel;
};
using GeneratorBindingPtr = std::shared_ptr<const GeneratorBinding>;

/// A window-only function (row_number, rank, lag …): one value a row of a sorted partition.
struct WindowBinding {
  std::string name;
  types::TypePtr type;
  bool nullable = true;
  std::vector<types::TypePtr> argument_types;
  /// Arguments cover the whole partition in window order; peers[i] is true where row i starts a new peer group.
  std::function<std::shared_ptr<arrow::Array>(EvalContext&, const arrow::ArrayVector& arguments,
                                              const std::vector<bool>& peers, int64_t rows)>
      kernel;
};
using WindowBindingPtr = std::shared_ptr<const WindowBinding>;

}  // namespace sluice::logical
