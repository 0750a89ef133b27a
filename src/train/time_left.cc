#include "train/time_left.h"

#include <algorithm>

namespace cllm {
namespace {

constexpr double kStepSmoothing = 0.95, kOtherSmoothing = 0.7;  // of the seconds of one
constexpr uint64_t kEnoughSteps = 10;                           // before anything is said,
constexpr double kEnough_s = 3;                                 // or two steps that took this long

// Multiples of `every` in (from, to].
double Multiples(uint64_t every, uint64_t from, uint64_t to) {
  return to <= from ? 0 : static_cast<double>(to / every - from / every);
}

}  // namespace

void TimeLeft::Took(Work work, double seconds) {
  Pace& pace = pace_[static_cast<size_t>(work)];
  ++pace.count;
  pace.sum_s += seconds;
  // The plain mean until the exponential one has seen enough, so that the first one counts no more than others.
  const double smoothing = std::min(work == Work::kStep ? kStepSmoothing : kOtherSmoothing,
                                    1 - 1 / static_cast<double>(pace.count));
  pace.mean_s = smoothing * pace.mean_s + (1 - smoothing) * seconds;
}

void TimeLeft::Evaluated(bool best) {
  ++evaluations_;
  best_ += best;
}

WorkLeft TimeLeft::Left(const WorkPlan& plan, uint64_t step) const {
  WorkLeft left;
  if (step <= plan.total && step != 0) {
    left.steps = static_cast<double>(plan.total - step);
    const uint64_t done = step - 1;
    const double regular = Multiples(plan.eval_every, done, plan.total - 1);
    left.evaluations = regular;
    left.samples = plan.samples_at_evaluations ? regular : 0;
    const double best_share = static_cast<double>(best_ + 1) / static_cast<double>(evaluations_ + 1);
    // Where a save is due anyway, the best weights cost no other one.
    const double shared = plan.save_every % plan.eval_every == 0 ? Multiples(plan.save_every, done, plan.total - 1) : 0;
    left.saves = Multiples(plan.save_every, done, plan.total) + best_share * (regular - shared);
    if (plan.total % plan.save_every != 0) left.saves += 1;
  }
  left.evaluations += plan.last_evaluation;
  left.samples += plan.last_samples;
  return left;
}

double TimeLeft::Seconds(const WorkLeft& left) const {
  const Pace& steps = pace_[static_cast<size_t>(Work::kStep)];
  if (steps.count < kEnoughSteps && (steps.count < 2 || steps.sum_s < kEnough_s)) return -1;
  const bool evaluated = pace_[static_cast<size_t>(Work::kEvaluation)].count != 0;
  const double evaluation = evaluated ? MeanOf(Work::kEvaluation) : left.evaluation_in_steps * steps.mean_s;
  return left.steps * steps.mean_s + left.evaluations * evaluation + left.samples * MeanOf(Work::kSample) +
         left.saves * MeanOf(Work::kSave);
}

}  // namespace cllm
