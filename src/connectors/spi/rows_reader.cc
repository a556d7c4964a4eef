// Slices of record batches in memory.
#include "connectors/spi/rows_reader.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

namespace sluice::connectors {
namespace {

class RowsReader : public BatchReader {
 public:
  RowsReader(arrow::RecordBatchVector rows, const ScanRequest& request) : rows_(std::move(rows)), request_(request) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    while (at_ < rows_.size() && row_ == rows_[at_]->num_rows()) {
      ++at_;
      row_ = 0;
    }
    if (at_ == rows_.size()) return nullptr;
    const arrow::RecordBatch& from = *rows_[at_];
    int64_t count = std::min(request_.batch_rows, from.num_rows() - row_);
    arrow::ArrayVector columns;
    arrow::FieldVector fields;
    for (const std::string& name : request_.columns) {
      columns.push_back(from.GetColumnByName(name)->Slice(row_, count));
      fields.push_back(arrow::field(name, columns.back()->type()));
    }
    row_ += count;
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), count, std::move(columns));
  }

 private:
  const arrow::RecordBatchVector rows_;
  const ScanRequest request_;
  size_t at_ = 0;
  int64_t row_ = 0;  // of rows_[at_]
};

}  // namespace

BatchReaderPtr MakeRowsReader(arrow::RecordBatchVector rows, const ScanRequest& request) {
  return std::make_unique<RowsReader>(std::move(rows), request);
}

}  // namespace sluice::connectors
