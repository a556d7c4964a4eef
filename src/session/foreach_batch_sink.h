// writeStream.foreachBatch: each micro-batch becomes a frame of the session that the user's Python function works on.
#pragma once

#include <memory>

#include "plan/command.h"
#include "session/session.h"
#include "streaming/batch_frame_sink.h"

namespace sluice::session {

/// Starts the Python process in the background; an error of that start shows in the first batch.
std::unique_ptr<connectors::StreamSink> MakeForeachBatchSink(Session& session, plan::PythonFunction function);

}  // namespace sluice::session
