#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "program.h"

// What surrounds the program: signals, descriptors, limits, an environment that lacks things.
namespace cllm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Resource = decltype(RLIMIT_AS);

// Whether a process has a handler for a signal, by the mask in /proc.
bool Handles(int pid, int signal) {
  const std::string status = ReadAll("/proc/" + std::to_string(pid) + "/status");
  const size_t at = status.find("SigCgt:");
  if (at == std::string::npos) return false;
  return (std::stoull(status.substr(at + 7), nullptr, 16) >> (signal - 1) & 1) != 0;
}

void Limit(Resource resource, rlim_t value) {
  const rlimit limit{value, value};
  if (setrlimit(resource, &limit) != 0) _exit(126);
}

void PutOn(int descriptor, const char* path) {
  const int file = open(path, O_WRONLY);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(126);
  if (file > STDERR_FILENO) close(file);
}

class Limits : public ::testing::Test {
 protected:
  std::vector<std::string> Train(const std::string& steps, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = TinyRun(text_, Run(), steps);
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::string Run() const { return box_.path("run"); }
  std::string Log() const { return ReadAll(Run() + "/log.jsonl"); }
  // A run of two steps.
  std::string Trained() {
    EXPECT_EQ(box_.Run(Train("2")).exit_code, 0);
    return Run();
  }
  // A training that never ends by itself gets signals as soon as it has done some steps.
  Outcome Signalled(const std::vector<int>& signals, std::function<void()> in_child = {}) {
    return box_.Run(Start{.arguments = Train("1000000", {"--save-every", "1000000"}),
                          .meanwhile =
                              [&](int pid) {
                                WaitFor([&] { return HasStep() || Ended(pid); });
                                for (const int each : signals) kill(pid, each);
                              },
                          .in_child = std::move(in_child)});
  }
  bool HasStep() const { return Exists(Run() + "/log.jsonl") && Log().find("\"step\":3,") != std::string::npos; }
  std::string Latest() const { return fs::read_symlink(Run() + "/latest").filename().string(); }

  Sandbox box_;
  std::string text_ = box_.Write("text.txt", SomeText(20000));
};

// ---- signals

TEST_F(Limits, Hangup_SavesAndEnds) {
  const Outcome outcome = Signalled({SIGHUP});
  EXPECT_EQ(outcome.exit_code, 129) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("is saved"), HasSubstr("resume")));
  EXPECT_NE(Latest(), "step-0");
}

TEST_F(Limits, TwoHangups_SaveAsWell) {
  const Outcome outcome = Signalled({SIGHUP, SIGHUP, SIGHUP});
  EXPECT_EQ(outcome.exit_code, 129) << outcome.err;
  EXPECT_NE(Latest(), "step-0");
}

TEST_F(Limits, HangupThatWasIgnoredOnEntry_StaysIgnored) {
  const Outcome outcome = box_.Run(Start{.arguments = Train("60"),
                                         .meanwhile =
                                             [&](int pid) {
                                               WaitFor([&] { return Handles(pid, SIGUSR1) || Ended(pid); });
                                               kill(pid, SIGHUP);
                                               WaitFor([&] { return HasStep() || Ended(pid); });
                                               kill(pid, SIGHUP);
                                             },
                                         .in_child = [] { signal(SIGHUP, SIG_IGN); }});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(Latest(), "step-60");
}

// The whole validation part of a text of 2 MB takes this model many seconds; the only step ends at once.
class LastEvaluation : public Limits, public ::testing::WithParamInterface<int> {};

