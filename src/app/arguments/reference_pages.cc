#include "app/arguments/reference_pages.h"

#include <fmt/format.h>

#include "app/arguments/help_text.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

// Of the manual page, which wants one: when its text was last looked through.
constexpr std::string_view kManualDate = "2026-11-27";

// In a cell of a table.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string Code(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out.empty() ? out : fmt::format("`{}`", out);
}

std::string Table(const CommandPage& page) {
  std::string text = "| option | default | environment | meaning |\n|---|---|---|---|\n";
  for (const OptionRow& row : page.rows) {
    text += fmt::format("| {} | {} | {} | {}{} |\n", Code(Heading(row)), Cell(row.initial), Code(row.environment),
                        Cell(row.help), row.repeats && !row.positional() ? "; several times" : "");
  }
  return text;
}

std::string EntryTable(std::string_view head, std::span<const HelpEntry> entries) {
  std::string text = fmt::format("| {} | meaning |\n|---|---|\n", head);
  for (const HelpEntry& entry : entries) text += fmt::format("| `{}` | {} |\n", entry.name, Cell(entry.meaning));
  return text;
}

// Text for roff: no escape, no hyphen where a minus is meant, no quote that a font curls, no line that begins like a
// request; what stands in backquotes is bold.
std::string Escaped(std::string_view text) {
  std::string out;
  bool bold = false, line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    line_begins = c == '\n';
    switch (c) {
      case '\\': out += "\\e"; break;
      case '-': out += "\\-"; break;
      case '"': out += "\\(dq"; break;
      case '\'': out += "\\(aq"; break;
      case '~': out += "\\(ti"; break;
      case '^': out += "\\(ha"; break;
      case '`': out += (bold = !bold) ? "\\fB" : "\\fR"; break;
      default: out += c;
    }
  }
  return bold ? out + "\\fR" : out;
}

// A paragraph, in lines of the length that roff's checkers ask for.
std::string Roff(std::string_view text) {
  constexpr size_t kColumns = 60;  // room for escapes
  return Escaped(Wrap(text, kColumns, 0));
}

std::string Tagged(std::string_view tag, std::string_view meaning) {
  return fmt::format(".TP\n.B {}\n{}\n", Escaped(tag), Roff(meaning));
}

std::string ManualEntry(const OptionRow& row) {
  std::string meaning = row.help;
  if (!row.initial.empty()) meaning += fmt::format(" [{}]", row.initial);
  if (row.repeats && !row.positional()) meaning += " (several times)";
  if (!row.environment.empty()) meaning += fmt::format(" (env {})", row.environment);
  return Tagged(Heading(row), meaning);
}

}  // namespace

std::string OptionsPage(const std::vector<CommandPage>& pages) {
  std::string text = fmt::format(
      "# Options\n\nWhat `cllm help` shows, as one page (made by `cllm help --markdown`); "
      "[command_line.md](command_line.md) explains it.\n\n{}\n",
      kEnvironmentRule);
  for (const CommandPage& page : pages) {
    text += fmt::format("\n## cllm {}\n{}\n\n    {}\n\n", page.name, page.summary, UsageOf(page));
    if (!page.rows.empty()) text += Table(page) + "\n";
    if (page.examples.empty()) continue;
    text += "Examples:\n\n";
    for (const std::string& example : page.examples) text += "    " + example + "\n";
  }
  text += "\n## Environment\n" + EntryTable("variable", EnvironmentVariables());
  return text + "\n## Exit codes\n" + EntryTable("code", ExitCodes());
}

std::string ManualPage(const std::vector<CommandPage>& pages) {
  std::string text = fmt::format(
      ".TH CLLM 1 \"{}\" \"cllm {}\" \"User Commands\"\n.nh\n"
      ".SH NAME\ncllm \\- train language models from scratch on the CPU, generate with them\n"
      ".SH SYNOPSIS\n.B cllm\n.I COMMAND\n[\\fIOPTIONS\\fR]\n.SH DESCRIPTION\n{}\n.SH COMMANDS\n",
      kManualDate, CLLM_VERSION, Roff(kProgramSummary));
  for (const CommandPage& page : pages) {
    text += fmt::format(".SS {}\n{}\n", Escaped(UsageOf(page)), Roff(page.summary));
    for (const OptionRow& row : page.rows) text += ManualEntry(row);
    if (page.examples.empty()) continue;
    text += ".PP\nExamples:\n.PP\n.nf\n.RS\n";
    for (const std::string& example : page.examples) text += Escaped(example) + "\n";
    text += ".RE\n.fi\n";
  }
  text += ".SH ENVIRONMENT\n" + Roff(kEnvironmentRule) + "\n";
  for (const HelpEntry& variable : EnvironmentVariables()) text += Tagged(variable.name, variable.meaning);
  text += ".SH EXIT STATUS\n";
  for (const HelpEntry& code : ExitCodes()) text += Tagged(code.name, code.meaning);
  return text;
}

}  // namespace cllm
