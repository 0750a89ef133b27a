#include "monitor/queued_observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "monitor/observer_fan_out.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Strings = std::vector<std::string>;
constexpr std::chrono::hours kForever{1};

// What the observers of a test share with it, whoever ends first.
struct Shared {
  std::promise<void> go;  // lets blocked observers return
  std::shared_future<void> gone_ahead = go.get_future().share();
  std::promise<void> entered;  // an observer blocks
  std::promise<void> ended;    // an observer was destroyed
  std::mutex mutex;
  Strings heard;
};

// Blocks in its first event until the test lets it go; writes down what it is told.
class Blocker : public RunObserver {
 public:
  explicit Blocker(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
  ~Blocker() override { shared_->ended.set_value(); }
  void OnStart(const StartEvent&) override { Hear("start"); }
  void OnResume(const ResumeEvent&) override { Hear("resume"); }
  void OnStep(const StepEvent& event) override { Hear("step " + std::to_string(event.step)); }
  void OnEvaluation(const EvaluationEvent& event) override { Hear("evaluation " + std::to_string(event.step)); }
  void OnSample(const SampleEvent& event) override { Hear("sample " + event.text); }
  void OnSave(const SaveEvent& event) override { Hear("save " + std::to_string(event.step)); }
  void OnSkippedSave(const SkippedSaveEvent&) override { Hear("skipped save"); }
  void OnNote(const NoteEvent& event) override { Hear("note " + event.sentence); }
  void OnDivergence(const DivergenceEvent&) override { Hear("divergence"); }
  void OnRollback(const RollbackEvent&) override { Hear("rollback"); }
  void OnEnd(const EndEvent&) override { Hear("end"); }

 private:
  void Hear(std::string what) {
    if (!blocked_) shared_->entered.set_value();
    blocked_ = true;
    shared_->gone_ahead.wait();
    const std::scoped_lock lock(shared_->mutex);
    shared_->heard.push_back(std::move(what));
  }
  std::shared_ptr<Shared> shared_;
  bool blocked_ = false;
};

class QueuedObserverTest : public testing::Test {
 protected:
  std::unique_ptr<RunObserver> MakeBlocker() { return std::make_unique<Blocker>(shared_); }
  // Starts a queue whose observer sits in "step 0".
  std::unique_ptr<QueuedObserver> Blocked(QueueLimits limits) {
    auto queued = std::make_unique<QueuedObserver>(MakeBlocker(), limits);
    queued->OnStep({.step = 0});
    shared_->entered.get_future().wait();
    return queued;
  }
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

TEST_F(QueuedObserverTest, EveryEvent_ArrivesInOrderBeforeTheDestructorReturns) {
  shared_->go.set_value();
  {
    QueuedObserver queued(MakeBlocker(), {.patience = kForever});
    queued.OnStart({});
    queued.OnResume({});
    queued.OnStep({.step = 7});
    queued.OnEvaluation({.step = 7});
    queued.OnSample({.text = "once"});
    queued.OnSave({.step = 7});
    queued.OnSkippedSave({});
    queued.OnNote({"a word"});
    queued.OnDivergence({});
    queued.OnRollback({});
    queued.OnEnd({});
  }
  EXPECT_THAT(shared_->heard, ElementsAre("start", "resume", "step 7", "evaluation 7", "sample once", "save 7",
                                          "skipped save", "note a word", "divergence", "rollback", "end"));
}

TEST_F(QueuedObserverTest, FullQueue_DropsTheOldestSteps) {
  auto queued = Blocked({.events = 4, .patience = kForever});
  queued->OnNote({"kept"});
  for (uint64_t step = 1; step <= 1000; ++step) queued->OnStep({.step = step});
  queued->OnEvaluation({.step = 1000});
  queued->OnEnd({});
  EXPECT_EQ(queued->dropped(), 999u);
  shared_->go.set_value();
  queued.reset();
  EXPECT_THAT(shared_->heard, ElementsAre("step 0", "note kept", "step 1000", "evaluation 1000", "end"));
}

TEST_F(QueuedObserverTest, FullQueueWithoutSteps_DropsTheOldestOfWhatCanBeMissed) {
  auto queued = Blocked({.events = 3, .patience = kForever});
  queued->OnEvaluation({.step = 1});
  queued->OnSample({.text = "one"});
  queued->OnSave({.step = 1});
  queued->OnNote({"a"});
  queued->OnNote({"b"});
  queued->OnStep({.step = 2});
  queued->OnRollback({});
  queued->OnDivergence({});
  queued->OnEnd({});
  EXPECT_EQ(queued->dropped(), 4u);
  shared_->go.set_value();
  queued.reset();
  EXPECT_THAT(shared_->heard, ElementsAre("step 0", "note a", "note b", "rollback", "divergence", "end"));
}

TEST_F(QueuedObserverTest, ObserverThatStaysBlocked_HoldsUpNeitherEventsNorTheEnd) {
  auto queued = Blocked({.events = 8, .patience = std::chrono::milliseconds(0)});
  for (uint64_t step = 1; step <= 100; ++step) queued->OnStep({.step = step});
  queued.reset();  // returns: the thread keeps the observer
  shared_->go.set_value();
  shared_->ended.get_future().wait();
  EXPECT_THAT(shared_->heard, ElementsAre("step 0"));
}

TEST_F(QueuedObserverTest, ObserverThatThrows_IsReportedByTheFanOutOnce) {
  class ThrowsAtStart : public RunObserver {
   public:
    explicit ThrowsAtStart(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    ~ThrowsAtStart() override { shared_->ended.set_value(); }
    void OnStep(const StepEvent&) override { throw std::runtime_error("no socket"); }

   private:
    std::shared_ptr<Shared> shared_;
  };
  class Notes : public RunObserver {
   public:
    void OnStep(const StepEvent&) override { ++steps; }
    void OnNote(const NoteEvent& event) override { notes.push_back(event.sentence); }
    uint64_t steps = 0;
    Strings notes;
  };
  QueuedObserver queued(std::make_unique<ThrowsAtStart>(shared_), {.patience = kForever});
  Notes notes;
  FanOut all;
  all.Add("the dashboard", queued);
  all.Add("the notes", notes);
  all.OnStep({.step = 1});
  shared_->ended.get_future().wait();
  // Its thread is about to say that it ended.
  while (notes.notes.empty()) all.OnStep({.step = 2});
  const uint64_t steps = notes.steps;
  all.OnStep({.step = 3});
  EXPECT_EQ(notes.steps, steps + 1);
  EXPECT_THAT(notes.notes, ElementsAre(HasSubstr("the dashboard failed and is told no more of this run: no socket")));
}

}  // namespace
}  // namespace cllm
