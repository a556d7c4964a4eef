// Named rows in memory.
#include "connectors/memory/memory_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"

namespace sluice::connectors {

int64_t MemoryStream::rows() const {
  std::lock_guard lock(mutex_);
  return rows_;
}

void MemoryStream::Add(const arrow::RecordBatchVector& rows) {
  {
    std::lock_guard lock(mutex_);
    for (const auto& batch : rows) {
      if (batch->num_rows() == 0) continue;
      chunks_[rows_] = batch;
      rows_ += batch->num_rows();
    }
  }
  std::lock_guard lock(listeners_mutex_);
  for (const auto& [number, added] : listeners_) added();
}

arrow::RecordBatchVector MemoryStream::Read(int64_t from, int64_t to) const {
  arrow::RecordBatchVector found;
  std::lock_guard lock(mutex_);
  if (from >= to) return found;
  for (auto chunk = std::prev(chunks_.upper_bound(from)); chunk != chunks_.end() && chunk->first < to; ++chunk) {
    int64_t first = std::max(from, chunk->first), end = std::min(to, chunk->first + chunk->second->num_rows());
    found.push_back(chunk->second->Slice(first - chunk->first, end - first));
  }
  return found;
}

int MemoryStream::AddListener(std::function<void()> added) {
  std::lock_guard lock(listeners_mutex_);
  listeners_[next_listener_] = std::move(added);
  return next_listener_++;
}

void MemoryStream::RemoveListener(int number) {
  std::lock_guard lock(listeners_mutex_);
  listeners_.erase(number);
}

std::shared_ptr<MemoryStream> MemoryStreams::Find(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = streams_.find(name);
  return found == streams_.end() ? nullptr : found->second;
}

std::shared_ptr<MemoryStream> MemoryStreams::GetOrMake(const std::string& name, const types::TypePtr& schema) {
  std::lock_guard lock(mutex_);
  auto& stream = streams_[name];
  if (!stream) stream = std::make_shared<MemoryStream>(schema);
  if (!types::Equal(stream->schema(), schema, /*ignore_nullability=*/true)) {
    throw base::Error::Plain(base::ErrorKind::kAnalysis,
                             fmt::format("The memory stream {} has the columns {}, not {}.", name,
                                         stream->schema()->SimpleString(), schema->SimpleString()));
  }
  return stream;
}

}  // namespace sluice::connectors
