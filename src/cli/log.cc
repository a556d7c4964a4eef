// Where the log goes, and Spark's levels to those of spdlog.
#include "cli/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <strings.h>

#include <string>

#include "base/error.h"

namespace sluice::cli {
namespace {

struct Level {
  const char* name;
  spdlog::level::level_enum level;
};

constexpr Level kLevels[] = {
    {"ALL", spdlog::level::trace},      {"TRACE", spdlog::level::trace}, {"DEBUG", spdlog::level::debug},
    {"INFO", spdlog::level::info},      {"WARN", spdlog::level::warn},   {"ERROR", spdlog::level::err},
    {"FATAL", spdlog::level::critical}, {"OFF", spdlog::level::off},
};

}  // namespace

void StartLog() {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("sluice"));
  spdlog::set_pattern("%y/%m/%d %H:%M:%S %l %n: %v");
  spdlog::set_level(spdlog::level::warn);
}

void SetLogLevel(std::string_view name) {
  for (const Level& known : kLevels) {
    if (strcasecmp(std::string(name).c_str(), known.name) != 0) continue;
    spdlog::set_level(known.level);
    return;
  }
  throw base::Error::Plain(
      base::ErrorKind::kIllegalArgument,
      fmt::format("The log level {} is none of ALL, TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF.", name));
}

}  // namespace sluice::cli
