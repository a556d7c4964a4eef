// Parses and serializes messages over gRPC's slices.
#include "server/rpc/message.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include "base/error.h"

namespace sluice::server {
namespace {

// gRPC's generated code would stop at protobuf's default of 100, which a chain of fifty withColumn calls exceeds.
constexpr int kMaxNesting = 1024;

}  // namespace

bool Parse(grpc::ByteBuffer& bytes, google::protobuf::Message* message) {
  // A message with no fields set has no bytes, and then there may be no buffer at all.
  if (!bytes.Valid() || bytes.Length() == 0) {
    message->Clear();
    return true;
  }
  grpc::ProtoBufferReader reader(&bytes);
  google::protobuf::io::CodedInputStream input(&reader);
  input.SetRecursionLimit(kMaxNesting);
  return message->ParseFromCodedStream(&input);
}

grpc::ByteBuffer Serialize(const google::protobuf::Message& message) {
  grpc::ByteBuffer bytes;
  size_t size = message.ByteSizeLong();
  if (size == 0) {
    grpc::Slice empty;
    return grpc::ByteBuffer(&empty, 1);
  }
  constexpr int kSliceBytes = 1024 * 1024;
  {
    grpc::ProtoBufferWriter writer(&bytes, kSliceBytes, static_cast<int>(size));
    if (!message.SerializeToZeroCopyStream(&writer)) {
      throw base::Error::Internal("A message of " + std::to_string(size) + " bytes cannot be serialized.");
    }
  }
  return bytes;
}

}  // namespace sluice::server
