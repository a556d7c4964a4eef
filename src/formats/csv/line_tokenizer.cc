// The short way through a line: plain values, and quoted ones without escapes.
#include "formats/csv/line_tokenizer.h"

#include <simdjson.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "formats/utf8_repair.h"

namespace sluice::formats {
namespace {

bool IsSpace(char c) { return static_cast<unsigned char>(c) <= ' '; }

int LastWanted(const TokenSelection& selection) {
  int last = -1;
  for (size_t i = 0; i < selection.slot_of_column.size(); ++i) {
    if (selection.slot_of_column[i] >= 0) last = static_cast<int>(i);
  }
  return last;
}

}  // namespace

#if defined(__SSE2__)
uint64_t SpecialScanner::Mask(const char* at) const {
  const __m128i a = _mm_set1_epi8(a_);
  const __m128i b = _mm_set1_epi8(b_);
  const __m128i c = _mm_set1_epi8(c_);
  uint64_t mask = 0;
  for (int i = 0; i < 4; ++i) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * i));
    __m128i found =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b)), _mm_cmpeq_epi8(bytes, c));
    mask |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(found))) << (16 * i);
  }
  return mask;
}
#else
uint64_t SpecialScanner::Mask(const char* at) const {
  uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) {
    mask |= static_cast<uint64_t>(at[i] == a_ || at[i] == b_ || at[i] == c_) << i;
  }
  return mask;
}
#endif

LineTokenSource::LineTokenSource(const FileSlice& slice, const CsvDialect& dialect, const std::string& encoding,
                                 TokenSelection selection)
    : dialect_(dialect),
      selection_(std::move(selection)),
      last_wanted_(LastWanted(selection_)),
      blocks_(slice, dialect.line_separator, encoding),
      slow_(dialect, false),
      scanner_(dialect.delimiter[0], dialect.line_separator.empty() ? '\n' : dialect.line_separator[0],
               dialect.line_separator.empty() ? '\r' : dialect.line_separator[0]),
      fast_(dialect.delimiter.size() == 1 && dialect.max_chars < 0 && dialect.line_separator.size() <= 1),
      one_char_ends_(!dialect.line_separator.empty()) {}

bool LineTokenSource::NextBlock() {
  std::string_view block;
  if (!blocks_.Next(&block)) return false;
  if (!simdjson::validate_utf8(block.data(), block.size())) {
    repaired_.clear();
    RepairUtf8(block, &repaired_);
    size_t size = repaired_.size();
    repaired_.append(LineBlocks::kPadding, '\0');
    block = std::string_view(repaired_.data(), size);
  }
  at_ = block.data();
  end_ = at_ + block.size();
  scanned_ = nullptr;
  return true;
}

// Cuts off the line at `at_`.
std::string_view LineTokenSource::CutLine() {
  std::string_view rest(at_, end_ - at_);
  std::string_view line;
  if (dialect_.line_separator.empty()) {
    line = formats::TakeLine(&rest);
  } else {
    size_t size = rest.find(dialect_.line_separator);
    line = rest.substr(0, size);
    rest.remove_prefix(size + dialect_.line_separator.size());
  }
  at_ = end_ - rest.size();
  scanned_ = nullptr;
  return line;
}

// Passes over a line of nothing but spaces and over a comment.
bool LineTokenSource::SkipIgnored() {
  const char* before = at_;
  std::string_view line = CutLine();
  bool comment = dialect_.comment != '\0' && !line.empty() && line[0] == dialect_.comment;
  if (comment || std::all_of(line.begin(), line.end(), IsSpace)) return true;
  at_ = before;
  return false;
}

// A quoted value that ends right in front of a delimiter or line end and holds no escapes: gives the place behind it.
const char* LineTokenSource::SimpleQuoted(const char* field, TokenView* token) const {
  const char quote = dialect_.quote;
  const char escape = dialect_.escape;
  for (const char* p = field + 1;; ++p) {
    if (*p == quote) {
      if (p[-1] == escape) return nullptr;
      char next = p[1];
      bool ends = next == dialect_.delimiter[0] ||
                  (one_char_ends_ ? next == dialect_.line_separator[0] : next == '\n' || next == '\r');
      if (!ends) return nullptr;
      *token = p == field + 1
                   ? TokenView{dialect_.empty_value.data(), static_cast<int32_t>(dialect_.empty_value.size())}
                   : TokenView{field + 1, static_cast<int32_t>(p - field - 1)};
      return p + 1;
    }
    if (*p == escape && (p[1] == quote || p[1] == dialect_.escape_escape)) return nullptr;
    if (one_char_ends_ ? *p == dialect_.line_separator[0] : *p == '\n' || *p == '\r') return nullptr;
  }
}

void LineTokenSource::Finish(int columns, TokenView* out, TokenTable* table) const {
  for (size_t c = columns; c < selection_.slot_of_column.size(); ++c) {
    if (selection_.slot_of_column[c] >= 0) out[selection_.slot_of_column[c]] = TokenView{};
  }
  if (selection_.expected >= 0 && columns != selection_.expected) table->rows.back().malformed = true;
}

