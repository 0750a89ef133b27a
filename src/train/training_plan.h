#pragma once

#include <cstddef>
#include <cstdint>

#include "model/shape.h"
#include "train/step_options.h"

namespace cllm {

// The number of the bits that a run makes: another one is needed whenever a change alters final weights.
inline constexpr uint64_t kNumerics = 2;

// What becomes of a run whose gradient is not finite.
enum class OnDivergence { kStop, kRollback };

// All that a Trainer needs to know, decided: what is trained, how, and when it is looked at and saved. A plain value.
struct TrainingPlan {
  ModelShape shape;  // valid
  // With the schedule of a new run (one that goes on has that of its checkpoint), the peak rates and the seed.
  StepOptions step;
  double lambda = 0.1;  // as it was named; step.lambda is the float next to it

  uint64_t eval_every = 1;   // steps
  uint64_t eval_tokens = 0;  // of the last evaluation at most; 0: the whole validation part
  uint64_t save_every = 1;   // steps
  uint64_t keep_every = 0;   // checkpoints at multiples of this stay; 0: none
  uint64_t samples = 3;      // 0: none is written at evaluations
  uint64_t patience = 0;     // evaluations without improvement before it ends; 0: no limit
  OnDivergence on_divergence = OnDivergence::kStop;
  size_t threads = 0;  // 0: one per usable core
};

}  // namespace cllm
