// Variables, timers and times to live over the families of a store.
#include "python/processor_state.h"

#include <arrow/array.h>

#include "base/error.h"
#include "python/row_pickler.h"
#include "python/state_row.h"

namespace sluice::python {
namespace {

using Kind = StateVariable::Kind;
using logical::TimeMode;
using state::ColumnFamily;
using state::KeyLayout;
using types::TypePtr;

TypePtr EmptyRow(const char* name) { return types::Struct({{name, types::Null(), true}}); }
TypePtr NumberRow(const char* name) { return types::Struct({{name, types::Long(), true}}); }

KeyLayout Plain() { return {}; }
KeyLayout ByFirstColumn() { return {KeyLayout::Kind::kPrefix, 1, {}}; }
KeyLayout InOrderOfFirstColumn() { return {KeyLayout::Kind::kRange, 0, {0}}; }

ColumnFamily Family(std::string name, TypePtr key, TypePtr value, KeyLayout layout, bool multiple_values = false) {
  ColumnFamily family;
  family.internal = name.starts_with('$');
  family.name = std::move(name);
  family.schema = {std::move(key), std::move(value)};
  family.layout = std::move(layout);
  family.multiple_values = multiple_values;
  return family;
}

TypePtr ElementKey(const StateVariable& variable, const TypePtr& key) {
  if (variable.kind != Kind::kMap) return key;
  return types::Struct({{"key", key, true}, {"userKey", variable.user_key, true}});
}

TypePtr StoredValue(const StateVariable& variable) {
  if (!variable.ttl_ms) return variable.value;
  return types::Struct({{"value", variable.value, true}, {"ttlExpirationMs", types::Long(), true}});
}

std::string TimerPrefix(TimeMode mode) { return mode == TimeMode::kEventTime ? "$eventTimers" : "$procTimers"; }

const std::string& Nothing() {
  static const std::string row = StateRowBuilder(1).Null().Finish();
  return row;
}

std::string NumberOnly(int64_t value) { return StateRowBuilder(1).Number(value).Finish(); }
std::string Pair(std::string_view first, std::string_view second) {
  return StateRowBuilder(2).Row(first).Row(second).Finish();
}
std::string Timed(int64_t time, std::string_view key) { return StateRowBuilder(2).Number(time).Row(key).Finish(); }
std::string KeyAndTime(std::string_view key, int64_t time) { return StateRowBuilder(2).Row(key).Number(time).Finish(); }
std::string Prefix(std::string_view key) { return StateRowBuilder(1).Row(key).Finish(); }

}  // namespace

std::vector<ColumnFamily> FamiliesOf(const StateVariable& variable, const TypePtr& key) {
  const std::string& name = variable.name;
  TypePtr element = ElementKey(variable, key);
  std::vector<ColumnFamily> out = {Family(name, element, StoredValue(variable),
                                          variable.kind == Kind::kMap ? ByFirstColumn() : Plain(),
                                          variable.kind == Kind::kList)};
  out[0].user_key_schema = variable.user_key;
  if (variable.kind == Kind::kList) out.push_back(Family("$rowCounter_" + name, key, NumberRow("count"), Plain()));
  if (!variable.ttl_ms) return out;
  if (variable.kind == Kind::kList) {
    out.push_back(Family("$count_" + name, key, NumberRow("count"), Plain()));
    out.push_back(Family("$min_" + name, key, NumberRow("expirationMs"), Plain()));
  }
  TypePtr expiry = types::Struct({{"expirationMs", types::Long(), true}, {"elementKey", element, true}});
  out.push_back(Family("$ttl_" + name, expiry, EmptyRow("__empty__"), InOrderOfFirstColumn()));
  return out;
}

std::vector<ColumnFamily> TimerFamilies(TimeMode mode, const TypePtr& key) {
  if (mode == TimeMode::kNone) return {};
  types::StructField key_field{"key", key, true}, time_field{"expiryTimestampMs", types::Long(), false};
  return {
      Family(TimerVariableName(mode), types::Struct({key_field, time_field}), EmptyRow("__dummy__"), ByFirstColumn()),
      Family(TimerPrefix(mode) + "_timestampToKey", types::Struct({time_field, key_field}), EmptyRow("__dummy__"),
             InOrderOfFirstColumn())};
}

std::string TimerVariableName(TimeMode mode) { return TimerPrefix(mode) + "_keyToTimestamp"; }

std::string RowCodec::FromPickle(std::string_view pickle) const {
  state::UnsafeRows rows = encoder_.Encode(ToColumns({ReadPickle(pickle)}, *schema_), 1);
  return std::string(rows[0]);
}

std::string RowCodec::ToPickle(std::string_view row) const {
  return PickleRow(state::DecodeUnsafeRows(*schema_, {row}), *schema_, 0);
}

ProcessorState::ProcessorState(state::FamilyStore* store, TypePtr key, TimeMode time_mode, int64_t batch_timestamp_ms,
                               int64_t watermark_ms)
    : store_(store),
      key_schema_(std::move(key)),
      key_codec_(key_schema_),
      time_mode_(time_mode),
      batch_timestamp_ms_(batch_timestamp_ms),
      watermark_ms_(watermark_ms) {
  std::vector<ColumnFamily> timers = TimerFamilies(time_mode, key_schema_);
  if (timers.empty() || !store_) return;
  timers_by_key_ = store_->CreateFamily(timers[0]);
  timers_by_time_ = store_->CreateFamily(timers[1]);
}

void ProcessorState::Declare(StateVariable spec) {
  if (variables_.contains(spec.name)) {
    throw base::Error(base::ErrorKind::kRuntime, "STATEFUL_PROCESSOR_DUPLICATE_STATE_VARIABLE_DEFINED",
                      {{"stateVarName", spec.name}});
  }
  if (spec.ttl_ms && time_mode_ != TimeMode::kProcessingTime) {
    throw base::Error(base::ErrorKind::kUnsupportedOperation, "STATEFUL_PROCESSOR_INCORRECT_TIME_MODE_TO_ASSIGN_TTL",
                      {{"stateName", spec.name}, {"timeMode", NameOf(time_mode_)}});
  }
  if (store_ && spec.ttl_ms && *spec.ttl_ms <= 0) {
    throw base::Error(base::ErrorKind::kUnsupportedOperation, "STATEFUL_PROCESSOR_TTL_DURATION_MUST_BE_POSITIVE",
                      {{"operationType", "update"}, {"stateName", spec.name}});
  }
  Variable variable;
  variable.value_codec = std::make_unique<RowCodec>(spec.value);
  if (spec.user_key) variable.user_key_codec = std::make_unique<RowCodec>(spec.user_key);
  for (const ColumnFamily& family : FamiliesOf(spec, key_schema_)) {
    bool row_counter = family.name.starts_with("$rowCounter_");
    if (!store_ || (row_counter && spec.ttl_ms)) continue;  // a list with a time to live counts on its own
    state::FamilyHandle handle = store_->CreateFamily(family);
    if (family.name == spec.name) {
      variable.family = handle;
    } else if (row_counter || family.name.starts_with("$count_")) {
      variable.count = handle;
    } else if (family.name.starts_with("$min_")) {
      variable.minimum = handle;
    } else {
      variable.index = handle;
    }
  }
  declared_.push_back(spec);
  variable.spec = std::move(spec);
  std::string name = variable.spec.name;
  variables_.emplace(std::move(name), std::move(variable));
}

void ProcessorState::DeleteVariable(const std::string& name) {
  auto found = variables_.find(name);
  if (found != variables_.end()) variables_.erase(found);
  if (store_) store_->RemoveFamily(name);
}

ProcessorState::Variable& ProcessorState::Find(const std::string& name) {
  auto found = variables_.find(name);
  if (found != variables_.end()) return found->second;
  throw base::Error::Plain(base::ErrorKind::kIllegalState, "State variable " + name + " is not initialized.");
}
const ProcessorState::Variable& ProcessorState::Find(const std::string& name) const {
  return const_cast<ProcessorState*>(this)->Find(name);
}

const std::string& ProcessorState::Key() const {
  if (key_) return *key_;
  throw base::Error::Plain(base::ErrorKind::kUnsupportedOperation,
                           "Implicit key not found in state store for stateName");
}

std::string ProcessorState::Wrapped(const Variable& variable, std::string_view value) const {
  if (!variable.spec.ttl_ms) return std::string(value);
  return StateRowBuilder(2).Row(value).Number(batch_timestamp_ms_ + *variable.spec.ttl_ms).Finish();
}

std::optional<std::string> ProcessorState::Unwrapped(const Variable& variable, std::string_view stored) const {
  if (!stored.data()) return std::nullopt;
  if (!variable.spec.ttl_ms) return std::string(stored);
  StateRowView row(stored, 2);
  if (Expired(*row.Number(1))) return std::nullopt;
  return std::string(row.Row(0));
}

// The value and its entry in the index of times to live.
void ProcessorState::PutIndexed(const Variable& variable, std::string_view element, std::string_view value) {
  std::string stored = Wrapped(variable, value);
  if (variable.index) {
    int64_t expiry = *StateRowView(stored, 2).Number(1);
    std::string_view before = store_->Get(variable.family, element);
    std::optional<int64_t> expiry_before;
    if (before.data()) expiry_before = StateRowView(before, 2).Number(1);
    if (expiry_before && *expiry_before != expiry) store_->Remove(*variable.index, Timed(*expiry_before, element));
    store_->Put(variable.family, element, stored);
    if (!expiry_before || *expiry_before != expiry) store_->Put(*variable.index, Timed(expiry, element), Nothing());
  } else {
    store_->Put(variable.family, element, stored);
  }
  ++metrics_.rows_updated;
}

void ProcessorState::RemoveIndexed(const Variable& variable, std::string_view element) {
  if (variable.index) {
    std::string_view before = store_->Get(variable.family, element);
    if (before.data()) store_->Remove(*variable.index, Timed(*StateRowView(before, 2).Number(1), element));
  }
  store_->Remove(variable.family, element);
  ++metrics_.rows_removed;
}

std::optional<std::string> ProcessorState::GetValue(const std::string& name) const {
  const Variable& variable = Find(name);
  return Unwrapped(variable, store_->Get(variable.family, Key()));
}

void ProcessorState::UpdateValue(const std::string& name, std::string_view value) {
  PutIndexed(Find(name), Key(), value);
}

std::vector<std::string> ProcessorState::GetList(const std::string& name) const {
  const Variable& variable = Find(name);
  std::vector<std::string> out;
  store_->ForEachValue(variable.family, Key(), [&](std::string_view stored) {
    if (auto value = Unwrapped(variable, stored)) out.push_back(std::move(*value));
    return true;
  });
  return out;
}

void ProcessorState::PutList(const std::string& name, const std::vector<std::string>& values) {
  AddToList(Find(name), values, true);
}

void ProcessorState::AppendList(const std::string& name, const std::vector<std::string>& values) {
  AddToList(Find(name), values, false);
}

void ProcessorState::AddToList(const Variable& variable, const std::vector<std::string>& values, bool overwrite) {
  const std::string& key = Key();
  if (values.empty()) {
    throw base::Error(base::ErrorKind::kIllegalArgument, "ILLEGAL_STATE_STORE_VALUE.EMPTY_LIST_VALUE",
                      {{"stateName", variable.spec.name}});
  }
  for (size_t i = 0; i < values.size(); ++i) {
    std::string stored = Wrapped(variable, values[i]);
    if (overwrite && i == 0) {
      store_->Put(variable.family, key, stored);
    } else {
      store_->Merge(variable.family, key, stored);
    }
  }
  auto added = static_cast<int64_t>(values.size());
  metrics_.rows_updated += overwrite ? 1 : added;  // as Spark counts
  store_->Put(*variable.count, key, NumberOnly((overwrite ? 0 : Number(*variable.count, key).value_or(0)) + added));
  if (!variable.spec.ttl_ms) return;
  int64_t expiry = batch_timestamp_ms_ + *variable.spec.ttl_ms;
  std::optional<int64_t> minimum = Number(*variable.minimum, key);
  SetListExpiry(variable, key, overwrite || !minimum ? expiry : std::min(expiry, *minimum));
}

// The earliest end of a list's values, as the index has it.
void ProcessorState::SetListExpiry(const Variable& variable, std::string_view key, std::optional<int64_t> expiry_ms) {
  std::optional<int64_t> before = Number(*variable.minimum, key);
  if (before == expiry_ms) return;
  if (before) store_->Remove(*variable.index, Timed(*before, key));
  if (expiry_ms) {
    store_->Put(*variable.minimum, key, NumberOnly(*expiry_ms));
    store_->Put(*variable.index, Timed(*expiry_ms, key), Nothing());
  } else {
    store_->Remove(*variable.minimum, key);
  }
}

void ProcessorState::ClearList(const Variable& variable, std::string_view key) {
  metrics_.rows_removed += Number(*variable.count, key).value_or(0);
  store_->Remove(variable.family, key);
  store_->Remove(*variable.count, key);
  if (variable.spec.ttl_ms) SetListExpiry(variable, key, std::nullopt);
}

std::optional<std::string> ProcessorState::GetEntry(const std::string& name, std::string_view user_key) const {
  const Variable& variable = Find(name);
  return Unwrapped(variable, store_->Get(variable.family, Pair(Key(), user_key)));
}

void ProcessorState::UpdateEntry(const std::string& name, std::string_view user_key, std::string_view value) {
  PutIndexed(Find(name), Pair(Key(), user_key), value);
}

void ProcessorState::RemoveEntry(const std::string& name, std::string_view user_key) {
  RemoveIndexed(Find(name), Pair(Key(), user_key));
}

std::vector<std::pair<std::string, std::string>> ProcessorState::GetEntries(const std::string& name) const {
  const Variable& variable = Find(name);
  std::vector<std::pair<std::string, std::string>> out;
  store_->PrefixScan(variable.family, Prefix(Key()), [&](std::string_view key, std::string_view stored) {
    if (auto value = Unwrapped(variable, stored)) {
      out.emplace_back(std::string(StateRowView(key, 2).Row(1)), std::move(*value));
    }
    return true;
  });
  return out;
}

void ProcessorState::Clear(const std::string& name) {
  const Variable& variable = Find(name);
  switch (variable.spec.kind) {
    case Kind::kValue:
      RemoveIndexed(variable, Key());
      return;
    case Kind::kList:
      ClearList(variable, Key());
      return;
    case Kind::kMap: {
      std::vector<std::string> elements;
      store_->PrefixScan(variable.family, Prefix(Key()), [&](std::string_view key, std::string_view) {
        elements.emplace_back(key);
        return true;
      });
      for (const std::string& element : elements) RemoveIndexed(variable, element);
    }
  }
}

void ProcessorState::CheckTimers(const char* operation) const {
  if (time_mode_ != TimeMode::kNone) return;
  throw base::Error(base::ErrorKind::kUnsupportedOperation,
                    "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_TIME_MODE",
                    {{"operationType", operation}, {"timeMode", NameOf(time_mode_)}});
}

void ProcessorState::RegisterTimer(int64_t expiry_ms) {
  CheckTimers("register_timer");
  ++metrics_.timers_registered;  // as Spark counts: calls, not changes
  std::string by_key = KeyAndTime(Key(), expiry_ms);
  if (store_->Get(*timers_by_key_, by_key).data()) return;  // registered before
  store_->Put(*timers_by_key_, by_key, Nothing());
  store_->Put(*timers_by_time_, Timed(expiry_ms, Key()), Nothing());
}

void ProcessorState::DeleteTimer(int64_t expiry_ms) {
  CheckTimers("delete_timer");
  ++metrics_.timers_deleted;
  std::string by_key = KeyAndTime(Key(), expiry_ms);
  if (!store_->Get(*timers_by_key_, by_key).data()) return;
  store_->Remove(*timers_by_key_, by_key);
  store_->Remove(*timers_by_time_, Timed(expiry_ms, Key()));
}

std::vector<int64_t> ProcessorState::ListTimers() const {
  CheckTimers("list_timers");
  std::vector<int64_t> out;
  store_->PrefixScan(*timers_by_key_, Prefix(Key()), [&](std::string_view key, std::string_view) {
    out.push_back(*StateRowView(key, 2).Number(1));
    return true;
  });
  return out;
}

std::vector<std::pair<std::string, int64_t>> ProcessorState::ExpiredTimers(int64_t now_ms) const {
  std::vector<std::pair<std::string, int64_t>> out;
  if (!timers_by_time_) return out;
  store_->ForEach(*timers_by_time_, [&](std::string_view row, std::string_view) {
    StateRowView timer(row, 2);
    int64_t expiry = *timer.Number(0);
    if (expiry > now_ms) return false;
    out.emplace_back(std::string(timer.Row(1)), expiry);
    return true;
  });
  return out;
}

bool ProcessorState::HasExpiredTimers(int64_t now_ms) const {
  bool found = false;
  if (!timers_by_time_) return false;
  store_->ForEach(*timers_by_time_, [&](std::string_view row, std::string_view) {
    found = *StateRowView(row, 2).Number(0) <= now_ms;
    return false;
  });
  return found;
}

void ProcessorState::RemoveExpired() {
  for (const auto& [name, variable] : variables_) {
    if (variable.spec.ttl_ms) RemoveExpiredOf(variable);
  }
}

void ProcessorState::RemoveExpiredOf(const Variable& variable) {
  std::vector<std::string> due;
  store_->ForEach(*variable.index, [&](std::string_view row, std::string_view) {
    if (!Expired(*StateRowView(row, 2).Number(0))) return false;
    due.emplace_back(row);
    return true;
  });
  for (const std::string& row : due) {
    std::string_view element = StateRowView(row, 2).Row(1);
    if (variable.spec.kind == Kind::kList) {
      RemoveExpiredFromList(variable, element);
      continue;
    }
    store_->Remove(*variable.index, row);
    store_->Remove(variable.family, element);
    ++metrics_.values_expired;
  }
}

void ProcessorState::RemoveExpiredFromList(const Variable& variable, std::string_view key) {
  std::vector<std::string> kept;
  std::optional<int64_t> minimum;
  int64_t expired = 0;
  store_->ForEachValue(variable.family, key, [&](std::string_view stored) {
    int64_t expiry = *StateRowView(stored, 2).Number(1);
    if (Expired(expiry)) {
      ++expired;
      return true;
    }
    minimum = std::min(minimum.value_or(expiry), expiry);
    kept.emplace_back(stored);
    return true;
  });
  metrics_.values_expired += expired;
  store_->Remove(variable.family, key);
  for (size_t i = 0; i < kept.size(); ++i) {
    if (i == 0) {
      store_->Put(variable.family, key, kept[i]);
    } else {
      store_->Merge(variable.family, key, kept[i]);
    }
  }
  if (kept.empty()) {
    store_->Remove(*variable.count, key);
  } else {
    store_->Put(*variable.count, key, NumberOnly(static_cast<int64_t>(kept.size())));
  }
  SetListExpiry(variable, key, minimum);
}

std::optional<int64_t> ProcessorState::Number(state::FamilyHandle family, std::string_view key) const {
  std::string_view row = store_->Get(family, key);
  if (!row.data()) return std::nullopt;
  return StateRowView(row, 1).Number(0);
}

}  // namespace sluice::python
