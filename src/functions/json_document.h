// One JSON text as a tree, for functions that look into it without a schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/json/json_lexer.h"

namespace sluice::functions {

/// Not thread safe; a document is valid until the next Parse.
class JsonDocument {
 public:
  enum class Kind { kObject, kArray, kString, kInteger, kFloat, kTrue, kFalse, kNull };
  struct Node {
    Kind kind = Kind::kNull;
    std::string name;  ///< inside an object
    std::string text;  ///< characters of a string, digits of a number
    std::vector<Node> children;
  };

  JsonDocument();
  /// Reads the first value of the text; null if the text is blank or no JSON.
  const Node* Parse(std::string_view text);

  /// As Jackson writes it: no blanks, numbers in Java's form.
  static void Write(const Node& node, std::string* out);
  /// "text" with the escapes that JSON asks for.

 private:
  bool Read(Node* node);
  formats::FormatContext context_;
  formats::JsonOptions options_;
  formats::JsonLexer lexer_;
  Node root_;
};

/// A path such as $.a.b[0]['c'][*].
class JsonPath {
 public:
  /// Nothing of the path matches if it is malformed.
  explicit JsonPath(std::string_view text);
  /// Appends what the path finds; false for nothing.
  bool Evaluate(const JsonDocument::Node& root, std::string* out) const;

 private:
  enum class Kind { kNamed, kAnyName, kIndex, kAnyIndex };
  struct Step {
    Kind kind;
    std::string name;
    int64_t index = 0;
  };
  enum class Style { kRaw, kQuoted, kFlatten };
  struct Output;
  bool Parse(std::string_view text);
  bool Walk(const JsonDocument::Node& node, size_t step, Style style, Output* out) const;
  bool WalkArray(const JsonDocument::Node& node, size_t step, Style style, Output* out) const;
  bool IsStep(size_t step, Kind kind) const { return step < steps_.size() && steps_[step].kind == kind; }

  bool good_ = false;
  std::vector<Step> steps_;
};

}  // namespace sluice::functions
