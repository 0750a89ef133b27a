#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace cllm {

// How a command ended: a status, or the signal that stopped it in good order after it said so itself. A plain value.
struct Outcome {
  Outcome() = default;
  Outcome(Status ended) : status(std::move(ended)) {}  // NOLINT: implicit on purpose
  static Outcome StoppedBy(int signal) {
    Outcome outcome;
    outcome.signal = signal;
    return outcome;
  }

  Status status;
  int signal = 0;  // none
};

// One subcommand of `cllm`. Run gets the arguments after its name and says how it ended; it prints data on
// standard output only.
struct Command {
  std::string_view name;
  std::string_view summary;
  Outcome (*run)(const std::vector<std::string>& arguments);
};

// Runs the command that the first argument names, with the others. Usage, with the nearest name, for an unknown one;
// kind and help are what the message calls it and who lists them: "command", "cllm --help". REQUIRES: an argument.
Outcome RunNamed(std::span<const Command> commands, std::string_view kind, std::string_view help,
                 const std::vector<std::string>& arguments);

Outcome TrainCommand(const std::vector<std::string>& arguments);
Outcome ResumeCommand(const std::vector<std::string>& arguments);
Outcome EvalCommand(const std::vector<std::string>& arguments);
Outcome GenerateCommand(const std::vector<std::string>& arguments);
Outcome TokenizeCommand(const std::vector<std::string>& arguments);
Outcome InspectCommand(const std::vector<std::string>& arguments);
Outcome RunsCommand(const std::vector<std::string>& arguments);
Outcome BenchCommand(const std::vector<std::string>& arguments);

// What `cllm --version` prints.
std::string VersionText();

}  // namespace cllm
