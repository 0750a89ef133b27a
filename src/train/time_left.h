#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cllm {

// What a run still has to do.
struct WorkLeft {
  double steps = 0, evaluations = 0, samples = 0, saves = 0;  // shares of one count
  double evaluation_in_steps = 0;  // what an evaluation takes, in steps: used until one was measured
};

// The plan's numbers that decide what is left.
struct WorkPlan {
  uint64_t total = 0;  // steps
  uint64_t eval_every = 1, save_every = 1;
  bool samples_at_evaluations = false;
  double last_evaluation = 1;  // in regular ones
  double last_samples = 0;     // in regular ones
  double evaluation_tokens = 0;  // that a regular one looks at
};

// How long the rest of a run takes, from what its parts took so far: steps, evaluations, samples and saves, each at its
// own pace. Has no clock. Node Zero only.
class TimeLeft {
 public:
  enum class Work { kStep, kEvaluation, kSample, kSave };

  // A piece of work was done in so many seconds.
  void Took(Work work, double seconds);
  // A regular evaluation found the best weights so far, which are saved then, or it did not.
  void Evaluated(bool best);

  // What is left right after `step`, before what is due at it; the saves of the best weights included.
  WorkLeft Left(const WorkPlan& plan, uint64_t step) const;
  // Seconds for it; negative: too little was seen.
  double Seconds(const WorkLeft& left) const;

 private:
  static constexpr size_t kKinds = 4;
  struct Pace {
    double mean_s = 0, sum_s = 0;
    uint64_t count = 0;
  };
  double MeanOf(Work work) const { return pace_[static_cast<size_t>(work)].mean_s; }

  std::array<Pace, kKinds> pace_;
  uint64_t evaluations_ = 0, best_ = 0;
};

}  // namespace cllm
