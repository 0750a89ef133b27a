#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "data/prepared_corpus.h"
#include "monitor/run_control.h"
#include "monitor/run_observer.h"
#include "train/exact_step.h"
#include "train/pacer.h"
#include "train/rank_team.h"
#include "train/training_plan.h"
#include "train/run_state.h"
#include "train/validation.h"

namespace cllm {

// What the parts of a training share: the Trainer owns it and its parts refer to it. Node Zero only.
struct Session {
  TrainingPlan plan;
  const Tokenizer& tokenizer;
  const PreparedCorpus& corpus;
  RunObserver& observer;
  RunControl& control;
  RankTeam& team;
  std::unique_ptr<Spheres> spheres;  // never null; they train, evaluate and write samples
  std::unique_ptr<ExactStep> step;   // never null
  Validation validation;             // of the corpus
  SecondsClock clock;
  RunState state = {};
  RunCosts costs = {};  // as seen so far
  std::optional<Pacer> pacer = {};  // of a run by time; on the first rank it decides
  Requests asked = {};              // as all ranks agreed last

  // Steps of the whole run; of one whose end is open, as it looks now.
  uint64_t ExpectedSteps() const {
    return pacer ? pacer->ExpectedTotal(state.schedule, costs) : state.schedule.total();
  }

  const ModelShape& shape() const { return step->shape(); }
  double TokensPerStep() const { return static_cast<double>(plan.step.batch * shape().context); }
  // Scores of the present weights on so many windows of the validation part. Error: Diverged if the loss is not finite.
  Result<EvaluationResult> Evaluate(size_t windows, const Validation::ShareDone& progress = {}) {
    const double begin = clock();
    Result<EvaluationResult> result =
        validation.Run(*spheres, step->contexts(), step->transformer(), windows, progress);
    if (windows > 1) costs.window_s = (clock() - begin) / static_cast<double>(windows);
    return result;
  }
  // The same, for one that nothing later depends on: a stop ends it.
  Result<EvaluationResult> EvaluateUnlessStopped(size_t windows, const Validation::ShareDone& progress = {}) const {
    return validation.Run(*spheres, step->contexts(), step->transformer(), windows, progress, &control.stop_signal);
  }
  // Agrees with all ranks on what is asked of the run. late: work is at risk for too long, as the first rank sees it.
  Status LookAtRequests(bool late) {
    CLLM_ASSIGN(asked, team.AgreeOn({.stop_signal = stop_signal_here(),
                                     .save = RunControl::Take(control.save_now),
                                     .save_late = late,
                                     .evaluate = RunControl::Take(control.evaluate_now),
                                     .sample = RunControl::Take(control.sample_now)}));
    return {};
  }
  // The same of stops alone; the rest stays asked for.
  Status LookAtStops() {
    CLLM_ASSIGN(asked, team.AgreeOn({.stop_signal = stop_signal_here()}));
    return {};
  }
  int stop_signal_here() const { return control.stop_signal.load(std::memory_order_relaxed); }
  // That all ranks stop for, or 0: what one is told they know when they look at requests.
  int stop_signal() const { return team.alone() ? stop_signal_here() : asked.stop_signal; }
  bool stopped() const { return stop_signal() != 0; }
};

}  // namespace cllm
