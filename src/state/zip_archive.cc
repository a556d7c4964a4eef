// Local headers, deflated data and the central directory of zip archives.
#include "state/zip_archive.h"

#include <zlib.h>

#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace sluice::state {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEndOfDirectory = 0x06054b50;
constexpr size_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22;
constexpr uint16_t kVersion = 20, kStored = 0, kDeflated = 8, kUtf8Names = 0x800;
constexpr uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;
constexpr size_t kMostBytes = size_t{1} << 30;

base::Error Damaged(const std::string& what) {
  return base::Error::Plain(base::ErrorKind::kIllegalState, "The zip archive is damaged: " + what);
}

template <typename T>
T Load(std::string_view from, size_t at) {
  if (at > from.size() || from.size() - at < sizeof(T)) throw Damaged("it ends early");
  T value;
  std::memcpy(&value, from.data() + at, sizeof(T));
  return value;
}

template <typename T>
void Append(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

uint32_t Crc(std::string_view content) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
}

std::string Deflate(const std::string& content) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw base::Error::Internal("zlib cannot deflate");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(content.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw base::Error::Internal("zlib cannot deflate");
  return out;
}

std::string Inflate(std::string_view content, size_t size) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw base::Error::Internal("zlib cannot inflate");
  std::string out(size + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int status = inflate(&stream, Z_FINISH);
  size_t made = stream.total_out;
  inflateEnd(&stream);
  if (status != Z_STREAM_END || made != size) throw Damaged("a file cannot be inflated");
  out.resize(size);
  return out;
}

// What a local header and a central one have in common.
void AppendHeader(const ZipEntry& entry, uint32_t crc, size_t compressed, std::string* out) {
  Append(kVersion, out);
  Append(kUtf8Names, out);
  Append(kDeflated, out);
  Append<uint16_t>(0, out);
  Append(kFirstOfJanuary1980, out);
  Append(crc, out);
  Append(static_cast<uint32_t>(compressed), out);
  Append(static_cast<uint32_t>(entry.content.size()), out);
  Append(static_cast<uint16_t>(entry.name.size()), out);
  Append<uint16_t>(0, out);
}

size_t FindEnd(std::string_view archive) {
  for (size_t at = archive.size() < kEndBytes ? 0 : archive.size() - kEndBytes + 1; at-- > 0;) {
    if (Load<uint32_t>(archive, at) == kEndOfDirectory) return at;
  }
  throw Damaged("it has no directory");
}

}  // namespace

std::string Zip(const std::vector<ZipEntry>& entries) {
  std::string out, directory;
  for (const ZipEntry& entry : entries) {
    std::string compressed = Deflate(entry.content);
    uint32_t crc = Crc(entry.content);
    Append(kCentralHeader, &directory);
    Append(kVersion, &directory);
    AppendHeader(entry, crc, compressed.size(), &directory);
    directory.append(10, '\0');  // comment, disk, attributes
    Append(static_cast<uint32_t>(out.size()), &directory);
    directory += entry.name;
    Append(kLocalHeader, &out);
    AppendHeader(entry, crc, compressed.size(), &out);
    out += entry.name;
    out += compressed;
  }
  auto count = static_cast<uint16_t>(entries.size());
  auto at = static_cast<uint32_t>(out.size());
  out += directory;
  Append(kEndOfDirectory, &out);
  Append<uint32_t>(0, &out);
  Append(count, &out);
  Append(count, &out);
  Append(static_cast<uint32_t>(directory.size()), &out);
  Append(at, &out);
  Append<uint16_t>(0, &out);
  return out;
}

std::vector<ZipEntry> Unzip(std::string_view archive) {
  size_t end = FindEnd(archive);
  auto count = Load<uint16_t>(archive, end + 10);
  size_t at = Load<uint32_t>(archive, end + 16), total = 0;
  std::vector<ZipEntry> entries;
  for (uint16_t i = 0; i < count; ++i) {
    if (Load<uint32_t>(archive, at) != kCentralHeader) throw Damaged("its directory is wrong");
    auto method = Load<uint16_t>(archive, at + 10);
    auto crc = Load<uint32_t>(archive, at + 16);
    size_t compressed = Load<uint32_t>(archive, at + 20), size = Load<uint32_t>(archive, at + 24);
    size_t name_size = Load<uint16_t>(archive, at + 28);
    size_t skipped = size_t{Load<uint16_t>(archive, at + 30)} + Load<uint16_t>(archive, at + 32);
    size_t local = Load<uint32_t>(archive, at + 42);
    if (archive.size() - at - kCentralBytes < name_size) throw Damaged("it ends early");
    ZipEntry entry{std::string(archive.substr(at + kCentralBytes, name_size)), ""};
    if (entry.name.empty() || entry.name[0] == '.' || entry.name.find('/') != std::string::npos) {
      throw Damaged("a file's name is " + entry.name);
    }
    if (Load<uint32_t>(archive, local) != kLocalHeader) throw Damaged("a file's header is wrong");
    size_t data = local + kLocalBytes + Load<uint16_t>(archive, local + 26) + Load<uint16_t>(archive, local + 28);
    if (data > archive.size() || archive.size() - data < compressed) throw Damaged("it ends early");
    total += size;
    if (total > kMostBytes) throw Damaged("it is too large");
    std::string_view content = archive.substr(data, compressed);
    if (method == kStored) {
      entry.content = content;
    } else if (method == kDeflated) {
      entry.content = Inflate(content, size);
    } else {
      throw Damaged("a file is compressed by method " + std::to_string(method));
    }
    if (Crc(entry.content) != crc) throw Damaged("the checksum of " + entry.name + " is wrong");
    entries.push_back(std::move(entry));
    at += kCentralBytes + name_size + skipped;
  }
  return entries;
}

}  // namespace sluice::state
