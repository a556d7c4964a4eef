// Tokens of a JSON text, with the grammar, leniency and order of events of Jackson's streaming parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/json/json_options.h"

namespace sluice::formats {

enum class JsonToken {
  kNone,  ///< the end of the text, outside any value
  kStartObject,
  kEndObject,
  kStartArray,
  kEndArray,
  kName,
  kString,
  kInteger,
  kFloat,  ///< also NaN and the infinities
  kTrue,
  kFalse,
  kNull,
  kBroken,  ///< the text is not JSON; nothing more can be read
};

/// Not thread safe. The text must outlive the lexer's use.
class JsonLexer {
 public:
  explicit JsonLexer(const JsonOptions& options) : options_(options) {}

  void Start(std::string_view text);
  /// Reads the next token.
  JsonToken Next();
  JsonToken token() const { return token_; }
  /// If at the start of an object or array: goes to its end. kBroken if the text ends before.
  JsonToken SkipChildren();
  /// The name in force: of the current field, also at the end of its value; nothing inside an array.
  const std::string* name() const;

  /// Of a string: its characters, escapes undone. Of a number: its digits.
  std::string_view text() const { return value_; }
  /// The current token as it stands in the document; of an object or array from its start to the current place.
  std::string_view RawFrom(size_t start) const { return std::string_view(begin_ + start, at_ - begin_ - start); }
  size_t token_start() const { return token_start_; }

 private:
  struct Level {
    bool object = false;
    bool first = true;
    bool has_name = false;
    std::string name;
  };

  JsonToken Break() { return token_ = JsonToken::kBroken; }
  bool SkipSpace();
  JsonToken Value();
  JsonToken Open(bool object);
  JsonToken Close(bool object);
  bool ReadName(std::string* name);
  bool ReadString(char quote, std::string* scratch, std::string_view* out);
  bool ReadEscape(std::string* out);
  bool ReadHex(uint32_t* code);
  JsonToken ReadNumber();
  JsonToken ReadSpecialNumber();
  JsonToken ReadLiteral(std::string_view word, JsonToken token);

  const JsonOptions& options_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  JsonToken token_ = JsonToken::kNone;
  JsonToken ahead_ = JsonToken::kNone;  // the value behind a name is read with it
  bool has_ahead_ = false;
  bool pending_string_ = false;
  std::vector<Level> levels_;
  size_t depth_ = 0;
  std::string_view value_;
  std::string scratch_;
  size_t token_start_ = 0, ahead_start_ = 0;
};

/// Undoes the escapes of a string that starts behind its opening quote, appending to `out`; gives the place behind the
/// closing quote, or null if the string is not strict JSON or not UTF-8.
const char* UnescapeStrict(const char* at, const char* end, std::string* out);

/// The first byte from `at` on that is `quote`, a backslash or a control character; `end` if there is none. Sets
/// `non_ascii` if there are bytes beyond ASCII before.
const char* ScanString(const char* at, const char* end, char quote, bool* non_ascii);

}  // namespace sluice::formats
