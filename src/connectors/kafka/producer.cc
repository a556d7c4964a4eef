// An idempotent producer on librdkafka that takes Arrow batches.
#include "connectors/kafka/producer.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <vector>

#include "base/error.h"
#include "connectors/kafka/kafka_errors.h"

namespace sluice::connectors::kafka {
namespace {

using types::TypeId;

// How long one wait for the brokers takes before failures and cancellation are looked at.
constexpr int kWaitMillis = 100;

base::Error Refused(const std::string& message) {
  return base::Error::Plain(base::ErrorKind::kAnalysis, message, "_LEGACY_ERROR_TEMP_3080");
}

void CheckType(const types::DataType& schema, const char* name, int column, bool fits, const char* wanted) {
  if (column < 0 || fits) return;
  throw Refused(fmt::format("{} attribute unsupported type {}. {} must be a(n) {}", name,
                            schema.fields()[column].type->SimpleString(), name, wanted));
}

bool IsText(const types::DataType& schema, int column, bool or_bytes) {
  if (column < 0) return true;
  const types::DataType& type = *schema.fields()[column].type;
  return type.IsStringLike() || (or_bytes && type.Is(TypeId::kBinary));
}

bool IsHeaders(const types::DataType& schema, int column) {
  static const types::TypePtr wanted =
      types::Array(types::Struct({{"key", types::String()}, {"value", types::Binary()}}));
  return column < 0 || schema.fields()[column].type->Equals(*wanted, true);
}

struct Bytes {
  const void* data = nullptr;  // null: there is no value
  size_t size = 0;
};

// The bytes of a string or binary column.
class ByteColumn {
 public:
  ByteColumn(const arrow::RecordBatch& rows, int column)
      : array_(column < 0 ? nullptr : static_cast<const arrow::BinaryArray*>(rows.column(column).get())) {}
  Bytes operator[](int64_t row) const {
    if (!array_ || array_->IsNull(row)) return {};
    std::string_view view = array_->GetView(row);
    // An empty value is not a missing one.
    return {view.data() ? view.data() : "", view.size()};
  }

 private:
  const arrow::BinaryArray* array_;
};

class PartitionColumn {
 public:
  PartitionColumn(const arrow::RecordBatch& rows, int column)
      : array_(column < 0 ? nullptr : static_cast<const arrow::Int32Array*>(rows.column(column).get())) {}
  int32_t operator[](int64_t row) const {
    return !array_ || array_->IsNull(row) ? RD_KAFKA_PARTITION_UA : array_->Value(row);
  }

 private:
  const arrow::Int32Array* array_;
};

// A new list of a row's headers for the library to own, or null.
rd_kafka_headers_t* HeadersOf(const arrow::RecordBatch& rows, int column, int64_t row) {
  if (column < 0) return nullptr;
  const auto& lists = static_cast<const arrow::ListArray&>(*rows.column(column));
  if (lists.IsNull(row)) return nullptr;
  const auto& pairs = static_cast<const arrow::StructArray&>(*lists.values());
  const auto& names = static_cast<const arrow::BinaryArray&>(*pairs.field(0));
  const auto& values = static_cast<const arrow::BinaryArray&>(*pairs.field(1));
  rd_kafka_headers_t* headers = rd_kafka_headers_new(lists.value_length(row));
  for (int64_t i = lists.value_offset(row), end = i + lists.value_length(row); i < end; ++i) {
    std::string_view name = names.GetView(i), value = values.IsNull(i) ? std::string_view() : values.GetView(i);
    const char* data = values.IsNull(i) ? nullptr : value.data() ? value.data() : "";
    rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), data,
                        static_cast<ssize_t>(value.size()));
  }
  return headers;
}

}  // namespace

struct ClientCallbacks {
  static void Delivered(rd_kafka_t*, const rd_kafka_message_t* record, void* producer) {
    if (record->err) static_cast<Producer*>(producer)->NoteFailure(*record);
  }
  static void Error(rd_kafka_t*, int error, const char* text, void* producer) {
    static_cast<Producer*>(producer)->NoteTrouble(error, text);
  }
};

