#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/generated_texts.h"
#include "app/messages.h"
#include "app/model_argument.h"
#include "app/prompts.h"
#include "app/sampling_flags.h"
#include "app/token_ids.h"

namespace cllm {
namespace {

constexpr uint64_t kMostTexts = 1'000'000;

struct GenerateFlags {
  std::string model, prompt, file, prompts, ids, weights = "f32";
  RequestOptions options;
  uint64_t count = 1;
  size_t threads = 0;
  bool no_begin = false, logprobs = false, echo = false, json = false;
};

void AddFlags(CommandLine& line, GenerateFlags& flags) {
  SamplerOptions& sampler = flags.options.sampler;
  AddModelArgument(line, flags.model);
  line.AddText("-p,--prompt TEXT", flags.prompt, "the text to continue");
  line.AddText("-f,--file FILE", flags.file,
               "a file with the text to continue, without the newline at its end; - for standard input");
  line.AddText("--prompts FILE", flags.prompts,
               "a file with one prompt a line; - for standard input. The text for line i is line i of the output, with "
               "\\n for a newline in it and \\\\ for a backslash");
  line.AddText("--ids IDS", flags.ids, "token ids to continue, as --json and tokenize write them, instead of a text");
  line.AddWhole("-n,--tokens", flags.options.tokens, 1, 10'000'000,
                "new tokens at most; a character that the last one leaves unfinished is dropped [200]");
  line.AddWhole("--count", flags.count, 1, kMostTexts,
                "texts for each prompt, with its seed, the next one and so on [1]");
  AddSamplingFlags(line, sampler);
  line.AddTexts("--stop", flags.options.stops, "end before this text");
  line.AddWhole("-s,--seed", sampler.seed, 0, kMostSeed,
                "the same seed gives the same text [a random one, told on standard error]");
  line.AddWhole("--threads", flags.threads, 1, 4096,
                "worker threads; the text is the same for any number [one per core]");
  line.AddText("--weights f32|bf16|q8_0", flags.weights, kWeightsHelp);
  line.AddFlag("--no-begin", flags.no_begin, "do not start with the begin token");
  line.AddFlag("--logprobs", flags.logprobs, "each token with its logarithmic probability, one a line");
  line.AddFlag("--echo", flags.echo, "print the prompt too");
  line.AddFlag("--json", flags.json, "the result as JSON, one object a text");
}

// The source of prompts that was named, "" where none was. Usage: more than one.
Result<std::string> SourceOfPrompts(const CommandLine& line) {
  std::string named;
  for (const char* name : {"prompt", "file", "prompts", "ids"}) {
    if (!line.Given(name)) continue;
    if (!named.empty()) return Usage(fmt::format("--{} and --{} contradict each other; name one", named, name));
    named = name;
  }
  return named;
}

Result<std::vector<Prompt>> Prompts(const GenerateFlags& flags, const std::string& source, const Tokenizer& tokenizer) {
  std::vector<Prompt> prompts;
  if (source == "ids") {
    CLLM_ASSIGN(std::vector<uint32_t> ids, ParseTokenIds(flags.ids, "--ids", tokenizer.vocabulary()));
    if (ids.empty()) return BadInput("--ids: no token id in it, expected at least one");
    prompts.push_back({.ids = std::move(ids)});
  } else if (source == "file") {
    CLLM_ASSIGN(std::string text, ReadInput(flags.file));
    prompts.push_back({.text = WithoutLastNewline(std::move(text))});
  } else if (source == "prompts") {
    CLLM_ASSIGN(const std::string text, ReadInput(flags.prompts));
    for (std::string& line : LinesOf(text)) prompts.push_back({.text = std::move(line)});
    if (prompts.empty()) return BadInput(InputName(flags.prompts) + ": no prompt in it, expected one a line");
  } else {
    prompts.push_back({.text = flags.prompt});
  }
  return prompts;
}

// A random seed where none was named, short enough to be typed; what cannot be known otherwise is told.
Status ChooseSeeds(const CommandLine& line, uint64_t count, SamplerOptions& sampler) {
  const bool named = line.Given("seed");
  if (!named) sampler.seed = std::random_device()();
  if (sampler.seed > kMostSeed - (count - 1)) {
    return Usage(fmt::format("--seed is '{}' and --count '{}', expected seeds up to {}", sampler.seed, count,
                             kMostSeed));
  }
  if (sampler.temperature == 0) {
    if (count > 1) PrintNote("at --temp 0 the texts of a prompt are all the same");
  } else if (count > 1) {
    PrintNote(fmt::format("seeds {} to {}; --seed repeats one of them", sampler.seed, sampler.seed + count - 1));
  } else if (!named) {
    PrintNote(fmt::format("seed {0}; --seed {0} repeats it", sampler.seed));
  }
  return {};
}

TextForm FormOf(const GenerateFlags& flags, const std::string& source) {
  if (flags.json) return TextForm::kJson;
  if (flags.logprobs) return TextForm::kLogprobs;
  return source == "prompts" ? TextForm::kLines : TextForm::kPlain;
}

}  // namespace

Outcome GenerateCommand(const Arguments& arguments) {
  CommandLine line("generate", "Continues a prompt.",
                   "cllm generate runs/book-1 -p \"Once upon\" -n 300 --temp 0.7\n"
                   "cllm generate runs/book-1 -p \"Once upon\" --count 5 --seed 7\n"
                   "cllm generate runs/book-1 --prompts lines.txt --json > texts.jsonl");
  GenerateFlags flags;
  AddFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_TRY(Validate(flags.options.sampler));
  CLLM_ASSIGN(const Storage storage, WeightsFlag(flags.weights));
  CLLM_ASSIGN(const std::string source, SourceOfPrompts(line));
  CLLM_ASSIGN(OpenedModel model, OpenModelAloud(flags.model));
  TextsToGenerate texts{
      .count = flags.count, .options = flags.options, .form = FormOf(flags, source), .echo = flags.echo};
  texts.options.begin = !flags.no_begin;
  CLLM_ASSIGN(texts.prompts, Prompts(flags, source, model.tokenizer));
  CLLM_TRY(ChooseSeeds(line, flags.count, texts.options.sampler));
  const Weights weights(std::move(model.stored), storage);
  CLLM_ASSIGN(const auto pool, Spheres::Start({.leaves = flags.threads}));
  return GenerateTexts(texts, {weights, model.tokenizer, pool.get()});
}

}  // namespace cllm
