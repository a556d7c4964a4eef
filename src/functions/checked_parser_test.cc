// Which texts from_json and from_csv refuse in their checked form, and why.
#include "functions/checked_parser.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <optional>

#include "functions/registry.h"

namespace sluice::functions {
namespace {

using Texts = std::vector<std::optional<std::string>>;

const FunctionRegistry& Registry() {
  static const FunctionRegistry* registry = [] {
    auto* all = new FunctionRegistry();
    RegisterAll(*all);
    return all;
  }();
  return *registry;
}

logical::ScalarBindingPtr Bind(const std::string& name, const std::string& schema) {
  types::Literal ddl = types::Literal::String(schema);
  Arguments arguments = {{.type = types::String(), .sql = "value"},
                         {.type = types::String(), .nullable = false, .literal = &ddl, .sql = schema}};
  BindContext context;
  context.name = name;
  return std::get<BindScalar>(Registry().Find(name)->bind)(context, arguments);
}

std::shared_ptr<arrow::StructArray> Parsed(const logical::ScalarBinding& binding, const Texts& texts) {
  arrow::StringBuilder builder;
  for (const auto& text : texts) EXPECT_TRUE((text ? builder.Append(*text) : builder.AppendNull()).ok());
  logical::EvalContext context;
  auto count = static_cast<int64_t>(texts.size());
  arrow::Datum result = binding.kernel(context, {*builder.Finish()}, count);
  auto array = std::static_pointer_cast<arrow::StructArray>(result.make_array());
  EXPECT_TRUE(array->ValidateFull().ok());
  return array;
}

/// The reason for each text, "" where it is taken.
std::vector<std::string> Reasons(const std::string& name, const std::string& schema, const Texts& texts) {
  logical::ScalarBindingPtr binding = Bind(name, schema);
  auto checked = Parsed(*binding->checked, texts), plain = Parsed(*binding, texts);
  EXPECT_TRUE(checked->field(kCheckedValue)->Equals(*plain)) << "the value is that of the plain form";
  const auto& errors = static_cast<const arrow::StringArray&>(*checked->field(kCheckedError));
  std::string prefix = "MALFORMED_RECORD_IN_PARSING: " + name + ": ";
  std::vector<std::string> reasons;
  for (int64_t row = 0; row < errors.length(); ++row) {
    reasons.push_back(errors.IsNull(row) ? "" : errors.GetString(row).substr(prefix.size()));
    if (!errors.IsNull(row)) EXPECT_EQ(errors.GetString(row).substr(0, prefix.size()), prefix);
  }
  return reasons;
}

using Strings = std::vector<std::string>;

TEST(CheckedParser, Json) {
  EXPECT_EQ(
      Reasons("from_json", "a INT, s STRUCT<x: DOUBLE>, l ARRAY<INT>",
              {R"({"a": 1})", R"({"a": "x"})", R"({"a": 1)", "x", std::nullopt, "", " ", R"({"s": {"x": {}}})",
               R"({"l": [1, "y"]})", "[1]", "3", R"({"other": [}]})", R"({"other": "x"} rest)", R"({"a": null})"}),
      (Strings{"", "the field `a` is not of type INT", "the text is not JSON", "the text is not JSON", "", "", "",
               "the field `x` is not of type DOUBLE", "the field `l` is not of type ARRAY<INT>",
               "the document is no object", "the document is no object", "the text is not JSON", "", ""}));
  EXPECT_EQ(Reasons("from_json", "ARRAY<INT>", {"[1, 2]", R"({"a": 1})", "[1, true]"}),
            (Strings{"", "the document is no array", "the document is no array"}));
  EXPECT_EQ(Reasons("from_json", "MAP<STRING, INT>", {R"({"a": 1})", "[]", R"({"a": 1)"}),
            (Strings{"", "the document is no object", "the text is not JSON"}));
}

TEST(CheckedParser, Csv) {
  EXPECT_EQ(Reasons("from_csv", "a INT, b DATE",
                    {"1,2024-01-01", "x,2024-01-01", "1,y", "x,y", "1", "1,2,3", std::nullopt, "", ",", "\"1,2"}),
            (Strings{"", "the field `a` is not of type INT", "the field `b` is not of type DATE",
                     "the field `a` is not of type INT", "the number of columns is not 2",
                     "the number of columns is not 2", "", "", "", "the number of columns is not 2"}));
}

TEST(CheckedParser, ManyRowsOfWhichFewAreRefused) {
  Texts texts(5000, R"({"a": 1})");
  texts[0] = texts[77] = texts[4999] = "{";
  std::vector<std::string> reasons = Reasons("from_json", "a INT", texts);
  for (size_t row = 0; row < texts.size(); ++row) EXPECT_EQ(reasons[row].empty(), texts[row] != "{") << row;
}

}  // namespace
}  // namespace sluice::functions