TEST_P(LastEvaluation, AStopInIt_EndsWithItsCode_AndSaysWhatIsSaved) {
  const std::string text = box_.Write("large.txt", SomeText(2000000));
  std::vector<std::string> arguments = TinyRun(text, Run(), "2");
  const auto set = [&](const std::string& option, const std::string& value) {
    *(std::find(arguments.begin(), arguments.end(), option) + 1) = value;
  };
  set("--width", "256"), set("--hidden", "1024"), set("--layers", "2");
  const Outcome outcome = box_.Run(Start{.arguments = arguments, .meanwhile = [&](int pid) {
                                           WaitFor([&] { return Exists(Run() + "/checkpoints/step-2") || Ended(pid); });
                                           kill(pid, GetParam());
                                         }});
  EXPECT_EQ(outcome.exit_code, 128 + GetParam()) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("step 2, which is saved"), HasSubstr("resume")));
  EXPECT_THAT(Log(), HasSubstr("\"signal\":" + std::to_string(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(Stops, LastEvaluation, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

// The text comes from a pipe that never ends, so that the program waits in its preparation.
class Preparation : public Limits, public ::testing::WithParamInterface<int> {
 protected:
  Outcome WithPipe(const std::function<void(int pid, int pipe)>& meanwhile) {
    const std::string path = box_.path("pipe.txt");
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    const int pipe = open(path.c_str(), O_RDWR);
    std::vector<std::string> arguments = TinyRun(path, Run(), "5");
    const Outcome outcome =
        box_.Run(Start{.arguments = arguments, .meanwhile = [&](int pid) {
                         WaitFor([&] { return Handles(pid, SIGUSR1) || Ended(pid); });
                         meanwhile(pid, pipe);
                       }});
    close(pipe);
    return outcome;
  }
};

TEST_P(Preparation, AStopInIt_EndsWithItsCode_AndLeavesNoRun) {
  const Outcome outcome = WithPipe([](int pid, int) { kill(pid, GetParam()); });
  EXPECT_EQ(outcome.exit_code, 128 + GetParam()) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("stopped before the training began"), HasSubstr("no run was made")));
  EXPECT_FALSE(Exists(Run()));
}

INSTANTIATE_TEST_SUITE_P(Stops, Preparation, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST_F(Limits, SaveAskedForBeforeThereIsARun_IsMadeAfterItsFirstStep) {
  const Outcome outcome = box_.Run(Start{.arguments = Train("5", {"--save-every", "1000"}), .meanwhile = [&](int pid) {
                                           WaitFor([&] { return Handles(pid, SIGUSR1) || Ended(pid); });
                                           if (!Exists(Run())) kill(pid, SIGUSR1);
                                         }});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(Exists(Run() + "/checkpoints/step-5"));
}

// ---- files that can grow no more

TEST_F(Limits, FileSizeLimit_TrainingGoesOn_AndSaysWhatIsMissing) {
  const Outcome outcome = box_.Run(Start{.arguments = Train("20", {"--save-every", "10"}),
                                         .in_child = [] { Limit(RLIMIT_FSIZE, 40 << 10); }});
  EXPECT_EQ(outcome.exit_code, kFailed) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("was not saved (it needs "), HasSubstr("a file may have 40.0 KiB: ulimit -f"),
                    HasSubstr("nothing of it could be saved")));
  EXPECT_THAT(Log(), AllOf(HasSubstr("\"step\":20,"), HasSubstr("\"event\":\"run_end\"")));
}

TEST_F(Limits, FileSizeLimit_OfTheLogOnly_EndsWell) {
  const Outcome outcome = box_.Run(Start{.arguments = Train("400", {"--save-every", "400"}),
                                         .in_child = [] { Limit(RLIMIT_FSIZE, 70 << 10); }});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("the log goes on without the records that cannot be written"));
  EXPECT_EQ(box_.Run({"inspect", Run(), "--verify"}).exit_code, 0);
}

// ---- descriptors

TEST_F(Limits, ClosedDescriptors_InAllCombinations_NeverMeetAFileOfOurs) {
  std::string weights;
  for (int closed = 0; closed < 8; ++closed) {
    SCOPED_TRACE(closed);
    fs::remove_all(Run());
    std::vector<std::string> arguments = Train("3");
    std::erase(arguments, "--quiet");
    const Outcome outcome = box_.Run(Start{.arguments = arguments, .in_child = [closed] {
                                             for (int d = 0; d < 3; ++d) {
                                               if ((closed >> d & 1) != 0) close(d);
                                             }
                                           }});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::string log = Log();
    for (size_t begin = 0; begin < log.size(); begin = log.find('\n', begin) + 1) EXPECT_EQ(log[begin], '{') << log;
    EXPECT_EQ(ReadAll(Run() + "/lock"), "");
    const std::string model = ReadAll(Run() + "/checkpoints/step-3/model.safetensors");
    if (weights.empty()) weights = model;
    EXPECT_EQ(model, weights);
    EXPECT_EQ(box_.Run({"inspect", Run(), "--verify"}).exit_code, 0);
  }
}

