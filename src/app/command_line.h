#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/weights.h"
#include "run/run_choices.h"

namespace CLI {
class App;
}

namespace cllm {

// The help of --weights, which every command that reads a model has.
inline constexpr const char* kWeightsHelp =
    "round the matrices to f32, bf16 or q8_0 (8-bit integers): less to read, a little less exact [f32]";

// How --weights says that matrices are stored. Error (Usage): another word.
Result<Storage> WeightsFlag(const std::string& word);

// A subcommand's parser: CLI11 for the arguments (in one file, since it compiles slowly), our table for a run's options.
// One command only.
class CommandLine {
 public:
  // name: "train"; example: a line shown under --help.
  CommandLine(std::string name, std::string summary, std::string example);
  ~CommandLine();

  // What the command takes; the target keeps its value unless the argument is given. `name` is "MODEL" for a
  // positional argument, "-n,--tokens" for an option. Values outside [low, high] are a usage error.
  void AddText(const std::string& name, std::string& target, const std::string& help);
  void AddRequiredText(const std::string& name, std::string& target, const std::string& help);
  void AddTexts(const std::string& name, std::vector<std::string>& target, const std::string& help);
  void AddRequiredTexts(const std::string& name, std::vector<std::string>& target, const std::string& help);
  void AddWhole(const std::string& name, uint64_t& target, uint64_t low, uint64_t high, const std::string& help);
  void AddReal(const std::string& name, double& target, double low, double high, const std::string& help);
  void AddFlag(const std::string& name, bool& target, const std::string& help);

  // Adds flags for the options of the run table, all or those named; `help` replaces the help of some.
  void AddRunOptions(const std::vector<std::string>& only = {}, const std::map<std::string, std::string>& help = {});

  // Adds the flags of ReadingOptions, for a command that reads texts the way a run does; `initial` is their default as
  // help shows it.
  void AddReadingOptions(const std::string& initial);

  // Parses. Usage with CLI11's sentence; kOk with help_shown() when --help was asked for (it is printed already).
  Status Parse(const std::vector<std::string>& arguments);
  bool help_shown() const { return help_shown_; }

  // Fills `choices` from --config's file, then CLLM_ variables, then flags: flag, environment, file, default.
  Status Apply(RunChoices& choices) const;
  // True if a flag of the run table was given.
  bool Given(const std::string& name) const;

 private:
  struct RunFlag;
  std::string SuggestionFor(const std::vector<std::string>& arguments) const;

  std::unique_ptr<CLI::App> app_;
  std::vector<std::unique_ptr<RunFlag>> flags_;
  std::string config_path_;
  bool help_shown_ = false;
};

}  // namespace cllm
