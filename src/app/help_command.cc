#include <fmt/format.h>

#include <iostream>

#include "app/arguments/command_line.h"
#include "app/arguments/help_text.h"
#include "app/arguments/reference_pages.h"
#include "app/command.h"
#include "app/command_table.h"

namespace cllm {
namespace {

// What `cllm COMMAND... --help` prints.
Outcome HelpOf(const std::vector<std::string>& names) {
  std::vector<std::string> words = names;
  words.push_back("--help");
  return RunNamed(Commands(), "command", "cllm --help", words);
}

}  // namespace

Outcome HelpCommand(const Arguments& arguments) {
  CommandLine line("help", "Shows what the program can do, or what a command takes.",
                   "cllm help generate\n  cllm help bench train\n  cllm help --man > cllm.1");
  std::vector<std::string> names;
  bool man = false, markdown = false;
  line.AddTexts("COMMAND", names, "a command, such as train or bench kernels");
  line.AddFlag("--man", man, "all commands as a manual page, for man");
  line.AddFlag("--markdown", markdown, "all commands as a page of Markdown, docs/options.md");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (man && markdown) return Usage("--man and --markdown contradict each other; name one");
  if ((man || markdown) && !names.empty()) {
    return Usage(fmt::format("'{}': {} shows all commands", names.front(), man ? "--man" : "--markdown"));
  }
  if (!names.empty()) return HelpOf(names);
  if (man || markdown) {
    std::cout << (man ? ManualPage(Pages()) : OptionsPage(Pages()));
  } else {
    PrintHelp(OverviewText());
  }
  return {};
}

Outcome VersionCommand(const Arguments& arguments) {
  CommandLine line("version",
                   "Shows the version, the numerics (equal numerics give equal bits) and the vector instructions.",
                   "cllm version");
  CLLM_TRY(line.Parse(arguments));
  if (!line.help_shown()) std::cout << VersionText() << "\n";
  return {};
}

}  // namespace cllm
