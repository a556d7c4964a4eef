// Rows of CSV tokens, as tokenizers hand them to the converters.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::formats {

/// A value as text; a missing one has size -1.
struct TokenView {
  const char* data = nullptr;
  int32_t size = -1;
};

/// The tokens of the wanted columns of some rows, row after row, valid until the table is cleared.
struct TokenTable {
  struct Row {
    const char* text = nullptr;  ///< the whole record
    int32_t size = 0;
    bool malformed = false;  ///< more or fewer tokens than columns
  };

  explicit TokenTable(int slots) : slots(slots) {}

  void Clear() {
    tokens.clear();
    rows.clear();
    arena.clear();
  }
  TokenView* AddRow(const Row& row) {
    rows.push_back(row);
    tokens.resize(tokens.size() + slots);
    return tokens.data() + tokens.size() - slots;
  }
  std::string_view Keep(std::string text) { return arena.emplace_back(std::move(text)); }

  int slots;
  std::vector<TokenView> tokens;
  std::vector<Row> rows;
  std::deque<std::string> arena;
};

/// Which tokens of a record are wanted.
struct TokenSelection {
  std::vector<int> slot_of_column;  ///< -1 = not wanted
  int slots = 0;
  int expected = -1;  ///< tokens of a well-formed record; -1 = any number
};

/// Gives rows until its input ends.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// Adds up to `rows` rows to the (cleared) table; fewer than that does not mean the end, none does.
  virtual int Take(int rows, TokenTable* table) = 0;
  /// All tokens of the next record, for headers and inference; false at the end.
  virtual bool TakeWhole(std::vector<TokenView>* tokens, TokenTable* table) = 0;
};

}  // namespace sluice::formats
