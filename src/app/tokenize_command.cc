#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <iterator>
#include <utility>

#include "app/command.h"
#include "app/command_line.h"
#include "app/console.h"
#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "run/run_config.h"
#include "run/text_preparation.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

// A run or tokenizer directory, or a checkpoint inside a run.
Result<Tokenizer> OpenTokenizer(const std::string& path) {
  const std::string run = path.substr(0, path.find('@'));
  if (!PathExists(JoinPath(run, kTokenizerFileName)) && PathExists(JoinPath(run, "../../tokenizer.json"))) {
    return LoadTokenizer(JoinPath(run, "../.."));
  }
  return LoadTokenizer(run);
}

Status Decode(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<uint32_t> ids;
  std::string word;
  for (size_t begin = 0; begin < text.size();) {
    const size_t start = text.find_first_not_of(" \t\r\n,[]", begin);
    if (start == std::string::npos) break;
    const size_t end = std::min(text.find_first_of(" \t\r\n,[]", start), text.size());
    const Result<uint64_t> id = ParseCount(text.substr(start, end - start));
    if (!id.ok() || *id >= tokenizer.vocabulary()) {
      return BadInput(fmt::format("standard input: '{}', expected token ids from 0 to {}",
                                  text.substr(start, std::min<size_t>(end - start, 40)), tokenizer.vocabulary() - 1));
    }
    ids.push_back(static_cast<uint32_t>(*id));
    begin = end;
  }
  std::cout << tokenizer.Decode(ids);
  return {};
}

}  // namespace

Outcome TokenizeCommand(const std::vector<std::string>& arguments) {
  CommandLine line("tokenize",
                   "Writes the token ids of a text, one a line and an empty line between documents; with -d the text of "
                   "token ids.",
                   "echo \"Hello there\" | cllm tokenize runs/book-1 --pieces\n  cllm tokenize runs/book-1 texts/");
  std::string path;
  std::vector<std::string> text;
  bool decode = false, pieces = false;
  line.AddRequiredText("MODEL", path, "a run or a tokenizer's directory");
  line.AddTexts("TEXT", text, "files, directories, globs or - for standard input [-]");
  line.AddReadingOptions("the run's");
  line.AddFlag("-d,--decode", decode, "from ids on standard input to text");
  line.AddFlag("--pieces", pieces, "each id with its text");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(const Tokenizer tokenizer, OpenTokenizer(path));
  if (decode && !text.empty()) return Usage(fmt::format("'{}': --decode reads standard input only", text.front()));
  if (decode) return Decode(tokenizer, std::string{std::istreambuf_iterator<char>(std::cin), {}});
  CLLM_ASSIGN(RunChoices choices, ChoicesBehind(path));
  CLLM_TRY(line.Apply(choices));
  choices.text = text.empty() ? std::vector<std::string>{"-"} : text;
  // A terminal that gets the ids has no room for a line of progress among them.
  ConsoleObserver console(ChooseConsoleStyle(isatty(STDOUT_FILENO) != 0));
  bool after_document = false;
  return ReadDocuments(TextOf(choices).corpus, console, [&](const TextBlock& block) {
    if (std::exchange(after_document, block.ends_document)) std::cout << "\n";
    for (const uint32_t id : tokenizer.Encode(block.text)) {
      std::cout << (pieces ? fmt::format("{}\t{}\n", id, tokenizer.TokenText(id)) : fmt::format("{}\n", id));
    }
    return Status();
  });
}

}  // namespace cllm
