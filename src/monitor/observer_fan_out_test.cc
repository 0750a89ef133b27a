#include "monitor/observer_fan_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Writes down what it is told.
class Listener : public RunObserver {
 public:
  void OnStart(const StartEvent&) override { heard.push_back("start"); }
  void OnResume(const ResumeEvent&) override { heard.push_back("resume"); }
  void OnStep(const StepEvent& event) override { heard.push_back("step " + std::to_string(event.step)); }
  void OnEvaluation(const EvaluationEvent&) override { heard.push_back("evaluation"); }
  void OnSample(const SampleEvent& event) override { heard.push_back("sample " + event.text); }
  void OnSave(const SaveEvent&) override { heard.push_back("save"); }
  void OnSkippedSave(const SkippedSaveEvent&) override { heard.push_back("skipped save"); }
  void OnNote(const NoteEvent& event) override { heard.push_back("note " + event.sentence); }
  void OnDivergence(const DivergenceEvent&) override { heard.push_back("divergence"); }
  void OnRollback(const RollbackEvent&) override { heard.push_back("rollback"); }
  void OnEnd(const EndEvent&) override { heard.push_back("end"); }
  std::vector<std::string> heard;
};

// Throws in every function.
class Thrower : public RunObserver {
 public:
  void OnStart(const StartEvent&) override { Throw(); }
  void OnResume(const ResumeEvent&) override { Throw(); }
  void OnStep(const StepEvent&) override { Throw(); }
  void OnEvaluation(const EvaluationEvent&) override { Throw(); }
  void OnSample(const SampleEvent&) override { Throw(); }
  void OnSave(const SaveEvent&) override { Throw(); }
  void OnSkippedSave(const SkippedSaveEvent&) override { Throw(); }
  void OnNote(const NoteEvent&) override { Throw(); }
  void OnDivergence(const DivergenceEvent&) override { Throw(); }
  void OnRollback(const RollbackEvent&) override { Throw(); }
  void OnEnd(const EndEvent&) override { Throw(); }
  int called = 0;

 private:
  void Throw() {
    ++called;
    throw std::runtime_error("no socket");
  }
};

void TellOneOfEach(RunObserver& observer) {
  observer.OnStart({});
  observer.OnResume({});
  observer.OnStep({.step = 7});
  observer.OnEvaluation({});
  observer.OnSample({.text = "once"});
  observer.OnSave({});
  observer.OnSkippedSave({});
  observer.OnNote({"a word"});
  observer.OnDivergence({});
  observer.OnRollback({});
  observer.OnEnd({});
}

TEST(FanOut, EveryEvent_ReachesEachObserver) {
  Listener first, second;
  FanOut all;
  all.Add("the first", first);
  all.Add("the second", second);
  TellOneOfEach(all);
  EXPECT_THAT(first.heard, ElementsAre("start", "resume", "step 7", "evaluation", "sample once", "save", "skipped save",
                                       "note a word", "divergence", "rollback", "end"));
  EXPECT_EQ(second.heard, first.heard);
}

TEST(FanOut, ObserverThatThrows_IsSwitchedOffAndReportedOnce) {
  Listener before, after;
  Thrower thrower;
  FanOut all;
  all.Add("the listener", before);
  all.Add("the dashboard", thrower);
  all.Add("the other listener", after);
  TellOneOfEach(all);
  EXPECT_EQ(thrower.called, 1);
  for (const Listener* listener : {&before, &after}) {
    ASSERT_EQ(listener->heard.size(), 12u);
    EXPECT_EQ(listener->heard[0], "start");
    EXPECT_EQ(listener->heard[1], "note the dashboard failed and is told no more of this run: no socket");
    EXPECT_EQ(listener->heard[2], "resume");
  }
}

TEST(FanOut, AllThrow_EachIsCalledOnce) {
  Thrower throwers[3];
  FanOut all;
  for (Thrower& thrower : throwers) all.Add("one of three", thrower);
  TellOneOfEach(all);
  for (const Thrower& thrower : throwers) EXPECT_EQ(thrower.called, 1);
}

// One that throws at notes only, so that the report of another's failure makes it fail.
TEST(FanOut, FailureOfWhoIsToldOfAFailure_IsReportedToo) {
  class NoteThrower : public RunObserver {
    void OnNote(const NoteEvent&) override { throw 1; }
  };
  Thrower thrower;
  NoteThrower note_thrower;
  Listener listener;
  FanOut all;
  all.Add("the first", thrower);
  all.Add("the second", note_thrower);
  all.Add("the third", listener);
  all.OnStep({.step = 1});
  EXPECT_THAT(listener.heard, ElementsAre("step 1", HasSubstr("the first failed"), HasSubstr("the second failed")));
}

// As a log does that cannot be written.
TEST(FanOut, NoteFromInsideAnObserver_ReachesAllBeforeTheNextOneHearsTheEvent) {
  class Noter : public RunObserver {
   public:
    explicit Noter(RunObserver& others) : others_(others) {}
    void OnStep(const StepEvent&) override { others_.OnNote({"from inside"}); }

   private:
    RunObserver& others_;
  };
  FanOut all;
  Noter noter(all);
  Listener listener;
  all.Add("the noter", noter);
  all.Add("the listener", listener);
  all.OnStep({.step = 1});
  EXPECT_THAT(listener.heard, ElementsAre("note from inside", "step 1"));
}

}  // namespace
}  // namespace cllm
