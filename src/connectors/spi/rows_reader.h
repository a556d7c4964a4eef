// Reading of rows that are in memory already.
#pragma once

#include <arrow/record_batch.h>

#include "connectors/spi/batch.h"

namespace sluice::connectors {

/// Gives the request's columns of `rows`, which has them by name, without copying.
BatchReaderPtr MakeRowsReader(arrow::RecordBatchVector rows, const ScanRequest& request);

}  // namespace sluice::connectors
