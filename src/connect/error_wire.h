// Errors in the form in which Spark's clients receive them: a short google.rpc.Status, and the
// details they ask for.
#pragma once

#include <exception>
#include <string>

#include "base/error.h"

namespace google::rpc {
class Status;
}
namespace spark::connect {
class FetchErrorDetailsResponse;
}

namespace sluice::connect {

/// The engine's error of whatever was thrown: base::Error as it is, anything else as
/// INTERNAL_ERROR.
base::Error ToError(const std::exception_ptr& thrown);

/// Status INTERNAL with an ErrorInfo. `error_id` names the full error for FetchErrorDetails; it is sent only where the
/// status does not say everything (causes, a long message), as clients print the class of what they fetch once more.
/// Message and details stay so small together that they fit into the trailers of a call (8 KiB)
/// after their encodings.
google::rpc::Status ToStatus(const base::Error& error, const std::string& error_id);

/// The whole error with its causes.
spark::connect::FetchErrorDetailsResponse ToDetails(const base::Error& error);

}  // namespace sluice::connect
