// Errors of malformed messages, and the names that they show.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "base/error.h"

namespace sluice::connect {

/// CONNECT_INVALID_PLAN.<sub>.
base::Error InvalidPlan(const std::string& sub, base::Error::Parameters parameters = {});
/// A message whose `what` is nested too deeply to be handled on one stack.
base::Error TooDeep(const std::string& what);
/// INVALID_ONE_OF_FIELD_NOT_SET for the oneof `oneof` of the message ("rel_type" →
/// RELTYPE_NOT_SET).
base::Error OneofNotSet(const google::protobuf::Message& message, const std::string& oneof);
/// INVALID_ONE_OF_FIELD_NOT_SUPPORTED for the field that is set in the oneof.
base::Error OneofNotSupported(const google::protobuf::Message& message, const std::string& oneof);
/// INVALID_ENUM for the value of the enum field `field`.
base::Error InvalidEnum(const google::protobuf::Message& message, const std::string& field);
/// The name of the set field in capitals as the JVM shows it ("RANGE"), `not_set` if there is none.
std::string OneofCaseName(const google::protobuf::Message& message, const std::string& oneof,
                          const std::string& not_set = "");

}  // namespace sluice::connect
