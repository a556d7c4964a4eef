// The plan of a request, as it is or compressed, and its translation.
#pragma once

#include "connect/translate.h"
#include "session/session.h"
#include "spark/connect/base.pb.h"

namespace sluice::server {

/// The plan itself if it came compressed, else the one given. Throws CONNECT_INVALID_PLAN.CANNOT_PARSE.
const spark::connect::Plan& Decompress(const spark::connect::Plan& plan, spark::connect::Plan* storage);

/// What translation needs of a session.
connect::TranslationContext ContextOf(session::Session& session);

/// The relation of a plan, translated and resolved; a command or nothing is an error.
logical::PlanPtr AnalyzeRoot(session::Session& session, const spark::connect::Plan& plan);
plan::RelationPtr TranslateRoot(session::Session& session, const spark::connect::Plan& plan);

}  // namespace sluice::server
