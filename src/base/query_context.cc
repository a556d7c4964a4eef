// Shows a piece of SQL text with marks under it, as Spark's SQLQueryContext does.
#include "base/query_context.h"

#include <fmt/format.h>

namespace sluice::base {
namespace {

constexpr size_t kMaxExtra = 32;

bool StartsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

}  // namespace

std::string QueryContext::Summary() const {
  const std::string& text = *sql;
  size_t stop = end > start ? end - 1 : start;
  if (stop >= text.size()) return "";
  // Some text of the line before and after the piece is shown too.
  size_t first = start;
  while (first > 0 && start - first < kMaxExtra && text[first - 1] != '\n') --first;
  bool cut_before = first > 0 && text[first - 1] != '\n';
  size_t last = stop + 1;
  while (last < text.size() && last - stop <= kMaxExtra && text[last] != '\n') ++last;
  bool cut_after = last - stop > kMaxExtra;

  std::string out = fmt::format("== SQL (line {}, position {}) ==\n", line, position + 1);
  size_t at = first;
  while (true) {
    size_t line_end = std::min(text.find('\n', at), last);
    bool is_last = line_end >= last;
    std::string shown = (at == first && cut_before ? "..." : "") + text.substr(at, line_end - at);
    std::string marks(at == first && cut_before ? 3 : 0, ' ');
    if (is_last && cut_after) shown += "...";
    for (size_t i = at; i < line_end; ++i) {
      if (!StartsCodePoint(text[i])) continue;
      if (i < start) marks += ' ';
      if (i >= start && i <= stop) marks += '^';
    }
    out += shown + "\n" + marks + "\n";
    if (is_last) return out;
    at = line_end + 1;
  }
}

}  // namespace sluice::base