RecordLayout::RecordLayout(const types::DataType& schema, const SinkOptions& options) : fixed_topic(options.topic) {
  auto find = [&](const char* name) { return schema.FieldIndex(name, true).value_or(-1); };
  key = find("key");
  value = find("value");
  partition = find("partition");
  headers = find("headers");
  if (!options.topic) {
    topic = find("topic");
    if (topic < 0) {
      throw Refused(
          "topic option required when no 'topic' attribute is present. Use the topic option for setting a topic.");
    }
    CheckType(schema, "topic", topic, IsText(schema, topic, false), "string");
  }
  CheckType(schema, "key", key, IsText(schema, key, true), "string or binary");
  if (value < 0) throw Refused("Required attribute 'value' not found");
  CheckType(schema, "value", value, IsText(schema, value, true), "string or binary");
  CheckType(schema, "headers", headers, IsHeaders(schema, headers), "array<struct<key:string,value:binary>>");
  bool whole = partition < 0 || schema.fields()[partition].type->Is(TypeId::kInteger);
  CheckType(schema, "partition", partition, whole, "int");
}

/// Hands rows to the library, which copies their bytes.
class Producer::RowSender {
 public:
  RowSender(Producer& producer, const arrow::RecordBatch& rows, const RecordLayout& layout)
      : producer_(producer),
        rows_(rows),
        layout_(layout),
        keys_(rows, layout.key),
        values_(rows, layout.value),
        topics_(rows, layout.topic),
        partitions_(rows, layout.partition) {}

  /// Gives the topic of the last row.
  std::string SendAll() {
    if (layout_.fixed_topic && layout_.headers < 0) {
      SendToOneTopic(producer_.client_->Topic(*layout_.fixed_topic));
    } else {
      for (int64_t row = 0; row < rows_.num_rows(); ++row) SendRow(row);
    }
    return TopicOf(rows_.num_rows() - 1);
  }

 private:
  void SendToOneTopic(rd_kafka_topic_t* topic) {
    std::vector<rd_kafka_message_t> messages(rows_.num_rows());
    for (int64_t row = 0; row < rows_.num_rows(); ++row) {
      rd_kafka_message_t& message = messages[row];
      Bytes key = keys_[row], value = values_[row];
      message = {};
      message.payload = const_cast<void*>(value.data);  // NOLINT: the library copies it
      message.len = value.size;
      message.key = const_cast<void*>(key.data);  // NOLINT
      message.key_len = key.size;
      message.partition = partitions_[row];
    }
    size_t sent = 0;
    while (sent < messages.size()) {
      int left = static_cast<int>(messages.size() - sent);
      rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION,
                             messages.data() + sent, left);
      sent = AfterTaken(&messages, sent);
      if (sent < messages.size()) producer_.AwaitRoom();
      producer_.CheckFailure();
    }
  }

  // Keeps, in order, the messages that found no room; gives where they begin.
  size_t AfterTaken(std::vector<rd_kafka_message_t>* messages, size_t begin) {
    size_t kept = messages->size();
    for (size_t i = messages->size(); i-- > begin;) {
      rd_kafka_message_t& message = (*messages)[i];
      if (message.err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        message.err = RD_KAFKA_RESP_ERR_NO_ERROR;
        (*messages)[--kept] = message;
      } else if (message.err) {
        producer_.NoteFailure(*layout_.fixed_topic, message.partition, rd_kafka_err2str(message.err));
      }
    }
    return kept;
  }

  std::string TopicOf(int64_t row) {
    if (layout_.fixed_topic) return *layout_.fixed_topic;
    Bytes topic = topics_[row];
    if (!topic.data) throw NullTopic();
    return {static_cast<const char*>(topic.data), topic.size};
  }

  void SendRow(int64_t row) {
    std::string topic = TopicOf(row);
    Bytes key = keys_[row], value = values_[row];
    for (;;) {
      rd_kafka_headers_t* headers = HeadersOf(rows_, layout_.headers, row);
      rd_kafka_vu_t parts[6] = {};
      size_t count = 0;
      parts[count].vtype = RD_KAFKA_VTYPE_RKT;
      parts[count++].u.rkt = producer_.client_->Topic(topic);
      parts[count].vtype = RD_KAFKA_VTYPE_PARTITION;
      parts[count++].u.i32 = partitions_[row];
      parts[count].vtype = RD_KAFKA_VTYPE_VALUE;
      parts[count].u.mem.ptr = const_cast<void*>(value.data);  // NOLINT: the library copies it
      parts[count++].u.mem.size = value.size;
      parts[count].vtype = RD_KAFKA_VTYPE_KEY;
      parts[count].u.mem.ptr = const_cast<void*>(key.data);  // NOLINT
      parts[count++].u.mem.size = key.size;
      parts[count].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
      parts[count++].u.i = RD_KAFKA_MSG_F_COPY;
      if (headers) {
        parts[count].vtype = RD_KAFKA_VTYPE_HEADERS;
        parts[count++].u.headers = headers;
      }
      rd_kafka_error_t* error = rd_kafka_produceva(producer_.client(), parts, count);
      if (!error) break;
      rd_kafka_resp_err_t code = rd_kafka_error_code(error);
      std::string text = rd_kafka_error_string(error);
      rd_kafka_error_destroy(error);
      if (headers) rd_kafka_headers_destroy(headers);
      if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) producer_.NoteFailure(topic, partitions_[row], text);
      producer_.CheckFailure();
      producer_.AwaitRoom();
    }
  }

  Producer& producer_;
  const arrow::RecordBatch& rows_;
  const RecordLayout& layout_;
  ByteColumn keys_, values_, topics_;
  PartitionColumn partitions_;
};

