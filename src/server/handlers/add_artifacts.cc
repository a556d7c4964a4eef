// AddArtifacts: files and blobs for a session, whole or in pieces.
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "server/handlers/handlers.h"
#include "server/handlers/unary.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {
namespace {

using Request = spark::connect::AddArtifactsRequest;
using Response = spark::connect::AddArtifactsResponse;

base::Error RequirementFailed() { return base::Error::Plain(base::ErrorKind::kIllegalArgument, "requirement failed"); }

bool CrcMatches(const Request::ArtifactChunk& chunk) {
  uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(chunk.data().data()), chunk.data().size());
  return chunk.crc() == static_cast<int64_t>(crc);
}

// A relative path that stays below the session's folder.
void CheckName(const std::string& name) {
  std::filesystem::path path(name);
  bool good = !name.empty() && path.is_relative() && name.find('\0') == std::string::npos && path.has_filename();
  for (const auto& part : path) good = good && part != ".." && part != ".";
  if (!good) throw base::Error(base::ErrorKind::kRuntime, "INVALID_ARTIFACT_PATH", {{"name", name}});
  if (name.starts_with("forward_to_fs/")) {
    throw base::Error::Unsupported("SparkSession.copyFromLocalToFs");
  }
}

bool SameContent(const std::filesystem::path& file, const std::string& data) {
  std::ifstream in(file, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return content == data;
}

void Store(session::Session& session, const std::string& name, std::string data) {
  CheckName(name);
  // The part after '#' names the folder that an archive is unpacked to.
  std::filesystem::path file = std::filesystem::path(session.artifact_folder()) / name.substr(0, name.find('#'));
  std::error_code missing;
  if (!name.starts_with("cache/") && std::filesystem::exists(file, missing)) {
    if (SameContent(file, data)) return;
    throw base::Error(base::ErrorKind::kRuntime, "ARTIFACT_ALREADY_EXISTS", {{"normalizedRemoteRelativePath", name}});
  }
  session.AddArtifact(name, std::move(data));
}

/// One call: takes the messages in order, on workers, and answers at the end of the stream.
class Upload : public std::enable_shared_from_this<Upload> {
 public:
  Upload(ServerState& state, CallPtr call) : state_(state), call_(std::move(call)) {}

  void ReadNext() {
    call_->Read([self = shared_from_this()](bool ok, grpc::ByteBuffer& message) {
      auto task = [self, ok, bytes = std::move(message)]() mutable { self->Take(ok, bytes); };
      RunOnWorker(self->state_, self->call_, std::move(task));
    });
  }

 private:
  void Take(bool ok, grpc::ByteBuffer& bytes) {
    try {
      if (!ok) {
        Finish();
        return;
      }
      Request request;
      if (!Parse(bytes, &request)) {
        call_->Finish(BadRequest(request.GetTypeName()));
        return;
      }
      bytes.Clear();
      Add(std::move(request));
      ReadNext();
    } catch (...) {
      call_->Finish(StatusOfThrown(state_, key_, std::current_exception()));
    }
  }

  void Add(Request request) {
    if (!holder_) {
      key_ = KeyOf(request);
      holder_ = SessionOf(state_, request);
    }
    switch (request.payload_case()) {
      case Request::kBatch:
        for (auto& artifact : *request.mutable_batch()->mutable_artifacts()) {
          bool good = CrcMatches(artifact.data());
          if (good) Store(holder_->session(), artifact.name(), std::move(*artifact.mutable_data()->mutable_data()));
          AddSummary(artifact.name(), good);
        }
        return;
      case Request::kBeginChunk:
        Begin(std::move(*request.mutable_begin_chunk()));
        return;
      case Request::kChunk:
        if (missing_chunks_ <= 0) throw RequirementFailed();
        AddChunk(request.chunk());
        return;
      case Request::PAYLOAD_NOT_SET:
        break;
    }
    throw base::Error::Plain(base::ErrorKind::kUnsupportedOperation, "Unsupported data transfer request");
  }

  void Begin(Request::BeginChunkedArtifact begin) {
    if (missing_chunks_ > 0 || begin.num_chunks() < 1 || begin.total_bytes() < 0) throw RequirementFailed();
    name_ = begin.name();
    CheckName(name_);
    total_bytes_ = begin.total_bytes();
    missing_chunks_ = begin.num_chunks();
    good_ = true;
    data_.clear();
    AddChunk(begin.initial_chunk());
  }

  void AddChunk(const Request::ArtifactChunk& chunk) {
    good_ = good_ && CrcMatches(chunk);
    data_ += chunk.data();
    if (static_cast<int64_t>(data_.size()) > total_bytes_) throw RequirementFailed();
    if (--missing_chunks_ > 0) return;
    if (static_cast<int64_t>(data_.size()) != total_bytes_) throw RequirementFailed();
    if (good_) Store(holder_->session(), name_, std::move(data_));
    data_.clear();
    AddSummary(name_, good_);
  }

  void Finish() {
    if (!holder_) {
      call_->Finish({grpc::StatusCode::UNKNOWN, "The request holds no artifacts."});
      return;
    }
    if (missing_chunks_ > 0) throw RequirementFailed();
    SetSession(holder_->session(), &response_);
    call_->FinishWith(Serialize(response_));
  }

  void AddSummary(const std::string& name, bool good) {
    auto* summary = response_.add_artifacts();
    summary->set_name(name);
    summary->set_is_crc_successful(good);
  }

  ServerState& state_;
  const CallPtr call_;
  SessionKey key_;
  SessionHolderPtr holder_;
  Response response_;
  std::string name_;
  std::string data_;
  int64_t total_bytes_ = 0;
  int64_t missing_chunks_ = 0;
  bool good_ = true;
};

}  // namespace

RpcHandler AddArtifactsHandler(ServerState& state) {
  return [&state](const CallPtr& call) { std::make_shared<Upload>(state, call)->ReadNext(); };
}

}  // namespace sluice::server
