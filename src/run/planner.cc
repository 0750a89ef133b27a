#include "run/planner.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/check.h"
#include "base/system.h"
#include "math/scalar.h"
#include "run/run_plan.h"
#include "text/tokenizer_trainer.h"
#include "train/untrained.h"
#include "train/work_items.h"

namespace cllm {
namespace {

// Shapes from small to large; the planner picks by compute and text size.
struct Shape {
  size_t layers, heads, width, hidden;
};
constexpr std::array<Shape, 10> kShapes = {{{2, 2, 64, 192},
                                            {3, 3, 96, 256},
                                            {4, 4, 128, 352},
                                            {4, 6, 192, 512},
                                            {5, 4, 256, 704},
                                            {6, 5, 320, 864},
                                            {6, 6, 384, 1024},
                                            {8, 8, 512, 1376},
                                            {10, 10, 640, 1728},
                                            {12, 12, 768, 2048}}};
constexpr size_t kHiddenUnit = 32;   // blocks of that many weights are what other programs store
constexpr size_t kFewMerges = 512;   // a vocabulary below this is no better than bytes
constexpr double kMeasure_s = 1;     // that a measurement of the step takes at most
constexpr uint64_t kMostMeasured = 1000;
constexpr double kExpectedShare = 0.5;  // of peak, before a step is measured
constexpr uint64_t kEvaluations = 20;
constexpr double kFewTokens = 3.5e6;  // of a run
constexpr double kEnoughSteps = 2000;
constexpr double kFineTuning = 0.2;  // of the rates, when the weights are a trained model's

ModelShape SizedShape(const Shape& s, size_t vocabulary, size_t context) {
  return {.layers = s.layers, .heads = s.heads, .width = s.width, .hidden = s.hidden, .context = context,
          .vocabulary = vocabulary};
}

// A run of few tokens learns more from short contexts, as more of them are read; what other programs expect is 256. The
// cost of it is in docs/planner.md.
size_t PlanContext(double tokens_in_time) { return tokens_in_time < kFewTokens ? 128 : 256; }

// Sequences of a step: about as many tokens as the run bears, and one for each worker where enough steps are left.
size_t PlanSequences(double tokens, size_t context, size_t workers) {
  const size_t sequences = std::max<size_t>(1, (tokens < 2e7 ? 1024 : tokens < 1e8 ? 2048 : 4096) / context);
  const bool bears_workers = tokens / static_cast<double>(workers * context) >= kEnoughSteps;
  return bears_workers ? std::max(sequences, workers) : sequences;
}

// In double: a product of numbers that are named may have more than 64 bits.
double TrainedTokens(uint64_t steps, const RunChoices& choices) {
  return static_cast<double>(steps) * static_cast<double>(*choices.batch) *
         static_cast<double>(*choices.context);
}

void SetIfEmpty(std::optional<size_t>& choice, size_t value) {
  if (!choice) choice = value;
}

// Seconds of training a shape gets per token at the expected share of peak.
double TokensInTime(const Shape& shape, size_t vocabulary, size_t context, double seconds,
                    const MachineSpeed& machine) {
  return seconds * kExpectedShare * machine.peak_gflops * 1e9 / FlopPerToken(SizedShape(shape, vocabulary, context));
}

// Predicted loss above the text's own entropy, in bits per byte: a part that falls with parameters and one that falls
// with the tokens seen (the form of Hoffmann et al. 2022). A text teaches only so many parameters; dropout makes up for
// its repetition. Fitted to the runs in docs/planner.md.
double PredictedLoss(double parameters, double tokens, double unique_tokens) {
  const double taught = parameters / (1 + parameters / (4 * unique_tokens));
  return 24.2 * math::Exp(-0.3 * math::Log(taught)) + 476 / math::Sqrt(tokens);
}

// Share of activations to drop: the more often the text is read, the more.
double PlannedDropout(double epochs) {
  if (epochs <= 10) return 0;
  if (epochs <= 20) return 0.1;
  return epochs <= 50 ? 0.2 : 0.3;
}

const Shape& BestShape(const PlanningFacts& facts, double seconds) {
  const Shape* best = &kShapes.front();
  double lowest = 1e30;
  for (const Shape& shape : kShapes) {
    const double tokens = TokensInTime(shape, facts.vocabulary, 128, seconds, facts.machine);
    const double loss = PredictedLoss(MatrixParameters(SizedShape(shape, facts.vocabulary, 128)), tokens,
                                      static_cast<double>(facts.training_tokens));
    if (loss >= lowest) continue;
    lowest = loss;
    best = &shape;
  }
  return *best;
}

// Width, and heads where a named dimension decides on them.
void PlanWidth(const Shape& best, RunChoices& choices) {
  const size_t kv_heads = choices.kv_heads.value_or(1);  // they divide the heads
  if (!choices.heads && choices.width) {
    size_t heads = std::max<size_t>(1, *choices.width / 32 / kv_heads) * kv_heads;
    // Each head has an even number of columns, unless another number of them is named.
    while (!choices.head_dim && heads > kv_heads && *choices.width % (2 * heads) != 0) heads -= kv_heads;
    choices.heads = heads;
  }
  if (!choices.heads && choices.kv_heads) choices.heads = std::max<size_t>(1, best.heads / kv_heads) * kv_heads;
  if (choices.width) return;
  const size_t unit = choices.heads ? *choices.heads * 2 : 1;
  choices.width = (best.width + unit - 1) / unit * unit;
}

// tokens: that the time is expected to be enough for.
void PlanBatch(const PlanningFacts& facts, double tokens, RunChoices& choices) {
  // A text that is short for its context is read in pieces of a quarter, a tiny one in one that it holds.
  const size_t tokens_there = std::max<size_t>(2, facts.training_tokens);
  const size_t fitting = std::min(std::max<size_t>(8, tokens_there / 4), tokens_there - 1);
  SetIfEmpty(choices.context, std::min(PlanContext(tokens), fitting));
  SetIfEmpty(choices.batch, PlanSequences(tokens, *choices.context, facts.machine.threads));
  SetIfEmpty(choices.item, std::min(DefaultItemSequences(*choices.batch, *choices.context),
                                    std::max<size_t>(1, *choices.batch / facts.machine.threads)));
}

double MatrixRate(OptimizerKind kind, size_t width) {
  switch (kind) {
    case OptimizerKind::kMuon: return 0.01;
    case OptimizerKind::kAdamW: return 3e-3 * (128.0 / static_cast<double>(width));
  }
  return 0;
}

void PlanRates(RunChoices& choices) {
  const double tuning = choices.from.empty() ? 1.0 : kFineTuning;
  if (!choices.rate) choices.rate = tuning * MatrixRate(choices.optimizer, *choices.width);
  if (!choices.embedding_rate) choices.embedding_rate = tuning * 0.01;
}

}  // namespace

std::string PlanTokenizer(uint64_t bytes, double seconds, const MachineSpeed& machine) {
  const double flop = seconds * machine.peak_gflops * 1e9 * kExpectedShare;
  if (bytes < 300'000) return "bytes";
  if (bytes < 3'000'000 || flop < 5e12) return "bpe:1024";
  return flop < 5e13 ? "bpe:2048" : "bpe:4096";
}

Result<Tokenizer> LearnPlanned(const std::string& name, const TextSource& source, size_t threads,
                               const ShareDone& learning) {
  CLLM_ASSIGN(TokenizerSpec spec, ParseTokenizerSpec(name));
  spec.shortage = Shortage::kIsMet;
  CLLM_ASSIGN(Tokenizer learned, TrainTokenizer(spec, source, threads, learning));
  if (spec.vocabulary == kByteVocabulary || learned.vocabulary() >= kFewMerges) return learned;
  return TrainTokenizer(TokenizerSpec{}, source, threads);
}

Status PlanModel(const PlanningFacts& facts, RunChoices& choices) {
  const double budget = facts.seconds.value_or(kDefaultSeconds);
  const Shape& best = BestShape(facts, budget);
  PlanWidth(best, choices);
  SetIfEmpty(choices.heads, best.heads);
  SetIfEmpty(choices.layers, best.layers);
  SetIfEmpty(choices.hidden, (*choices.width * 8 / 3 + kHiddenUnit - 1) / kHiddenUnit * kHiddenUnit);
  const Shape shape = {*choices.layers, *choices.heads, *choices.width, *choices.hidden};
  const double tokens = TokensInTime(shape, facts.vocabulary, 128, budget, facts.machine);
  PlanBatch(facts, tokens, choices);
  PlanRates(choices);
  if (!choices.precision) choices.precision = Precision::kFp32;
  if (!choices.dropout) {
    const double trained =
        choices.steps ? TrainedTokens(*choices.steps, choices) : tokens;
    // A run of a named length keeps the plain model; one that is planned guards against memorising.
    choices.dropout = facts.seconds ? PlannedDropout(trained / static_cast<double>(facts.training_tokens)) : 0.0;
  }
  return ShapeOf(choices, facts.vocabulary).status();
}

uint64_t TimeForSteps::Steps() const {
  // Evaluations in mid-run and the last one cost about 3 % of the steps' work each (see eval_tokens and Trainer).
  constexpr double kEvaluationShare = 0.06;
  return std::max<uint64_t>(20, static_cast<uint64_t>(seconds / (step_seconds * (1 + kEvaluationShare))));
}

uint64_t PlanSteps(const std::optional<TimeForSteps>& time, RunChoices& choices) {
  CHECK(time || choices.steps);
  const uint64_t steps = choices.steps ? *choices.steps : time->Steps();
  if (!choices.eval_every) choices.eval_every = std::max<uint64_t>(1, steps / kEvaluations);
  // About 3 % of the training's work.
  const double tokens = TrainedTokens(steps, choices);
  if (!choices.eval_tokens) {
    choices.eval_tokens = time ? std::max<uint64_t>(16384, static_cast<uint64_t>(0.09 * tokens)) : 0;
  }
  if (!choices.save_every) choices.save_every = std::max<uint64_t>(1, steps / 4);
  return steps;
}

Result<double> MeasureStep(const RunChoices& choices, const Tokenizer& tokenizer, double seconds) {
  const TokenLattice& lattice = tokenizer.lattice();
  CLLM_ASSIGN(const ModelShape shape, ShapeOf(choices, tokenizer.vocabulary()));
  CLLM_ASSIGN(const StepOptions options, StepOptionsOf(choices));
  CLLM_ASSIGN(const auto spheres, Spheres::Start({.leaves = choices.threads}));
  CLLM_ASSIGN(const auto step, UntrainedStep(shape, options, {lattice.root_class(), lattice.form_class()}, *spheres));
  const SequenceReader random = RandomTokens(shape.vocabulary);
  std::vector<double> times;
  const double end = MonotonicSeconds() + std::min(seconds, kMeasure_s);
  for (uint64_t i = 0; i < 3 || (MonotonicSeconds() < end && i < kMostMeasured); ++i) {
    const double begin = MonotonicSeconds();
    CLLM_TRY(step->Run(i, random));
    if (i > 0) times.push_back(MonotonicSeconds() - begin);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace cllm
