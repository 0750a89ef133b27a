#include "terminal/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/testing/temporary_directory.h"
#include "terminal/testing/in_child.h"

namespace cllm {
namespace {

// The exit code of a process that has no handlers yet, is quiet and does `body`.
int InQuietChild(const std::function<int()>& body) {
  return InChild([&] {
    for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU}) signal(each, SIG_DFL);
    close(STDERR_FILENO);
    return body();
  });
}

// Ends with 99 where the signals left no other trace.
int AfterSignals(const std::vector<int>& signals) {
  return InQuietChild([&] {
    RunControl control;
    SignalScope scope(control, "nothing is kept", "");
    scope.LeaveStopsToTheRun();
    for (const int each : signals) raise(each);
    const int stop = control.stop_signal.load();
    return stop == 0 ? 99 : stop;
  });
}

TEST(Signals, Stops_AskTheRun) {
  for (const int stop : {SIGINT, SIGTERM, SIGHUP, SIGXCPU}) EXPECT_EQ(AfterSignals({stop}), stop);
}

TEST(Signals, UnderALauncher_RepeatsAreOne) {
  const auto after = [](std::vector<int> signals) {
    return InQuietChild([signals] {
      RunControl control;
      SignalScope scope(control, "nothing is kept", "");
      scope.TakeRepeatsAsOne();
      scope.LeaveStopsToTheRun();
      for (const int each : signals) raise(each);
      return control.stop_signal.load();
    });
  };
  EXPECT_EQ(after({SIGTERM, SIGTERM}), SIGTERM);
  EXPECT_EQ(after({SIGTERM, SIGINT, SIGTERM}), SIGTERM);
  EXPECT_EQ(after({SIGHUP, SIGTERM}), SIGHUP);
}

TEST(Signals, ASecondInterruptOrTerm_EndsAtOnce) {
  EXPECT_EQ(AfterSignals({SIGINT, SIGINT}), 130);
  EXPECT_EQ(AfterSignals({SIGINT, SIGTERM}), 143);
  EXPECT_EQ(AfterSignals({SIGTERM, SIGINT}), 130);
  EXPECT_EQ(AfterSignals({SIGHUP, SIGINT}), 130);
}

// A shell and the kernel both send one when a terminal goes away.
TEST(Signals, ASecondHangup_DoesNot_AndTheFirstSignalStays) {
  EXPECT_EQ(AfterSignals({SIGHUP, SIGHUP, SIGHUP}), SIGHUP);
  EXPECT_EQ(AfterSignals({SIGTERM, SIGHUP}), SIGTERM);
  EXPECT_EQ(AfterSignals({SIGXCPU, SIGXCPU}), SIGXCPU);
}

TEST(Signals, AHangupThatIsIgnored_StaysIgnored_AlsoAfterwards) {
  EXPECT_EQ(InQuietChild([] {
              signal(SIGHUP, SIG_IGN);
              RunControl control;
              {
                SignalScope scope(control, "", "");
                raise(SIGHUP);
                scope.LeaveStopsToTheRun();
                raise(SIGHUP);
              }
              raise(SIGHUP);
              return control.stop_signal.load();
            }),
            0);
}

TEST(Signals, BeforeTheRun_AStopEndsAtOnce_WithoutThisProcessesTemporaryFiles) {
  for (const int stop : {SIGINT, SIGTERM, SIGHUP}) {
    const TemporaryDirectory cache;
    cache.Write("tokens-1.bin", "kept");
    cache.Write("tokens-2.bin.tmp-1-5", "another's");
    EXPECT_EQ(InQuietChild([&] {
                cache.Write("tokens-3.bin.tmp-" + std::to_string(getpid()) + "-77", "ours");
                cache.Write("tokens-3.bin.tmp-" + std::to_string(getpid()) + "-77.documents", "ours");
                RunControl control;
                const SignalScope scope(control, "nothing is kept", cache.path());
                raise(stop);
                return 99;
              }),
              128 + stop);
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(cache.path())) {
      static_cast<void>(entry);
      ++files;
    }
    EXPECT_EQ(files, 2u);
  }
}

TEST(Signals, BeforeTheRun_ASaveIsKeptForLater) {
  EXPECT_EQ(InQuietChild([] {
              RunControl control;
              SignalScope scope(control, "", "");
              raise(SIGUSR1);
              scope.LeaveStopsToTheRun();
              return RunControl::Take(control.save_now) ? 0 : 1;
            }),
            0);
}

TEST(Signals, AfterTheScope_TheFormerHandlersAreBack) {
  EXPECT_EQ(InQuietChild([] {
              RunControl control;
              { const SignalScope scope(control, "", ""); }
              raise(SIGTERM);
              return 99;
            }),
            128 + SIGTERM);
}

}  // namespace
}  // namespace cllm
