#pragma once

namespace cllm {

// When work is too old not to be saved. At most five minutes of it are ever at risk, unless saving takes so long that
// it would cost more than one part in a hundred; then a hundred times what the last save took. Steps and evaluations
// may save earlier, and start it anew. Times in seconds of one clock. One thread only.
class SaveTimer {
 public:
  // The work before `now` is saved.
  void Start(double now) { due_from_ = now; }
  void Saved(double now, double cost);
  // A save that failed is tried again after a while, not at once.
  void Failed(double now, double cost);

  // Whether to save before the next step, which will take so long.
  bool Due(double now, double step) const { return now + step - due_from_ > wait_; }
  double interval() const { return interval_; }

 private:
  static constexpr double kMostAtRisk = 300, kCostsAtMost = 0.01, kRetry = 60;
  static double IntervalOf(double least, double cost) {
    return cost / kCostsAtMost > least ? cost / kCostsAtMost : least;
  }

  double interval_ = kMostAtRisk;
  double due_from_ = 0, wait_ = kMostAtRisk;
};

inline void SaveTimer::Saved(double now, double cost) {
  wait_ = interval_ = IntervalOf(kMostAtRisk, cost);
  due_from_ = now;
}

inline void SaveTimer::Failed(double now, double cost) {
  wait_ = IntervalOf(kRetry, cost);
  due_from_ = now;
}

}  // namespace cllm
