// Config: reads and changes a session's configuration.
#include <fmt/format.h>

#include "base/conf_warning.h"
#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

using Request = spark::connect::ConfigRequest;
using Response = spark::connect::ConfigResponse;

void Warn(Response* response, const std::string& key) {
  if (auto warning = base::ConfWarning(key); !warning.empty()) response->add_warnings(std::string(warning));
}

void Add(Response* response, const std::string& key, const std::optional<std::string>& value) {
  auto* pair = response->add_pairs();
  pair->set_key(key);
  if (value) pair->set_value(*value);
  Warn(response, key);
}

// A key that Spark's SQL declares without a default has no value; any other key without one is an error.
std::optional<std::string> Get(const base::SqlConf& conf, const std::string& key) {
  const base::ConfKey* known = base::FindConfKey(key);
  if (known && known->scope != base::ConfScope::kCore) return conf.Find(key);
  return conf.GetString(key);
}

void SetOne(base::SqlConf& conf, const spark::connect::KeyValue& pair) {
  if (!pair.has_value()) {
    throw base::Error::Plain(base::ErrorKind::kIllegalArgument,
                             "requirement failed: value cannot be null for key: " + pair.key());
  }
  conf.SetByUser(pair.key(), pair.value());
}

void Set(base::SqlConf& conf, const Request::Set& set, Response* response) {
  for (const auto& pair : set.pairs()) {
    try {
      SetOne(conf, pair);
      Warn(response, pair.key());
    } catch (const base::Error& error) {
      // Options of the session's builder: what can't be set is told and left out.
      if (!set.silent()) throw;
      response->add_warnings(fmt::format("Failed to set {} to {} due to {}", pair.key(),
                                         pair.has_value() ? fmt::format("Some({})", pair.value()) : "None",
                                         error.message()));
    }
  }
}

void GetWithDefault(const base::SqlConf& conf, const Request::GetWithDefault& get, Response* response) {
  for (const auto& pair : get.pairs()) {
    std::optional<std::string> value = conf.FindExplicit(pair.key());
    if (!value && pair.has_value()) {
      base::SqlConf::CheckValue(pair.key(), pair.value());
      value = pair.value();
    }
    Add(response, pair.key(), value);
  }
}

void GetAll(const base::SqlConf& conf, const Request::GetAll& get, Response* response) {
  const std::string& prefix = get.prefix();
  for (const auto& [key, value] : conf.Explicit()) {
    if (key.starts_with(prefix)) Add(response, key.substr(prefix.size()), value);
  }
}

bool IsModifiable(const std::string& key) {
  const base::ConfKey* known = base::FindConfKey(key);
  // Keys outside Spark's SQL can be set too, but Spark calls only its own SQL keys modifiable.
  return known && known->modifiable() && (key.starts_with("spark.sql.") || key.starts_with("spark.connect."));
}

void Answer(base::SqlConf& conf, const Request::Operation& operation, Response* response) {
  switch (operation.op_type_case()) {
    case Request::Operation::kSet:
      Set(conf, operation.set(), response);
      return;
    case Request::Operation::kGet:
      for (const auto& key : operation.get().keys()) Add(response, key, Get(conf, key));
      return;
    case Request::Operation::kGetWithDefault:
      GetWithDefault(conf, operation.get_with_default(), response);
      return;
    case Request::Operation::kGetOption:
      for (const auto& key : operation.get_option().keys()) Add(response, key, conf.Find(key));
      return;
    case Request::Operation::kGetAll:
      GetAll(conf, operation.get_all(), response);
      return;
    case Request::Operation::kUnset:
      for (const auto& key : operation.unset().keys()) {
        conf.UnsetByUser(key);
        Warn(response, key);
      }
      return;
    case Request::Operation::kIsModifiable:
      for (const auto& key : operation.is_modifiable().keys()) {
        Add(response, key, IsModifiable(key) ? "true" : "false");
      }
      return;
    case Request::Operation::OP_TYPE_NOT_SET:
      break;
  }
  throw base::Error::Plain(base::ErrorKind::kUnsupportedOperation, " not supported.");
}

}  // namespace

RpcHandler ConfigHandler(ServerState& state) {
  return UnaryHandler<Request, Response>(state, [&state](const Request& request) {
    SessionHolderPtr holder = SessionOf(state, request);
    Response response;
    SetSession(holder->session(), &response);
    Answer(holder->session().conf(), request.operation(), &response);
    return response;
  });
}

}  // namespace sluice::server
