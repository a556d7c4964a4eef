// Splitting at line ends that may lie between two pieces.
#include "connectors/socket/line_splitter.h"

#include "formats/utf8_repair.h"

namespace sluice::connectors {

bool LineSplitter::Take(std::string_view bytes, size_t longest, Lines* lines) {
  if (after_return_ && !bytes.empty()) {
    if (bytes.front() == '\n') bytes.remove_prefix(1);
    after_return_ = false;
  }
  while (true) {
    size_t end = bytes.find_first_of("\r\n");
    if (end == std::string_view::npos) break;
    Add(bytes.substr(0, end), lines);
    bool returned = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (!returned) continue;
    after_return_ = bytes.empty();
    if (!bytes.empty() && bytes.front() == '\n') bytes.remove_prefix(1);
  }
  begun_.append(bytes);
  return begun_.size() <= longest;
}

void LineSplitter::Finish(Lines* lines) {
  if (!begun_.empty()) Add({}, lines);
}

void LineSplitter::Add(std::string_view rest, Lines* lines) {
  if (begun_.empty()) {
    formats::RepairUtf8(rest, &lines->text);
  } else {
    begun_.append(rest);
    formats::RepairUtf8(begun_, &lines->text);
    begun_.clear();
  }
  lines->ends.push_back(static_cast<int32_t>(lines->text.size()));
}

}  // namespace sluice::connectors
