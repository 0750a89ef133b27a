#include "train/planner.h"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "base/system.h"
#include "kernels/peak.h"
#include "math/scalar.h"
#include "train/trial.h"
#include "train/work_items.h"

namespace cllm {
namespace {

// Shapes from small to large; the planner picks by compute and text size.
struct Shape {
  size_t layers, heads, width, hidden;
};
constexpr std::array<Shape, 10> kShapes = {{{2, 2, 64, 176},
                                            {3, 3, 96, 256},
                                            {4, 4, 128, 344},
                                            {4, 6, 192, 512},
                                            {5, 4, 256, 688},
                                            {6, 5, 320, 856},
                                            {6, 6, 384, 1024},
                                            {8, 8, 512, 1368},
                                            {10, 10, 640, 1712},
                                            {12, 12, 768, 2048}}};
constexpr double kExpectedShare = 0.5;  // of peak, before a step is measured
constexpr double kDefaultSeconds = 600;
constexpr uint64_t kEvaluations = 20;
constexpr double kFineTuning = 0.2;  // of the rates, when the weights are a trained model's

ModelShape ShapeOf(const Shape& s, size_t vocabulary, size_t context) {
  return {.layers = s.layers, .heads = s.heads, .width = s.width, .hidden = s.hidden, .context = context,
          .vocabulary = vocabulary};
}

size_t PlanContext(double tokens_in_time, bool bytes) {
  const size_t longest = bytes ? 256 : 128;
  return tokens_in_time < 4e6 ? longest / 2 : longest;
}

void SetIfEmpty(std::optional<size_t>& choice, size_t value) {
  if (!choice) choice = value;
}

// Seconds of training a shape gets per token at the expected share of peak.
double TokensInTime(const Shape& shape, size_t vocabulary, size_t context, double seconds,
                    const MachineSpeed& machine) {
  return seconds * kExpectedShare * machine.peak_gflops * 1e9 / FlopPerToken(ShapeOf(shape, vocabulary, context));
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
  if (epochs <= 4) return 0;
  if (epochs <= 20) return 0.1;
  return epochs <= 50 ? 0.2 : 0.3;
}

const Shape& BestShape(uint64_t unique_tokens, size_t vocabulary, double seconds, const MachineSpeed& machine) {
  const Shape* best = &kShapes.front();
  double lowest = 1e30;
  for (const Shape& shape : kShapes) {
    const double tokens = TokensInTime(shape, vocabulary, 128, seconds, machine);
    const double loss = PredictedLoss(MatrixParameters(ShapeOf(shape, vocabulary, 128)), tokens, static_cast<double>(unique_tokens));
    if (loss >= lowest) continue;
    lowest = loss;
    best = &shape;
  }
  return *best;
}

}  // namespace

MachineSpeed MeasureMachine(size_t threads, double milliseconds, Precision precision) {
  std::vector<double> gflops(threads);
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < threads; ++i) {
      workers.emplace_back([&gflops, i, milliseconds, precision] { gflops[i] = PeakGflops(milliseconds, precision); });
    }
  }
  MachineSpeed speed{0, threads};
  for (const double g : gflops) speed.peak_gflops += g;
  return speed;
}

