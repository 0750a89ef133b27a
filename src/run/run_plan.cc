#include "run/run_plan.h"

#include <fmt/format.h>

#include "run/run_options.h"

namespace cllm {
namespace {

// The value of a choice. Error (Usage): there is none.
template <typename Value>
Result<Value> Made(const std::optional<Value>& choice, const char* option) {
  if (choice) return *choice;
  return Usage(fmt::format("`{}` is not chosen, expected a value", option));
}

}  // namespace

Result<ModelShape> ShapeOf(const RunChoices& choices, size_t vocabulary) {
  for (const Dimension& dimension : Dimensions()) {
    if (!dimension.is_choice() || dimension.derived || dimension.Text(choices)) continue;
    return Usage(fmt::format("`{}` is not chosen, expected {}", OptionName(dimension), dimension.Expected()));
  }
  return ShapeFrom(choices, vocabulary);
}

Result<StepOptions> StepOptionsOf(const RunChoices& choices) {
  StepOptions step;
  CLLM_ASSIGN(step.batch, Made(choices.batch, "batch"));
  CLLM_ASSIGN(step.item, Made(choices.item, "item"));
  CLLM_ASSIGN(const double dropout, Made(choices.dropout, "dropout"));
  step.lambda = static_cast<float>(choices.lambda);
  step.dropout = static_cast<float>(dropout);
  step.clip = static_cast<float>(choices.clip);
  step.seed = choices.seed;
  step.precision = choices.precision.value_or(Precision::kFp32);
  step.optimizer.kind = choices.optimizer;
  CLLM_ASSIGN(step.optimizer.matrix_rate, Made(choices.rate, "lr"));
  CLLM_ASSIGN(step.optimizer.embedding_rate, Made(choices.embedding_rate, "embedding-lr"));
  step.optimizer.weight_decay = choices.weight_decay;
  return step;
}

Result<Schedule> ScheduleOf(const RunChoices& choices) {
  if (!choices.pace.empty()) {
    CLLM_ASSIGN(const Schedule schedule, Schedule::FromPace(choices.pace, choices.warmup));
    if (choices.steps.value_or(schedule.total()) == schedule.total() && (choices.steps || choices.time_s)) {
      return schedule;
    }
    return Usage(fmt::format("`steps` is {}, but the pace of the configuration is for {}; drop its line `pace`",
                             choices.steps.value_or(0), schedule.total()));
  }
  if (choices.time_s && !choices.steps) return OpenSchedule(choices.warmup);
  CLLM_ASSIGN(const uint64_t steps, Made(choices.steps, "steps"));
  return Schedule{{{.begin = 0, .end = steps, .warmup = choices.warmup, .factor = 1}}};
}

Result<TrainingPlan> PlanOf(const RunChoices& choices, size_t vocabulary) {
  TrainingPlan plan;
  CLLM_ASSIGN(plan.shape, ShapeOf(choices, vocabulary));
  CLLM_ASSIGN(plan.step, StepOptionsOf(choices));
  CLLM_ASSIGN(plan.step.schedule, ScheduleOf(choices));
  plan.lambda = choices.lambda;
  CLLM_ASSIGN(plan.eval_every, Made(choices.eval_every, "eval-every"));
  CLLM_ASSIGN(plan.eval_tokens, Made(choices.eval_tokens, "eval-tokens"));
  CLLM_ASSIGN(plan.save_every, Made(choices.save_every, "save-every"));
  plan.keep_every = choices.keep_every;
  plan.samples = choices.samples;
  plan.patience = choices.patience;
  plan.on_divergence = choices.on_divergence;
  plan.threads = choices.threads;
  return plan;
}

}  // namespace cllm
