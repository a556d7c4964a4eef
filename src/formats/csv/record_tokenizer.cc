// The state machine of univocity's CsvParser 2.9 with the settings that Spark gives it (quotes and escapes are not
// kept, unquoted values are not unescaped).
#include "formats/csv/record_tokenizer.h"

#include <algorithm>

#include "base/error.h"

namespace sluice::formats {
namespace {

[[noreturn]] void ThrowTokenizer(const std::string& message) {
  throw base::Error::Plain(base::ErrorKind::kRuntime, "com.univocity.parsers.common.TextParsingException: " + message);
}

}  // namespace

RecordTokenizer::RecordTokenizer(const CsvDialect& dialect, bool multi_line, std::string newline)
    : dialect_(dialect),
      multi_line_(multi_line),
      newline_text_(std::move(newline)),
      newline_(dialect.line_separator.empty() ? '\n' : '\0'),
      delimiter_(dialect.delimiter[0]),
      stop_at_delimiter_(dialect.unescaped_quote == UnescapedQuote::kStopAtDelimiter ||
                         dialect.unescaped_quote == UnescapedQuote::kSkipValue ||
                         dialect.unescaped_quote == UnescapedQuote::kBackToDelimiter) {}

bool RecordTokenizer::Advance() {
  if (at_ >= text_.size()) return false;
  ch_ = text_[at_++];
  if (normalize_ && multi_line_ && !newline_text_.empty() && ch_ == newline_text_[0]) {
    if (newline_text_.size() == 1) {
      ch_ = newline_;
    } else if (at_ < text_.size() && text_[at_] == newline_text_[1]) {
      ch_ = newline_;
      ++at_;
    }
  }
  return true;
}

RecordTokenizer::Status RecordTokenizer::Next(std::string_view text, bool final, size_t* position) {
  tokens_.clear();
  if (!pending_.empty()) {
    tokens_ = std::move(pending_.front());
    pending_.pop_front();
    return Status::kRecord;
  }
  text_ = text;
  at_ = *position;
  value_.clear();
  match_ = 0;
  skipping_ = false;
  normalize_ = true;
  ch_ = prev_ = '\0';
  unescaped_ = false;
  size_t start = at_;
  bool complete = Advance();
  if (complete && dialect_.comment != '\0' && ch_ == dialect_.comment) {
    while (ch_ != newline_ && Advance()) {
    }
    if (ch_ != newline_ && !final) return Status::kMore;
    *position = at_;
    return Status::kNone;
  }
  if (complete) complete = ParseRecord();
  if (!complete) {
    if (!final) return Status::kMore;
    if (at_ > start) HandleEnd();
  }
  *position = at_;
  if (!pending_.empty()) {
    if (!tokens_.empty()) pending_.push_back(std::move(tokens_));
    tokens_ = std::move(pending_.front());
    pending_.pop_front();
  }
  return tokens_.empty() ? Status::kNone : Status::kRecord;
}

bool RecordTokenizer::ParseRecord() { return dialect_.delimiter.size() == 1 ? ParseSingle() : ParseMulti(); }

bool RecordTokenizer::SkipSpace() {
  while (IsSpace(ch_) && ch_ != delimiter_ && ch_ != newline_ && ch_ != dialect_.quote) {
    if (!Advance()) return false;
  }
  return true;
}

bool RecordTokenizer::ParseSingle() {
  while (ch_ != newline_) {
    if (dialect_.ignore_leading_space && IsSpace(ch_) && !SkipSpace()) return false;
    if (ch_ == delimiter_ || ch_ == newline_) {
      EmptyParsed();
    } else {
      unescaped_ = false;
      prev_ = '\0';
      if (ch_ == dialect_.quote && dialect_.quote != '\0') {
        normalize_ = !multi_line_;
        trim_ = false;
        bool more = ParseQuoted();
        normalize_ = true;
        if (!more) return false;
        if (!(unescaped_ && dialect_.unescaped_quote == UnescapedQuote::kBackToDelimiter && value_.empty())) {
          ValueParsed();
        }
      } else {
        trim_ = dialect_.ignore_trailing_space;
        if (!AppendUntil(delimiter_, newline_, delimiter_)) return false;
        // Unlike at the end of the text, a value of nothing but spaces is a missing one here.
        if (trim_ && std::all_of(value_.begin(), value_.end(), [&](char c) { return IsSpace(c); })) {
          value_.clear();
          EmptyParsed();
        } else {
          ValueParsed();
        }
      }
    }
    if (ch_ != newline_) {
      if (!Advance()) return false;
      if (ch_ == newline_) EmptyParsed();
    }
  }
  return true;
}

// Appends from the current character to the one in front of a stop, which is then current. At the end of the text the
// parser stands on the character it started from.
bool RecordTokenizer::AppendUntil(char stop1, char stop2, char stop3) {
  const char entry = ch_;
  while (ch_ != stop1 && ch_ != stop2 && ch_ != stop3) {
    if (!skipping_) value_ += ch_;
    if (!Advance()) {
      ch_ = entry;
      return false;
    }
  }
  return true;
}

bool RecordTokenizer::SkipValue() {
  value_.clear();
  skipping_ = true;
  if (dialect_.delimiter.size() == 1) return AppendUntil(delimiter_, newline_, delimiter_);
  while (match_ < dialect_.delimiter.size() && ch_ != newline_) {
    match_ = dialect_.delimiter[match_] == ch_ ? match_ + 1 : 0;
    if (match_ == dialect_.delimiter.size()) break;
    if (!Advance()) return false;
  }
  match_ = 0;
  return true;
}

bool RecordTokenizer::HandleUnescapedQuoteInValue() {
  switch (dialect_.unescaped_quote) {
    case UnescapedQuote::kSkipValue:
      return SkipValue();
    case UnescapedQuote::kRaiseError:
      ThrowTokenizer("Unescaped quote character '\"' inside value of CSV field.");
    default:
      value_ += dialect_.quote;
      prev_ = ch_;
      return ParseEscaped();
  }
}

// The rest of a value that is no longer quoted, up to the delimiter, undoing escapes.
bool RecordTokenizer::ParseEscaped() {
  for (;;) {
    if (dialect_.delimiter.size() == 1) {
      if (ch_ == delimiter_ || ch_ == newline_) return true;
    } else {
      if (ch_ == newline_) return true;
      bool matched;
      if (!MatchDelimiter(&matched)) return false;
      if (matched) return true;
    }
    if (ch_ != dialect_.quote && ch_ != dialect_.escape) {
      if (prev_ == dialect_.quote) return HandleUnescapedQuoteInValue();
      value_ += ch_;
    } else if (!ProcessQuoteEscape()) {
      return false;
    }
    prev_ = ch_;
    if (!Advance()) return false;
  }
}

bool RecordTokenizer::ProcessQuoteEscape() {
  if (ch_ == dialect_.escape && prev_ == dialect_.escape_escape && dialect_.escape_escape != '\0') {
    value_ += dialect_.escape;
    ch_ = '\0';
  } else if (prev_ == dialect_.escape) {
    if (ch_ == dialect_.quote) {
      value_ += dialect_.quote;
      ch_ = '\0';
    } else {
      value_ += prev_;
    }
  } else if (ch_ == dialect_.quote && prev_ == dialect_.quote) {
    value_ += dialect_.quote;
  } else if (prev_ == dialect_.quote) {
    return HandleUnescapedQuoteInValue();
  }
  return true;
}

bool RecordTokenizer::HandleUnescapedQuote() {
  unescaped_ = true;
  switch (dialect_.unescaped_quote) {
    case UnescapedQuote::kBackToDelimiter: {
      // What was read as one value is cut at the delimiters and line ends in it.
      for (;;) {
        size_t end = value_.find(dialect_.delimiter);
        size_t line = value_.find(newline_);
        bool at_line = line < end;
        size_t stop = std::min(end, line);
        if (stop == std::string::npos) break;
        tokens_.push_back({value_.substr(0, stop), false});
        CheckColumns();
        if (at_line) {
          pending_.push_back(std::move(tokens_));
          tokens_.clear();
          value_.erase(0, stop + 1);
        } else {
          value_.erase(0, stop + dialect_.delimiter.size());
        }
      }
      value_ += ch_;
      prev_ = '\0';
      break;
    }
    case UnescapedQuote::kStopAtClosingQuote:
    case UnescapedQuote::kStopAtDelimiter:
      value_ += dialect_.quote;
      value_ += ch_;
      prev_ = ch_;
      break;
    case UnescapedQuote::kSkipValue:
      return SkipValue();
    case UnescapedQuote::kRaiseError:
      ThrowTokenizer("Unescaped quote character '\"' inside quoted value of CSV field.");
  }
  return dialect_.delimiter.size() == 1 ? ParseQuoted() : ParseQuotedMulti();
}

bool RecordTokenizer::ParseQuoted() {
  const char quote = dialect_.quote;
  const char escape = dialect_.escape;
  if (prev_ != '\0' && stop_at_delimiter_) {
    if (dialect_.unescaped_quote == UnescapedQuote::kSkipValue) return SkipValue();
    value_.insert(value_.begin(), quote);
    if (!Advance()) return false;
    trim_ = dialect_.ignore_trailing_space;
    return AppendUntil(delimiter_, newline_, delimiter_);
  }
  if (!Advance()) return false;
  for (;;) {
    if (prev_ == quote && (IsSpace(ch_) || ch_ == delimiter_ || ch_ == newline_)) break;
    if (ch_ != quote && ch_ != escape) {
      if (prev_ == quote) return HandleUnescapedQuote();
      if (prev_ == escape && escape != '\0') value_ += escape;
      if (!AppendUntil(quote, escape, dialect_.escape_escape == '\0' ? quote : dialect_.escape_escape)) return false;
      prev_ = ch_;
      if (!Advance()) return false;
    } else {
      if (!ProcessQuoteEscape()) return false;
      prev_ = ch_;
      if (!Advance()) return false;
      if (unescaped_ && (ch_ == delimiter_ || ch_ == newline_)) return true;
    }
  }
  // Spaces behind a quoted value don't belong to it, unless something else follows them.
  if (ch_ != delimiter_ && ch_ != newline_ && IsSpace(ch_)) {
    space_.clear();
    do {
      space_ += ch_;
      if (!Advance()) return false;
      if (ch_ == newline_) return true;
    } while (IsSpace(ch_) && ch_ != delimiter_);
    if (ch_ != delimiter_ && dialect_.unescaped_quote != UnescapedQuote::kRaiseError) {
      value_ += quote;
      value_ += space_;
      if (stop_at_delimiter_ || (ch_ != quote && ch_ != escape)) value_ += ch_;
      prev_ = ch_;
      if (!ParseQuoted()) return false;
    }
  }
  if (ch_ != delimiter_ && ch_ != newline_) {
    ThrowTokenizer(std::string("Unexpected character '") + ch_ + "' following quoted value of CSV field.");
  }
  return true;
}

bool RecordTokenizer::MatchDelimiter(bool* matched) {
  *matched = false;
  while (ch_ == dialect_.delimiter[match_]) {
    if (++match_ == dialect_.delimiter.size()) break;
    if (!Advance()) return false;
  }
  if (match_ == dialect_.delimiter.size()) {
    match_ = 0;
    *matched = true;
  } else if (match_ > 0) {
    SaveMatching();
  }
  return true;
}

bool RecordTokenizer::MatchDelimiterAfterQuote(bool* matched) {
  *matched = false;
  while (ch_ == dialect_.delimiter[match_]) {
    if (++match_ == dialect_.delimiter.size()) break;
    if (!Advance()) return false;
  }
  if (match_ == dialect_.delimiter.size()) {
    match_ = 0;
    *matched = true;
  }
  return true;
}

void RecordTokenizer::SaveMatching() {
  if (match_ < dialect_.delimiter.size()) value_.append(dialect_.delimiter, 0, match_);
  match_ = 0;
}

bool RecordTokenizer::SkipSpaceMulti() {
  while (IsSpace(ch_) && match_ < dialect_.delimiter.size() && ch_ != newline_ && ch_ != dialect_.quote) {
    if (!Advance()) return false;
    if (ch_ == dialect_.delimiter[match_]) {
      bool matched;
      if (!MatchDelimiter(&matched)) return false;
      if (matched) {
        EmptyParsed();
        if (!Advance()) return false;
      }
    }
  }
  if (match_ > 0) SaveMatching();
  return true;
}

bool RecordTokenizer::ParseMulti() {
  while (ch_ != newline_) {
    if (dialect_.ignore_leading_space && IsSpace(ch_) && !SkipSpaceMulti()) return false;
    bool matched = ch_ == newline_;
    if (!matched && !MatchDelimiter(&matched)) return false;
    if (matched) {
      EmptyParsed();
    } else {
      unescaped_ = false;
      prev_ = '\0';
      if (ch_ == dialect_.quote && dialect_.quote != '\0' && value_.empty()) {
        normalize_ = !multi_line_;
        trim_ = false;
        bool more = ParseQuotedMulti();
        normalize_ = true;
        if (!more) return false;
        if (!(unescaped_ && dialect_.unescaped_quote == UnescapedQuote::kBackToDelimiter && value_.empty())) {
          ValueParsed();
        }
      } else {
        trim_ = dialect_.ignore_trailing_space;
        if (!AppendUntilMulti()) return false;
        ValueParsed();
      }
    }
    if (ch_ != newline_) {
      if (!Advance()) return false;
      if (ch_ == newline_) EmptyParsed();
    }
  }
  return true;
}

bool RecordTokenizer::AppendUntilMulti() {
  while (match_ < dialect_.delimiter.size() && ch_ != newline_) {
    if (dialect_.delimiter[match_] == ch_) {
      if (++match_ == dialect_.delimiter.size()) break;
    } else {
      if (match_ > 0) {
        SaveMatching();
        continue;
      }
      value_ += ch_;
    }
    if (!Advance()) return false;
  }
  SaveMatching();
  return true;
}

bool RecordTokenizer::ParseQuotedMulti() {
  const char quote = dialect_.quote;
  const char escape = dialect_.escape;
  if (prev_ != '\0' && stop_at_delimiter_) {
    if (dialect_.unescaped_quote == UnescapedQuote::kSkipValue) return SkipValue();
    value_.insert(value_.begin(), quote);
    if (!Advance()) return false;
    trim_ = dialect_.ignore_trailing_space;
    return AppendUntilMulti();
  }
  if (!Advance()) return false;
  bool matched = false;
  for (;;) {
    if (prev_ == quote && (IsSpace(ch_) || ch_ == newline_)) break;
    if (prev_ == quote) {
      if (!MatchDelimiter(&matched)) return false;
      if (matched) return true;
    }
    if (ch_ != quote && ch_ != escape) {
      if (prev_ == quote) return HandleUnescapedQuote();
      if (prev_ == escape && escape != '\0') value_ += escape;
      if (!AppendUntil(quote, escape, dialect_.escape_escape == '\0' ? quote : dialect_.escape_escape)) return false;
      prev_ = ch_;
      if (!Advance()) return false;
    } else {
      if (!ProcessQuoteEscape()) return false;
      prev_ = ch_;
      if (!Advance()) return false;
      if (unescaped_) {
        if (ch_ == newline_) return true;
        if (!MatchDelimiter(&matched)) return false;
        if (matched) return true;
      }
    }
  }
  if (ch_ == newline_ || !IsSpace(ch_)) return true;
  if (!MatchDelimiterAfterQuote(&matched)) return false;
  if (matched) return true;
  space_.clear();
  do {
    space_ += ch_;
    if (!Advance()) return false;
    if (ch_ == newline_) return true;
    if (!MatchDelimiterAfterQuote(&matched)) return false;
    if (matched) return true;
  } while (IsSpace(ch_));
  if (dialect_.unescaped_quote != UnescapedQuote::kRaiseError) {
    value_ += quote;
    value_ += space_;
    if (stop_at_delimiter_ || (ch_ != quote && ch_ != escape)) value_ += ch_;
    prev_ = ch_;
    return ParseQuotedMulti();
  }
  return true;
}

bool RecordTokenizer::ConsumeValueAtEnd() {
  if (ch_ == dialect_.quote && dialect_.quote != '\0') {
    if (prev_ == dialect_.quote) return true;
    if (!unescaped_) value_ += dialect_.quote;
  }
  bool consume = prev_ != '\0' && ch_ != delimiter_ && ch_ != newline_ && ch_ != dialect_.comment;
  if (match_ > 0) {
    SaveMatching();
    return true;
  }
  return consume;
}

// The text ended within a record, or the record is a line.
void RecordTokenizer::HandleEnd() {
  bool consume = ConsumeValueAtEnd();
  if (!tokens_.empty() || consume) {
    if (!value_.empty() || consume) {
      ValueParsed();
    } else {
      EmptyParsed();
    }
  } else if (value_.empty()) {
    EmptyParsed();
  } else {
    ValueParsed();
  }
}

void RecordTokenizer::ValueParsed() {
  if (skipping_) {
    skipping_ = false;
    value_.clear();
    tokens_.push_back({"", true});
    CheckColumns();
    return;
  }
  if (trim_) {
    size_t size = value_.size();
    while (size > 0 && IsSpace(value_[size - 1])) --size;
    value_.resize(size);
  }
  if (dialect_.max_chars >= 0 && value_.size() > static_cast<size_t>(dialect_.max_chars)) {
    ThrowTokenizer("Length of parsed input (" + std::to_string(value_.size()) +
                   ") exceeds the maximum number of characters defined in your parser settings (" +
                   std::to_string(dialect_.max_chars) + ").");
  }
  tokens_.push_back({value_.empty() ? dialect_.empty_value : value_, false});
  value_.clear();
  CheckColumns();
}

void RecordTokenizer::EmptyParsed() {
  tokens_.push_back({"", true});
  CheckColumns();
}

void RecordTokenizer::CheckColumns() const {
  if (tokens_.size() > static_cast<size_t>(dialect_.max_columns)) {
    ThrowTokenizer("Index " + std::to_string(dialect_.max_columns) + " out of bounds for length " +
                   std::to_string(dialect_.max_columns) +
                   ". Hint: Number of columns processed may have exceeded limit of " +
                   std::to_string(dialect_.max_columns) + " columns.");
  }
}

}  // namespace sluice::formats
