#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "run/machine_speed.h"
#include "run/run_choices.h"
#include "text/text_source.h"
#include "text/tokenizer.h"

// Makes the choices that nobody made, from the text, the time and the machine (docs/planner.md).
namespace cllm {

// Of a run that names neither time nor steps.
inline constexpr double kDefaultSeconds = 600;
// Of a run's time that goes into measuring a step.
inline constexpr double kMeasureShare = 0.02;
// What a run that names its steps is planned for, whatever the machine is: the same text then gives the same plan.
inline constexpr MachineSpeed kNominalMachine{.peak_gflops = 200, .threads = 2};

// The tokenizer for a text of `bytes` bytes and `seconds` of training, by its name.
std::string PlanTokenizer(uint64_t bytes, double seconds, const MachineSpeed& machine);

// What a model is planned for. A plain value.
struct PlanningFacts {
  uint64_t training_tokens = 0;  // of the text's training part
  size_t vocabulary = 0;
  MachineSpeed machine;
  std::optional<double> seconds;  // of training; none: the run names its steps and is sized for kDefaultSeconds
};

// The tokenizer that is learned from a text for which PlanTokenizer gave `name`: with fewer merges where the text holds
// fewer, bytes where there are hardly any. learning: as TrainTokenizer's. Error: the source's own.
Result<Tokenizer> LearnPlanned(const std::string& name, const TextSource& source, size_t threads,
                               const ShareDone& learning = {});

// Makes every empty choice but steps, evaluations and saves: shape, batch, item, rates, dropout. Error (BadInput): the
// shape contradicts itself.
Status PlanModel(const PlanningFacts& facts, RunChoices& choices);

// Time for a run's steps, with their evaluations, and what one step takes.
struct TimeForSteps {
  double seconds = 0, step_seconds = 0;
  uint64_t Steps() const;  // 20 at least
};

// Makes the choices of evaluations and saves, for the steps that are named or those that the time is expected to be
// enough for, which it returns. REQUIRES: PlanModel; time, unless the steps are named.
uint64_t PlanSteps(const std::optional<TimeForSteps>& time, RunChoices& choices);

// Trains a throwaway copy of the planned model on random tokens for about `seconds`, at most a second, and returns the
// median seconds of a step. REQUIRES: PlanModel. Error: Usage or NoResources as the real start would give.
Result<double> MeasureStep(const RunChoices& choices, const Tokenizer& tokenizer, double seconds);

}  // namespace cllm
