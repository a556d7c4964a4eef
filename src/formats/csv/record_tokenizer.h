// Cuts CSV records into tokens exactly as the univocity parser does, one character at a time.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "formats/csv/csv_options.h"

namespace sluice::formats {

/// A value of a record. A missing value (nothing between two delimiters) is null.
struct CsvToken {
  std::string text;
  bool is_null = false;
};

/// The exact and slow tokenizer: for lines with odd quotes, delimiters of several characters, and records over several
/// lines. Not thread safe.
class RecordTokenizer {
 public:
  /// With `multi_line` records end with \n, \r\n or \r (`newline` says which one the file uses, empty = no end found);
  /// else each text is a record of its own.
  RecordTokenizer(const CsvDialect& dialect, bool multi_line, std::string newline = "\n");

  enum class Status { kRecord, kNone, kMore };

  /// Reads the record at `*position`; kNone for a comment or nothing at all, kMore if the text ended within the record
  /// and is not `final`. Behind a record `*position` is where the next one starts. Throws for unescaped quotes with
  /// RAISE_ERROR and for too many columns or characters.
  Status Next(std::string_view text, bool final, size_t* position);
  const std::vector<CsvToken>& tokens() const { return tokens_; }

 private:
  // These give false at the end of the text.
  bool Advance();
  bool ParseRecord();
  bool ParseSingle();
  bool ParseMulti();
  bool ParseQuoted();
  bool ParseQuotedMulti();
  bool ParseEscaped();
  bool ProcessQuoteEscape();
  bool HandleUnescapedQuote();
  bool HandleUnescapedQuoteInValue();
  bool SkipValue();
  bool AppendUntil(char stop1, char stop2, char stop3);
  bool AppendUntilMulti();
  bool SkipSpace();
  bool SkipSpaceMulti();
  bool MatchDelimiter(bool* matched);
  bool MatchDelimiterAfterQuote(bool* matched);
  void SaveMatching();
  bool ConsumeValueAtEnd();
  void HandleEnd();
  void ValueParsed();
  void EmptyParsed();
  void CheckColumns() const;
  bool IsSpace(char c) const { return static_cast<unsigned char>(c) <= ' '; }

  const CsvDialect dialect_;
  const bool multi_line_;
  const std::string newline_text_;
  const char newline_;
  const char delimiter_;
  const bool stop_at_delimiter_;

  std::string_view text_;
  size_t at_ = 0;
  bool normalize_ = true;
  char ch_ = 0, prev_ = 0;
  bool unescaped_ = false;
  bool trim_ = false;
  bool skipping_ = false;
  size_t match_ = 0;
  std::string value_, space_;
  std::vector<CsvToken> tokens_;
  std::deque<std::vector<CsvToken>> pending_;
};

}  // namespace sluice::formats
