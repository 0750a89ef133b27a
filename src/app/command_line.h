#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "train/run_config.h"

namespace CLI {
class App;
}

namespace cllm {

// A subcommand's parser: CLI11 for the arguments, our table for a run's options. One command only.
class CommandLine {
 public:
  // name: "train"; example: a line shown under --help.
  CommandLine(std::string name, std::string summary, std::string example);
  ~CommandLine();

  CLI::App& app() { return *app_; }

  // Adds flags for the options of the run table, all or those named.
  void AddRunOptions(const std::vector<std::string>& only = {});

  // Parses. Usage with CLI11's sentence; kOk with help_shown() when --help was asked for (it is printed already).
  Status Parse(const std::vector<std::string>& arguments);
  bool help_shown() const { return help_shown_; }

  // Fills `config` from --config's file, then CLLM_ variables, then flags: flag, environment, file, default.
  Status Apply(RunConfig& config) const;
  // True if a flag of the run table was given.
  bool Given(const std::string& name) const;

 private:
  struct RunFlag;
  std::unique_ptr<CLI::App> app_;
  std::vector<std::unique_ptr<RunFlag>> flags_;
  std::string config_path_;
  bool help_shown_ = false;
};

}  // namespace cllm
