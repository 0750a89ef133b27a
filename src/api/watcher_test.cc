#include "api/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(WatcherTest, Events_AreTold) {
  std::vector<Event> events;
  const Watch watch{.on_event = [&](const Event& event) {
    events.push_back(event);
    return Next::kGoOn;
  }};
  Watcher watcher(watch);
  watcher.BeginTraining("runs/a");
  watcher.OnStart({.run = {.step = 0, .total_steps = 9, .parameters = 100, .batch = 4}});
  watcher.OnStep({.step = 1, .total = 9, .loss = 2.5, .loss_token = 2.25, .eta_s = -7});
  watcher.OnPhase({.name = "evaluating", .share = 0.5});
  watcher.OnEvaluation({.step = 1, .bits_per_byte = 3, .best = true});
  watcher.OnSample({.step = 1, .text = "abc"});
  watcher.OnSave({.step = 1, .directory = "runs/a/checkpoints/step-1"});
  watcher.OnSkippedSave({.step = 2, .reason = "the disk is full"});
  watcher.OnNote({"a note"});
  watcher.OnRollback({.step = 1, .rate_scale = 0.5, .reason = "not finite"});
  ASSERT_EQ(events.size(), 9u);
  EXPECT_EQ(std::get<RunBegan>(events[0]).directory, "runs/a");
  EXPECT_EQ(std::get<RunBegan>(events[0]).parameters, 100u);
  EXPECT_EQ(std::get<StepDone>(events[1]).token_loss, 2.25);
  EXPECT_EQ(std::get<StepDone>(events[1]).left_s, -1);
  EXPECT_EQ(std::get<PhaseShare>(events[2]).share, 0.5);
  EXPECT_TRUE(std::get<Evaluated>(events[3]).best);
  EXPECT_EQ(std::get<SampleWritten>(events[4]).text, "abc");
  EXPECT_EQ(std::get<Saved>(events[5]).step, 1u);
  EXPECT_EQ(std::get<Note>(events[6]).sentence, "the disk is full");
  EXPECT_EQ(std::get<Note>(events[7]).sentence, "a note");
  EXPECT_THAT(std::get<Note>(events[8]).sentence, HasSubstr("not finite"));
  EXPECT_FALSE(watcher.stopped());
}

TEST(WatcherTest, AnswerStop_StopsAndEndsTheEvents) {
  int calls = 0;
  const Watch watch{.on_event = [&](const Event&) {
    ++calls;
    return Next::kStop;
  }};
  Watcher watcher(watch);
  watcher.BeginTraining("a");
  watcher.OnNote({"one"});
  watcher.OnNote({"two"});
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(watcher.stopped());
  EXPECT_NE(watcher.control().stop_signal, 0);
  EXPECT_FALSE(watcher.exception());
}

TEST(WatcherTest, CallbackThatThrows_StopsAndIsKept) {
  int calls = 0;
  const Watch watch{.on_event = [&](const Event&) -> Next {
    ++calls;
    throw std::runtime_error("no more");
  }};
  Watcher watcher(watch);
  watcher.BeginTraining("a");
  watcher.OnNote({"one"});
  watcher.OnNote({"two"});
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(watcher.stopped());
  EXPECT_EQ(watcher.exception(), "no more");
  const Error error = StoppedError(watcher.exception(), "all is well");
  EXPECT_EQ(error.kind, ErrorKind::kCallback);
  EXPECT_THAT(error.message, HasSubstr("no more; all is well"));
  EXPECT_EQ(StoppedError({}, "all is well").kind, ErrorKind::kStopped);
}

TEST(WatcherTest, Token_StopsFromAnotherThread) {
  std::stop_source source;
  const Watch watch{.stop = source.get_token()};
  Watcher watcher(watch);
  EXPECT_FALSE(watcher.stopped());
  std::jthread([&] { source.request_stop(); }).join();
  EXPECT_TRUE(watcher.stopped());
  Watcher later(watch);
  EXPECT_TRUE(later.stopped());
}

TEST(WatcherTest, WorkBeforeTheTraining_IsLeftAtItsNextShare) {
  std::stop_source source;
  const Watch watch{.stop = source.get_token()};
  Watcher watcher(watch);
  watcher.OnPhase({.name = "reading"});
  source.request_stop();
  EXPECT_THROW(watcher.OnPhase({.name = "reading", .share = 0.5}), Watcher::Interrupt);
  EXPECT_NO_THROW(watcher.OnPhase({}));  // told while the exception is on its way
  const Expected<int> left = RunWatched<int>(watcher, "nothing", [&]() -> Result<int> {
    watcher.OnPhase({.name = "tokenizing"});
    return 1;
  });
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().kind, ErrorKind::kStopped);
  watcher.BeginTraining("a");
  EXPECT_NO_THROW(watcher.OnPhase({.name = "evaluating"}));
}

}  // namespace
}  // namespace cllm
