// Framing of changelog files.
#include "state/changelog.h"

#include <charconv>

#include "base/error.h"

namespace sluice::state {
namespace {

constexpr char kEndRecord = 0x00, kPutRecord = 0x01, kRemoveRecord = 0x10, kMergeRecord = 0x11,
               kRemoveRangeRecord = 0x20;
constexpr int32_t kEnd = -1, kRemoved = -1;
constexpr int kNewestVersion = 4, kFirstWithLineage = 3;

base::Error Damaged(const std::string& what) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, "Stream is corrupted: " + what);
}

std::string_view TakeBytes(std::string_view* content, size_t size) {
  if (size > content->size()) throw Damaged("it ends early");
  std::string_view taken = content->substr(0, size);
  content->remove_prefix(size);
  return taken;
}

std::string_view TakeUtf(std::string_view* content) {
  std::string_view size = TakeBytes(content, 2);
  return TakeBytes(content, static_cast<unsigned char>(size[0]) << 8 | static_cast<unsigned char>(size[1]));
}

int32_t TakeInt(std::string_view* content) {
  int32_t value = 0;
  if (!ReadStateInt(content, &value)) throw Damaged("it ends early");
  return value;
}

std::string_view TakeSized(std::string_view* content) {
  int32_t size = TakeInt(content);
  if (size < 0) throw Damaged("a size is " + std::to_string(size));
  return TakeBytes(content, static_cast<size_t>(size));
}

// Version 1 has no mark of its own: it begins with the size of the first key, which is no text "v…".
int TakeVersion(std::string_view* content) {
  std::string_view rest = *content;
  if (rest.size() < 4 || rest[0] != 0 || rest[2] != 'v') return 1;
  std::string_view text = TakeUtf(&rest);
  int version = 0;
  auto [end, status] = std::from_chars(text.data() + 1, text.data() + text.size(), version);
  if (status != std::errc() || end != text.data() + text.size()) return 1;
  if (version < 2 || version > kNewestVersion) {
    throw base::Error(base::ErrorKind::kSpark, "CANNOT_LOAD_STATE_STORE.INVALID_CHANGE_LOG_READER_VERSION",
                      {{"version", std::to_string(version)}});
  }
  *content = rest;
  return version;
}

void ReadFirstVersion(std::string_view content, const std::function<void(const ChangelogRecord&)>& visit) {
  using Kind = ChangelogRecord::Kind;
  for (;;) {
    int32_t key_size = TakeInt(&content);
    if (key_size == kEnd) return;
    if (key_size < 0) throw Damaged("a size is " + std::to_string(key_size));
    std::string_view key = TakeBytes(&content, static_cast<size_t>(key_size));
    int32_t value_size = TakeInt(&content);
    if (value_size < 0) {
      visit({Kind::kRemove, key, {}});
    } else {
      visit({Kind::kPut, key, TakeBytes(&content, static_cast<size_t>(value_size))});
    }
  }
}

}  // namespace

ChangelogWriter::ChangelogWriter(int version, const std::string& codec, std::function<void(std::string_view)> write)
    : version_(version), stream_(codec, std::move(write)) {
  if (version_ == 1) return;
  stream_.AppendByte(0);
  stream_.AppendByte(2);
  stream_.Append("v" + std::to_string(version_));
}

void ChangelogWriter::Put(std::string_view key, std::string_view value) {
  if (version_ > 1) stream_.AppendByte(kPutRecord);
  stream_.AppendSized(key);
  stream_.AppendSized(value);
}

void ChangelogWriter::Merge(std::string_view key, std::string_view value) {
  if (version_ == 1) throw base::Error::Internal("A changelog of version 1 has no merges");
  stream_.AppendByte(kMergeRecord);
  stream_.AppendSized(key);
  stream_.AppendSized(value);
}

void ChangelogWriter::Remove(std::string_view key) {
  if (version_ > 1) stream_.AppendByte(kRemoveRecord);
  stream_.AppendSized(key);
  stream_.AppendInt(kRemoved);
}

void ChangelogWriter::Finish() {
  if (version_ == 1) {
    stream_.AppendInt(kEnd);
  } else {
    stream_.AppendByte(kEndRecord);
  }
  stream_.Finish();
}

void ReadChangelog(std::string_view file, const std::string& codec,
                   const std::function<void(const ChangelogRecord&)>& visit) {
  using Kind = ChangelogRecord::Kind;
  std::string decompressed = DecompressStateStream(file, codec);
  std::string_view content = decompressed;
  int version = TakeVersion(&content);
  if (version == 1) return ReadFirstVersion(content, visit);
  if (version >= kFirstWithLineage) TakeUtf(&content);
  for (;;) {
    char kind = TakeBytes(&content, 1)[0];
    if (kind == kEndRecord) return;
    std::string_view key = TakeSized(&content);
    if (kind == kRemoveRecord) {
      TakeInt(&content);
      visit({Kind::kRemove, key, {}});
    } else if (kind == kPutRecord || kind == kMergeRecord || kind == kRemoveRangeRecord) {
      std::string_view value = TakeSized(&content);
      visit({kind == kPutRecord ? Kind::kPut : kind == kMergeRecord ? Kind::kMerge : Kind::kRemoveRange, key, value});
    } else {
      throw Damaged("a record is of the unknown kind " + std::to_string(kind));
    }
  }
}

}  // namespace sluice::state
