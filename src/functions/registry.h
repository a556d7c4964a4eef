// The registry of functions: names, documentation, and the rule that binds a call to a kernel.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/registration.h"
#include "base/sql_conf.h"
#include "logical/binding.h"

namespace sluice::functions {

/// An argument as the binder sees it.
struct Argument {
  types::TypePtr type;
  bool nullable = true;
  const types::Literal* literal = nullptr;  ///< set if the argument is a constant
  std::string sql;                          ///< as Spark prints it in messages
  bool is_lambda = false;
  int lambda_arity = 0;
};
using Arguments = std::vector<Argument>;

/// A sort order of WITHIN GROUP.
struct OrderKey {
  bool ascending = true;
  bool nulls_first = true;
};

struct BindContext {
  bool ansi = true;
  std::string time_zone = "UTC";
  std::string name;  ///< the function's name as the user wrote it
  const base::SqlConf* conf = nullptr;
  std::vector<OrderKey> within_group;  ///< WITHIN GROUP (ORDER BY …): its keys are the last arguments

  /// A switch of the session; `otherwise` where there is no session.
  bool Flag(std::string_view key, bool otherwise) const { return conf ? conf->GetBool(key) : otherwise; }
};

/// Lambda variables' types for argument `position`, given the other arguments; null types = no lambda there.
using LambdaTypes = std::function<std::vector<types::TypePtr>(const Arguments&, int position, int arity)>;

using BindScalar = std::function<logical::ScalarBindingPtr(const BindContext&, const Arguments&)>;
using BindAggregate = std::function<logical::AggregateBindingPtr(const BindContext&, const Arguments&, bool distinct)>;
using BindGenerator = std::function<logical::GeneratorBindingPtr(const BindContext&, const Arguments&)>;
using BindWindow = std::function<logical::WindowBindingPtr(const BindContext&, const Arguments&)>;
using Bind = std::variant<BindScalar, BindAggregate, BindGenerator, BindWindow>;

/// A binder throws base::Error (kAnalysis): WRONG_NUM_ARGS.WITHOUT_SUGGESTION for the number of arguments,
/// DATATYPE_MISMATCH.* for types it cannot coerce to.
struct FunctionEntry {
  std::string name;                  ///< lower case, Spark's name
  std::vector<std::string> aliases;  ///< other names
  std::string usage;                 ///< one or two sentences
  std::string example;               ///< an SQL query, run as a test
  std::string since;
  Bind bind;
  LambdaTypes lambda_types;
  bool internal = false;      ///< only what the client or the analyzer builds calls it; in no listing
  bool within_group = false;  ///< may be called with WITHIN GROUP (ORDER BY …)
};

class FunctionRegistry {
 public:
  /// Throws INTERNAL_ERROR for a duplicate name or an entry without usage.
  void Add(FunctionEntry entry);
  /// By name or alias, without case; null if unknown.
  const FunctionEntry* Find(std::string_view name) const;
  /// All entries by name, without internal ones.
  std::vector<const FunctionEntry*> Entries() const;

 private:
  std::map<std::string, FunctionEntry, std::less<>> entries_;
  std::map<std::string, std::string, std::less<>> aliases_;
};

/// Adds every function of the engine (generated).
void RegisterAll(FunctionRegistry& registry);

}  // namespace sluice::functions
