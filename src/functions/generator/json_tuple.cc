// json_tuple: several fields of a JSON object as columns.
#include <fmt/format.h>

#include "functions/json_document.h"
#include "functions/registry.h"
#include "functions/signature.h"
#include "functions/writers.h"

namespace sluice::functions {
namespace {

/// One row for every input row: the text of each field, null where there is none.
logical::GeneratedRows Tuples(const arrow::ArrayVector& arguments, int64_t rows) {
  Column<std::string_view> json(arguments[0]);
  std::vector<Column<std::string_view>> names;
  std::vector<TextWriter> outputs;
  for (size_t i = 1; i < arguments.size(); ++i) {
    names.emplace_back(arguments[i]);
    outputs.emplace_back(arrow::utf8(), rows);
  }
  JsonDocument document;
  std::string buffer;
  logical::GeneratedRows out;
  for (int64_t row = 0; row < rows; ++row) {
    out.parents.push_back(row);
    const JsonDocument::Node* root = json.valid(row) ? document.Parse(json[row]) : nullptr;
    bool object = root && root->kind == JsonDocument::Kind::kObject;
    for (size_t i = 0; i < names.size(); ++i) {
      const JsonDocument::Node* found = nullptr;
      for (size_t c = 0; object && names[i].valid(row) && c < root->children.size(); ++c) {
        if (root->children[c].name == names[i][row]) found = &root->children[c];
      }
      if (!found || found->kind == JsonDocument::Kind::kNull) {
        outputs[i].EndRowAsNull();
        continue;
      }
      if (found->kind == JsonDocument::Kind::kString) {
        outputs[i].Append(found->text);
      } else {
        buffer.clear();
        JsonDocument::Write(*found, &buffer);
        outputs[i].Append(buffer);
      }
      outputs[i].EndRow();
    }
  }
  for (TextWriter& output : outputs) out.outputs.push_back(output.Finish());
  return out;
}

logical::GeneratorBindingPtr BindTuple(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 2, kUnlimited);
  for (const Argument& argument : arguments) {
    if (argument.type->IsStringLike() || argument.type->Is(types::TypeId::kNull)) continue;
    throw TypeMismatch(context, arguments, "NON_STRING_TYPE", {{"funcName", QuotedName(context)}});
  }
  auto binding = std::make_shared<logical::GeneratorBinding>();
  binding->name = PrettyName(context);
  for (size_t i = 0; i < arguments.size(); ++i) {
    binding->argument_types.push_back(types::String());
    if (i > 0) binding->outputs.push_back({fmt::format("c{}", i - 1), types::String(), true});
  }
  binding->kernel = [](logical::EvalContext&, const arrow::ArrayVector& values, int64_t rows) {
    return Tuples(values, rows);
  };
  return binding;
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, JsonTuple) {
  registry.Add({.name = "json_tuple",
                .usage = "The texts of several fields of a JSON object, one column each.",
                .example = "SELECT json_tuple('{\"a\":1, \"b\":2}', 'a', 'b')",
                .since = "1.6.0",
                .bind = BindGenerator(BindTuple)});
}

}  // namespace sluice::functions
