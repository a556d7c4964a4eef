// Looking into JSON texts without a schema: get_json_object, json_array_length, json_object_keys.
#include "base/arrow_status.h"
#include "functions/json_document.h"
#include "functions/kernels.h"
#include "functions/list_picker.h"
#include "functions/signature.h"

namespace sluice::functions {

using logical::EvalContext;
using logical::ScalarBindingPtr;
using types::Integer;
using types::String;
using types::TypePtr;

namespace {

/// Keeps the path used last.
class PathCache {
 public:
  const JsonPath& Get(std::string_view text) {
    if (!path_ || text != text_) {
      path_.emplace(text);
      text_ = text;
    }
    return *path_;
  }

 private:
  std::string text_;
  std::optional<JsonPath> path_;
};

logical::ScalarKernel GetObjectKernel() {
  return BatchKernel<Text(std::string_view, std::string_view)>(String(), [](EvalContext&) {
    return [document = std::make_shared<JsonDocument>(), paths = std::make_shared<PathCache>(), buffer = std::string()](
               TextWriter& out, std::string_view json, std::string_view path) mutable {
      const JsonDocument::Node* root = document->Parse(json);
      buffer.clear();
      if (!root || !paths->Get(path).Evaluate(*root, &buffer)) return false;
      out.Append(buffer);
      return true;
    };
  });
}

logical::ScalarKernel ArrayLengthKernel() {
  return BatchKernel<int32_t(std::string_view)>(Integer(), [](EvalContext&) {
    return [document = std::make_shared<JsonDocument>()](std::string_view json) -> std::optional<int32_t> {
      const JsonDocument::Node* root = document->Parse(json);
      if (!root || root->kind != JsonDocument::Kind::kArray) return std::nullopt;
      return static_cast<int32_t>(root->children.size());
    };
  });
}

ScalarBindingPtr BindObjectKeys(const BindContext& context, const Arguments& arguments) {
  CheckCount(context, arguments, 1, 1);
  auto types = Coerce(context, arguments, {String()});
  TypePtr type = types::Array(String());
  auto kernel = [type](EvalContext&, const std::vector<arrow::Datum>& values, int64_t rows) {
    RowScope scope(values, rows);
    Column<std::string_view> json(values[0]);
    ListWriter lists(scope.rows());
    arrow::StringBuilder keys;
    JsonDocument document;
    for (int64_t row = 0; row < scope.rows(); ++row) {
      const JsonDocument::Node* root = json.valid(row) ? document.Parse(json[row]) : nullptr;
      if (!root || root->kind != JsonDocument::Kind::kObject) {
        lists.EndRowAsNull();
        continue;
      }
      for (const auto& child : root->children) base::ThrowIfError(keys.Append(child.name));
      lists.EndRow(keys.length());
    }
    std::shared_ptr<arrow::Array> child;
    base::ThrowIfError(keys.Finish(&child));
    return scope.Result(lists.Finish(types::ToArrow(type), child));
  };
  return NewBinding(context, arguments, type, types, kernel, Nulls::kAlways);
}

}  // namespace

SLUICE_REGISTER(FunctionRegistry, JsonAccess) {
  registry.Add({.name = "get_json_object",
                .usage = "What a path finds in a JSON text.",
                .example = "SELECT get_json_object('{\"a\":\"b\"}', '$.a')",
                .since = "1.5.0",
                .bind = Simple({.parameters = {String(), String()},
                                .type = String(),
                                .kernel = GetObjectKernel(),
                                .nulls = Nulls::kAlways})});
  registry.Add(
      {.name = "json_array_length",
       .usage = "The number of elements of a JSON array; null for any other text.",
       .example = "SELECT json_array_length('[1,2,3,4]')",
       .since = "3.1.0",
       .bind = Simple(
           {.parameters = {String()}, .type = Integer(), .kernel = ArrayLengthKernel(), .nulls = Nulls::kAlways})});
  registry.Add({.name = "json_object_keys",
                .usage = "The keys of a JSON object; null for any other text.",
                .example = "SELECT json_object_keys('{\"a\":1}')",
                .since = "3.1.0",
                .bind = BindScalar(BindObjectKeys)});
}

}  // namespace sluice::functions