std::string PlanTokenizer(uint64_t bytes, double seconds, const MachineSpeed& machine) {
  const double flop = seconds * machine.peak_gflops * 1e9 * kExpectedShare;
  if (bytes < 300'000) return "bytes";
  if (bytes < 3'000'000 || flop < 5e12) return "bpe:1024";
  return flop < 5e13 ? "bpe:2048" : "bpe:4096";
}

Status PlanModel(const PreparedCorpus& corpus, size_t vocabulary, double seconds, const MachineSpeed& machine,
                 RunConfig& config) {
  const double budget = seconds > 0 ? seconds : kDefaultSeconds;
  const Shape& best = BestShape(corpus.training().size(), vocabulary, budget, machine);
  if (!config.heads && config.kv_heads) config.heads = std::max(best.heads / *config.kv_heads, size_t{1}) * *config.kv_heads;
  if (!config.heads && config.width) {
    config.heads = std::max<size_t>(1, *config.width / 32);
    while (*config.width % *config.heads != 0) --*config.heads;
  }
  SetIfEmpty(config.width, config.heads
                               ? (best.width + *config.heads * 2 - 1) / (*config.heads * 2) * (*config.heads * 2)
                               : best.width);
  SetIfEmpty(config.heads, best.heads);
  SetIfEmpty(config.layers, best.layers);
  SetIfEmpty(config.hidden, (*config.width * 8 / 3 + 7) / 8 * 8);
  const Shape shape = {*config.layers, *config.heads, *config.width, *config.hidden};
  const double tokens = TokensInTime(shape, vocabulary, 128, budget, machine);
  const size_t fitting = std::max<size_t>(8, corpus.training().size() / 4);
  SetIfEmpty(config.context, std::min(PlanContext(tokens, vocabulary == kByteVocabulary), fitting));
  SetIfEmpty(config.batch, std::max<size_t>(1, (tokens < 2e7 ? 1024 : tokens < 1e8 ? 2048 : 4096) / *config.context));
  SetIfEmpty(config.item, DefaultItemSequences(*config.batch, *config.context));
  const double width_scale = 128.0 / static_cast<double>(*config.width);
  const double tuning = config.from.empty() ? 1.0 : kFineTuning;
  if (!config.rate) config.rate = tuning * (config.optimizer == OptimizerKind::kMuon ? 0.01 : 3e-3 * width_scale);
  if (!config.embedding_rate) config.embedding_rate = tuning * 0.01;
  if (!config.dropout) {
    const double trained = config.steps ? static_cast<double>(*config.steps * *config.batch * *config.context) : tokens;
    // A run of a named length keeps the plain model; one that is planned guards against memorising.
    config.dropout = seconds > 0 ? PlannedDropout(trained / static_cast<double>(corpus.training().size())) : 0.0;
  }
  return config.Shape(vocabulary).status();
}

uint64_t StepsInTime(double seconds, double step_seconds) {
  // Evaluations in mid-run and the last one cost about 3 % of the steps' work each (see eval_tokens and Trainer).
  constexpr double kEvaluationShare = 0.06;
  return std::max<uint64_t>(20, static_cast<uint64_t>(seconds / (step_seconds * (1 + kEvaluationShare))));
}

void PlanSteps(double seconds, double step_seconds, RunConfig& config) {
  if (!config.steps) config.steps = StepsInTime(seconds, step_seconds);
  if (!config.eval_every) config.eval_every = std::max<uint64_t>(1, *config.steps / kEvaluations);
  // About 3 % of the training's work.
  const double tokens = static_cast<double>(*config.steps * *config.batch * *config.context);
  if (!config.eval_tokens)
    config.eval_tokens = seconds > 0 ? std::max<uint64_t>(16384, static_cast<uint64_t>(0.09 * tokens)) : 0;
  if (!config.save_every) config.save_every = std::max<uint64_t>(1, *config.steps / 4);
}

Result<double> MeasureStep(const RunConfig& config, const Tokenizer& tokenizer, double seconds) {
  RunConfig trial = config;
  trial.steps = 1'000'000;
  const TokenLattice& lattice = tokenizer.lattice();
  CLLM_ASSIGN(const auto spheres, Spheres::Start({.leaves = trial.threads}));
  CLLM_ASSIGN(const auto step, UntrainedStep(trial, tokenizer.vocabulary(),
                                             {lattice.root_class(), lattice.form_class()}, *spheres));
  const SequenceReader random = RandomTokens(tokenizer.vocabulary());
  std::vector<double> times;
  const double end = MonotonicSeconds() + seconds;
  for (uint64_t i = 0; i < 3 || (MonotonicSeconds() < end && i < 1000); ++i) {
    const double begin = MonotonicSeconds();
    CLLM_TRY(step->Run(i, random));
    if (i > 0) times.push_back(MonotonicSeconds() - begin);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace cllm
