// The state of a stateful processor in one partition: value, list and map variables, timers and times to live, laid out
// in families as Spark lays them out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logical/stateful_functions.h"
#include "python/python_value.h"
#include "state/column_families.h"
#include "state/unsafe_row.h"

namespace sluice::python {

/// A variable as the processor's init declares it.
struct StateVariable {
  enum class Kind { kValue, kList, kMap };
  Kind kind = Kind::kValue;
  std::string name;
  types::TypePtr value;     ///< struct
  types::TypePtr user_key;  ///< struct; of kMap
  std::optional<int64_t> ttl_ms;
};

/// The families of a variable and of a query's timers. The first is the variable's own.
std::vector<state::ColumnFamily> FamiliesOf(const StateVariable& variable, const types::TypePtr& key);
std::vector<state::ColumnFamily> TimerFamilies(logical::TimeMode mode, const types::TypePtr& key);
/// Spark's name of the family by which timers are listed: "$procTimers_keyToTimestamp".
std::string TimerVariableName(logical::TimeMode mode);

/// Rows of one struct type between Python's pickles and UnsafeRow.
class RowCodec {
 public:
  explicit RowCodec(types::TypePtr schema) : schema_(std::move(schema)), encoder_(schema_) {}
  std::string FromPickle(std::string_view pickle) const;
  std::string ToPickle(std::string_view row) const;
  const types::TypePtr& schema() const { return schema_; }

 private:
  types::TypePtr schema_;
  state::UnsafeRowEncoder encoder_;
};

/// Numbers for the query's progress.
struct ProcessorMetrics {
  int64_t rows_updated = 0, rows_removed = 0, values_expired = 0;
  int64_t timers_registered = 0, timers_deleted = 0;
};

/// One batch's view of a partition. Keys and values are UnsafeRows; those of variables belong to the implicit key.
class ProcessorState {
 public:
  ProcessorState(state::FamilyStore* store, types::TypePtr key, logical::TimeMode time_mode, int64_t batch_timestamp_ms,
                 int64_t watermark_ms);

  /// Throws STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED and what is wrong with a time to live.
  void Declare(StateVariable variable);
  const std::vector<StateVariable>& declared() const { return declared_; }
  /// Forgets a variable and all that it holds.
  void DeleteVariable(const std::string& name);
  void SetKey(std::string key) { key_ = std::move(key); }
  void RemoveKey() { key_.reset(); }

  // Value variables. Null if there is none, or it has expired.
  std::optional<std::string> GetValue(const std::string& name) const;
  void UpdateValue(const std::string& name, std::string_view value);
  // List variables.
  std::vector<std::string> GetList(const std::string& name) const;
  void PutList(const std::string& name, const std::vector<std::string>& values);
  void AppendList(const std::string& name, const std::vector<std::string>& values);
  // Map variables.
  std::optional<std::string> GetEntry(const std::string& name, std::string_view user_key) const;
  void UpdateEntry(const std::string& name, std::string_view user_key, std::string_view value);
  void RemoveEntry(const std::string& name, std::string_view user_key);
  std::vector<std::pair<std::string, std::string>> GetEntries(const std::string& name) const;
  /// Of any variable: the key has nothing any more.
  void Clear(const std::string& name);

  void RegisterTimer(int64_t expiry_ms);
  void DeleteTimer(int64_t expiry_ms);
  std::vector<int64_t> ListTimers() const;
  /// Keys and times of the timers that are due at `now_ms`, in the order of time.
  std::vector<std::pair<std::string, int64_t>> ExpiredTimers(int64_t now_ms) const;

  bool HasExpiredTimers(int64_t now_ms) const;

  /// Takes out the values whose time to live is over; at the end of a batch.
  void RemoveExpired();

  const RowCodec& key_codec() const { return key_codec_; }
  const RowCodec& value_codec(const std::string& name) const { return *Find(name).value_codec; }
  const RowCodec& user_key_codec(const std::string& name) const { return *Find(name).user_key_codec; }
  int64_t batch_timestamp_ms() const { return batch_timestamp_ms_; }
  int64_t watermark_ms() const { return watermark_ms_; }
  logical::TimeMode time_mode() const { return time_mode_; }
  const ProcessorMetrics& metrics() const { return metrics_; }

 private:
  struct Variable {
    StateVariable spec;
    state::FamilyHandle family = 0;
    std::optional<state::FamilyHandle> count, index, minimum;  // as the variable has them
    std::unique_ptr<RowCodec> value_codec, user_key_codec;
  };

  Variable& Find(const std::string& name);
  const Variable& Find(const std::string& name) const;
  const std::string& Key() const;
  bool Expired(int64_t expiry_ms) const { return expiry_ms <= batch_timestamp_ms_; }
  std::string Wrapped(const Variable& variable, std::string_view value) const;
  std::optional<std::string> Unwrapped(const Variable& variable, std::string_view stored) const;
  void PutIndexed(const Variable& variable, std::string_view element, std::string_view value);
  void RemoveIndexed(const Variable& variable, std::string_view element);
  void AddToList(const Variable& variable, const std::vector<std::string>& values, bool overwrite);
  void SetListExpiry(const Variable& variable, std::string_view key, std::optional<int64_t> expiry_ms);
  void ClearList(const Variable& variable, std::string_view key);
  void RemoveExpiredOf(const Variable& variable);
  void RemoveExpiredFromList(const Variable& variable, std::string_view key);
  std::optional<int64_t> Number(state::FamilyHandle family, std::string_view key) const;
  void CheckTimers(const char* operation) const;

  state::FamilyStore* store_;
  types::TypePtr key_schema_;
  RowCodec key_codec_;
  const logical::TimeMode time_mode_;
  const int64_t batch_timestamp_ms_, watermark_ms_;
  std::optional<state::FamilyHandle> timers_by_key_, timers_by_time_;
  std::vector<StateVariable> declared_;
  std::map<std::string, Variable> variables_;
  std::optional<std::string> key_;
  ProcessorMetrics metrics_;
};

}  // namespace sluice::python
