// The foreachBatch sink: keeps the batch's frame while the Python process works on it.
#include "session/foreach_batch_sink.h"

#include <fmt/format.h>

#include "base/error.h"
#include "python/foreach_batch_worker.h"

namespace sluice::session {
namespace {

std::string UrlEncode(const std::string& text) {
  std::string out;
  for (unsigned char c : text) {
    bool plain = std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return out;
}

class ForeachBatchSink : public streaming::BatchFrameSink {
 public:
  ForeachBatchSink(std::weak_ptr<Session> session, const python::WorkerOptions& options,
                   const python::ForeachBatchSpec& spec)
      : session_(std::move(session)), worker_(std::make_unique<python::ForeachBatchWorker>(options, spec)) {}

  void ProcessBatch(const streaming::BatchFrame& frame, const base::CancellationPtr& cancellation) override {
    auto session = session_.lock();
    if (!session) throw base::Error::Plain(base::ErrorKind::kSpark, "The session of this query has been closed");
    std::string id = session->AddCachedRelation(frame.plan);
    try {
      worker_->Run(id, frame.batch_id, cancellation);
    } catch (...) {
      session->RemoveCachedRelation(id);
      throw;
    }
    session->RemoveCachedRelation(id);
  }

  void Stop() override { worker_.reset(); }

 private:
  std::weak_ptr<Session> session_;
  std::unique_ptr<python::ForeachBatchWorker> worker_;
};

}  // namespace

std::unique_ptr<connectors::StreamSink> MakeForeachBatchSink(Session& session, plan::PythonFunction function) {
  python::ForeachBatchSpec spec;
  spec.function = std::move(function);
  spec.connect_url = fmt::format("{};user_id={}", session.environment().connect_url, UrlEncode(session.user_id()));
  spec.session_id = session.session_id();
  spec.user_id = session.user_id();
  spec.token = session.environment().token;
  return std::make_unique<ForeachBatchSink>(session.weak_from_this(), session.worker_options(), spec);
}

}  // namespace sluice::session
