// A feed of record batches that are read where they lie: no work and no memory for a single message.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "connectors/kafka/fetch/fetcher.h"
#include "connectors/kafka/fetch/record_batch.h"
#include "connectors/kafka/record_feed.h"

namespace sluice::connectors::kafka {

class FetchedFeed : public RecordFeed {
 public:
  /// `read_committed`: leaves out what transactions wrote that were given up.
  FetchedFeed(std::shared_ptr<Fetcher> fetcher, TopicPartition partition, bool check_crc, bool read_committed);
  ~FetchedFeed() override;

  void Seek(int64_t offset) override;
  std::span<const RecordView> Take(int64_t until, size_t most, int wait_ms) override;
  bool HasRecord() override;
  bool unsupported() const override { return unsupported_; }

 private:
  bool NextRecord();
  bool NextSlice(int wait_ms);
  bool OpenBatch();
  bool Counts(const RecordBatchHead& head);
  void ReadMarker(const RecordBatchHead& head);

  std::shared_ptr<Fetcher> fetcher_;
  const bool check_crc_, read_committed_;
  bool running_ = false, unsupported_ = false;
  FetchedSlice slice_;
  std::string_view rest_;  ///< batches of the slice that have not been opened
  size_t aborted_read_ = 0;
  std::set<int64_t> aborting_;  ///< producers whose transaction was given up
  RecordBatchReader batch_;
  RecordView record_;
  bool in_batch_ = false, has_record_ = false;
  int64_t batch_end_ = 0;  ///< the offset after the open batch
  int64_t passed_ = 0;     ///< everything before it has been looked at
  std::vector<RecordView> views_;
};

}  // namespace sluice::connectors::kafka
