#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <utility>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/console.h"
#include "app/prompts.h"
#include "app/token_ids.h"
#include "base/file.h"
#include "base/path.h"
#include "corpus/source_file.h"
#include "run/open_model.h"
#include "run/run_config.h"
#include "run/text_preparation.h"

namespace cllm {
namespace {

Status Decode(const Tokenizer& tokenizer, const std::string& path) {
  CLLM_ASSIGN(const std::string text, ReadInput(path));
  CLLM_ASSIGN(const std::vector<uint32_t> ids, ParseTokenIds(text, InputName(path), tokenizer.vocabulary()));
  std::cout << tokenizer.Decode(ids);
  return {};
}

}  // namespace

Outcome TokenizeCommand(const Arguments& arguments) {
  CommandLine line(
      "tokenize",
      "Writes the token ids of a text, one a line and an empty line between documents; with -d the text of "
      "token ids.",
      "echo \"Hello there\" | cllm tokenize runs/book-1 --pieces\n  cllm tokenize runs/book-1 texts/");
  std::string path;
  std::vector<std::string> text;
  bool decode = false, pieces = false;
  line.AddRequiredText("MODEL", path, "a run, a model or a tokenizer's directory");
  line.AddTexts("TEXT", text, "files, directories, globs or - for standard input; with -d one file of ids [-]");
  line.AddReadingOptions("the run's");
  line.AddFlag("-d,--decode", decode, "from ids to text; they stand apart by spaces, newlines or commas");
  line.AddFlag("--pieces", pieces, "each id with its text");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(const Tokenizer tokenizer, TokenizerOf(path));
  if (decode && text.size() > 1) return Usage(fmt::format("'{}': --decode reads one file of ids", text[1]));
  if (decode && pieces) return Usage("--decode and --pieces contradict each other; name one");
  if (decode) return Decode(tokenizer, text.empty() ? std::string(kStandardInput) : text.front());
  CLLM_ASSIGN(RunChoices choices, ChoicesBehind(path));
  CLLM_TRY(line.Apply(choices));
  choices.text = text.empty() ? std::vector<std::string>{std::string(kStandardInput)} : text;
  CLLM_TRY(CheckChoices(choices));
  // A terminal that gets the ids has no room for a line of progress among them.
  ConsoleObserver console(ChooseConsoleStyle(isatty(STDOUT_FILENO) != 0));
  bool after_document = false;
  const Status read = ReadDocuments(TextOf(choices).corpus, console, [&](const TextBlock& block) {
    if (std::exchange(after_document, block.ends_document)) std::cout << "\n";
    for (const uint32_t id : tokenizer.Encode(block.text)) {
      std::cout << (pieces ? fmt::format("{}\t{}\n", id, tokenizer.TokenText(id)) : fmt::format("{}\n", id));
    }
    return std::cout ? Status() : Failed("nobody takes the ids");
  });
  return std::cout ? read : Status();  // main says what became of the output
}

}  // namespace cllm