TEST_F(Limits, ClosedOutput_IsNoticedByWhoPrints_ClosedInputByWhoReads) {
  const auto close_output = [] { close(STDOUT_FILENO); };
  const Outcome version = box_.Run(Start{.arguments = {"--version"}, .in_child = close_output});
  EXPECT_EQ(version.exit_code, kFailed);
  EXPECT_THAT(version.err, HasSubstr("standard output: cannot write"));
  const Outcome tokens = box_.Run(Start{.arguments = {"tokenize", Trained()}, .in_child = [] { close(STDIN_FILENO); }});
  EXPECT_EQ(tokens.exit_code, kBadInput) << tokens.err;
}

TEST_F(Limits, FullDevice_IsNoticedByEveryCommand) {
  const std::string run = Trained();
  const std::vector<std::vector<std::string>> commands = {{"--version"},
                                                          {"--help"},
                                                          {"help"},
                                                          {"train", "--help"},
                                                          {"resume", "--help"},
                                                          {"eval", run, text_},
                                                          {"eval", run, text_, "--json"},
                                                          {"tokenize", run, text_},
                                                          {"tokenize", run, text_, "--pieces"},
                                                          {"generate", run, "-n", "3"},
                                                          {"generate", run, "-n", "3", "--json"},
                                                          {"generate", run, "-n", "3", "--logprobs"},
                                                          {"inspect", run},
                                                          {"inspect", run, "--json"},
                                                          {"inspect", run, "--verify"},
                                                          {"inspect", run, "--memory"},
                                                          {"inspect", run, "lattice"},
                                                          {"bench", "--help"},
                                                          {"resume", run, "--json", "--quiet"}};
  for (const auto& arguments : commands) {
    SCOPED_TRACE(arguments[0] + " " + arguments.back());
    const Outcome outcome =
        box_.Run(Start{.arguments = arguments, .in_child = [] { PutOn(STDOUT_FILENO, "/dev/full"); }});
    EXPECT_EQ(outcome.exit_code, kFailed);
    EXPECT_THAT(outcome.err, HasSubstr("cllm: standard output: cannot write: No space left on device\n"));
  }
}

// Its reader is gone before it starts: as `cllm inspect RUN | true`.
void CloseThePipe() {
  int ends[2];
  if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0) _exit(126);
  close(ends[0]), close(ends[1]);
}

TEST_F(Limits, ClosedPipe_EndsQuietlyByItsSignal_OrSaysSoWhereThatIsIgnored) {
  const std::string run = Trained();
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"inspect", run},
                                                    {"tokenize", run, text_},
                                                    {"--help"},
                                                    {"generate", run, "-n", "5", "-s", "1"}}) {
    SCOPED_TRACE(arguments[0]);
    const Outcome quiet = box_.Run(Start{.arguments = arguments, .in_child = [] {
                                           signal(SIGPIPE, SIG_DFL);
                                           CloseThePipe();
                                         }});
    EXPECT_EQ(quiet.exit_code, 128 + SIGPIPE);
    EXPECT_EQ(quiet.err, "");
    const Outcome told = box_.Run(Start{.arguments = arguments, .in_child = [] {
                                          signal(SIGPIPE, SIG_IGN);
                                          CloseThePipe();
                                        }});
    EXPECT_EQ(told.exit_code, kFailed);
    EXPECT_THAT(told.err, HasSubstr("standard output: cannot write: Broken pipe"));
  }
}

TEST_F(Limits, LostDisplay_TrainingGoesOn_TheLogAndTheExitCodeTell) {
  for (const bool pipe_is_closed : {false, true}) {
    SCOPED_TRACE(pipe_is_closed);
    fs::remove_all(Run());
    std::vector<std::string> arguments = Train("20", {"--eval-every", "5"});
    std::erase(arguments, "--quiet");
    const Outcome outcome = box_.Run(Start{.arguments = arguments, .in_child = [=] {
                                             if (pipe_is_closed) {
                                               const int output = dup(STDOUT_FILENO);
                                               CloseThePipe();
                                               dup2(STDOUT_FILENO, STDERR_FILENO);
                                               dup2(output, STDOUT_FILENO);
                                               close(output);
                                             } else {
                                               PutOn(STDERR_FILENO, "/dev/full");
                                             }
                                           }});
    EXPECT_EQ(outcome.exit_code, kFailed);
    EXPECT_EQ(Latest(), "step-20");
    EXPECT_THAT(Log(), AllOf(HasSubstr("progress is shown on takes no more"), HasSubstr("\"event\":\"run_end\"")));
  }
}

