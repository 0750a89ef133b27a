#include "run/run_preparation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/system.h"
#include "base/units.h"
#include "kernels/gemm/panels.h"
#include "monitor/phase.h"
#include "run/planner.h"
#include "run/resources.h"
#include "run/run_options.h"
#include "run/run_plan.h"
#include "run/text_preparation.h"
#include "train/work_items.h"

namespace cllm {
namespace {

constexpr double kPeakMilliseconds = 60;
constexpr double kLeastTraining = 0.1;    // of the time, however long the preparation took
constexpr uint64_t kLittleText = 10'000;  // bytes
constexpr double kFaster = 0.95;          // bf16's step against fp32's, so that it is worth its rounding

double Left(const TimeBudget& time, const SecondsClock& clock) {
  return std::max(kLeastTraining * time.seconds, time.begin + time.seconds - clock());
}

// What a plan may know of the machine: one that names its steps is the same on all.
const MachineSpeed& PlanningMachine(const PreparedRun& run) { return run.time ? run.machine : kNominalMachine; }

Result<Tokenizer> ChosenTokenizer(const SplitText& text, PreparedRun& run, RunObserver& observer) {
  RunChoices& choices = run.choices;
  if (!choices.from.empty()) {
    CLLM_ASSIGN(OpenedModel model, OpenModel(choices.from));
    for (const std::string& note : model.notes) observer.OnNote({note});
    CLLM_TRY(TakeShape(model.shape(), model.tokenizer.name(), choices));
    run.from = std::make_unique<OpenedModel>(std::move(model));
    return run.from->tokenizer;
  }
  if (!choices.tokenizer.empty()) return MakeTokenizer(choices.tokenizer, text, UsableCores(), observer);
  const std::string name = PlanTokenizer(text.statistics().bytes, choices.time_s.value_or(kDefaultSeconds),
                                         PlanningMachine(run));
  CLLM_ASSIGN(Tokenizer learned, MakePlannedTokenizer(name, text, UsableCores(), observer));
  choices.tokenizer = learned.name();
  return learned;
}

Status PlanShape(PreparedRun& run) {
  RunChoices& choices = run.choices;
  PlanningFacts facts{.training_tokens = run.corpus->training().size(),
                      .vocabulary = run.tokenizer->vocabulary(),
                      .machine = PlanningMachine(run),
                      .seconds = {}};
  if (run.time) facts.seconds = Left(*run.time, run.clock);
  facts.machine.threads = std::max<size_t>(facts.machine.threads, choices.max_workers);
  CLLM_TRY(PlanModel(facts, choices));
  CLLM_TRY(CheckChoices(choices));
  CLLM_TRY(CheckLongEnough(*run.corpus, *choices.context));
  CLLM_ASSIGN(const ModelShape shape, ShapeOf(choices, facts.vocabulary));
  CLLM_ASSIGN(const StepOptions options, StepOptionsOf(choices));
  CLLM_TRY(WorkItems::Check(options));
  run.memory = TrainingMemory(shape, options, choices.threads, run.ranks);
  return CheckRunMemory(run.memory);
}

// Measures the planned step; where nobody named a precision, in both, and takes bf16 where it is faster.
Status MeasurePlanned(bool precision_is_open, PreparedRun& run, RunObserver& observer) {
  RunChoices& choices = run.choices;
  const double seconds = kMeasureShare * run.time->seconds;
  Phase phase(observer, "measuring a step");
  CLLM_ASSIGN(run.step_seconds, MeasureStep(choices, *run.tokenizer, seconds));
  if (!precision_is_open || EmulatesBf16()) return {};
  RunChoices other = choices;
  other.precision = Precision::kBf16;
  CLLM_ASSIGN(const double bf16_seconds, MeasureStep(other, *run.tokenizer, seconds));
  if (bf16_seconds >= kFaster * *run.step_seconds) return {};
  observer.OnNote({fmt::format("matrix products are done in bf16, which is faster here: {:.3g} ms a step instead of "
                               "{:.3g}; name `precision` fp32 for the other",
                               1e3 * bf16_seconds, 1e3 * *run.step_seconds)});
  choices.precision = Precision::kBf16;
  run.step_seconds = bf16_seconds;
  return {};
}

Status PlanLength(bool precision_is_open, PreparedRun& run, RunObserver& observer) {
  RunChoices& choices = run.choices;
  std::optional<TimeForSteps> time;
  if (run.time) {
    CLLM_TRY(MeasurePlanned(precision_is_open, run, observer));
    *run.step_seconds /= static_cast<double>(run.ranks);
    run.time->step_seconds = *run.step_seconds;
    time = TimeForSteps{.seconds = Left(*run.time, run.clock), .step_seconds = *run.step_seconds};
  }
  run.expected_steps = PlanSteps(time, choices);
  CLLM_ASSIGN(run.plan, PlanOf(choices, run.tokenizer->vocabulary()));
  return {};
}

// The time of a run that goes by it: no step is named, or its pace was recorded in part only.
std::optional<TimeBudget> TimeOf(RunChoices& choices, double started) {
  if (choices.steps) return {};
  if (!choices.time_s) choices.time_s = kDefaultSeconds;
  return TimeBudget{.begin = started, .seconds = *choices.time_s};
}

void NoteLittleText(const SplitText& text, RunObserver& observer) {
  const uint64_t bytes = text.statistics().bytes;
  if (bytes >= kLittleText) return;
  observer.OnNote(
      {fmt::format("the text has {}: of so little a model learns no more than the text itself; from some 100 KiB "
                   "on it learns how such texts are written",
                   FormatBytes(bytes))});
}

Status CheckDialogues(const SplitText& text, const RunChoices& choices) {
  if (!choices.chat || text.statistics().dialogues != 0) return {};
  return BadInput(fmt::format("{}: expected dialogues, .jsonl with a list of messages a line ({{\"messages\": "
                              "[{{\"role\": \"user\", \"content\": ...}}, ...]}}), found none; without `chat` any text "
                              "is learned as it is",
                              text.Name()));
}

void NoteLate(PreparedRun& run, RunObserver& observer) {
  const double spent = run.clock() - run.time->begin;
  if (spent <= (1 - kLeastTraining) * run.time->seconds) return;
  observer.OnNote({fmt::format("preparing took {} of the {} that `time` names; training gets {} all the same",
                               FormatDuration(spent), FormatDuration(run.time->seconds),
                               FormatDuration(kLeastTraining * run.time->seconds))});
  run.time->seconds = spent + kLeastTraining * run.time->seconds;
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

MachineSpeed LookAtMachine(const RunChoices& choices, size_t ranks) {
  const size_t cores = UsableCores();
  MachineSpeed machine =
      MeasureMachine(choices.threads == 0 ? cores : std::min(choices.threads, cores), kPeakMilliseconds);
  machine.peak_gflops *= static_cast<double>(ranks);
  machine.threads *= ranks;
  return machine;
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

Result<PreparedRun> PrepareRun(RunChoices choices, double started, RunObserver& observer, size_t ranks) {
  PreparedRun run;
  run.ranks = ranks;
  run.choices = std::move(choices);
  if (run.choices.text.empty()) return Usage("no `text` named");
  CLLM_TRY(CheckChoices(run.choices));
  NoteSurprises(run.choices, observer);
  CLLM_ASSIGN(const SplitText text, OpenText(TextOf(run.choices), observer));
  CLLM_TRY(CheckDialogues(text, run.choices));
  run.machine = LookAtMachine(run.choices, ranks);
  run.time = TimeOf(run.choices, started);
  const bool precision_is_open = !run.choices.precision;
  CLLM_ASSIGN(Tokenizer tokenizer, ChosenTokenizer(text, run, observer));
  run.tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  CLLM_ASSIGN(PreparedCorpus corpus, PrepareText(text, *run.tokenizer, UsableCores(), observer));
  run.corpus = std::make_unique<PreparedCorpus>(std::move(corpus));
  // What was taught once stays, also where a text follows.
  run.chat = run.choices.chat ? &kPlainChat : run.from ? run.from->chat : nullptr;
  if (run.time) NoteLate(run, observer);
  CLLM_TRY(PlanShape(run));
  CLLM_TRY(PlanLength(precision_is_open, run, observer));
  NoteLittleText(text, observer);
  return run;
}

}  // namespace cllm
