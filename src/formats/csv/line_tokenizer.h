// Tokens of CSV files whose records are lines: vector instructions find delimiters and line ends, odd lines go to
// RecordTokenizer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/csv/record_tokenizer.h"
#include "formats/csv/token_table.h"
#include "formats/line_blocks.h"

namespace sluice::formats {

/// Finds the special characters of a text one after the other, 64 bytes at a time.
class SpecialScanner {
 public:
  /// Three characters to find; give one twice if there are fewer.
  SpecialScanner(char a, char b, char c) : a_(a), b_(b), c_(c) {}
  /// Goes on from `at`; 64 bytes behind the last special character must be readable.
  void Seek(const char* at) {
    base_ = at;
    mask_ = Mask(at);
  }
  /// The next special character; there must be one.
  const char* Next() {
    while (mask_ == 0) {
      base_ += 64;
      mask_ = Mask(base_);
    }
    const char* found = base_ + __builtin_ctzll(mask_);
    mask_ &= mask_ - 1;
    return found;
  }

 private:
  uint64_t Mask(const char* at) const;

  char a_, b_, c_;
  const char* base_ = nullptr;
  uint64_t mask_ = 0;
};

class LineTokenSource : public TokenSource {
 public:
  LineTokenSource(const FileSlice& slice, const CsvDialect& dialect, const std::string& encoding,
                  TokenSelection selection);

  int Take(int rows, TokenTable* table) override;
  bool TakeWhole(std::vector<TokenView>* tokens, TokenTable* table) override;

 private:
  bool NextBlock();
  bool SkipIgnored();
  void TakeLine(TokenTable* table);
  bool TakeFast(TokenTable* table);
  void TakeSlowly(std::string_view line, TokenTable* table);
  std::string_view CutLine();
  const char* SimpleQuoted(const char* field, TokenView* token) const;
  void Finish(int columns, TokenView* out, TokenTable* table) const;

  CsvDialect dialect_;
  TokenSelection selection_;
  int last_wanted_ = -1;
  LineBlocks blocks_;
  RecordTokenizer slow_;
  SpecialScanner scanner_;
  bool fast_;
  bool one_char_ends_;
  std::string repaired_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  const char* scanned_ = nullptr;  // where the scanner stands
};

}  // namespace sluice::formats
