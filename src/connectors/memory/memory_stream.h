// Rows that programs add and streams read: what the memory source has.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "types/data_type.h"

namespace sluice::connectors {

/// The rows added to one name, in their order, until the server ends. Thread safe.
class MemoryStream {
 public:
  explicit MemoryStream(types::TypePtr schema) : schema_(std::move(schema)) {}

  const types::TypePtr& schema() const { return schema_; }
  int64_t rows() const;
  /// Adds them all at once and tells the listeners. The columns are the schema's.
  void Add(const arrow::RecordBatchVector& rows);
  /// Rows `from` to before `to`; both must be there.
  arrow::RecordBatchVector Read(int64_t from, int64_t to) const;

  /// `added` is called on the thread that adds, until RemoveListener has returned.
  int AddListener(std::function<void()> added);
  void RemoveListener(int number);

 private:
  const types::TypePtr schema_;
  mutable std::mutex mutex_;
  std::map<int64_t, std::shared_ptr<arrow::RecordBatch>> chunks_;  // by the number of their first row
  int64_t rows_ = 0;
  std::mutex listeners_mutex_;
  std::map<int, std::function<void()>> listeners_;
  int next_listener_ = 0;
};

/// The streams of a server by name. Thread safe.
class MemoryStreams {
 public:
  /// Null if there is none.
  std::shared_ptr<MemoryStream> Find(const std::string& name) const;
  /// Makes it if there is none. Throws if it has other columns.
  std::shared_ptr<MemoryStream> GetOrMake(const std::string& name, const types::TypePtr& schema);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<MemoryStream>> streams_;
};

}  // namespace sluice::connectors
