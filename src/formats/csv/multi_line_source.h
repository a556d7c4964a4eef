// Tokens of CSV files whose quoted values may hold line ends (option multiLine).
#pragma once

#include <memory>
#include <string>

#include "formats/byte_input.h"
#include "formats/csv/record_tokenizer.h"
#include "formats/csv/token_table.h"

namespace sluice::formats {

class MultiLineTokenSource : public TokenSource {
 public:
  MultiLineTokenSource(const std::string& path, const CsvDialect& dialect, const std::string& encoding,
                       TokenSelection selection);

  int Take(int rows, TokenTable* table) override;
  bool TakeWhole(std::vector<TokenView>* tokens, TokenTable* table) override;

 private:
  bool Fill();
  /// Reads on to the next record that has tokens; false at the end.
  bool NextRecord(size_t* begin, size_t* end);
  TokenView Keep(const CsvToken& token, TokenTable* table) const;

  CsvDialect dialect_;
  TokenSelection selection_;
  ByteInputPtr input_;
  std::string buffer_;
  size_t at_ = 0;
  bool ended_ = false;
  std::unique_ptr<RecordTokenizer> tokenizer_;
};

}  // namespace sluice::formats