Producer::Producer(SinkOptions options, base::CancellationPtr cancellation)
    : options_(std::move(options)), cancellation_(std::move(cancellation)) {
  ConfPtr conf = MakeConf(options_.client);
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf.get(), ClientCallbacks::Delivered);
  rd_kafka_conf_set_error_cb(conf.get(), ClientCallbacks::Error);
  client_ = std::make_unique<Client>(RD_KAFKA_PRODUCER, std::move(conf));
}

Producer::~Producer() { Reset(); }

void Producer::NoteFailure(const rd_kafka_message_s& record) {
  // The message's own text would be its payload.
  std::string what = rd_kafka_err2str(record.err);
  Trouble trouble = trouble_.Since(flushed_);
  if (record.err == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT && !trouble.text.empty()) what += "; " + trouble.text;
  NoteFailure(rd_kafka_topic_name(record.rkt), record.partition, what);
}

void Producer::NoteTrouble(int error, const char* text) {
  trouble_.Note(error, text);
  Trouble trouble = trouble_.Since(flushed_);
  if (trouble.refused) Fail(fmt::format("Kafka ({}) refuses the connection: {}", options_.servers, trouble.text));
}

void Producer::NoteFailure(const std::string& topic, int32_t partition, const std::string& what) {
  std::string where = partition < 0 ? "" : fmt::format(", partition {}", partition);
  std::string subject = Subject();
  Fail(fmt::format("Kafka ({}) did not take a record{} for topic '{}'{}: {}", options_.servers,
                   subject.empty() ? "" : " of " + subject, topic, where, what));
}

// The first failure tells most: others follow from it.
void Producer::Fail(const std::string& failure) {
  std::lock_guard lock(mutex_);
  if (failed_) return;
  failure_ = failure;
  failed_ = true;
}

void Producer::CheckFailure() {
  if (!failed_) return;
  CheckFenced();
  std::lock_guard lock(mutex_);
  throw BrokerError(failure_);
}

void Producer::CheckFenced() {
  if (!options_.exactly_once) return;
  char text[512];
  switch (rd_kafka_fatal_error(client(), text, sizeof(text))) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH: {
      std::lock_guard lock(mutex_);
      throw ProducerFenced(options_.servers, options_.client.at("transactional.id"), subject_, text);
    }
    default:
      break;
  }
}

void Producer::CheckCancelled() const {
  if (cancellation_) cancellation_->Check();
}

void Producer::AwaitRoom() {
  CheckCancelled();
  rd_kafka_poll(client(), kWaitMillis);
}

void Producer::Send(const arrow::RecordBatch& rows, const RecordLayout& layout) {
  CheckFailure();
  if (rows.num_rows() == 0) return;
  std::string topic = RowSender(*this, rows, layout).SendAll();
  rd_kafka_poll(client(), 0);
  CheckFailure();
  std::lock_guard lock(mutex_);
  last_topic_ = std::move(topic);
}

void Producer::Flush() {
  while (rd_kafka_flush(client(), kWaitMillis) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    CheckFailure();
    CheckCancelled();
  }
  CheckFailure();
  flushed_ = ConnectionTrouble::Clock::now();
}

void Producer::SetSubject(std::string subject) {
  std::lock_guard lock(mutex_);
  subject_ = std::move(subject);
}

std::string Producer::Subject() {
  std::lock_guard lock(mutex_);
  return subject_;
}

std::string Producer::LastTopic() {
  std::lock_guard lock(mutex_);
  return last_topic_;
}

void Producer::Reset() {
  rd_kafka_purge(client(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_poll(client(), 0);
  std::lock_guard lock(mutex_);
  failed_ = false;
  failure_.clear();
}

}  // namespace sluice::connectors::kafka
