#include "serve/dashboard/run_controls.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/system.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunControls : public ::testing::Test {
 protected:
  RunControls() {
    std::filesystem::create_directories(root_ / "run/checkpoints");
    root_.Write("run/config.toml", "format = 2\n");
    EXPECT_TRUE(run_.Refresh().ok());
  }
  // A process that holds the run's lock, says so in its file as `owner`, and ends when it gets a signal it handles.
  template <typename Prepare>
  pid_t Writer(const Prepare& prepare, const std::string& host = HostName()) {
    int told[2];
    EXPECT_EQ(pipe(told), 0);
    const pid_t process = fork();
    if (process == 0) {
      prepare();
      const int lock = open((root_ / "run/lock").c_str(), O_RDWR | O_CREAT, 0666);
      if (flock(lock, LOCK_EX) != 0) _exit(99);
      const std::string owner = std::to_string(getpid()) + " " + host + "\n";
      if (write(lock, owner.data(), owner.size()) < 0 || write(told[1], "x", 1) != 1) _exit(98);
      for (;;) pause();
    }
    char byte = 0;
    EXPECT_EQ(read(told[0], &byte, 1), 1);
    close(told[0]), close(told[1]);
    EXPECT_TRUE(run_.Refresh().ok());
    return process;
  }
  static int EndOf(pid_t process) {
    int status = 0;
    waitpid(process, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  static void Listen(int signal) {
    struct sigaction action = {};
    action.sa_handler = [](int caught) { _exit(caught); };
    sigaction(signal, &action, nullptr);
  }

  TemporaryDirectory root_;
  ShownRun run_{"run", "run", root_ / "run"};
};

TEST_F(RunControls, OfThisProcess_AskItsControl) {
  RunControl control;
  LiveRun live(root_ / "run", control);
  EXPECT_THAT(ControlsOf(run_, &live), ElementsAre("save", "stop", "sample"));
  EXPECT_TRUE(AskRun("save", run_, &live).ok());
  EXPECT_TRUE(control.save_now);
  EXPECT_TRUE(AskRun("sample", run_, &live).ok());
  EXPECT_TRUE(control.sample_now);
  EXPECT_EQ(control.stop_signal, 0);
  EXPECT_TRUE(AskRun("stop", run_, &live).ok());
  EXPECT_EQ(control.stop_signal, SIGINT);
  control.stop_signal = SIGTERM;
  EXPECT_TRUE(AskRun("stop", run_, &live).ok());
  EXPECT_EQ(control.stop_signal, SIGTERM) << "it was asked before";
  live.TakeEnd();
  EXPECT_THAT(ControlsOf(run_, &live), IsEmpty());
  EXPECT_FALSE(AskRun("save", run_, &live).ok());
}

TEST_F(RunControls, OfNoProcess_AreNone) {
  EXPECT_THAT(ControlsOf(run_, nullptr), IsEmpty());
  EXPECT_THAT(AskRun("save", run_, nullptr).message(), HasSubstr("not being trained"));
}

TEST_F(RunControls, OfAnotherProcess_AreSignals) {
  const pid_t saver = Writer([] { Listen(SIGUSR1), Listen(SIGHUP), Listen(SIGTERM); });
  EXPECT_THAT(ControlsOf(run_, nullptr), ElementsAre("save", "stop"));
  EXPECT_THAT(AskRun("sample", run_, nullptr).message(), HasSubstr("another process"));
  EXPECT_TRUE(AskRun("save", run_, nullptr).ok());
  EXPECT_EQ(EndOf(saver), SIGUSR1);
  const pid_t stopped = Writer([] { Listen(SIGUSR1), Listen(SIGHUP), Listen(SIGTERM); });
  EXPECT_TRUE(AskRun("stop", run_, nullptr).ok());
  EXPECT_EQ(EndOf(stopped), SIGHUP);
  const pid_t without_hangups = Writer([] { signal(SIGHUP, SIG_IGN), Listen(SIGTERM); });
  EXPECT_THAT(ControlsOf(run_, nullptr), ElementsAre("stop"));
  EXPECT_TRUE(AskRun("stop", run_, nullptr).ok());
  EXPECT_EQ(EndOf(without_hangups), SIGTERM);
}

// SIGUSR1 ends a process that has no handler for it: it is never sent to one.
TEST_F(RunControls, ProcessThatDoesNotListen_IsLeftAlone) {
  const pid_t deaf = Writer([] {
    for (const int each : {SIGUSR1, SIGHUP, SIGTERM}) signal(each, SIG_DFL);
  });
  EXPECT_THAT(ControlsOf(run_, nullptr), IsEmpty());
  EXPECT_THAT(AskRun("save", run_, nullptr).message(), HasSubstr("listens to no such signal"));
  EXPECT_THAT(AskRun("stop", run_, nullptr).message(), HasSubstr("listens to no such signal"));
  kill(deaf, SIGKILL);
  EXPECT_EQ(EndOf(deaf), -SIGKILL);
}

// The number in a lock may be that of a process of another machine, or another one by now.
TEST_F(RunControls, ProcessThatDoesNotHoldTheLock_IsLeftAlone) {
  const pid_t elsewhere = Writer([] { Listen(SIGUSR1), Listen(SIGTERM); }, "another-host");
  EXPECT_THAT(ControlsOf(run_, nullptr), IsEmpty());
  EXPECT_THAT(AskRun("stop", run_, nullptr).message(), HasSubstr("another machine"));
  const pid_t innocent = fork();
  if (innocent == 0) {
    Listen(SIGTERM), Listen(SIGUSR1);
    for (;;) pause();
  }
  std::ofstream(root_ / "run/lock") << innocent << " " << HostName() << "\n";
  EXPECT_TRUE(run_.Refresh().ok());
  EXPECT_FALSE(AskRun("stop", run_, nullptr).ok());
  for (const pid_t process : {elsewhere, innocent}) {
    kill(process, SIGKILL);
    EXPECT_EQ(EndOf(process), -SIGKILL);
  }
}

}  // namespace
}  // namespace cllm
