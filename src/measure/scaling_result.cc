#include "measure/scaling_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace cllm::measure {
namespace {

bool SameLearning(const LearningResult& a, const LearningResult& b) {
  const auto same = [](const LearningPoint& x, const LearningPoint& y) {
    return x.step == y.step && x.validation == y.validation;
  };
  return a.weights_hash == b.weights_hash && a.training_loss == b.training_loss &&
         std::equal(a.points.begin(), a.points.end(), b.points.begin(), b.points.end(), same);
}

void FindLearningFailures(const ScalingArm& arm, const ScalingArm& first, double entropy,
                          std::vector<std::string>& failures) {
  if (!arm.learning) return;
  const LearningResult& learning = *arm.learning;
  if (learning.not_finite > 0) {
    failures.push_back(fmt::format("{} of the small model's weights are no finite numbers on {} threads",
                                   learning.not_finite, arm.threads));
  }
  if (!(learning.validation_loss() < entropy)) {
    failures.push_back(
        fmt::format("the small model did not learn on {} threads: {:.4f} nats per byte after {} steps, the "
                    "text's bytes alone have {:.4f}",
                    arm.threads, learning.validation_loss(), learning.points.back().step, entropy));
  }
  if (!SameLearning(learning, *first.learning)) {
    failures.push_back(fmt::format("the small model's losses or weights differ on {} and {} threads", first.threads,
                                   arm.threads));
  }
}

}  // namespace

double ScalingArm::wall_s() const { return std::accumulate(step_s.begin(), step_s.end(), 0.0); }

size_t ScalingArm::idle_leaves() const {
  return static_cast<size_t>(
      std::count_if(leaves.begin(), leaves.end(), [](const SphereTimes& leaf) { return leaf.tokens == 0; }));
}

std::vector<std::string> FindFailures(const std::vector<ScalingArm>& arms, double entropy) {
  std::vector<std::string> failures;
  const ScalingArm& first = arms.front();
  for (const ScalingArm& arm : arms) {
    if (arm.weights_hash != first.weights_hash) {
      failures.push_back(fmt::format("the final weights differ: {} on {} threads, {} on {}", first.weights_hash,
                                     first.threads, arm.weights_hash, arm.threads));
    }
    if (arm.loss != first.loss) {
      failures.push_back(fmt::format("the final losses differ: {} on {} threads, {} on {}", first.loss, first.threads,
                                     arm.loss, arm.threads));
    }
    if (arm.not_finite > 0) {
      failures.push_back(
          fmt::format("{} of the final weights are no finite numbers on {} threads", arm.not_finite, arm.threads));
    }
    if (arm.idle_leaves() > 0) {
      failures.push_back(fmt::format("{} of {} threads had nothing to do", arm.idle_leaves(), arm.threads));
    }
    FindLearningFailures(arm, first, entropy, failures);
  }
  return failures;
}

}  // namespace cllm::measure
