#pragma once

#include <memory>

#include "data/prepared_corpus.h"
#include "monitor/run_observer.h"
#include "train/exact_step.h"
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
  std::unique_ptr<Spheres> spheres;  // never null; they train, evaluate and write samples
  std::unique_ptr<ExactStep> step;   // never null
  Validation validation;             // of the corpus
  RunState state = {};

  const ModelShape& shape() const { return step->shape(); }
  double TokensPerStep() const { return static_cast<double>(plan.step.batch * shape().context); }
  // Scores of the present weights on so many windows of the validation part. Error: Diverged if the loss is not finite.
  Result<EvaluationResult> Evaluate(size_t windows, const Validation::ShareDone& progress = {}) const {
    return validation.Run(*spheres, step->contexts(), step->transformer(), windows, progress);
  }
};

}  // namespace cllm
