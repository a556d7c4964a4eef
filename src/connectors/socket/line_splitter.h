// Bytes as they come → lines, ended as Java's BufferedReader ends them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::connectors {

/// Lines one after the other in one text, as UTF-8; ends[i] is where line i ends.
struct Lines {
  std::string text;
  std::vector<int32_t> ends;

  size_t size() const { return ends.size(); }
};

/// A line ends at \n, \r, \r\n, or the end of the bytes; malformed UTF-8 becomes U+FFFD.
class LineSplitter {
 public:
  /// Appends the lines that `bytes` complete. False if the line being read is longer than `longest` bytes.
  bool Take(std::string_view bytes, size_t longest, Lines* lines);
  /// The bytes have ended: what is left without a line end is a line too.
  void Finish(Lines* lines);

 private:
  void Add(std::string_view rest, Lines* lines);

  std::string begun_;          // of a line that has not ended
  bool after_return_ = false;  // a \n now belongs to the \r before it
};

}  // namespace sluice::connectors
