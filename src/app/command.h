#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cllm {

// One subcommand of `cllm`. Run gets the arguments after its name and returns the exit code's status; it prints data on
// standard output only.
struct Command {
  std::string_view name;
  std::string_view summary;
  Status (*run)(const std::vector<std::string>& arguments);
};

// Runs the command that the first argument names, with the others. Usage, with the nearest name, for an unknown one;
// kind and help are what the message calls it and who lists them: "command", "cllm --help". REQUIRES: an argument.
Status RunNamed(std::span<const Command> commands, std::string_view kind, std::string_view help,
                const std::vector<std::string>& arguments);

Status TrainCommand(const std::vector<std::string>& arguments);
Status ResumeCommand(const std::vector<std::string>& arguments);
Status EvalCommand(const std::vector<std::string>& arguments);
Status GenerateCommand(const std::vector<std::string>& arguments);
Status TokenizeCommand(const std::vector<std::string>& arguments);
Status InspectCommand(const std::vector<std::string>& arguments);
Status BenchCommand(const std::vector<std::string>& arguments);

// A status that only carries an exit code: everything was said already (--help, interrupted runs).
struct ExitNow {
  int code;
};

// What `cllm --version` prints.
std::string VersionText();

}  // namespace cllm
