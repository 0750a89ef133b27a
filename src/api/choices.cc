#include "api/choices.h"

#include "run/run_options.h"

namespace cllm {
namespace {

Status CheckLength(const std::optional<double>& time_s, const std::optional<uint64_t>& steps) {
  if (time_s && steps) return Usage("`time` and `steps` contradict each other, expected one of them");
  return {};
}

void TakeShapeOf(const TrainOptions& options, ShapeChoices& shape) {
  shape.layers = options.layers;
  shape.heads = options.heads;
  shape.width = options.width;
  shape.hidden = options.hidden;
  shape.context = options.context;
  shape.kv_heads = options.kv_heads;
  shape.head_dim = options.head_dim;
  shape.untied = options.untied;
  shape.rope_base = options.rope_base;
  shape.norm_eps = options.norm_eps;
  shape.rope_factor = options.rope_factor;
  shape.rope_low = options.rope_low;
  shape.rope_high = options.rope_high;
  shape.rope_original = options.rope_original;
}

void TakeLearning(const TrainOptions& options, RunChoices& choices) {
  choices.optimizer =
      options.optimizer == OptimizerChoice::kMuon ? OptimizerKind::kMuon : OptimizerKind::kAdamW;
  choices.rate = options.rate;
  choices.embedding_rate = options.embedding_rate;
  choices.warmup = options.warmup;
  choices.weight_decay = options.weight_decay;
  choices.dropout = options.dropout;
  choices.lambda = options.lambda;
  choices.clip = options.clip;
  choices.seed = options.seed;
  if (options.precision) {
    choices.precision = *options.precision == PrecisionChoice::kBf16 ? Precision::kBf16 : Precision::kFp32;
  }
  choices.on_divergence =
      options.on_divergence == DivergenceChoice::kStop ? OnDivergence::kStop : OnDivergence::kRollback;
}

}  // namespace

Result<RunChoices> ChoicesOf(const TrainOptions& options) {
  CLLM_TRY(CheckLength(options.time_s, options.steps));
  RunChoices choices;
  TakeShapeOf(options, choices);
  TakeLearning(options, choices);
  choices.tokenizer = options.tokenizer;
  choices.from = options.from;
  choices.time_s = options.time_s;
  choices.steps = options.steps;
  choices.batch = options.batch;
  choices.item = options.item;
  choices.threads = options.threads;
  choices.eval_every = options.eval_every;
  choices.save_every = options.save_every;
  choices.eval_tokens = options.eval_tokens;
  choices.keep_every = options.keep_every;
  choices.samples = options.samples ? 1 : 0;
  choices.patience = options.patience;
  CLLM_TRY(CheckRanges(choices));
  return choices;
}

Status TakeGoal(const ResumeOptions& options, RunChoices& choices) {
  CLLM_TRY(CheckLength(options.time_s, options.steps));
  choices.threads = options.threads;
  if (options.patience) choices.patience = *options.patience;
  RunChoices goal;
  goal.threads = choices.threads;
  goal.patience = choices.patience;
  goal.time_s = options.time_s;
  goal.steps = options.steps;
  return CheckRanges(goal);
}

}  // namespace cllm
