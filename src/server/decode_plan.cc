// From the bytes of a request to a plan of the engine.
#include "server/decode_plan.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <zstd.h>

#include "connect/invalid_plan.h"

namespace sluice::server {
namespace {

using spark::connect::Plan;

constexpr int kMaxNesting = 1024;
constexpr size_t kMaxPlanBytes = 512u << 20;

base::Error CannotParse(const std::string& why) { return connect::InvalidPlan("CANNOT_PARSE", {{"errorMsg", why}}); }

std::string Unzip(const std::string& data) {
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  std::string out;
  std::string chunk(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer input{data.data(), data.size(), 0};
  size_t more = 1;
  while (input.pos < input.size) {
    ZSTD_outBuffer output{chunk.data(), chunk.size(), 0};
    more = ZSTD_decompressStream(stream.get(), &output, &input);
    if (ZSTD_isError(more)) throw CannotParse(ZSTD_getErrorName(more));
    out.append(chunk.data(), output.pos);
    if (out.size() > kMaxPlanBytes) throw CannotParse("The plan is larger than " + std::to_string(kMaxPlanBytes));
    if (output.pos == 0 && input.pos == input.size) break;
  }
  // The last block may fill the output exactly: what is left comes without more input.
  while (more != 0) {
    ZSTD_outBuffer output{chunk.data(), chunk.size(), 0};
    more = ZSTD_decompressStream(stream.get(), &output, &input);
    if (ZSTD_isError(more) || output.pos == 0) throw CannotParse("The compressed plan is cut off");
    out.append(chunk.data(), output.pos);
    if (out.size() > kMaxPlanBytes) throw CannotParse("The plan is larger than " + std::to_string(kMaxPlanBytes));
  }
  return out;
}

template <typename Message>
void ParseInto(const std::string& bytes, Message* message) {
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream input(&array);
  input.SetRecursionLimit(kMaxNesting);
  if (!message->ParseFromCodedStream(&input)) throw CannotParse("Not a message of type " + message->GetTypeName());
}

}  // namespace

const Plan& Decompress(const Plan& plan, Plan* storage) {
  if (!plan.has_compressed_operation()) return plan;
  const auto& compressed = plan.compressed_operation();
  if (compressed.compression_codec() != spark::connect::COMPRESSION_CODEC_ZSTD) {
    throw connect::InvalidEnum(compressed, "compression_codec");
  }
  switch (compressed.op_type()) {
    case Plan::CompressedOperation::OP_TYPE_RELATION:
      ParseInto(Unzip(compressed.data()), storage->mutable_root());
      return *storage;
    case Plan::CompressedOperation::OP_TYPE_COMMAND:
      ParseInto(Unzip(compressed.data()), storage->mutable_command());
      return *storage;
    default:
      throw connect::InvalidEnum(compressed, "op_type");
  }
}

connect::TranslationContext ContextOf(session::Session& session) {
  connect::TranslationContext context;
  context.find_blob = [&session](const std::string& hash) { return session.FindBlob(hash); };
  context.time_zone = session.conf().session_time_zone();
  context.session_uuid = session.server_side_id();
  return context;
}

plan::RelationPtr TranslateRoot(session::Session& session, const Plan& plan) {
  Plan storage;
  // A command or nothing reads as a relation that is not set, which is the error to give.
  return connect::ToPlan(Decompress(plan, &storage).root(), ContextOf(session));
}

logical::PlanPtr AnalyzeRoot(session::Session& session, const Plan& plan) {
  return session.Analyze(TranslateRoot(session, plan));
}

}  // namespace sluice::server
