// Protocol messages from and to the bytes of a call.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>

namespace sluice::server {

/// False for bytes that are not such a message, also if it is nested deeper than Spark's own server accepts (1024).
bool Parse(grpc::ByteBuffer& bytes, google::protobuf::Message* message);
grpc::ByteBuffer Serialize(const google::protobuf::Message& message);

}  // namespace sluice::server
