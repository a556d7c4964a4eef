// Protobuf: the first byte chooses options, then either a fixed message type and messages, or a descriptor set and a
// message. Each is read or refused with the engine's error; what was read can be written again.
#include <google/protobuf/descriptor.pb.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "formats/protobuf/protobuf_decoder.h"
#include "formats/protobuf/protobuf_encoder.h"

namespace {

using namespace sluice::formats;  // NOLINT

/// The messages of descriptor.proto itself: nested, repeated, with enums and defaults, within themselves.
const std::string& OwnDescriptors() {
  static const std::string set = [] {
    google::protobuf::FileDescriptorSet files;
    google::protobuf::FileDescriptorProto::descriptor()->file()->CopyTo(files.add_file());
    return files.SerializeAsString();
  }();
  return set;
}

void Read(const ProtobufMessageTypePtr& type, const ProtobufOptions& options, std::string_view messages, bool whole) {
  ProtobufDecoder decoder(type, options);
  ProtobufColumn column(decoder);
  while (!messages.empty()) {
    size_t size = whole ? messages.size() : std::min<size_t>(messages.size(), static_cast<uint8_t>(messages[0]) + 1);
    column.Append(messages.substr(0, size));
    messages.remove_prefix(size);
  }
  auto values = column.Finish();
  if (!values->Validate().ok()) std::abort();
  ProtobufEncoder encoder(decoder.type(), type, false);
  std::string out;
  for (int64_t row = 0; row < values->length(); ++row) encoder.Append(*values->data(), row, &out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  ProtobufOptions options;
  options.max_recursion = 1 + (data[0] & 1);
  options.emit_defaults = data[0] & 2;
  options.enums_as_ints = data[0] & 4;
  options.unwrap_wrappers = data[0] & 8;
  options.any_as_json = data[0] & 16;
  options.upcast_unsigned = data[0] & 32;
  options.retain_empty = data[0] & 64;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] & 128) {
      static const auto type = std::make_shared<ProtobufMessageType>(OwnDescriptors(), "FieldDescriptorProto");
      Read(type, options, rest, data[0] & 1);
    } else {
      size_t length = std::min<size_t>(rest.size() - 1, static_cast<uint8_t>(rest[0]) * 4);
      Read(std::make_shared<ProtobufMessageType>(rest.substr(1, length), "M"), options, rest.substr(1 + length), true);
    }
  } catch (const sluice::base::Error&) {
  }
  return 0;
}
