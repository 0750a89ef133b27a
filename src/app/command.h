#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/arguments/arguments.h"
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
  int signal = 0;     // none
  bool told = false;  // another rank says so
};

// The program's exit codes (docs/command_line.md).
int ExitCode(Code code);

// One subcommand of `cllm`. Run gets the words after its name and says how it ended; it prints data on standard output
// only. Asked for its page, it fills that and does nothing else.
struct Command {
  std::string_view name;
  std::string_view summary;
  Outcome (*run)(const Arguments& arguments);
};

// Runs the command that the first word names, with the others. Usage, with the nearest name, for an unknown one;
// kind and help are what the message calls it and who lists them: "command", "cllm --help". REQUIRES: a word.
Outcome RunNamed(std::span<const Command> commands, std::string_view kind, std::string_view help,
                 const std::vector<std::string>& words);

Outcome TrainCommand(const Arguments& arguments);
Outcome ResumeCommand(const Arguments& arguments);
Outcome EvalCommand(const Arguments& arguments);
Outcome GenerateCommand(const Arguments& arguments);
Outcome ChatCommand(const Arguments& arguments);
Outcome ServeCommand(const Arguments& arguments);
Outcome TokenizeCommand(const Arguments& arguments);
Outcome InspectCommand(const Arguments& arguments);
Outcome ExportCommand(const Arguments& arguments);
Outcome ImportCommand(const Arguments& arguments);
Outcome DashboardCommand(const Arguments& arguments);
Outcome RunsCommand(const Arguments& arguments);
Outcome ReportCommand(const Arguments& arguments);
Outcome WatchCommand(const Arguments& arguments);
Outcome BenchCommand(const Arguments& arguments);
Outcome HelpCommand(const Arguments& arguments);
Outcome VersionCommand(const Arguments& arguments);

// "cllm 0.1.0".
std::string ProgramVersion();
// What `cllm --version` prints.
std::string VersionText();

}  // namespace cllm
