#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/arguments/arguments.h"
#include "base/status.h"
#include "model/weights.h"
#include "run/run_choices.h"

namespace cllm {

struct OptionSpec;

// The help of --weights, which every command that reads a model has.
inline constexpr const char* kWeightsHelp =
    "round the matrices to f32, bf16 or q8_0 (8-bit integers): less to read, a little less exact [f32]";

// How --weights says that matrices are stored. Error (Usage): another word.
Result<Storage> WeightsFlag(const std::string& word);

// What a command takes: its page (arguments.h) and where the values go. One command only.
//
// A help text ends with the default in brackets, "new tokens at most [200]". A name may say what follows it, "--out
// DIR"; else that is N or X for numbers and TEXT. Every option that takes a number is also read from the environment,
// "--top-k" from CLLM_TOP_K; benchmarks are not, so that they measure the same everywhere.
class CommandLine {
 public:
  // name: "train"; example: lines shown under --help, a command each.
  CommandLine(std::string name, std::string summary, const std::string& example);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // What the command takes; the target keeps its value unless the argument is given. `name` is "MODEL" for a
  // positional argument, "-n,--tokens" for an option. Values outside [low, high] are a usage error.
  void AddText(const std::string& name, std::string& target, const std::string& help);
  void AddRequiredText(const std::string& name, std::string& target, const std::string& help);
  void AddTexts(const std::string& name, std::vector<std::string>& target, const std::string& help);
  void AddRequiredTexts(const std::string& name, std::vector<std::string>& target, const std::string& help);
  void AddWhole(const std::string& name, uint64_t& target, uint64_t low, uint64_t high, const std::string& help);
  // A port that may be left out: "--dashboard" is `alone`, "--dashboard=8000" is that.
  void AddPortOrAlone(const std::string& name, std::optional<uint64_t>& target, uint64_t alone,
                      const std::string& help);
  void AddReal(const std::string& name, double& target, double low, double high, const std::string& help);
  void AddFlag(const std::string& name, bool& target, const std::string& help);

  // Adds flags for the options of the run table, all or those named; `help` replaces the help of some.
  void AddRunOptions(const std::vector<std::string>& only = {}, const std::map<std::string, std::string>& help = {});

  // Adds the flags of ReadingOptions, for a command that reads texts the way a run does; `initial` is their default as
  // help shows it.
  void AddReadingOptions(const std::string& initial);

  // Parses into the targets. Usage: what is unknown (with the nearest name, or the command that has it), without its
  // value, given too often, missing or out of range. kOk with help_shown() where nothing is to be done: --help or
  // --version was asked for and is printed, or the page was.
  Status Parse(const Arguments& arguments);
  bool help_shown() const { return help_shown_; }

  // Fills `choices` from --config's file, then CLLM_ variables, then flags: flag, environment, file, default.
  Status Apply(RunChoices& choices) const;
  // True if the option was given; one that is not of the run table also by its variable. name: "steps".
  bool Given(const std::string& name) const;

 private:
  // A row's way to its target; nothing for options of the run table, which Apply sets.
  using Setter = std::function<Status(const std::string& value)>;
  struct Bound {
    Setter set;
    const OptionSpec* spec = nullptr;  // of the run table
    std::vector<std::string> values = {};     // as given
  };

  void Add(OptionRow row, Bound bound);
  OptionRow Row(const std::string& name, const std::string& value, const std::string& help) const;
  Status Refuse(const std::string& word, bool option) const;
  Status SetTargets();

  CommandPage page_;
  std::vector<Bound> bound_;  // of page_.rows
  std::string config_path_;
  bool help_shown_ = false;
};

// "CLLM_TOP_K" for "top-k".
std::string EnvironmentName(std::string_view option);

}  // namespace cllm
