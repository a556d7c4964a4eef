// Lines of a connection: however the bytes are cut into pieces, the lines are the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "connectors/socket/line_splitter.h"

namespace {

using sluice::connectors::Lines;
using sluice::connectors::LineSplitter;

Lines Split(std::string_view text, size_t piece) {
  Lines lines;
  LineSplitter splitter;
  for (size_t at = 0; at < text.size(); at += piece) {
    splitter.Take(text.substr(at, piece), std::numeric_limits<size_t>::max(), &lines);
  }
  splitter.Finish(&lines);
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Lines whole = Split(text, std::max<size_t>(text.size(), 1)), pieces = Split(text, 1 + data[0] % 7);
  if (whole.text != pieces.text || whole.ends != pieces.ends) std::abort();
  if (!std::ranges::is_sorted(whole.ends) ||
      (!whole.ends.empty() && whole.ends.back() != static_cast<int32_t>(whole.text.size())))
    std::abort();
  return 0;
}
