#include "run/run_preparation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/system.h"
#include "kernels/gemm/panels.h"
#include "monitor/phase.h"
#include "run/planner.h"
#include "run/resources.h"
#include "run/run_options.h"
#include "run/run_plan.h"
#include "run/text_preparation.h"

namespace cllm {
namespace {

constexpr double kPeakMilliseconds = 60;
constexpr double kEnd_s = 0.5;  // samples, starting and joining the workers

// The time that a run without named steps has, from its start on; what is left of it is for steps, evaluations and
// saves.
struct RunTime {
  double asked, started;
  double Left() const { return std::max(2.0, asked - (MonotonicSeconds() - started) - kEnd_s); }
};

Result<Tokenizer> ChosenTokenizer(const SplitText& text, PreparedRun& run, RunObserver& observer) {
  RunChoices& choices = run.choices;
  if (!choices.from.empty()) {
    CLLM_ASSIGN(OpenedModel model, OpenModel(choices.from));
    CLLM_TRY(TakeShape(model.shape(), model.tokenizer.name(), choices));
    run.from = std::make_unique<OpenedModel>(std::move(model));
    return run.from->tokenizer;
  }
  if (choices.tokenizer.empty()) {
    choices.tokenizer =
        PlanTokenizer(text.statistics().bytes, choices.time_s.value_or(kDefaultSeconds), run.machine);
  }
  return MakeTokenizer(choices.tokenizer, text, UsableCores(), observer);
}

Status PlanShape(const std::optional<RunTime>& time, PreparedRun& run) {
  RunChoices& choices = run.choices;
  PlanningFacts facts{.training_tokens = run.corpus->training().size(),
                      .vocabulary = run.tokenizer->vocabulary(),
                      .machine = run.machine,
                      .seconds = {}};
  if (time) facts.seconds = time->Left();
  CLLM_TRY(PlanModel(facts, choices));
  CLLM_TRY(CheckChoices(choices));
  CLLM_TRY(CheckLongEnough(*run.corpus, *choices.context));
  CLLM_ASSIGN(const ModelShape shape, ShapeOf(choices, facts.vocabulary));
  CLLM_ASSIGN(const StepOptions options, StepOptionsOf(choices));
  run.memory = TrainingMemory(shape, options, choices.threads);
  return CheckRunMemory(run.memory);
}

Status PlanLength(const std::optional<RunTime>& time, PreparedRun& run, RunObserver& observer) {
  RunChoices& choices = run.choices;
  if (time) {
    Phase phase(observer, "measuring a step");
    CLLM_ASSIGN(run.step_seconds, MeasureStep(choices, *run.tokenizer, kMeasureShare * time->asked));
    PlanSteps(TimeForSteps{.seconds = time->Left(), .step_seconds = *run.step_seconds}, choices);
  } else {
    PlanSteps({}, choices);
  }
  choices.time_s.reset();
  CLLM_ASSIGN(run.plan, PlanOf(choices, run.tokenizer->vocabulary()));
  return {};
}

}  // namespace

Status TakeShape(const ModelShape& shape, const std::string& tokenizer, RunChoices& choices) {
  for (const Dimension& dimension : Dimensions()) {
    const auto chosen = dimension.Text(choices);
    if (const std::string there = dimension.Text(shape); chosen && *chosen != there) {
      return Usage(fmt::format("`{}` is {}, but the model that `from` names has {}; drop the option",
                               OptionName(dimension), *chosen, there));
    }
    dimension.Take(shape, choices);
  }
  if (!choices.tokenizer.empty() && choices.tokenizer != tokenizer) {
    return Usage(fmt::format("`tokenizer` is {}, but the model that `from` names has {}; drop the option",
                             choices.tokenizer, tokenizer));
  }
  choices.tokenizer = tokenizer;
  return {};
}

MachineSpeed LookAtMachine(const RunChoices& choices) {
  const size_t cores = UsableCores();
  return MeasureMachine(choices.threads == 0 ? cores : std::min(choices.threads, cores), kPeakMilliseconds);
}

void NoteSurprises(const RunChoices& choices, RunObserver& observer) {
  if (choices.precision == Precision::kBf16 && EmulatesBf16()) {
    observer.OnNote(
        {"this processor has no bf16 products, or slow ones: they are done in fp32, with the same result and "
         "slower than `precision` fp32"});
  }
  if (choices.numerics != kNumerics) {
    observer.OnNote({fmt::format(
        "the configuration is of numerics {}, this program has {}: the weights' last bits will not be those of then",
        choices.numerics, kNumerics)});
  }
}

Result<PreparedRun> PrepareRun(RunChoices choices, double started, RunObserver& observer) {
  PreparedRun run;
  run.choices = std::move(choices);
  if (run.choices.text.empty()) return Usage("no `text` named");
  CLLM_TRY(CheckChoices(run.choices));
  NoteSurprises(run.choices, observer);
  CLLM_ASSIGN(const SplitText text, OpenText(TextOf(run.choices), observer));
  run.machine = LookAtMachine(run.choices);
  CLLM_ASSIGN(Tokenizer tokenizer, ChosenTokenizer(text, run, observer));
  run.tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  CLLM_ASSIGN(PreparedCorpus corpus, PrepareText(text, *run.tokenizer, UsableCores(), observer));
  run.corpus = std::make_unique<PreparedCorpus>(std::move(corpus));
  std::optional<RunTime> time;
  if (!run.choices.steps) time = RunTime{run.choices.time_s.value_or(kDefaultSeconds), started};
  CLLM_TRY(PlanShape(time, run));
  CLLM_TRY(PlanLength(time, run, observer));
  return run;
}

}  // namespace cllm
