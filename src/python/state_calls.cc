// One function a kind of call; a failure becomes a status and a message, which the client raises.
#include "python/state_calls.h"

#include "base/error.h"
#include "org/apache/spark/sql/execution/streaming/StateMessage.pb.h"

namespace sluice::python {
namespace {

namespace proto = org::apache::spark::sql::execution::streaming::state;

constexpr int kOk = 0, kFailed = 1, kAbsent = 2;
constexpr size_t kItemsAFetch = 10000;

std::string Status(int status, const std::string& message = "") {
  proto::StateResponse response;
  response.set_statuscode(status);
  response.set_errormessage(message);
  return response.SerializeAsString();
}

std::string Exists(bool exists) { return Status(exists ? kOk : kAbsent); }

// An absent value is no error.
std::string Value(const std::optional<std::string>& pickle) {
  proto::StateResponse response;
  if (pickle) response.set_value(*pickle);
  return response.SerializeAsString();
}

std::string Number(int64_t value) {
  proto::StateResponseWithLongTypeVal response;
  response.set_value(value);
  return response.SerializeAsString();
}

// The next part of what the iterator `id` goes over, `load`ed when it is new. An end without items is a status.
template <typename Response, typename Cursors, typename Load, typename Add>
std::string Fetch(Cursors& cursors, const std::string& id, const Load& load, const Add& add) {
  auto found = cursors.open.find(id);
  if (found == cursors.open.end()) found = cursors.open.emplace(id, typename Cursors::Cursor{load(), 0}).first;
  auto& cursor = found->second;
  Response response;
  size_t end = std::min(cursor.items.size(), cursor.next + kItemsAFetch);
  if (cursor.next == end) response.set_statuscode(kAbsent);
  for (; cursor.next < end; ++cursor.next) add(response, cursor.items[cursor.next]);
  response.set_requirenextfetch(cursor.next < cursor.items.size());
  if (cursor.next == cursor.items.size()) cursors.open.erase(found);
  return response.SerializeAsString();
}

types::TypePtr StructOf(const std::string& json) { return types::ParseJsonType(json); }

std::string Declare(ProcessorState& state, StateVariable::Kind kind, const proto::StateCallCommand& call) {
  StateVariable variable;
  variable.kind = kind;
  variable.name = call.statename();
  if (kind == StateVariable::Kind::kMap) {
    variable.user_key = StructOf(call.schema());
    variable.value = StructOf(call.mapstatevalueschema());
  } else {
    variable.value = StructOf(call.schema());
  }
  // No time to live is one of zero.
  if (call.has_ttl() && call.ttl().durationms() != 0) variable.ttl_ms = call.ttl().durationms();
  state.Declare(std::move(variable));
  return Status(kOk);
}

}  // namespace

struct StateCalls::Dispatch {
  StateCalls& calls;
  ProcessorState& state;

  std::string operator()(const proto::StatefulProcessorCall& call) {
    using Call = proto::StatefulProcessorCall;
    switch (call.method_case()) {
      case Call::kSetHandleState:
        calls.initialized_ = call.sethandlestate().state() > proto::CREATED;
        calls.handle_state_ = proto::HandleState_Name(call.sethandlestate().state());
        return Status(kOk);
      case Call::kGetValueState:
        CheckDeclaring("get_value_state");
        return Declare(state, StateVariable::Kind::kValue, call.getvaluestate());
      case Call::kGetListState:
        CheckDeclaring("get_list_state");
        return Declare(state, StateVariable::Kind::kList, call.getliststate());
      case Call::kGetMapState:
        CheckDeclaring("get_map_state");
        return Declare(state, StateVariable::Kind::kMap, call.getmapstate());
      case Call::kDeleteIfExists:
        CheckDeclaring("delete_if_exists");
        state.DeleteVariable(call.deleteifexists().statename());
        return Status(kOk);
      case Call::kTimerStateCall:
        return (*this)(call.timerstatecall());
      default:
        return Unknown();
    }
  }

