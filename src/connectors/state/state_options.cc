// Parsing and checking of the state source's options.
#include "connectors/state/state_options.h"

#include <fmt/format.h>

#include <charconv>

#include "base/durable_file.h"
#include "base/error.h"
#include "checkpoint/commit_log.h"

namespace sluice::connectors {
namespace {

using base::Error;
using base::ErrorKind;

// Spark lists options by the lower case of their names nowhere: its errors have them as documented.
constexpr const char* kBatchId = "batchId";
constexpr const char* kOperatorId = "operatorId";
constexpr const char* kStoreName = "storeName";
constexpr const char* kJoinSide = "joinSide";
constexpr const char* kSnapshotBatch = "snapshotStartBatchId";
constexpr const char* kSnapshotPartition = "snapshotPartitionId";
constexpr const char* kChangeFeed = "readChangeFeed";
constexpr const char* kChangeStart = "changeStartBatchId";
constexpr const char* kChangeEnd = "changeEndBatchId";
constexpr const char* kVariable = "stateVarName";
constexpr const char* kTimers = "readRegisteredTimers";
constexpr const char* kFlatten = "flattenCollectionTypes";

Error Negative(const std::string& option) {
  return Error(ErrorKind::kRuntime, "STDS_INVALID_OPTION_VALUE.IS_NEGATIVE", {{"optionName", option}});
}
Error Unspecified(const std::string& option) {
  return Error(ErrorKind::kRuntime, "STDS_REQUIRED_OPTION_UNSPECIFIED", {{"optionName", option}});
}
Error Conflict(const std::string& one, const std::string& other) {
  return Error(ErrorKind::kRuntime, "STDS_CONFLICT_OPTIONS", {{"options", fmt::format("['{}', '{}']", one, other)}});
}

Error NotCommitted(const std::string& checkpoint) {
  return Error(ErrorKind::kRuntime, "STDS_COMMITTED_BATCH_UNAVAILABLE", {{"checkpointLocation", "file:" + checkpoint}});
}

std::string Trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" \t\n\r"));
  text.erase(text.find_last_not_of(" \t\n\r") + 1);
  return text;
}

class Given {
 public:
  explicit Given(const plan::Options& options) : options_(options) {}
  std::optional<std::string> Text(const char* name) const { return plan::FindOption(options_, name); }
  bool Has(const char* name) const { return Text(name).has_value(); }
  std::optional<int64_t> Number(const char* name) const {
    auto text = Text(name);
    if (!text) return std::nullopt;
    int64_t value = 0;
    auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (status != std::errc() || end != text->data() + text->size()) {
      throw Error::Plain(ErrorKind::kNumberFormat, fmt::format("For input string: \"{}\"", *text));
    }
    return value;
  }
  bool Flag(const char* name, bool otherwise) const {
    auto text = Text(name);
    if (!text) return otherwise;
    std::string lower = *text;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower == "true") return true;
    if (lower == "false") return false;
    throw StateOptionInvalid(name, "Boolean value is expected");
  }

 private:
  const plan::Options& options_;
};

JoinSide ParseJoinSide(const Given& given) {
  std::string text = given.Text(kJoinSide).value_or("none");
  if (text == "none") return JoinSide::kNone;
  if (text == "left") return JoinSide::kLeft;
  if (text == "right") return JoinSide::kRight;
  throw StateOptionInvalid(kJoinSide, "Valid values are left,right,none");
}

void ParseChangeFeed(const Given& given, StateReadOptions* options) {
  for (const char* other : {kJoinSide, kBatchId, kSnapshotBatch, kSnapshotPartition}) {
    bool conflicts = other == kJoinSide ? options->join_side != JoinSide::kNone : given.Has(other);
    if (conflicts) throw Conflict(other, kChangeFeed);
  }
  auto start = given.Number(kChangeStart), end = given.Number(kChangeEnd);
  if (!start) throw Unspecified(kChangeStart);
  options->change_start = *start;
  options->change_end = end ? *end : LastCommittedBatch(options->checkpoint);
  if (*start < 0) throw Negative(kChangeStart);
  if (options->change_end < *start) {
    throw StateOptionInvalid(
        kChangeEnd,
        fmt::format("{1} cannot be smaller than {0}. Please check the input to {1}, or if you are using its "
                    "default value, make sure that {0} is less than {2}.",
                    kChangeStart, kChangeEnd, options->change_end));
  }
  options->batch_id = options->change_end;
}

