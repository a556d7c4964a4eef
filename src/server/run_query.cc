// A query: its schema, its rows as Arrow IPC streams, and its metrics.
#include <algorithm>

#include "connect/arrow_ipc.h"
#include "server/decode_plan.h"
#include "server/run_plan.h"

namespace sluice::server {
namespace {

using spark::connect::ExecutePlanResponse;

constexpr int64_t kBatchBytes = 4 << 20;       // of rows in one message, about as many as Spark sends
constexpr int64_t kMaxChunkBytes = 127 << 20;  // a message may have 128 MiB, with what is around the chunk
constexpr int64_t kMinChunkBytes = 1024;

/// Cuts the data of a batch for clients that ask for it; 0 = never.
int64_t ChunkBytes(const spark::connect::ExecutePlanRequest& request) {
  for (const auto& option : request.request_options()) {
    const auto& chunking = option.result_chunking_options();
    if (!option.has_result_chunking_options() || !chunking.allow_arrow_batch_chunking()) continue;
    if (!chunking.has_preferred_arrow_chunk_size()) return kMaxChunkBytes;
    return std::clamp<int64_t>(chunking.preferred_arrow_chunk_size(), kMinChunkBytes, kMaxChunkBytes);
  }
  return 0;
}

int64_t BytesOf(const arrow::RecordBatch& batch) {
  int64_t bytes = 0;
  for (const auto& column : batch.columns()) {
    for (const auto& buffer : column->data()->buffers) bytes += buffer ? buffer->size() : 0;
    for (const auto& child : column->data()->child_data) {
      for (const auto& buffer : child->buffers) bytes += buffer ? buffer->size() : 0;
    }
  }
  return bytes;
}

/// Sends the rows of one query.
class RowSender {
 public:
  RowSender(Execution& execution, std::string time_zone)
      : execution_(execution), time_zone_(std::move(time_zone)), chunk_bytes_(ChunkBytes(execution.request())) {}

  void Send(const std::shared_ptr<arrow::RecordBatch>& batch) {
    if (batch->num_rows() == 0) return;
    int64_t pieces = std::max<int64_t>(1, (BytesOf(*batch) + kBatchBytes - 1) / kBatchBytes);
    int64_t step = std::max<int64_t>(1, (batch->num_rows() + pieces - 1) / pieces);
    for (int64_t row = 0; row < batch->num_rows(); row += step) SendOne(*batch->Slice(row, step));
  }

  /// Clients need one batch at least, for its schema.
  void Finish(const std::shared_ptr<arrow::Schema>& schema) {
    if (rows_ > 0) return;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& field : schema->fields()) {
      auto empty = arrow::MakeEmptyArray(field->type());
      if (!empty.ok()) throw base::Error::Internal(empty.status().ToString());
      columns.push_back(*empty);
    }
    SendOne(*arrow::RecordBatch::Make(schema, 0, std::move(columns)));
  }

  int64_t rows() const { return rows_; }

 private:
  void SendOne(const arrow::RecordBatch& batch) {
    std::string data = connect::EncodeIpcStream(batch, time_zone_);
    int64_t size = static_cast<int64_t>(data.size());
    if (chunk_bytes_ == 0 || size <= chunk_bytes_) {
      SendChunk(batch.num_rows(), std::move(data), 0, 0);
    } else {
      int64_t chunks = (size + chunk_bytes_ - 1) / chunk_bytes_;
      for (int64_t i = 0; i < chunks; ++i) {
        SendChunk(batch.num_rows(),
                  data.substr(static_cast<size_t>(i * chunk_bytes_), static_cast<size_t>(chunk_bytes_)), i, chunks);
      }
    }
    rows_ += batch.num_rows();
  }

  void SendChunk(int64_t rows, std::string data, int64_t index, int64_t chunks) {
    ExecutePlanResponse response;
    auto* out = response.mutable_arrow_batch();
    out->set_row_count(rows);
    out->set_data(std::move(data));
    out->set_start_offset(rows_);
    if (chunks > 0) {
      out->set_chunk_index(index);
      out->set_num_chunks_in_batch(chunks);
    }
    execution_.Send(std::move(response));
  }

  Execution& execution_;
  const std::string time_zone_;
  const int64_t chunk_bytes_;
  int64_t rows_ = 0;
};

void SendMetrics(Execution& execution, int64_t rows) {
  ExecutePlanResponse response;
  auto* metric = response.mutable_metrics()->add_metrics();
  metric->set_name("Result");
  auto& value = (*metric->mutable_execution_metrics())["numOutputRows"];
  value.set_name("number of output rows");
  value.set_value(rows);
  value.set_metric_type("sum");
  execution.Send(std::move(response));
}

// df.observe(): one row a name.
void SendObserved(Execution& execution, const std::map<std::string, std::shared_ptr<arrow::RecordBatch>>& observed) {
  if (observed.empty()) return;
  ExecutePlanResponse response;
  for (const auto& [name, row] : observed) {
    auto* out = response.add_observed_metrics();
    out->set_name(name);
    for (int i = 0; row && i < row->num_columns(); ++i) {
      auto value = row->column(i)->GetScalar(0);
      if (!value.ok()) throw base::Error::Internal(value.status().ToString());
      out->add_keys(row->schema()->field(i)->name());
      types::Literal literal{types::FromArrow(*row->column(i)->type()), *value};
      *out->add_values() = connect::ToProto(literal);
    }
  }
  execution.Send(std::move(response));
}

}  // namespace

void RunQuery(Execution& execution, const spark::connect::Relation& relation) {
  session::Session& session = execution.session();
  logical::PlanPtr plan = session.Analyze(connect::ToPlan(relation, ContextOf(session)));
  auto schema = plan->Schema();
  bool schema_sent = false;
  // The schema follows the checks that Execute makes first, or comes at the end if there are no rows.
  auto send_schema = [&] {
    if (schema_sent) return;
    schema_sent = true;
    ExecutePlanResponse response;
    *response.mutable_schema() = connect::ToProto(*schema);
    execution.Send(std::move(response));
  };
  RowSender rows(execution, session.conf().session_time_zone());
  auto observed = session.Execute(plan, execution.cancellation(), [&](const auto& batch) {
    send_schema();
    rows.Send(batch);
    return true;
  });
  send_schema();
  rows.Finish(types::ToArrowSchema(*schema));
  SendMetrics(execution, rows.rows());
  SendObserved(execution, observed);
}

}  // namespace sluice::server
