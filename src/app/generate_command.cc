#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <iterator>

#include "app/command.h"
#include "app/command_line.h"
#include "app/terminal_text.h"
#include "base/file.h"
#include "infer/request_batch.h"
#include "run/open_model.h"
#include "store/json.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxPromptBytes = 64 << 20;

struct GenerateFlags {
  std::string model, prompt, file, prompts, weights = "f32";
  RequestOptions options;
  size_t threads = 0;
  bool no_begin = false, logprobs = false, echo = false, json = false;
};

void AddFlags(CommandLine& line, GenerateFlags& flags) {
  SamplerOptions& sampler = flags.options.sampler;
  line.AddRequiredText("MODEL", flags.model, "a run, RUN@latest, RUN@STEP, a checkpoint or a model directory");
  line.AddText("-p,--prompt", flags.prompt, "the text to continue");
  line.AddText("-f,--file", flags.file, "a file with the text to continue");
  line.AddText("--prompts", flags.prompts, "a file with one prompt a line");
  line.AddWhole("-n,--tokens", flags.options.tokens, 1, 10'000'000, "new tokens at most [200]");
  line.AddReal("--temp", sampler.temperature, 0, 100, "temperature; 0 takes the most probable token [0.8]");
  line.AddWhole("--top-k", sampler.top_k, 0, 1 << 20, "choose among the K most probable; 0: all [40]");
  line.AddReal("--top-p", sampler.top_p, 0, 1, "choose among the most probable that make up P [0.95]");
  line.AddReal("--min-p", sampler.min_p, 0, 1, "leave out what is less probable than P times the best [0.05]");
  line.AddReal("--repeat-penalty", sampler.repeat_penalty, 0.01, 100, "above 1: repeat less [1]");
  line.AddTexts("--stop", flags.options.stops, "end before this text; may be given several times");
  line.AddWhole("-s,--seed", sampler.seed, 0, ~uint64_t{0} >> 1, "the same seed gives the same text [1]");
  line.AddWhole("--threads", flags.threads, 1, 4096, "worker threads; the text is the same for any number [one per core]");
  line.AddText("--weights", flags.weights, kWeightsHelp);
  line.AddFlag("--no-begin", flags.no_begin, "do not start with the begin token");
  line.AddFlag("--logprobs", flags.logprobs, "each token with its logarithmic probability, one a line");
  line.AddFlag("--echo", flags.echo, "print the prompt too");
  line.AddFlag("--json", flags.json, "the result as JSON, one object a prompt");
}

Result<std::vector<std::string>> Prompts(const GenerateFlags& flags) {
  const int sources = !flags.prompt.empty() + !flags.file.empty() + !flags.prompts.empty();
  if (sources > 1) return Usage("--prompt, --file and --prompts contradict each other; name one");
  if (flags.file == "-") {
    return std::vector<std::string>{std::string(std::istreambuf_iterator<char>(std::cin), {})};
  }
  if (!flags.file.empty()) {
    CLLM_ASSIGN(std::string text, ReadFile(flags.file, kMaxPromptBytes));
    return std::vector<std::string>{std::move(text)};
  }
  if (flags.prompts.empty()) return std::vector<std::string>{flags.prompt};
  CLLM_ASSIGN(const std::string text, ReadFile(flags.prompts, kMaxPromptBytes));
  std::vector<std::string> prompts;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) prompts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (prompts.empty()) return BadInput(fmt::format("{}: no prompt in it, expected one a line", flags.prompts));
  return prompts;
}

std::string JsonOf(const std::string& prompt, const Generated& made, const Tokenizer& tokenizer) {
  static constexpr const char* kReasons[] = {"length", "stop", "end"};
  JsonArray tokens, logprobs;
  for (const uint32_t id : made.tokens) tokens.push_back(tokenizer.TokenText(id));
  for (const float logprob : made.logprobs) logprobs.emplace_back(static_cast<double>(logprob));
  return WriteJson({{"prompt", prompt},
                    {"text", made.text},
                    {"finish_reason", kReasons[static_cast<size_t>(made.reason)]},
                    {"tokens", tokens},
                    {"logprobs", logprobs}});
}

// A loaded model and the leaves that decode with it.
struct Speaker {
  const Weights& weights;
  const Tokenizer& tokenizer;
  Spheres* pool;
};

Status GenerateOne(const GenerateFlags& flags, const Speaker& speaker, const std::string& prompt) {
  // A terminal gets text that cannot upset it; a file or pipe gets the raw bytes.
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  const auto print = [&](std::string_view text) {
    std::cout << (terminal ? ForTerminal(std::string(text)) : std::string(text)) << std::flush;
  };
  const bool plain = !flags.json && !flags.logprobs;
  if (flags.echo && plain) print(prompt);
  const Generated made =
      Generate(speaker.weights, speaker.tokenizer, prompt, flags.options, [&](const GeneratedToken& token) {
        if (flags.logprobs && !flags.json) {
          std::cout << fmt::format("{:.4f}\t{}\n", token.logprob, speaker.tokenizer.TokenText(token.id));
        } else if (plain) {
          print(token.text);
        }
        return static_cast<bool>(std::cout);
      }, speaker.pool);
  if (flags.json) std::cout << JsonOf(prompt, made, speaker.tokenizer) << "\n";
  if (plain) std::cout << "\n";
  std::cout.flush();
  return {};
}

}  // namespace

Outcome GenerateCommand(const std::vector<std::string>& arguments) {
  CommandLine line("generate", "Continues a prompt.", "cllm generate runs/book-1 -p \"Once upon\" -n 300 --temp 0.7");
  GenerateFlags flags;
  AddFlags(line, flags);
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_TRY(Validate(flags.options.sampler));
  CLLM_ASSIGN(const Storage storage, WeightsFlag(flags.weights));
  flags.options.begin = !flags.no_begin;
  CLLM_ASSIGN(const std::vector<std::string> prompts, Prompts(flags));
  CLLM_ASSIGN(OpenedModel model, OpenModel(flags.model));
  const Weights weights(std::move(model.parameters), storage);
  CLLM_ASSIGN(const auto pool, Spheres::Start({.leaves = flags.threads}));
  for (const std::string& prompt : prompts) {
    if (std::cout) CLLM_TRY(GenerateOne(flags, {weights, model.tokenizer, pool.get()}, prompt));
  }
  return {};
}

}  // namespace cllm
