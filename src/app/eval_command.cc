#include <fmt/format.h>

#include <iostream>

#include "app/command.h"
#include "app/command_line.h"
#include "app/console.h"
#include "data/cache_directory.h"
#include "data/prepared_corpus.h"
#include "data/split_text.h"
#include "infer/open_model.h"
#include "math/scalar.h"
#include "store/json.h"
#include "train/validation.h"
#include "train/worker.h"

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
  EvaluationReport report;
  PartStatistics part;
};

Result<EvalResult> Evaluate(const EvalFlags& flags, const OpenedModel& model, const PackedWeights& packed,
                            ConsoleObserver& console) {
  const size_t threads = flags.threads != 0 ? flags.threads : PlanSpheres({}).leaves;
  TextOptions options;
  options.corpus.paths = flags.text;
  options.cache_directory = DefaultCacheDirectory();
  CLLM_ASSIGN(const SplitText text, SplitText::OpenForEvaluation(options));
  CLLM_ASSIGN(const PreparedCorpus corpus, Prepare(text, model.tokenizer, {.threads = threads, .progress = {}}));
  for (const std::string& note : corpus.notes()) console.OnNote(note);
  const size_t context = model.config.context, stride = flags.stride == 0 ? context : flags.stride;
  if (stride > context) {
    return Usage(fmt::format("--stride is {}, expected at most the model's context of {}", stride, context));
  }
  const TokenLattice& lattice = model.tokenizer.lattice();
  const Transformer transformer(model.config, model.parameters, packed, {lattice.root_class(), lattice.form_class()});
  SpheresOptions spheres_options;
  spheres_options.leaves = flags.threads;
  spheres_options.make_state = Worker::Maker(model.config, 1);
  CLLM_ASSIGN(const auto spheres, Spheres::Start(std::move(spheres_options)));
  const PartStatistics& part = corpus.part(CorpusPart::kValidation);
  const Validation validation(corpus.validation(), part.bytes, model.tokenizer, context, stride);
  CLLM_ASSIGN(const EvaluationReport report, validation.Run(*spheres, transformer, validation.windows()));
  return EvalResult{report, part};
}

void Print(const EvalFlags& flags, const EvalResult& result) {
  const MeanScores& scores = result.report.scores;
  const double perplexity = math::Exp(scores.token);
  if (flags.json) {
    std::cout << WriteJson({{"model", flags.model},
                            {"weights", flags.weights},
                            {"nats_per_token", scores.token},
                            {"nats_root", scores.root},
                            {"nats_form", scores.form},
                            {"perplexity", perplexity},
                            {"bits_per_byte", result.report.bits_per_byte},
                            {"tokens", scores.positions},
                            {"bytes", result.part.bytes}})
              << "\n";
    return;
  }
  std::cout << fmt::format(
      "nats_per_token {:.4f}\nperplexity     {:.3f}\nbits_per_byte  {:.4f}\nroot, form     {:.4f}, {:.4f} nats per "
      "token\ntext           {} bytes, {} tokens\n",
      scores.token, perplexity, result.report.bits_per_byte, scores.root, scores.form, result.part.bytes,
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
  CLLM_ASSIGN(const Precision weights, WeightPrecision(flags.weights));
  CLLM_ASSIGN(OpenedModel model, OpenModel(flags.model));
  const PackedWeights packed = RoundAndPack(model.parameters, model.config, weights);
  CLLM_ASSIGN(const EvalResult result, Evaluate(flags, model, packed, console));
  Print(flags, result);
  return {};
}

}  // namespace cllm
