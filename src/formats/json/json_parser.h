// JSON documents → rows of Arrow columns, by a schema.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/column_builder.h"
#include "formats/datetime_values.h"
#include "formats/json/json_lexer.h"
#include "formats/json/json_options.h"
#include "formats/row_filter.h"

namespace sluice::formats {

/// Spark's JacksonParser. A well-formed document whose values have the types of the schema takes a short way, straight
/// from bytes to buffers; any other is read again with Jackson's exact behaviour: values of a wrong type become null
/// while the rest of the row is kept, text that is not JSON spoils the whole row. Not thread safe.
class JsonParser {
 public:
  /// `root` is what a document is: a struct (a file's row), or for from_json also an array or map. With
  /// `arrays_of_rows` a top-level array gives a row for each element of a struct root.
  JsonParser(types::TypePtr root, const JsonOptions& options, const OptionReader& reader, bool arrays_of_rows);
  ~JsonParser();

  /// Values that are no strings are written anew in string columns, as from_json does; else they stay as they stand in
  /// the document.
  void RewriteTexts() { rewrites_texts_ = true; }
  /// The filter must be of the root's columns and outlive the parser.
  void SetFilter(const RowFilter* filter) { filter_ = filter->empty() ? nullptr : filter; }

  static constexpr int kPadding = 32;

  struct Outcome {
    int rows = 0;      ///< appended to the columns; 0 for blank text
    bool bad = false;  ///< something in the document did not fit
  };

  /// Appends one document to the columns of a struct root. A bad document appends what could be read, at least one row.
  /// With `padded` at least kPadding bytes behind the text must be readable.
  /// Rows that the filter set before rules out are not appended, whatever follows in them.
  Outcome AppendRow(std::string_view document, std::vector<ColumnBuilder>* columns, bool padded);
  /// Appends one document to a column of the root's type; a bad one as a struct of what could be read, or as null.
  /// Blank text is null and not bad. `padded` as above.
  Outcome AppendValue(std::string_view document, ColumnBuilder* column, bool padded);
  /// What was bad in the last document that AppendValue found so.
  std::string Complaint() const;

 private:
  struct Node;
  enum class Result { kGood, kPartial, kFailed, kBroken, kSkipped };

  // The short way: the place behind the value, or null if it takes the long one.
  const char* FastValue(const Node& node, ColumnBuilder* column, const char* at);
  template <bool kFilters>
  const char* FastFields(const Node& node, ColumnBuilder* columns, int64_t row, const char* at);
  const char* FastArray(const Node& node, ColumnBuilder* column, const char* at);
  const char* FastMap(const Node& node, ColumnBuilder* column, const char* at);
  const char* FastString(ColumnBuilder* column, const char* at);
  const char* FastText(const char* at, std::string_view* text);
  const char* FastName(const char* at, std::string_view* name);
  const char* FastDouble(const char* at, double* value);
  const char* FastNumber(const Node& node, ColumnBuilder* column, const char* at);
  const char* FastSkip(const char* at, int depth);
  const char* FastField(const Node& node, size_t position, const char* at, int* field);

  Result Convert(const Node& node, ColumnBuilder* column);
  Result ConvertObject(const Node& node, ColumnBuilder* columns, int64_t row);
  Result ConvertArray(const Node& node, ColumnBuilder* column);
  Result ConvertMap(const Node& node, ColumnBuilder* column);
  Result ConvertString(const Node& node, ColumnBuilder* column);
  Result ConvertNumber(const Node& node, ColumnBuilder* column);
  Result ConvertText(const Node& node, ColumnBuilder* column);
  Outcome ExactValue(std::string_view document, ColumnBuilder* column);
  Outcome ExactRow(std::string_view document, std::vector<ColumnBuilder>* columns);
  bool LeaveObject();
  Outcome ExactRows(std::vector<ColumnBuilder>* columns);
  static void FillRow(ColumnBuilder* columns, size_t count, int64_t row);

  const JsonOptions options_;
  bool arrays_of_rows_;
  DateTimeReader datetimes_;
  JsonLexer lexer_;
  std::unique_ptr<Node> root_;
  const RowFilter* filter_ = nullptr;
  bool rewrites_texts_ = false;
  bool skipped_ = false;  // the filter has ruled the current row out
  const char* end_ = nullptr;
  // Of the last document that was read the exact way: whether its end was not found, and the first field that failed.
  bool broken_ = false;
  const types::StructField* failed_ = nullptr;
  std::string scratch_;
};

}  // namespace sluice::formats
