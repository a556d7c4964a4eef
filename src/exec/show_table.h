// The text table of df.show() and the console sink.
#pragma once

#include <string>
#include <vector>

#include "logical/binding.h"
#include "types/data_type.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::exec {

struct ShowOptions {
  int num_rows = 20;
  int truncate = 20;  ///< characters a cell may have; 0 = no limit
  bool vertical = false;
  bool html = false;
};

/// Dataset.showString of rows (more than num_rows of them tell that there is more); `schema` is the struct of the
/// columns. Ends with a line break unless there are rows that are not shown.
std::string ShowTable(logical::EvalContext& context, const types::DataType& schema,
                      const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches, const ShowOptions& options);

}  // namespace sluice::exec
