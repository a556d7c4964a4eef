// Rows of the rate sources, a batch at a time.
#include "connectors/rate/rate_reader.h"

#include <arrow/api.h>

#include <algorithm>
#include <cmath>

#include "base/arrow_status.h"

namespace sluice::connectors {
namespace {

// Math.round of Java: half up, also below zero.
int64_t Round(double value) { return static_cast<int64_t>(std::floor(value + 0.5)); }

class RateReader : public BatchReader {
 public:
  RateReader(const RatePartition& partition, const ScanRequest& request) : partition_(partition), request_(request) {}

  std::shared_ptr<arrow::RecordBatch> Next() override {
    if (partition_.first >= partition_.end) return nullptr;
    int64_t left = (partition_.end - partition_.first + partition_.step - 1) / partition_.step;
    int64_t rows = std::min(left, request_.batch_rows);
    arrow::ArrayVector columns;
    arrow::FieldVector fields;
    for (const std::string& name : request_.columns) {
      columns.push_back(name == "value" ? Values(rows) : Timestamps(rows));
      fields.push_back(arrow::field(name, columns.back()->type()));
    }
    partition_.first += rows * partition_.step;
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(columns));
  }

 private:
  template <typename Fill>
  std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type, int64_t rows, Fill fill) {
    auto buffer = base::ValueOrThrow(arrow::AllocateBuffer(rows * 8));
    auto* values = buffer->mutable_data_as<int64_t>();
    for (int64_t i = 0; i < rows; ++i) values[i] = fill(partition_.first + i * partition_.step);
    return arrow::MakeArray(arrow::ArrayData::Make(type, rows, {nullptr, std::move(buffer)}, 0));
  }
  std::shared_ptr<arrow::Array> Values(int64_t rows) {
    return Column(arrow::int64(), rows, [](int64_t value) { return value; });
  }
  std::shared_ptr<arrow::Array> Timestamps(int64_t rows) {
    return Column(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), rows, [&](int64_t value) {
      auto offset = static_cast<double>(value - partition_.range_start) * partition_.ms_per_value;
      return (partition_.start_ms + Round(offset)) * 1000;
    });
  }

  RatePartition partition_;
  ScanRequest request_;
};

}  // namespace

BatchReaderPtr MakeRateReader(const RatePartition& partition, const ScanRequest& request) {
  return std::make_unique<RateReader>(partition, request);
}

}  // namespace sluice::connectors