bool LineTokenSource::TakeFast(TokenTable* table) {
  const char delimiter = dialect_.delimiter[0];
  const char quote = dialect_.quote;
  const bool quotes = quote != '\0';
  const bool trims = dialect_.ignore_leading_space || dialect_.ignore_trailing_space;
  const int known = static_cast<int>(selection_.slot_of_column.size());
  const int* slot_of = selection_.slot_of_column.data();
  if (scanned_ != at_) scanner_.Seek(at_);
  TokenView* out = table->AddRow({at_, 0, false});
  const char* field = at_;
  int column = 0;
  const char* stop;
  for (;;) {
    TokenView token;
    if (trims && dialect_.ignore_leading_space) {
      while (IsSpace(*field) && *field != delimiter && *field != '\n' && *field != '\r' && *field != quote) ++field;
    }
    if (quotes && *field == quote) {
      const char* behind = SimpleQuoted(field, &token);
      if (!behind) {
        table->rows.pop_back();
        table->tokens.resize(table->tokens.size() - table->slots);
        return false;
      }
      scanner_.Seek(behind);
      stop = scanner_.Next();
    } else {
      stop = scanner_.Next();
      const char* last = stop;
      if (trims && dialect_.ignore_trailing_space) {
        while (last > field && IsSpace(last[-1])) --last;
        // At the end of a line univocity takes a value of spaces for an empty one, elsewhere for a missing one.
        if (last == field && stop > field && *stop != delimiter && !dialect_.ignore_leading_space) {
          token = {dialect_.empty_value.data(), static_cast<int32_t>(dialect_.empty_value.size())};
          last = nullptr;
        }
      }
      if (last != nullptr && last > field) token = {field, static_cast<int32_t>(last - field)};
    }
    if (column < known) {
      int slot = slot_of[column];
      if (slot >= 0) out[slot] = token;
    }
    ++column;
    if (*stop != delimiter) break;
    field = stop + 1;
    if (column > last_wanted_ && selection_.expected < 0) {
      // Nothing that is left of the line matters.
      do {
        stop = scanner_.Next();
        ++column;
      } while (*stop == delimiter);
      break;
    }
  }
  if (column > dialect_.max_columns) {
    table->rows.pop_back();
    table->tokens.resize(table->tokens.size() - table->slots);
    return false;
  }
  TokenTable::Row& row = table->rows.back();
  row.size = static_cast<int32_t>(stop - at_);
  if (column < known || (selection_.expected >= 0 && column != selection_.expected)) Finish(column, out, table);
  at_ = stop + 1;
  if (*stop == '\r' && !one_char_ends_ && at_ < end_ && *at_ == '\n') {
    scanner_.Next();
    ++at_;
  }
  scanned_ = at_;
  return true;
}

void LineTokenSource::TakeSlowly(std::string_view line, TokenTable* table) {
  size_t position = 0;
  auto status = slow_.Next(line, true, &position);
  TokenView* out = table->AddRow({line.data(), static_cast<int32_t>(line.size()), false});
  if (status != RecordTokenizer::Status::kRecord) {
    Finish(0, out, table);
    table->rows.back().malformed = true;
    return;
  }
  const auto& tokens = slow_.tokens();
  for (size_t c = 0; c < tokens.size() && c < selection_.slot_of_column.size(); ++c) {
    int slot = selection_.slot_of_column[c];
    if (slot < 0) continue;
    out[slot] = TokenView{};
    if (!tokens[c].is_null) {
      std::string_view kept = table->Keep(tokens[c].text);
      out[slot] = {kept.data(), static_cast<int32_t>(kept.size())};
    }
  }
  Finish(static_cast<int>(tokens.size()), out, table);
}

void LineTokenSource::TakeLine(TokenTable* table) {
  if (fast_ && TakeFast(table)) return;
  TakeSlowly(CutLine(), table);
}

int LineTokenSource::Take(int rows, TokenTable* table) {
  while (table->rows.empty()) {
    if (at_ == end_ && !NextBlock()) return 0;
    while (at_ < end_ && static_cast<int>(table->rows.size()) < rows) {
      if ((IsSpace(*at_) || *at_ == dialect_.comment) && SkipIgnored()) continue;
      TakeLine(table);
    }
  }
  return static_cast<int>(table->rows.size());
}

bool LineTokenSource::TakeWhole(std::vector<TokenView>* tokens, TokenTable* table) {
  tokens->clear();
  for (;;) {
    if (at_ == end_ && !NextBlock()) return false;
    while (at_ < end_) {
      if ((IsSpace(*at_) || *at_ == dialect_.comment) && SkipIgnored()) continue;
      std::string_view line = CutLine();
      size_t position = 0;
      if (slow_.Next(line, true, &position) != RecordTokenizer::Status::kRecord) continue;
      for (const CsvToken& token : slow_.tokens()) {
        if (token.is_null) {
          tokens->push_back({});
        } else {
          std::string_view kept = table->Keep(token.text);
          tokens->push_back({kept.data(), static_cast<int32_t>(kept.size())});
        }
      }
      return true;
    }
  }
}

}  // namespace sluice::formats
