#include "app/command_table.h"

#include <array>
#include <utility>

#include "base/check.h"

namespace cllm {
namespace {

constexpr std::array<Command, 17> kCommands = {{
    {"train", "train a model on a text", TrainCommand},
    {"resume", "go on with a run", ResumeCommand},
    {"eval", "measure a model on a text", EvalCommand},
    {"generate", "continue a prompt", GenerateCommand},
    {"chat", "talk with a model", ChatCommand},
    {"serve", "answer other programs over HTTP", ServeCommand},
    {"dashboard", "show runs in a browser", DashboardCommand},
    {"tokenize", "show a text's tokens", TokenizeCommand},
    {"inspect", "look into a run, model, checkpoint or lattice", InspectCommand},
    {"export", "write a model for llama.cpp, Ollama, transformers", ExportCommand},
    {"import", "read a model of another program", ImportCommand},
    {"runs", "list, compare and remove runs; the cache", RunsCommand},
    {"report", "write what runs did as a page, a table or a picture", ReportCommand},
    {"watch", "draw a run in the terminal while it trains", WatchCommand},
    {"bench", "measure this machine and this program", BenchCommand},
    {"help", "show a command's options; all of them as one page", HelpCommand},
    {"version", "show the version, the numerics and the vector instructions", VersionCommand},
}};

void AddPages(std::span<const Command> commands, std::vector<CommandPage>& pages) {
  for (const Command& command : commands) {
    if (command.run == BenchCommand) {
      AddPages(Benchmarks(), pages);
      continue;
    }
    if (command.run == RunsCommand) {
      AddPages(RunsCommands(), pages);
      continue;
    }
    CommandPage page;
    // With a page to fill, a command does nothing else, and cannot fail.
    CHECK(command.run({.words = {}, .page = &page}).status.ok());
    pages.push_back(std::move(page));
  }
}

}  // namespace

std::span<const Command> Commands() { return kCommands; }

std::vector<CommandPage> Pages() {
  std::vector<CommandPage> pages;
  AddPages(Commands(), pages);
  return pages;
}

}  // namespace cllm
