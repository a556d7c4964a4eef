// Schema inference of JSON.
#pragma once

#include <string_view>
#include <vector>

#include "formats/datetime_values.h"
#include "formats/file_format.h"
#include "formats/json/json_lexer.h"
#include "formats/json/json_options.h"

namespace sluice::formats {

/// Spark's JsonInferSchema: looks at documents one after the other. Not thread safe.
class JsonSchemaInference {
 public:
  JsonSchemaInference(const JsonOptions& options, const OptionReader& reader);

  /// Throws MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION in mode FAILFAST.
  void Add(std::string_view document);
  /// The struct of all fields seen; null types have become strings.
  types::TypePtr Finish() const;
  /// The type of one document (schema_of_json): any type. Nothing if the text is not JSON.
  types::TypePtr TypeOf(std::string_view document);

 private:
  types::TypePtr Infer();
  types::TypePtr InferString() const;
  types::TypePtr InferNumber() const;
  types::TypePtr MergeRoots(const types::TypePtr& a, const types::TypePtr& b) const;
  types::TypePtr WithCorruptColumn(const types::TypePtr& type) const;
  types::TypePtr Canonical(const types::TypePtr& type) const;

  const JsonOptions& options_;
  DateTimeReader datetimes_;
  bool prefers_ntz_;
  JsonLexer lexer_;
  types::TypePtr root_;
  bool broken_ = false;
};

types::TypePtr InferJsonSchema(const std::vector<FileSlice>& files, const JsonOptions& options,
                               const OptionReader& reader);

}  // namespace sluice::formats
