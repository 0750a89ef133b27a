#include <fmt/format.h>

#include <iostream>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/console.h"
#include "app/model_argument.h"
#include "base/units.h"
#include "math/scalar.h"
#include "run/evaluate.h"
#include "run/run_config.h"
#include "run/text_preparation.h"
#include "store/json.h"

namespace cllm {
namespace {

struct EvalFlags {
  std::string model, weights = "f32";
  std::vector<std::string> text;
  size_t stride = 0;
  size_t threads = 0;
  bool json = false;
};

// One that has many digits, with an exponent.
std::string Perplexity(double value) {
  return value < 1e9 ? fmt::format("{:.3f}", value) : fmt::format("{:.3e}", value);
}

void Print(const EvalFlags& flags, const TextEvaluation& text) {
  const MeanScores& scores = text.result.scores;
  const double perplexity = math::Exp(scores.token);
  if (flags.json) {
    std::cout << WriteJson({{"model", flags.model},
                            {"weights", flags.weights},
                            {"nats_per_token", scores.token},
                            {"nats_root", scores.root},
                            {"nats_form", scores.form},
                            {"perplexity", perplexity},
                            {"bits_per_byte", text.result.bits_per_byte},
                            {"tokens", scores.positions},
                            {"bytes", text.bytes},
                            {"of_answers", text.tokens_of_dialogues != 0}})
              << "\n";
    return;
  }
  std::cout << fmt::format(
      "nats_per_token {:.4f}\nperplexity     {}\nbits_per_byte  {:.4f}\nof the token's root {:.4f}, of its form {:.4f} "
      "nats per token\ntext           {} bytes, {} tokens\n",
      scores.token, Perplexity(perplexity), text.result.bits_per_byte, scores.root, scores.form,
      FormatCount(text.bytes), FormatCount(scores.positions));
  if (text.tokens_of_dialogues == 0) return;
  std::cout << fmt::format("               of what the assistant says, in dialogues of {} bytes, {} tokens\n",
                           FormatCount(text.bytes_of_dialogues), FormatCount(text.tokens_of_dialogues));
}

}  // namespace

Outcome EvalCommand(const Arguments& arguments) {
  CommandLine line("eval", "Measures a model on a text: every byte counted once, contexts end to end.",
                   "cllm eval runs/book-1 other.txt");
  EvalFlags flags;
  AddModelArgument(line, flags.model);
  line.AddRequiredTexts("TEXT", flags.text, "files, directories, globs or - for standard input");
  line.AddReadingOptions("the run's");
  line.AddWhole("--stride", flags.stride, 1, 1 << 20, "tokens from one context to the next [the context]");
  line.AddWhole("--threads", flags.threads, 1, 4096, "worker threads [one per core]");
  line.AddText("--weights f32|bf16|q8_0", flags.weights, kWeightsHelp);
  line.AddFlag("--json", flags.json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  ConsoleObserver console(ChooseConsoleStyle(false));
  CLLM_ASSIGN(const Storage storage, WeightsFlag(flags.weights));
  console.OnPhase({.name = "opening the model"});
  CLLM_ASSIGN(OpenedModel model, OpenModelAloud(flags.model));
  CLLM_ASSIGN(RunChoices choices, ChoicesBehind(flags.model));
  CLLM_TRY(line.Apply(choices));
  choices.text = flags.text;
  CLLM_TRY(CheckChoices(choices));
  const Weights weights(std::move(model.stored), storage);
  EvaluateOptions options;
  options.threads = flags.threads;
  if (flags.stride != 0) options.stride = flags.stride;
  CLLM_ASSIGN(const TextEvaluation evaluated,
              EvaluateText(weights, model.tokenizer, TextOf(choices).corpus, options, console));
  Print(flags, evaluated);
  return {};
}

}  // namespace cllm
