#include "app/arguments/help_text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "app/command_table.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

constexpr size_t kPageWidth = 100;   // columns where there is no terminal
constexpr size_t kColumn = 30;       // where meanings begin beside options
constexpr size_t kShortColumn = 18;  // and beside what has short names

constexpr std::array<HelpEntry, 7> kVariables = {{
    {"CLLM_API_KEY", "the key of `cllm serve`, where --api-key is not given"},
    {"CLLM_CACHE", "directory of the cache of tokenized texts [$XDG_CACHE_HOME/cllm, else ~/.cache/cllm]"},
    {"CLLM_CACHE_LIMIT", "most that the cache holds, such as 500M or 4G [16 GiB, at most a tenth of the disk]"},
    {"CLLM_SIMD", "vector instructions: one of those that `cllm --version` lists [the widest]"},
    {"NO_COLOR", "if not empty: plain lines of progress instead of one that is rewritten; so does TERM=dumb"},
    {"TMPDIR", "where texts are kept meanwhile if there is no cache [/tmp]"},
    {"XDG_CACHE_HOME", "parent of the cache"},
}};

constexpr std::array<HelpEntry, 11> kExitCodes = {{
    {"0", "done"},
    {"1", "failed; also: the work was done, but some of what was printed got lost, or the last save did not succeed"},
    {"2", "usage: an option is unknown, out of range or contradicts another"},
    {"3", "bad input: a file is missing, unreadable, damaged or not what it should be"},
    {"4", "not enough memory, disk, threads or open files; refused before the start where that can be known"},
    {"5", "diverged: the last good state is saved"},
    {"129", "stopped by SIGHUP, as by SIGTERM, unless it was ignored at the start (nohup)"},
    {"130", "stopped by SIGINT after a save; a second SIGINT or SIGTERM ends at once"},
    {"141",
     "another command than train and resume whose reader went away (`cllm inspect RUN | head -1`): ended by SIGPIPE, "
     "quietly, as other Unix tools"},
    {"143", "stopped by SIGTERM, as by SIGINT"},
    {"152", "stopped by SIGXCPU (`ulimit -St`), as by SIGTERM"},
}};

// A name with its meaning, which begins in that column, or behind a longer name.
std::string Entry(std::string_view name, std::string_view meaning, size_t column) {
  return fmt::format("  {:<{}}  {}\n", name, column - 4, meaning);
}

std::string Entries(std::string_view title, std::span<const HelpEntry> entries) {
  std::string text = fmt::format("\n{}:\n", title);
  for (const HelpEntry& entry : entries) text += Entry(entry.name, entry.meaning, kShortColumn);
  return text;
}

std::string CommandEntries(std::string_view title, std::span<const Command> commands) {
  std::string text = fmt::format("\n{}:\n", title);
  for (const Command& command : commands) text += Entry(command.name, command.summary, kShortColumn);
  return text;
}

std::string MeaningOf(const OptionRow& row) {
  std::string text = row.help;
  if (!row.initial.empty()) text += fmt::format(" [{}]", row.initial);
  if (row.repeats && !row.positional()) text += " (several times)";
  if (!row.environment.empty()) text += fmt::format(" (env {})", row.environment);
  return text;
}

}  // namespace

std::span<const HelpEntry> EnvironmentVariables() { return kVariables; }
std::span<const HelpEntry> ExitCodes() { return kExitCodes; }

std::string UsageOf(const CommandPage& page) {
  std::string text = "cllm " + page.name;
  if (std::ranges::any_of(page.rows, [](const OptionRow& row) { return !row.positional(); })) text += " [OPTIONS]";
  for (const OptionRow& row : page.rows) {
    if (!row.positional()) continue;
    text += row.required ? " " : " [";
    text += Heading(row);
    if (!row.required) text += ']';
  }
  return text;
}

std::string Heading(const OptionRow& row) {
  if (row.positional()) return row.name + (row.repeats ? "..." : "");
  const size_t comma = row.name.find(',');
  std::string text = row.name;
  if (comma != text.npos) text.insert(comma + 1, 1, ' ');
  if (row.may_stand_alone) return fmt::format("{}[={}]", text, row.value);
  return row.flag() ? text : text + " " + row.value;
}

std::string HelpText(const CommandPage& page) {
  std::string text = fmt::format("{}\n\nUsage: {}\n", page.summary, UsageOf(page));
  std::string arguments, options;
  for (const OptionRow& row : page.rows) {
    (row.positional() ? arguments : options) += Entry(Heading(row), MeaningOf(row), kColumn);
  }
  if (!arguments.empty()) text += "\nArguments:\n" + arguments;
  text += "\nOptions:\n" + options + Entry("-h, --help", "show this", kColumn);
  if (page.examples.empty()) return text;
  text += "\nExamples:\n";
  for (const std::string& example : page.examples) text += fmt::format("  {}\n", example);
  return text;
}

std::string OverviewText() {
  return fmt::format("Crystalline CLLM. {}\n\nUsage: cllm COMMAND [OPTIONS]\n", kProgramSummary) +
         CommandEntries("Commands", Commands()) +
         "\n`cllm help COMMAND` or `cllm COMMAND --help` shows a command's options with their defaults and an "
         "example.\n"
         "\nFirst steps:\n  cllm train book.txt\n  cllm generate runs/book-1 -p \"Once upon\"\n" +
         Entries("Environment", kVariables) + fmt::format("{}\n", kEnvironmentRule) + Entries("Exit codes", kExitCodes);
}

std::string BenchmarksText() {
  return "Measures this machine and this program; docs/performance.md says how.\n"
         "\nUsage: cllm bench BENCHMARK [OPTIONS]\n" +
         CommandEntries("Benchmarks", Benchmarks()) +
         "\n`cllm bench BENCHMARK --help` shows its options. Leave the machine alone meanwhile.\n"
         "\nExamples:\n  cllm bench train --config b --threads 2 --json\n";
}

void PrintHelp(const std::string& text) {
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  std::cout << WrapPage(text, columns == 0 ? kPageWidth : columns);
}

}  // namespace cllm