  std::string operator()(const proto::TimerStateCallCommand& call) {
    using Call = proto::TimerStateCallCommand;
    switch (call.method_case()) {
      case Call::kRegister:
        state.RegisterTimer(call.register_().expirytimestampms());
        return Status(kOk);
      case Call::kDelete:
        state.DeleteTimer(call.delete_().expirytimestampms());
        return Status(kOk);
      case Call::kList:
        return Fetch<proto::StateResponseWithTimer>(
            calls.timers_, call.list().iteratorid(), [&] { return state.ListTimers(); },
            [](auto& response, int64_t expiry) { response.add_timer()->set_timestampms(expiry); });
      default:
        return Unknown();
    }
  }

  std::string operator()(const proto::StateVariableRequest& call) {
    switch (call.method_case()) {
      case proto::StateVariableRequest::kValueStateCall:
        return (*this)(call.valuestatecall());
      case proto::StateVariableRequest::kListStateCall:
        return (*this)(call.liststatecall());
      case proto::StateVariableRequest::kMapStateCall:
        return (*this)(call.mapstatecall());
      default:
        return Unknown();
    }
  }

  std::string operator()(const proto::ValueStateCall& call) {
    using Call = proto::ValueStateCall;
    const std::string& name = call.statename();
    switch (call.method_case()) {
      case Call::kExists:
        return Exists(state.GetValue(name).has_value());
      case Call::kGet:
        return Value(Pickled(state.value_codec(name), state.GetValue(name)));
      case Call::kValueStateUpdate:
        state.UpdateValue(name, state.value_codec(name).FromPickle(call.valuestateupdate().value()));
        return Status(kOk);
      case Call::kClear:
        state.Clear(name);
        return Status(kOk);
      default:
        return Unknown();
    }
  }

  std::string operator()(const proto::ListStateCall& call) {
    using Call = proto::ListStateCall;
    const std::string& name = call.statename();
    const RowCodec& codec = state.value_codec(name);
    switch (call.method_case()) {
      case Call::kExists:
        return Exists(!state.GetList(name).empty());
      case Call::kListStateGet:
        return Fetch<proto::StateResponseWithListGet>(
            calls.lists_, call.liststateget().iteratorid(), [&] { return state.GetList(name); },
            [&](auto& response, const std::string& row) { response.add_value(codec.ToPickle(row)); });
      case Call::kListStatePut:
        state.PutList(name, Rows(codec, call.liststateput().value()));
        return Status(kOk);
      case Call::kAppendValue:
        state.AppendList(name, {codec.FromPickle(call.appendvalue().value())});
        return Status(kOk);
      case Call::kAppendList:
        state.AppendList(name, Rows(codec, call.appendlist().value()));
        return Status(kOk);
      case Call::kClear:
        state.Clear(name);
        return Status(kOk);
      default:
        return Unknown();
    }
  }

  std::string operator()(const proto::MapStateCall& call) {
    using Call = proto::MapStateCall;
    const std::string& name = call.statename();
    const RowCodec &keys = state.user_key_codec(name), &values = state.value_codec(name);
    switch (call.method_case()) {
      case Call::kExists:
        return Exists(!state.GetEntries(name).empty());
      case Call::kGetValue:
        return Value(Pickled(values, state.GetEntry(name, keys.FromPickle(call.getvalue().userkey()))));
      case Call::kContainsKey:
        return Exists(state.GetEntry(name, keys.FromPickle(call.containskey().userkey())).has_value());
      case Call::kUpdateValue:
        state.UpdateEntry(name, keys.FromPickle(call.updatevalue().userkey()),
                          values.FromPickle(call.updatevalue().value()));
        return Status(kOk);
      case Call::kRemoveKey:
        state.RemoveEntry(name, keys.FromPickle(call.removekey().userkey()));
        return Status(kOk);
      case Call::kClear:
        state.Clear(name);
        return Status(kOk);
      case Call::kIterator:
        return Fetch<proto::StateResponseWithMapIterator>(
            calls.entries_, call.iterator().iteratorid(), [&] { return state.GetEntries(name); },
            [&](auto& response, const Entry& entry) {
              auto* pair = response.add_kvpair();
              pair->set_key(keys.ToPickle(entry.first));
              pair->set_value(values.ToPickle(entry.second));
            });
      case Call::kKeys:
        return Side(calls.keys_, call.keys().iteratorid(), name, keys, &Entry::first);
      case Call::kValues:
        return Side(calls.values_, call.values().iteratorid(), name, values, &Entry::second);
      default:
        return Unknown();
    }
  }

