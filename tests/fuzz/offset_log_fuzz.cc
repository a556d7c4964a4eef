// Texts of offsets and commit logs: parsing either gives an entry that formats to a text it reads again, or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "checkpoint/commit_log.h"
#include "checkpoint/offset_log.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::checkpoint;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    OffsetEntry entry = ParseOffsetEntry(text);
    OffsetEntry again = ParseOffsetEntry(FormatOffsetEntry(entry));
    if (again.metadata.watermark_ms != entry.metadata.watermark_ms || again.offsets.size() != entry.offsets.size()) {
      std::abort();
    }
  } catch (const sluice::base::Error&) {
  }
  try {
    CommitEntry entry = ParseCommitEntry(text);
    if (ParseCommitEntry(FormatCommitEntry(entry)).next_watermark_ms != entry.next_watermark_ms) std::abort();
  } catch (const sluice::base::Error&) {
  }
  return 0;
}