TEST_F(Limits, LostSamples_AreToldAfterTheTraining) {
  std::vector<std::string> arguments = Train("3");
  *(std::find(arguments.begin(), arguments.end(), "--samples") + 1) = "1";
  const Outcome outcome = box_.Run(Start{.arguments = arguments, .in_child = [] { CloseThePipe(); }});
  EXPECT_EQ(outcome.exit_code, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("standard output: cannot write: Broken pipe"));
  EXPECT_EQ(Latest(), "step-3");
}

// ---- limits that are low

TEST_F(Limits, SmallStacks_DoNotMatter) {
  std::vector<std::string> arguments = Train("2");
  std::replace(arguments.begin(), arguments.end(), std::string("bytes"), std::string("bpe:280"));
  for (const rlim_t kibibytes : {64, 256, 1024}) {
    SCOPED_TRACE(kibibytes);
    fs::remove_all(Run());
    const auto small = [kibibytes] { Limit(RLIMIT_STACK, kibibytes << 10); };
    const Outcome trained = box_.Run(Start{.arguments = arguments, .in_child = small});
    EXPECT_EQ(trained.exit_code, 0) << trained.err;
    EXPECT_EQ(box_.Run(Start{.arguments = {"eval", Run(), text_}, .in_child = small}).exit_code, 0);
    EXPECT_EQ(box_.Run(Start{.arguments = {"generate", Run(), "-n", "3"}, .in_child = small}).exit_code, 0);
    EXPECT_EQ(box_.Run(Start{.arguments = {"inspect", Run()}, .in_child = small}).exit_code, 0);
  }
}

TEST_F(Limits, FewOpenFiles_AreNamedWithTheirNumber) {
  struct Case {
    rlim_t files;
    int exit_code;  // the text cannot be read; no checkpoint can be written
  };
  for (const auto& [files, exit_code] : {Case{4, kBadInput}, Case{5, kBadInput}, Case{6, kFailed}}) {
    SCOPED_TRACE(files);
    fs::remove_all(Run());
    const Outcome outcome = box_.Run(Start{.arguments = Train("2"), .in_child = [files = files] {
                                             Limit(RLIMIT_NOFILE, files);
                                           }});
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("at most " + std::to_string(files) + " may be open: ulimit -n"));
  }
  fs::remove_all(Run());
  const Outcome enough = box_.Run(Start{.arguments = Train("2"), .in_child = [] { Limit(RLIMIT_NOFILE, 7); }});
  EXPECT_EQ(enough.exit_code, 0) << enough.err;
}

TEST_F(Limits, LittleAddressSpace_IsNamedWithItsSize) {
  const auto limited = [] { Limit(RLIMIT_AS, rlim_t{700} << 20); };
  std::vector<std::string> arguments = Train("1");
  *(std::find(arguments.begin(), arguments.end(), "--width") + 1) = "2048";
  *(std::find(arguments.begin(), arguments.end(), "--hidden") + 1) = "8192";
  const Outcome refused = box_.Run(Start{.arguments = arguments, .in_child = limited});
  EXPECT_EQ(refused.exit_code, kNoResources) << refused.err;
  EXPECT_THAT(refused.err, AllOf(HasSubstr("of memory"), HasSubstr("700.0 MiB"), HasSubstr("ulimit -v")));
  EXPECT_FALSE(Exists(Run()));
  // Not even for the program itself.
  const Outcome little = box_.Run(Start{.arguments = Train("1"), .in_child = [] {
                                          Limit(RLIMIT_AS, rlim_t{60} << 20);
                                        }});
  EXPECT_EQ(little.exit_code, kNoResources) << little.err;
  EXPECT_THAT(little.err, HasSubstr("60.0 MiB"));
}