  std::string operator()(const proto::ImplicitGroupingKeyRequest& call) {
    if (call.method_case() == proto::ImplicitGroupingKeyRequest::kSetImplicitKey) {
      state.SetKey(state.key_codec().FromPickle(call.setimplicitkey().key()));
    } else {
      state.RemoveKey();
    }
    return Status(kOk);
  }

  std::string operator()(const proto::TimerRequest& call) {
    if (call.method_case() == proto::TimerRequest::kTimerValueRequest) {
      bool watermark = call.timervaluerequest().method_case() == proto::TimerValueRequest::kGetWatermark;
      return Number(watermark ? state.watermark_ms() : state.batch_timestamp_ms());
    }
    const auto& due = call.expirytimerrequest();
    return Fetch<proto::StateResponseWithTimer>(
        calls.expired_, due.iteratorid(), [&] { return state.ExpiredTimers(due.expirytimestampms()); },
        [&](auto& response, const Timer& timer) {
          auto* info = response.add_timer();
          info->set_key(state.key_codec().ToPickle(timer.first));
          info->set_timestampms(timer.second);
        });
  }

  std::string operator()(const proto::UtilsRequest& call) {
    proto::StateResponseWithStringTypeVal response;
    try {
      response.set_value(types::ParseSchemaText(call.parsestringschema().schema())->Json());
    } catch (const base::Error& error) {
      response.set_statuscode(kFailed);
      response.set_errormessage(error.message());
    }
    return response.SerializeAsString();
  }

  std::string Side(Cursors<std::string>& cursors, const std::string& id, const std::string& name, const RowCodec& codec,
                   std::string Entry::*side) {
    auto load = [&] {
      std::vector<std::string> out;
      for (Entry& entry : state.GetEntries(name)) out.push_back(std::move(entry.*side));
      return out;
    };
    return Fetch<proto::StateResponseWithMapKeysOrValues>(
        cursors, id, load, [&](auto& response, const std::string& row) { response.add_value(codec.ToPickle(row)); });
  }

  // Variables are made and deleted in the processor's init only.
  void CheckDeclaring(const char* operation) const {
    if (!calls.initialized_) return;
    throw base::Error(base::ErrorKind::kUnsupportedOperation,
                      "STATEFUL_PROCESSOR_CANNOT_PERFORM_OPERATION_WITH_INVALID_HANDLE_STATE",
                      {{"operationType", operation}, {"handleState", calls.handle_state_}});
  }

  static std::optional<std::string> Pickled(const RowCodec& codec, const std::optional<std::string>& row) {
    return row ? std::optional(codec.ToPickle(*row)) : std::nullopt;
  }
  template <typename Pickles>
  static std::vector<std::string> Rows(const RowCodec& codec, const Pickles& pickles) {
    std::vector<std::string> out;
    for (const auto& pickle : pickles) out.push_back(codec.FromPickle(pickle));
    return out;
  }
  static std::string Unknown() { return Status(kFailed, "A state call of an unknown kind"); }
};

std::string StateCalls::Answer(std::string_view bytes) {
  proto::StateRequest request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Status(kFailed, "A state call that cannot be read");
  }
  Dispatch dispatch{*this, *state_};
  using Request = proto::StateRequest;
  try {
    switch (request.method_case()) {
      case Request::kStatefulProcessorCall:
        return dispatch(request.statefulprocessorcall());
      case Request::kStateVariableRequest:
        return dispatch(request.statevariablerequest());
      case Request::kImplicitGroupingKeyRequest:
        return dispatch(request.implicitgroupingkeyrequest());
      case Request::kTimerRequest:
        return dispatch(request.timerrequest());
      case Request::kUtilsRequest:
        return dispatch(request.utilsrequest());
      default:
        return Dispatch::Unknown();
    }
  } catch (const base::Error& error) {
    return Status(kFailed, error.message());
  }
}

}  // namespace sluice::python
