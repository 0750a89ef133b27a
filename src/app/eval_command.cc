#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/command_line.h"
#include "app/console.h"
#include "corpus/cache_directory.h"
#include "corpus/split_text.h"
#include "data/prepared_corpus.h"
#include "infer/open_model.h"
#include "math/scalar.h"
#include "spheres/per_leaf.h"
#include "store/json.h"
#include "train/validation.h"

namespace cllm {
namespace {

struct EvalFlags {
  std::string model, weights = "f32";
  std::vector<std::string> text;
  size_t stride = 0;
  size_t threads = 0;
  bool json = false;
};

struct EvalResult {
  EvaluationResult evaluation;
  PartStatistics part;
};

Result<EvalResult> Evaluate(const EvalFlags& flags, const Tokenizer& tokenizer, const Weights& weights,
                            RunObserver& observer) {
  const size_t threads = flags.threads != 0 ? flags.threads : PlanSpheres({}).leaves;
  TextOptions options;
  options.corpus.paths = flags.text;
  options.cache_directory = DefaultCacheDirectory();
  CLLM_ASSIGN(const SplitText text, SplitText::OpenForEvaluation(options));
  CLLM_ASSIGN(const PreparedCorpus corpus, Prepare(text, tokenizer, {.threads = threads, .progress = {}}));
  for (const std::string& note : corpus.notes()) observer.OnNote({note});
  const size_t context = weights.shape().context, stride = flags.stride == 0 ? context : flags.stride;
  if (stride > context) {
    return Usage(fmt::format("--stride is {}, expected at most the model's context of {}", stride, context));
  }
  const TokenLattice& lattice = tokenizer.lattice();
  const Transformer transformer(weights, {lattice.root_class(), lattice.form_class()});
  CLLM_ASSIGN(const auto spheres, Spheres::Start({.leaves = flags.threads}));
  CLLM_ASSIGN(const auto contexts, PerLeaf<TrainingContext>::Make(*spheres, [&](const Leaf&) {
                return std::make_unique<TrainingContext>(weights.shape(), 1);
              }));
  const PartStatistics& part = corpus.part(CorpusPart::kValidation);
  const Validation validation(corpus.validation(), part.bytes, tokenizer, context, stride);
  CLLM_ASSIGN(const EvaluationResult report, validation.Run(*spheres, contexts, transformer, validation.windows()));
  return EvalResult{report, part};
}

void Print(const EvalFlags& flags, const EvalResult& result) {
  const MeanScores& scores = result.evaluation.scores;
  const double perplexity = math::Exp(scores.token);
  if (flags.json) {
    std::cout << WriteJson({{"model", flags.model},
                            {"weights", flags.weights},
                            {"nats_per_token", scores.token},
                            {"nats_root", scores.root},
                            {"nats_form", scores.form},
                            {"perplexity", perplexity},
                            {"bits_per_byte", result.evaluation.bits_per_byte},
                            {"tokens", scores.positions},
                            {"bytes", result.part.bytes}})
              << "\n";
    return;
  }
  std::cout << fmt::format(
      "nats_per_token {:.4f}\nperplexity     {:.3f}\nbits_per_byte  {:.4f}\nroot, form     {:.4f}, {:.4f} nats per "
      "token\ntext           {} bytes, {} tokens\n",
      scores.token, perplexity, result.evaluation.bits_per_byte, scores.root, scores.form, result.part.bytes,
      scores.positions);
}

}  // namespace

Status EvalCommand(const std::vector<std::string>& arguments) {
  CommandLine line("eval", "Measures a model on a text: every byte counted once, contexts end to end.",
                   "cllm eval runs/book-1 other.txt");
  EvalFlags flags;
  line.AddRequiredText("MODEL", flags.model, "a run, RUN@latest, RUN@STEP, a checkpoint or a model directory");
  line.AddRequiredTexts("TEXT", flags.text, "files, directories, globs or - for standard input");
  line.AddWhole("--stride", flags.stride, 1, 1 << 20, "tokens from one context to the next [the context]");
  line.AddWhole("--threads", flags.threads, 1, 4096, "worker threads [one per core]");
  line.AddText("--weights", flags.weights, kWeightsHelp);
  line.AddFlag("--json", flags.json, "the result as JSON");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  ConsoleObserver console(ConsoleStyle::kLines);
  CLLM_ASSIGN(const Storage storage, WeightsFlag(flags.weights));
  CLLM_ASSIGN(OpenedModel model, OpenModel(flags.model));
  const Weights weights(std::move(model.parameters), storage);
  CLLM_ASSIGN(const EvalResult result, Evaluate(flags, model.tokenizer, weights, console));
  Print(flags, result);
  return {};
}

}  // namespace cllm