// Another user's limit: root's is not looked at.
TEST_F(Limits, FewProcesses_AreNamedAsSuch) {
  if (geteuid() == 0) {
    fs::permissions(box_.path(""), fs::perms::all);
    fs::permissions(text_, fs::perms::all);
  }
  const auto limited = [] {
    Limit(RLIMIT_NPROC, 2);
    if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(60123) != 0 || setuid(60123) != 0)) _exit(126);
  };
  const Outcome outcome = box_.Run(Start{.arguments = Train("1", {"--threads", "8"}), .in_child = limited});
  EXPECT_EQ(outcome.exit_code, kNoResources) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("2 processes and threads"), HasSubstr("ulimit -u")));
}

// ---- an environment that lacks things

TEST_F(Limits, NeitherHomeNorCache_IsANote) {
  const Outcome outcome = testing::Run(Start{.arguments = Train("2"), .in_child = [] {
                                      for (const char* name : {"HOME", "CLLM_CACHE", "XDG_CACHE_HOME"}) unsetenv(name);
                                    }});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("is not kept: set CLLM_CACHE"));
}

TEST_F(Limits, NoPlaceForTemporaryFiles_IsASentence) {
  const Outcome outcome =
      testing::Run(Start{.arguments = Train("2"), .environment = {"CLLM_CACHE=/proc/none", "TMPDIR=/none"}});
  EXPECT_EQ(outcome.exit_code, kFailed) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("/proc/none"), HasSubstr("/none"), HasSubstr("set CLLM_CACHE")));
}

TEST_F(Limits, CurrentDirectoryThatWasRemoved_IsSaid_AbsolutePathsWork) {
  fs::create_directory(box_.path("gone"));
  const auto leave = [this] {
    if (chdir(box_.path("gone").c_str()) != 0 || rmdir(box_.path("gone").c_str()) != 0) _exit(126);
  };
  const Outcome relative = box_.Run(Start{.arguments = TinyRun("text.txt", "run", "1"), .in_child = leave});
  EXPECT_EQ(relative.exit_code, kBadInput) << relative.err;
  EXPECT_THAT(relative.err, HasSubstr("the current directory was removed"));
  fs::create_directory(box_.path("gone"));
  EXPECT_EQ(box_.Run(Start{.arguments = Train("1"), .in_child = leave}).exit_code, 0);
}

TEST_F(Limits, RunThatCannotBeWritten_IsReadButNotResumed) {
  const std::string run = Trained();
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    if (!entry.is_symlink()) fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::remove);
  }
  fs::permissions(run, fs::perms::owner_write, fs::perm_options::remove);
  const auto start = [](std::vector<std::string> arguments) {
    return Start{.arguments = std::move(arguments), .obeys_modes = true};
  };
  EXPECT_EQ(box_.Run(start({"generate", run, "-n", "2"})).exit_code, 0);
  EXPECT_EQ(box_.Run(start({"eval", run, text_})).exit_code, 0);
  EXPECT_EQ(box_.Run(start({"inspect", run, "--verify"})).exit_code, 0);
  const Outcome resumed = box_.Run(start({"resume", run, "--steps", "4"}));
  EXPECT_EQ(resumed.exit_code, kFailed);
  EXPECT_THAT(resumed.err, AllOf(HasSubstr(run), HasSubstr("ermission denied")));
  fs::permissions(run, fs::perms::owner_all, fs::perm_options::add);
  for (const auto& entry : fs::recursive_directory_iterator(run)) {
    if (!entry.is_symlink()) fs::permissions(entry.path(), fs::perms::owner_all, fs::perm_options::add);
  }
}

TEST_F(Limits, WithoutProc_EverythingWorks) {
  const auto hide = [] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        umount2("/proc", MNT_DETACH) != 0) {
      _exit(125);
    }
  };
  const Outcome trained = box_.Run(Start{.arguments = Train("2"), .in_child = hide});
  if (trained.exit_code == 125) GTEST_SKIP() << "file systems cannot be unmounted here";
  EXPECT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(box_.Run(Start{.arguments = {"eval", Run(), text_}, .in_child = hide}).exit_code, 0);
  EXPECT_EQ(box_.Run(Start{.arguments = {"generate", Run(), "-n", "2"}, .in_child = hide}).exit_code, 0);
}

}  // namespace
}  // namespace cllm::testing
