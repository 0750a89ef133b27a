#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>

#include "app/command.h"
#include "app/flag_names.h"
#include "app/required_processor.h"
#include "app/wrap.h"
#include "base/system.h"
#include "kernels/simd.h"

namespace cllm {
namespace {

constexpr int kSignalled = 128;  // and the signal's number: what a shell makes of a process that one ended

constexpr std::array<Command, 7> kCommands = {{
    {"train", "train a model on a text", TrainCommand},
    {"resume", "go on with a run", ResumeCommand},
    {"eval", "measure a model on a text", EvalCommand},
    {"generate", "continue a prompt", GenerateCommand},
    {"tokenize", "show a text's tokens", TokenizeCommand},
    {"inspect", "look into a run, model, checkpoint or lattice", InspectCommand},
    {"bench", "measure this machine and this program", BenchCommand},
}};

std::string HelpText() {
  std::string text = "Crystalline CLLM: trains language models from scratch on the CPU, with the same bits on any number "
                     "of threads.\n\nUsage: cllm COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Command& command : kCommands) text += fmt::format("  {:<10} {}\n", command.name, command.summary);
  return text + "\n`cllm COMMAND --help` shows a command's options with their defaults and an example.\n"
                "First steps:\n  cllm train book.txt\n  cllm generate runs/book-1 -p \"Once upon\"\n\n"
                "Exit codes: 0 done, 1 failed, 2 usage, 3 bad input, 4 not enough memory or disk, 5 diverged,\n"
                "130 or 143 stopped by a signal after a save.\n";
}

Outcome Dispatch(const std::vector<std::string>& arguments) {
  if (const auto target = EnvironmentVariable("CLLM_SIMD")) {
    if (const Status status = ForceSimd(*target); !status.ok()) {
      return Usage(fmt::format("CLLM_SIMD: {}", status.message()));
    }
  }
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    std::cout << WrapPage(HelpText(), TerminalColumns(STDOUT_FILENO));
    return arguments.empty() ? Outcome(Usage("no command named")) : Outcome();
  }
  if (arguments[0] == "--version") {
    std::cout << VersionText() << "\n";
    return {};
  }
  return RunNamed(kCommands, "command", "cllm --help", arguments);
}

// The program's exit codes (docs/command_line.md).
int ExitCode(Code code) {
  switch (code) {
    case Code::kOk: return 0;
    case Code::kFailed: return 1;
    case Code::kUsage: return 2;
    case Code::kBadInput: return 3;
    case Code::kNoResources: return 4;
    case Code::kDiverged: return 5;
  }
  return 1;
}

int Run(const std::vector<std::string>& arguments) {
  try {
    const Outcome outcome = Dispatch(arguments);
    if (outcome.signal != 0) return kSignalled + outcome.signal;
    if (outcome.status.ok()) return 0;
    const std::string message = "cllm: " + WithFlags(outcome.status.message());
    std::fprintf(stderr, "%s\n", Wrap(message, TerminalColumns(STDERR_FILENO), 2).c_str());
    return ExitCode(outcome.status.code());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "cllm: out of memory\n");
    return ExitCode(Code::kNoResources);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cllm: unexpected: %s\n", error.what());
    return ExitCode(Code::kFailed);
  }
}

}  // namespace
}  // namespace cllm

int main(int argc, char** argv) {
  if (const char* lacking = cllm::LackingProcessorFeature()) {
    std::fprintf(stderr, "cllm: this processor lacks %s; a processor with AVX2 and FMA (x86-64-v3, 2013 or later) is "
                         "needed\n",
                 lacking);
    return 1;
  }
  return cllm::Run({argv + 1, argv + argc});
}
