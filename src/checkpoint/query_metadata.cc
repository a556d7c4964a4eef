// Query id and exclusive lock of a checkpoint folder.
#include "checkpoint/query_metadata.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "base/error.h"
#include "base/uuid.h"
#include "checkpoint/metadata_log.h"

namespace sluice::checkpoint {
namespace {

std::string ParseQueryId(const std::string& path) {
  nlohmann::json parsed = nlohmann::json::parse(base::ReadWholeFile(path), nullptr, false);
  if (parsed.is_object()) {
    auto id = parsed.find("id");
    if (id != parsed.end() && id->is_string() && base::IsUuid(id->get<std::string>())) return *id;
  }
  throw base::Error::Plain(base::ErrorKind::kIllegalState, "Failed to read the query's id from " + FileUri(path))
      .WithDomain(base::ErrorDomain::kExternal, false);
}

}  // namespace

std::string ReadOrCreateQueryId(const std::string& checkpoint, bool verify_exists) {
  std::string path = checkpoint + "/metadata";
  if (std::filesystem::exists(path)) return ParseQueryId(path);
  if (verify_exists &&
      (MetadataLog(checkpoint + "/offsets").LatestBatch() || MetadataLog(checkpoint + "/commits").LatestBatch())) {
    throw base::Error(base::ErrorKind::kRuntime, "STREAMING_CHECKPOINT_MISSING_METADATA_FILE",
                      {{"checkpointLocation", FileUri(checkpoint)}});
  }
  std::string id = base::NewUuid();
  if (base::WriteFileDurably(path, "{\"id\":\"" + id + "\"}", base::Existing::kFail)) return id;
  return ParseQueryId(path);
}

CheckpointLock::CheckpointLock(const std::string& checkpoint) {
  descriptor_ = open((checkpoint + "/metadata").c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) return;
  // File systems without locks leave only the race for the log files, which one of two writers
  // loses.
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(descriptor_);
    descriptor_ = -1;
    throw base::Error(base::ErrorKind::kConcurrentModification, "CONCURRENT_QUERY");
  }
}

CheckpointLock::~CheckpointLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace sluice::checkpoint
