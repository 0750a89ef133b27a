#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/arguments/arguments.h"

namespace cllm {

// A name and what it means, in a list of help.
struct HelpEntry {
  std::string_view name;
  std::string_view meaning;
};

// What the program reads from the environment beside the options, and with what it exits.
std::span<const HelpEntry> EnvironmentVariables();
std::span<const HelpEntry> ExitCodes();

// The rule for the other variables, a sentence.
inline constexpr std::string_view kEnvironmentRule =
    "An option with (env CLLM_NAME) in its help is also read from that variable: flag before environment before "
    "--config before default.";

// One sentence on the program.
inline constexpr std::string_view kProgramSummary =
    "Trains language models from scratch on the CPU, with the same bits on any number of threads, and generates with "
    "them.";

// "cllm train [OPTIONS] [TEXT...]".
std::string UsageOf(const CommandPage& page);
// "-n, --tokens N".
std::string Heading(const OptionRow& row);

// What `cllm COMMAND --help` prints, `cllm --help`, and `cllm bench --help`; lines are not broken yet.
std::string HelpText(const CommandPage& page);
std::string OverviewText();
std::string BenchmarksText();

// Prints one of these on standard output, in the columns of the terminal.
void PrintHelp(const std::string& text);

}  // namespace cllm
