// The tokens of Spark SQL text, shared by type texts (DDL) and statements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace sluice::types {

enum class TokenKind {
  kWord,              ///< an unquoted identifier or keyword
  kQuotedIdentifier,  ///< `a b`
  kString,            ///< 'a', "a", r'a'
  kInteger,           ///< 12
  kDecimal,           ///< 1.5
  kExponent,          ///< 1e5
  kLong,              ///< 12L
  kShort,             ///< 12S
  kByte,              ///< 12Y
  kFloat,             ///< 1.5F
  kDouble,            ///< 1.5D
  kBigDecimal,        ///< 1.5BD
  kSymbol,            ///< an operator or a punctuation mark
  kUnrecognized,
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;  ///< as written
  std::string upper;      ///< words in upper case, symbols as they are
  size_t offset = 0;      ///< in bytes
  int line = 1;
  int position = 0;  ///< in code points from the start of the line

  size_t end() const { return offset + text.size(); }
};

/// The tokens of a text, ending with one kEnd; comments and white space are left out. `sql` must outlive the tokens.
/// Shift operators come as single '>' marks. With `quoted_names`, "a b" is an identifier and no string. Throws
/// UNCLOSED_BRACKETED_COMMENT.
std::vector<Token> Tokenize(std::string_view sql, bool quoted_names = false);

/// The value of a string token: quotes taken off, escapes resolved.
std::string UnescapeString(std::string_view token);
/// The name of an identifier token: backticks taken off.
std::string IdentifierText(const Token& token);

/// `error` as a ParseException that points to a token of `sql`.
base::Error ParseErrorAt(base::Error error, std::string_view sql, const Token& token);

}  // namespace sluice::types