void ParseBatch(const Given& given, StateReadOptions* options) {
  for (const char* name : {kChangeStart, kChangeEnd}) {
    if (given.Has(name)) throw StateOptionInvalid(name, "Only specify this option when readChangeFeed is set to true.");
  }
  auto batch = given.Number(kBatchId);
  options->batch_id = batch ? *batch : LastCommittedBatch(options->checkpoint);
  if (options->batch_id < 0) throw Negative(kBatchId);
  options->snapshot_batch = given.Number(kSnapshotBatch);
  auto partition = given.Number(kSnapshotPartition);
  if (options->snapshot_batch && *options->snapshot_batch < 0) throw Negative(kSnapshotBatch);
  if (options->snapshot_batch && *options->snapshot_batch > options->batch_id) {
    throw StateOptionInvalid(kSnapshotBatch,
                             fmt::format("value should be less than or equal to {}", options->batch_id));
  }
  if (partition && *partition < 0) throw Negative(kSnapshotPartition);
  if (partition && !options->snapshot_batch) throw Unspecified(kSnapshotBatch);
  if (!partition && options->snapshot_batch) throw Unspecified(kSnapshotPartition);
  options->snapshot_partition = static_cast<int>(partition.value_or(0));
}

}  // namespace

base::Error StateOptionInvalid(const std::string& option, const std::string& message) {
  return Error(ErrorKind::kRuntime, "STDS_INVALID_OPTION_VALUE.WITH_MESSAGE",
               {{"optionName", option}, {"message", message}});
}

int64_t LastCommittedBatch(const std::string& checkpoint) {
  auto latest = checkpoint::CommitLog(checkpoint).LatestBatch();
  if (!latest) throw NotCommitted(checkpoint);
  return *latest;
}

std::string StateReadOptions::ToString() const {
  const char* side = join_side == JoinSide::kNone ? "none" : join_side == JoinSide::kLeft ? "left" : "right";
  std::string out = fmt::format(
      "StateSourceOptions(checkpointLocation=file:{}, batchId={}, operatorId={}, storeName={}, joinSide={}, "
      "stateVarName={}, flattenCollectionTypes={}",
      checkpoint, batch_id, operator_id, store, side, variable.value_or("None"), flatten);
  if (snapshot_batch) {
    out += fmt::format(", snapshotStartBatchId={}, snapshotPartitionId={}", *snapshot_batch, snapshot_partition);
  }
  if (change_feed) out += fmt::format(", changeStartBatchId={}, changeEndBatchId={}", change_start, change_end);
  return out + ")";
}

std::vector<OptionSpec> StateOptionSpecs() {
  return {{"path", "", "The checkpoint; required."},
          {kBatchId, "last committed", "The state is that after this batch."},
          {kOperatorId, "0", "Which of the query's stateful operators."},
          {kStoreName, "default", "Which of the operator's stores."},
          {kJoinSide, "none", "left or right: the rows that a stream-stream join keeps of this side."},
          {kVariable, "", "The state variable of transformWithState."},
          {kTimers, "false", "The timers of transformWithState instead of a variable."},
          {kFlatten, "true", "A row for each element of a list or map instead of one for each key."},
          {kSnapshotBatch, "", "Read from the snapshot of this batch on, to find a damaged one."},
          {kSnapshotPartition, "", "The one partition that is then read."},
          {kChangeFeed, "false", "What batches changed, instead of what the state is."},
          {kChangeStart, "", "The first of these batches; required with readChangeFeed."},
          {kChangeEnd, "last committed", "The last of these batches."}};
}

StateReadOptions ParseStateOptions(const ReadSpec& spec) {
  Given given(spec.options);
  StateReadOptions options;
  auto path = given.Text("path");
  if (!path && !spec.paths.empty()) path = spec.paths.front();
  if (!path) throw Unspecified("path");
  options.checkpoint = base::LocalPath(*path);
  options.operator_id = given.Number(kOperatorId).value_or(0);
  if (options.operator_id < 0) throw Negative(kOperatorId);
  options.store = Trimmed(given.Text(kStoreName).value_or("default"));
  if (options.store.empty()) {
    throw Error(ErrorKind::kRuntime, "STDS_INVALID_OPTION_VALUE.IS_EMPTY", {{"optionName", kStoreName}});
  }
  if (auto name = given.Text(kVariable)) options.variable = Trimmed(*name);
  options.registered_timers = given.Flag(kTimers, false);
  if (options.registered_timers && options.variable) throw Conflict(kTimers, kVariable);
  options.flatten = given.Flag(kFlatten, true);
  options.join_side = ParseJoinSide(given);
  if (options.join_side != JoinSide::kNone && options.store != "default") throw Conflict(kJoinSide, kStoreName);
  options.change_feed = given.Flag(kChangeFeed, false);
  if (options.change_feed) {
    ParseChangeFeed(given, &options);
  } else {
    ParseBatch(given, &options);
  }
  if (!checkpoint::CommitLog(options.checkpoint).Read(options.batch_id)) throw NotCommitted(options.checkpoint);
  return options;
}

}  // namespace sluice::connectors
