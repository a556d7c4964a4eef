// The server's log: standard error, levels by Spark's names.
#pragma once

#include <string_view>

namespace sluice::cli {

/// Logs to standard error in Spark's form, WARN and above.
void StartLog();

/// Shows messages of this level (ALL, TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF, in any case) and above, as
/// SparkContext.setLogLevel. Another name throws an IllegalArgument error.
void SetLogLevel(std::string_view name);

}  // namespace sluice::cli
