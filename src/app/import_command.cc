#include <fmt/format.h>

#include <iostream>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/console.h"
#include "base/shell_word.h"
#include "base/units.h"
#include "model/layout.h"
#include "run/import_model.h"
#include "store/json.h"

namespace cllm {
namespace {

struct ImportFlags {
  std::string path, out;
  bool force = false, json = false;
};

void Print(const ImportFlags& flags, const ImportOutcome& outcome) {
  const uint64_t parameters = ParameterLayout(outcome.shape).parameters();
  if (flags.json) {
    std::cout << WriteJson({{"path", outcome.directory},
                            {"parameters", parameters},
                            {"tokenizer", outcome.tokenizer},
                            {"vocabulary", outcome.shape.vocabulary}})
              << "\n";
    return;
  }
  std::cout << fmt::format("{}, {} parameters ({}, vocabulary {} {})\n", outcome.directory, FormatCount(parameters),
                           DescribeShape(outcome.shape), outcome.shape.vocabulary, outcome.tokenizer);
}

}  // namespace

Outcome ImportCommand(const Arguments& arguments) {
  CommandLine line(
      "import",
      "Makes a model of another program one of this: a .gguf file of the llama architecture, or a directory "
      "of Hugging Face's with a model of the Llama family.",
      "cllm import book.gguf -o book\n  cllm import SmolLM2-135M -o base && cllm train --from base notes/");
  ImportFlags flags;
  line.AddRequiredText("PATH", flags.path, "a .gguf file, or a directory with config.json");
  line.AddText("-o,--out DIR", flags.out, "the directory for the model; needed");
  line.AddFlag("--force", flags.force, "replace files that are there");
  line.AddFlag("--json", flags.json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (flags.out.empty()) return Usage("--out is missing, expected the directory for the model");
  ConsoleObserver console(ChooseConsoleStyle(false));
  CLLM_ASSIGN(const ImportOutcome outcome,
              ImportModel(flags.path, flags.out, flags.force ? IfThere::kReplace : IfThere::kRefuse, console));
  for (const std::string& note : outcome.notes) console.OnNote({.sentence = note});
  Print(flags, outcome);
  const std::string model = QuotedForShell(outcome.directory);
  console.Say(fmt::format("next:\n  cllm generate {} -p \"Once\"\n  cllm train --from {} TEXT\n", model, model));
  return {};
}

}  // namespace cllm
