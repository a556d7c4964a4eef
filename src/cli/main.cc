// The server program: arguments, and what to run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "base/allocators.h"
#include "cli/listings.h"
#include "cli/serve.h"

namespace {

constexpr const char* kVersion = "0.1.0";

int Run(int argc, char** argv) {
  CLI::App app("A streaming SQL engine that speaks Spark Connect.", "sluice-server");
  bool list_functions = false;
  bool list_connectors = false;
  app.set_version_flag("--version", std::string("sluice-server ") + kVersion + " (Spark Connect 4.2.0)");
  app.add_flag("--list-functions", list_functions, "Print all SQL functions as JSON");
  app.add_flag("--list-connectors", list_connectors, "Print all sources, sinks and formats as JSON");

  sluice::cli::ServeOptions options;
  CLI::App* serve = app.add_subcommand("serve", "Serve clients until SIGTERM, SIGINT or the end of --watch-fd");
  serve->add_option("--host", options.host, "Address to listen on")->capture_default_str();
  serve->add_option("--port", options.port, "Port to listen on; 0 is any free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  serve->add_option("--ready-fd", options.ready_fd, "Descriptor that gets the address once clients can connect");
  serve->add_option("--watch-fd", options.watch_fd, "Descriptor whose end of file stops the server");
  CLI11_PARSE(app, argc, argv);

  if (list_functions) {
    sluice::functions::FunctionRegistry registry;
    sluice::functions::RegisterAll(registry);
    fmt::print("{}\n", sluice::cli::FunctionsAsJson(registry));
    return 0;
  }
  if (list_connectors) {
    sluice::connectors::ConnectorRegistry registry;
    sluice::connectors::RegisterAll(registry);
    fmt::print("{}\n", sluice::cli::ConnectorsAsJson(registry));
    return 0;
  }
  if (*serve) return sluice::cli::Serve(options);
  fmt::print("{}", app.help());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  sluice::base::ConfigureAllocators();
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "sluice-server: {}\n", error.what());
    return 1;
  }
}
