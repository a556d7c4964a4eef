// Keeps the unread part of the file in a buffer and retries a record that the buffer cuts off.
#include "formats/csv/multi_line_source.h"

#include <simdjson.h>

#include "formats/utf8_repair.h"

namespace sluice::formats {
namespace {

constexpr int64_t kBlock = 1 << 20;

// The kind of line end that comes first.
std::string DetectNewline(std::string_view text) {
  size_t found = text.find_first_of("\r\n");
  if (found == std::string_view::npos || text[found] == '\n') return "\n";
  return found + 1 < text.size() && text[found + 1] == '\n' ? "\r\n" : "\r";
}

std::string ValidText(std::string_view text) {
  if (simdjson::validate_utf8(text.data(), text.size())) return std::string(text);
  std::string repaired;
  RepairUtf8(text, &repaired);
  return repaired;
}

}  // namespace

MultiLineTokenSource::MultiLineTokenSource(const std::string& path, const CsvDialect& dialect,
                                           const std::string& encoding, TokenSelection selection)
    : dialect_(dialect), selection_(std::move(selection)), input_(OpenInput(path, 0, encoding)) {
  Fill();
  if (buffer_.starts_with("\xef\xbb\xbf")) at_ = 3;
  std::string newline = dialect_.line_separator.empty() ? DetectNewline(buffer_) : dialect_.line_separator;
  tokenizer_ = std::make_unique<RecordTokenizer>(dialect_, true, newline);
}

bool MultiLineTokenSource::Fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  size_t kept = buffer_.size();
  buffer_.resize(kept + kBlock);
  int64_t got = input_->Read(buffer_.data() + kept, kBlock);
  buffer_.resize(kept + got);
  ended_ = got < kBlock;
  return true;
}

bool MultiLineTokenSource::NextRecord(size_t* begin, size_t* end) {
  for (;;) {
    if (at_ == buffer_.size() && ended_) return false;
    size_t position = at_;
    auto status = tokenizer_->Next(buffer_, ended_, &position);
    if (status == RecordTokenizer::Status::kMore) {
      Fill();
      continue;
    }
    *begin = at_;
    *end = at_ = position;
    if (status == RecordTokenizer::Status::kRecord) return true;
  }
}

TokenView MultiLineTokenSource::Keep(const CsvToken& token, TokenTable* table) const {
  if (token.is_null) return {};
  std::string_view kept = table->Keep(ValidText(token.text));
  return {kept.data(), static_cast<int32_t>(kept.size())};
}

int MultiLineTokenSource::Take(int rows, TokenTable* table) {
  size_t begin, end;
  while (static_cast<int>(table->rows.size()) < rows && NextRecord(&begin, &end)) {
    std::string_view record(buffer_.data() + begin, end - begin);
    while (!record.empty() && (record.back() == '\n' || record.back() == '\r')) record.remove_suffix(1);
    record = table->Keep(ValidText(record));
    const auto& tokens = tokenizer_->tokens();
    int count = static_cast<int>(tokens.size());
    bool malformed = selection_.expected >= 0 && count != selection_.expected;
    TokenView* out = table->AddRow({record.data(), static_cast<int32_t>(record.size()), malformed});
    for (size_t c = 0; c < selection_.slot_of_column.size(); ++c) {
      int slot = selection_.slot_of_column[c];
      if (slot >= 0) out[slot] = static_cast<int>(c) < count ? Keep(tokens[c], table) : TokenView{};
    }
  }
  return static_cast<int>(table->rows.size());
}

bool MultiLineTokenSource::TakeWhole(std::vector<TokenView>* tokens, TokenTable* table) {
  tokens->clear();
  size_t begin, end;
  if (!NextRecord(&begin, &end)) return false;
  for (const CsvToken& token : tokenizer_->tokens()) tokens->push_back(Keep(token, table));
  return true;
}

}  // namespace sluice::formats
