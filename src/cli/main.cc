// The server program: arguments, and what to run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "base/allocators.h"
#include "cli/checkpoint_command.h"
#include "cli/listings.h"
#include "cli/serve.h"

namespace {

constexpr const char* kVersion = "0.1.0";

struct CheckpointArguments {
  CLI::App* show = nullptr;
  CLI::App* verify = nullptr;
  CLI::App* diff = nullptr;
  std::string folder, other;
  int64_t from = -1, to = -1;
};

void AddCheckpoint(CLI::App& app, CheckpointArguments* arguments) {
  CLI::App* checkpoint = app.add_subcommand("checkpoint", "Look into the checkpoint of a query that does not run");
  checkpoint->require_subcommand(1);
  arguments->show = checkpoint->add_subcommand("show", "Print what is in it, and whether Spark would go on from it");
  arguments->verify = checkpoint->add_subcommand("verify", "Read every file of it and print the defects");
  arguments->diff = checkpoint->add_subcommand("diff", "Print the rows of state that differ");
  for (CLI::App* command : {arguments->show, arguments->verify, arguments->diff}) {
    command->add_option("FOLDER", arguments->folder, "The checkpoint")->required();
  }
  arguments->diff->add_option("OTHER", arguments->other, "Another checkpoint instead of the same");
  arguments->diff->add_option("--from", arguments->from, "State of FOLDER after this batch instead of the last");
  arguments->diff->add_option("--to", arguments->to, "State of OTHER after this batch instead of the last");
}

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
  CheckpointArguments checkpoint;
  AddCheckpoint(app, &checkpoint);
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
  if (*checkpoint.show) return sluice::cli::ShowCheckpoint(checkpoint.folder);
  if (*checkpoint.verify) return sluice::cli::VerifyCheckpoint(checkpoint.folder);
  if (*checkpoint.diff) {
    return sluice::cli::DiffCheckpoints(checkpoint.folder, checkpoint.other, checkpoint.from, checkpoint.to);
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
