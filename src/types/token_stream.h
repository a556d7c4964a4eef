// A cursor over the tokens of an SQL text, with Spark's syntax errors.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "types/sql_lexer.h"

namespace sluice::types {

class TokenStream {
 public:
  /// `sql` must outlive the stream.
  explicit TokenStream(std::string_view sql, bool quoted_names = false);

  std::string_view sql() const { return sql_; }
  const Token& Peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  /// The token before the current one; the first one at the start.
  const Token& Previous() const { return tokens_[at_ == 0 ? 0 : at_ - 1]; }
  Token Next();
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }
  /// Remembers and restores a place, for alternatives that only a longer look decides.
  size_t Mark() const { return at_; }
  void Reset(size_t mark) { at_ = mark; }

  /// Whether a token is that keyword (unquoted, any case) or symbol.
  bool Is(std::string_view text, size_t ahead = 0) const;
  bool IsAny(std::initializer_list<std::string_view> texts, size_t ahead = 0) const;
  /// Whether the next tokens are these keywords or symbols, in order.
  bool IsSequence(std::initializer_list<std::string_view> texts) const;
  bool Accept(std::string_view text);
  bool AcceptSequence(std::initializer_list<std::string_view> texts);
  /// Throws PARSE_SYNTAX_ERROR unless the next token is the given one. Spark's parser can tell in some places that the
  /// token itself is missing; `tell_missing` says so.
  Token Expect(std::string_view text, bool tell_missing = false);
  void ExpectSequence(std::initializer_list<std::string_view> texts);

  bool IsIdentifier(size_t ahead = 0) const;
  /// An identifier; keywords count. Throws INVALID_IDENTIFIER for names that need backticks.
  std::string Identifier();
  /// An identifier that is no part of an expression, so that a-b is told to need backticks.
  std::string StrictName();
  /// a.b.c
  std::vector<std::string> QualifiedName();
  std::string StringLiteral();
  /// A non-negative integer.
  int Integer();

  /// The end of the text, after any number of ';' if `semicolons`.
  void ExpectEnd(bool semicolons);

  /// PARSE_SYNTAX_ERROR at the current token.
  base::Error SyntaxError(const std::string& hint = "") const { return SyntaxErrorAt(Peek(), hint); }
  base::Error SyntaxErrorAt(const Token& token, const std::string& hint = "") const;
  base::Error ErrorAt(const Token& token, std::string condition, base::Error::Parameters parameters = {}) const;

  /// Counts nesting while it lives; throws when a text is nested too deeply to be parsed safely.
  class Depth {
   public:
    explicit Depth(TokenStream& stream);
    ~Depth() { --stream_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    TokenStream& stream_;
  };

 private:
  base::Error InvalidIdentifier(const Token& token, const std::string& name) const;

  std::string_view sql_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace sluice::types
