// Texts for from_json and from_csv: what the checked form refuses is what FAILFAST raises for, and it gives the same
// values as the plain form; so does from_json with fewer fields. The first byte chooses the call; lines are rows.
#include <arrow/api.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "base/error.h"
#include "functions/checked_parser.h"
#include "functions/json_call.h"
#include "functions/registry.h"

namespace {

using namespace sluice;  // NOLINT

constexpr char kColumns[] =
    "a INT, b STRING, c STRUCT<x: DOUBLE, y: ARRAY<DATE>>, d MAP<STRING, STRUCT<z: TIMESTAMP>>, e ARRAY<BIGINT>";
constexpr char kPlainColumns[] = "a INT, b STRING, c DOUBLE, d DATE, e TIMESTAMP, f DECIMAL(10, 2), g BOOLEAN";

logical::ScalarBindingPtr Bind(const std::string& name, const std::string& schema, const char* mode) {
  static const auto* registry = [] {
    auto* all = new functions::FunctionRegistry();
    functions::RegisterAll(*all);
    return all;
  }();
  types::Literal ddl = types::Literal::String(schema);
  arrow::MapBuilder options(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>(),
                            std::make_shared<arrow::StringBuilder>());
  auto* keys = static_cast<arrow::StringBuilder*>(options.key_builder());
  auto* items = static_cast<arrow::StringBuilder*>(options.item_builder());
  bool good = options.Append().ok() && keys->Append("mode").ok() && items->Append(mode).ok();
  types::TypePtr type = types::Map(types::String(), types::String());
  types::Literal map{type, good ? *(*options.Finish())->GetScalar(0) : nullptr};
  functions::Arguments arguments = {{.type = types::String(), .sql = "value"},
                                    {.type = types::String(), .nullable = false, .literal = &ddl, .sql = schema},
                                    {.type = type, .nullable = false, .literal = &map, .sql = "options"}};
  functions::BindContext context;
  context.name = name;
  return std::get<functions::BindScalar>(registry->Find(name)->bind)(context, arguments);
}

std::shared_ptr<arrow::Array> Rows(const logical::ScalarBinding& binding, const std::shared_ptr<arrow::Array>& texts) {
  logical::EvalContext context;
  auto rows = binding.kernel(context, {texts}, texts->length()).make_array();
  if (!rows->ValidateFull().ok()) std::abort();
  return rows;
}

bool FailsFast(const logical::ScalarBinding& binding, const std::shared_ptr<arrow::Array>& texts) {
  try {
    Rows(binding, texts);
    return false;
  } catch (const base::Error&) {
    return true;
  }
}

struct Call {
  Call(const std::string& name, const std::string& schema)
      : lenient(Bind(name, schema, "PERMISSIVE")), strict(Bind(name, schema, "FAILFAST")) {}
  logical::ScalarBindingPtr lenient, strict;
};

bool Same(const arrow::Array& a, const arrow::Array& b) {
  return a.ApproxEquals(b, arrow::EqualOptions().nans_equal(true));
}

void CompareFields(const logical::ScalarBinding& call, const std::shared_ptr<arrow::Array>& texts,
                   const arrow::Array& plain) {
  for (int used = 0; used < static_cast<int>(call.type->fields().size()); ++used) {
    auto narrow = functions::NarrowJsonCall(call, {used});
    if (!narrow) continue;
    auto rows = Rows(*narrow->binding, texts);
    for (size_t i = 0; i < narrow->fields.size(); ++i) {
      const auto& whole = static_cast<const arrow::StructArray&>(plain).field(narrow->fields[i]);
      if (!Same(*static_cast<const arrow::StructArray&>(*rows).field(static_cast<int>(i)), *whole)) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* calls = new Call[5]{{"from_json", kColumns},
                                         {"from_json", "ARRAY<STRUCT<a: INT, b: STRING>>"},
                                         {"from_json", "MAP<STRING, DOUBLE>"},
                                         {"from_csv", kPlainColumns},
                                         {"from_json", kPlainColumns}};
  if (size == 0) return 0;
  const Call& call = calls[data[0] % 5];
  arrow::StringBuilder builder;
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (size_t begin = 0, end; begin <= text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    if (!builder.Append(text.substr(begin, end - begin)).ok()) std::abort();
  }
  std::shared_ptr<arrow::Array> texts = *builder.Finish();
  if (!texts->ValidateFull().ok()) return 0;  // a column of texts holds UTF-8
  auto plain = Rows(*call.lenient, texts);
  if (functions::IsJsonCall(*call.lenient)) CompareFields(*call.lenient, texts, *plain);
  for (const logical::ScalarBindingPtr& form : {call.lenient->checked, call.strict->checked}) {
    auto rows = Rows(*form, texts);
    const auto& checked = static_cast<const arrow::StructArray&>(*rows);
    if (!Same(*checked.field(functions::kCheckedValue), *plain)) std::abort();
    for (int64_t row = 0; row < texts->length(); ++row) {
      bool refused = checked.field(functions::kCheckedError)->IsValid(row);
      if (refused != FailsFast(*call.strict, texts->Slice(row, 1))) std::abort();
    }
  }
  return 0;
}
