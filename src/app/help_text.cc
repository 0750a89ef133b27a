#include "app/help_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/command_table.h"
#include "app/terminal_text.h"

namespace cllm {
namespace {

constexpr size_t kColumn = 28;       // where meanings begin beside options
constexpr size_t kShortColumn = 18;  // and beside what has short names
constexpr size_t kNarrow = 70;       // below this width they stand below the names
constexpr size_t kNarrowIndent = 6;

constexpr std::array<HelpEntry, 5> kVariables = {{
    {"CLLM_CACHE", "directory of the cache of tokenized texts [$XDG_CACHE_HOME/cllm, else ~/.cache/cllm]"},
    {"CLLM_SIMD", "vector instructions: one of those that `cllm --version` lists [the widest]"},
    {"NO_COLOR", "if not empty: plain lines of progress instead of one that is rewritten; so does TERM=dumb"},
    {"TMPDIR", "where texts are kept meanwhile if there is no cache [/tmp]"},
    {"XDG_CACHE_HOME", "parent of the cache"},
}};

constexpr std::array<HelpEntry, 8> kExitCodes = {{
    {"0", "done"},
    {"1", "failed"},
    {"2", "usage: an option is unknown, out of range or contradicts another"},
    {"3", "bad input: a file is missing, unreadable, damaged or not what it should be"},
    {"4", "not enough memory or disk; refused before the start"},
    {"5", "diverged: the last good state is saved"},
    {"130", "stopped by SIGINT after a save; a second signal ends at once"},
    {"143", "stopped by SIGTERM, the same way"},
}};

// A name with its meaning, which begins in that column.
std::string Entry(std::string_view name, std::string_view meaning, size_t width, size_t column) {
  const size_t indent = width < kNarrow ? kNarrowIndent : column;
  std::string line = fmt::format("  {}", name);
  if (width < kNarrow || line.size() + 2 > indent) {
    line += '\n' + std::string(indent, ' ');
  } else {
    line.append(indent - line.size(), ' ');
  }
  return line + Wrap(meaning, width, indent) + "\n";
}

std::string Entries(std::string_view title, std::span<const HelpEntry> entries, size_t width) {
  std::string text = fmt::format("\n{}:\n", title);
  for (const HelpEntry& entry : entries) text += Entry(entry.name, entry.meaning, width, kShortColumn);
  return text;
}

std::string Commands(std::string_view title, std::span<const Command> commands, size_t width) {
  std::string text = fmt::format("\n{}:\n", title);
  for (const Command& command : commands) text += Entry(command.name, command.summary, width, kShortColumn);
  return text;
}

std::string MeaningOf(const OptionRow& row) {
  std::string text = row.help;
  if (!row.initial.empty()) text += fmt::format(" [{}]", row.initial);
  if (row.repeats && !row.positional()) text += " (several times)";
  if (!row.environment.empty()) text += fmt::format(" (env {})", row.environment);
  return text;
}

std::string Paragraph(std::string_view text, size_t width) { return Wrap(text, width, 0) + "\n"; }

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
  return row.flag() ? text : text + " " + row.value;
}

std::string HelpText(const CommandPage& page, size_t width) {
  std::string text = Paragraph(page.summary, width) + "\n" + Paragraph("Usage: " + UsageOf(page), width);
  std::string arguments, options;
  for (const OptionRow& row : page.rows) {
    (row.positional() ? arguments : options) += Entry(Heading(row), MeaningOf(row), width, kColumn);
  }
  if (!arguments.empty()) text += "\nArguments:\n" + arguments;
  text += "\nOptions:\n" + options + Entry("-h, --help", "show this", width, kColumn);
  if (page.examples.empty()) return text;
  text += "\nExamples:\n";
  for (const std::string& example : page.examples) text += "  " + example + "\n";
  return text;
}

std::string OverviewText(size_t width) {
  std::string text = Paragraph(fmt::format("Crystalline CLLM. {}", kProgramSummary), width);
  text += "\nUsage: cllm COMMAND [OPTIONS]\n";
  text += Commands("Commands", cllm::Commands(), width) + "\n";
  text += Paragraph("`cllm help COMMAND` or `cllm COMMAND --help` shows a command's options with their defaults and an "
                    "example.", width);
  text += "\nFirst steps:\n  cllm train book.txt\n  cllm generate runs/book-1 -p \"Once upon\"\n";
  text += Entries("Environment", kVariables, width) + Paragraph(std::string("  ") + std::string(kEnvironmentRule), width);
  return text + Entries("Exit codes", kExitCodes, width);
}

std::string BenchmarksText(size_t width) {
  std::string text = Paragraph("Measures this machine and this program; docs/performance.md says how.", width);
  text += "\nUsage: cllm bench BENCHMARK [OPTIONS]\n" + Commands("Benchmarks", Benchmarks(), width) + "\n";
  text += Paragraph("`cllm bench BENCHMARK --help` shows its options. Leave the machine alone meanwhile.", width);
  return text + "\nExample:\n  cllm bench train --config b --threads 2 --json\n";
}

}  // namespace cllm
