// Framing of delta and snapshot files.
#include "state/state_file.h"

#include <cstdint>

#include "base/error.h"
#include "state/row_checksum.h"

namespace sluice::state {
namespace {

constexpr int32_t kEnd = -1, kRemoved = -1;

// Takes the checksum off an entry and compares it.
StateFileDefect TakeChecksum(StateEntry* entry) {
  StateFileDefect defect;
  std::string_view& checked = entry->removed ? entry->key : entry->value;
  if (!TakeRowChecksum(&checked, &defect.expected)) {
    return {StateFileDefect::Kind::kStream, 0, "Stream is corrupted: a row has no checksum"};
  }
  defect.computed = entry->removed ? RowChecksum(entry->key) : RowChecksum(entry->key, entry->value);
  if (defect.computed != defect.expected) defect.kind = StateFileDefect::Kind::kRowChecksum;
  return defect;
}

}  // namespace

void StateFileWriter::Put(std::string_view key, std::string_view value) {
  stream_.AppendSized(key);
  if (row_checksums_) {
    checked_.clear();
    AppendRowChecksum(RowChecksum(key, value), &checked_);
    value = checked_.append(value);
  }
  stream_.AppendSized(value);
}

void StateFileWriter::Remove(std::string_view key) {
  if (row_checksums_) {
    checked_.clear();
    AppendRowChecksum(RowChecksum(key), &checked_);
    key = checked_.append(key);
  }
  stream_.AppendSized(key);
  stream_.AppendInt(kRemoved);
}

void StateFileWriter::Finish() {
  stream_.AppendInt(kEnd);
  stream_.Finish();
}

StateFileDefect ReadStateFile(std::string_view file, const std::string& codec, bool is_snapshot,
                              const std::function<void(const StateEntry&)>& visit, bool row_checksums) {
  using Kind = StateFileDefect::Kind;
  std::string decompressed;
  try {
    decompressed = DecompressStateStream(file, codec);
  } catch (const base::Error& error) {
    return {Kind::kStream, 0, error.message()};
  }
  std::string_view content = decompressed;
  const StateFileDefect early{Kind::kStream, 0, "Stream is corrupted: it ends early"};
  for (;;) {
    int32_t key_size = 0, value_size = 0;
    if (!ReadStateInt(&content, &key_size)) return early;
    if (key_size == kEnd) return {};
    if (key_size < 0) return {Kind::kKeySize, key_size, ""};
    if (static_cast<size_t>(key_size) > content.size()) return early;
    StateEntry entry;
    entry.key = content.substr(0, key_size);
    content.remove_prefix(key_size);
    if (!ReadStateInt(&content, &value_size)) return early;
    if (value_size < 0) {
      // Spark takes any negative size in a delta for a removal.
      if (is_snapshot) return {Kind::kValueSize, value_size, ""};
      entry.removed = true;
    } else {
      if (static_cast<size_t>(value_size) > content.size()) return early;
      entry.value = content.substr(0, value_size);
      content.remove_prefix(value_size);
    }
    if (row_checksums) {
      StateFileDefect defect = TakeChecksum(&entry);
      if (defect.kind != Kind::kNone) return defect;
    }
    // Files of Spark 2.2 hold rows with stray bytes behind the last whole word.
    entry.value = entry.value.substr(0, entry.value.size() / 8 * 8);
    visit(entry);
  }
}

}  // namespace sluice::state
