#include "monitor/thinned_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cllm {
namespace {

using ::testing::ElementsAre;

// Writes down what it is told.
class StepListener : public RunObserver {
 public:
  void OnStep(const StepEvent& event) override { heard.push_back("step " + std::to_string(event.step)); }
  void OnPhase(const PhaseEvent& event) override {
    heard.push_back("phase " + event.name +
                    (event.share < 0 ? "" : " " + std::to_string(static_cast<int>(event.share * 100))));
  }
  void OnEvaluation(const EvaluationEvent& event) override { heard.push_back("eval " + std::to_string(event.step)); }
  void OnEnd(const EndEvent& event) override { heard.push_back("end " + std::to_string(event.step)); }
  std::vector<std::string> heard;
};

class Thinned : public ::testing::Test {
 protected:
  void Step(uint64_t step, double at) {
    now_ = at;
    thinned_.OnStep({.step = step});
  }
  double now_ = 0;
  StepListener listener_;
  ThinnedObserver thinned_{listener_, 0.25, [this] { return now_; }};
};

TEST_F(Thinned, StepsInOneInterval_TheFirstIsHandedOn) {
  for (uint64_t step = 1; step <= 10; ++step) Step(step, 0.1 * static_cast<double>(step));
  EXPECT_THAT(listener_.heard, ElementsAre("step 1", "step 4", "step 7", "step 10"));
}

TEST_F(Thinned, EveryOtherEvent_ComesAtOnce_AfterTheLastStep) {
  Step(1, 0), Step(2, 0.01), Step(3, 0.02);
  thinned_.OnEvaluation({.step = 3});
  thinned_.OnEvaluation({.step = 3});
  Step(4, 0.03);
  thinned_.OnEnd({.step = 4});
  EXPECT_THAT(listener_.heard, ElementsAre("step 1", "step 3", "eval 3", "eval 3", "step 4", "end 4"));
}

TEST_F(Thinned, PhaseBeginsAndEndsAtOnce_ItsProgressIsThinned) {
  Step(1, 0);
  for (int i = 0; i < 8; ++i) {
    now_ = 0.1 * i;
    thinned_.OnPhase({.name = "evaluating", .share = 0.1 * i});
  }
  thinned_.OnPhase({});
  thinned_.OnPhase({.name = "saving"});
  thinned_.OnPhase({});
  EXPECT_THAT(listener_.heard, ElementsAre("step 1", "phase evaluating 0", "phase evaluating 30", "phase evaluating 60",
                                           "phase ", "phase saving", "phase "));
}

}  // namespace
}  // namespace cllm
