#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>

#include "base/testing/source_directory.h"
#include "program.h"

// What happens to a run from outside: it is killed, its disk is full, another one wants its directory.
namespace cllm::testing {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

bool IsSlow() { return std::getenv("CLLM_SLOW") != nullptr; }

size_t Lines(const std::string& path) {
  const std::string text = ReadAll(path);
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// The largest distance of the steps of two records that follow one another in a log: 1 where none is missing.
uint64_t LargestGap(const std::string& log) {
  std::ifstream file(log);
  uint64_t former = 0, largest = 0;
  for (std::string line; std::getline(file, line);) {
    const nlohmann::json record = nlohmann::json::parse(line);
    if (!record.contains("step")) continue;
    const uint64_t step = record["step"];
    largest = std::max(largest, std::max(step, former) - former);
    former = step;
  }
  return largest;
}

class Interruption : public ::testing::Test {
 protected:
  std::vector<std::string> Options(const std::string& out, const std::string& steps) {
    std::vector<std::string> arguments = TinyRun(text_, out, steps);
    arguments.insert(arguments.end(), {"--save-every", "3", "--eval-every", "50"});
    return arguments;
  }
  std::string Model(const std::string& run, const std::string& step) {
    return ReadAll(box_.path(run + "/checkpoints/step-" + step + "/model.safetensors"));
  }
  // Whether the process was inside a save: its temporary directory is there.
  bool WasSaving(int pid) {
    const std::string mark = "-" + std::to_string(pid);
    for (const auto& entry : fs::directory_iterator(box_.path("cut/checkpoints"))) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(".tmp-") && name.ends_with(mark)) return true;
    }
    return false;
  }

  Sandbox box_;
  std::string text_ = box_.Write("text.txt", SomeText(20000));
};

// 12 kills normally, 200 in the slow tests; each at a random moment after some steps more, every other one as soon as a
// save has begun and a random moment later.
TEST_F(Interruption, KilledAgainAndAgain_EndsWithTheSameWeights) {
  const int kills = IsSlow() ? 200 : 12;
  const std::string steps = std::to_string(kills * 14);
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<std::string> arguments = Options(box_.path("cut"), steps);
  int killed = 0, saving = 0;
  while (killed < kills) {
    const std::string log = box_.path("cut/log.jsonl");
    int process = 0;
    const Outcome outcome =
        box_.Run(Start{arguments, "", {}, [&](int pid) {
                         process = pid;
                         const std::string former = ReadAll(log);
                         WaitFor([&] { return (Exists(log) && ReadAll(log) != former) || Ended(pid); });
                         const size_t lines = Lines(log) + random() % 12;
                         WaitFor([&] { return Lines(log) >= lines || Ended(pid); });
                         if (killed % 2 == 1) WaitFor([&] { return WasSaving(pid) || Ended(pid); });
                         std::this_thread::sleep_for(microseconds(random() % (killed % 2 == 1 ? 4000 : 20000)));
                         kill(pid, SIGKILL);
                       }});
    ASSERT_EQ(outcome.exit_code, 128 + SIGKILL) << "kill " << killed << ": " << outcome.err;
    ++killed;
    saving += WasSaving(process);
    arguments = {"resume", box_.path("cut"), "--quiet", "--samples", "0"};
  }
  const Outcome last = box_.Run(arguments);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  ASSERT_EQ(box_.Run(TinyRun(text_, box_.path("whole"), steps)).exit_code, 0);
  EXPECT_EQ(Model("whole", steps), Model("cut", steps));
  std::printf("killed %d times, %d of them inside a save\n", killed, saving);
  RecordProperty("kills", killed);
  RecordProperty("kills_inside_a_save", saving);
  if (IsSlow()) {
    EXPECT_GE(saving, 20);
  }
}

// A small file system of its own, where the tests may mount one.
class SmallDisk : public Interruption {
 protected:
  void SetUp() override {
    fs::create_directory(disk_);
    if (mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=3m") != 0)
      GTEST_SKIP() << "file systems cannot be mounted here";
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) umount2(disk_.c_str(), MNT_DETACH);
  }
  // Takes all space that is left.
  void Fill() {
    std::ofstream file(disk_ + "/filler", std::ios::binary | std::ios::app);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }

  // Whether nothing is free and no save is on its way that would give something back.
  bool IsFull(const std::string& run) {
    for (const auto& entry : fs::directory_iterator(run + "/checkpoints")) {
      if (entry.path().filename().string().starts_with(".tmp-")) return false;
    }
    return fs::space(disk_).available == 0;
  }

  std::string disk_ = box_.path("disk");
  bool mounted_ = false;
};

TEST_F(SmallDisk, Full_TrainingGoesOn_TheLastCheckpointIsGood_AndTheNextSaveSucceeds) {
  const std::string run = disk_ + "/run", log = run + "/log.jsonl", latest = run + "/latest";
  std::string while_full, after;
  Outcome verified;
  const Outcome outcome =
      box_.Run(Start{Options(run, "1000000"), "", {}, [&](int pid) {
                       WaitFor([&] { return Lines(log) > 20 || Ended(pid); });
                       // A save on its way when the disk becomes full gives its space back, and the log goes on with
                       // that: the disk is filled until the log stands still.
                       WaitFor([&] {
                         Fill();
                         const size_t before = Lines(log);
                         std::this_thread::sleep_for(milliseconds(500));
                         return (IsFull(run) && Lines(log) == before) || Ended(pid);
                       });
                       while_full = fs::read_symlink(latest).string();
                       verified = box_.Run({"generate", run + "@latest", "-n", "1"});
                       EXPECT_EQ(fs::read_symlink(latest).string(), while_full);
                       fs::remove(disk_ + "/filler");
                       WaitFor([&] { return fs::read_symlink(latest).string() != while_full || Ended(pid); });
                       after = fs::read_symlink(latest).string();
                       kill(pid, SIGTERM);
                     }});
  EXPECT_EQ(outcome.exit_code, 143) << outcome.err;
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_NE(after, while_full);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("was not saved (it needs "), HasSubstr(" bytes, "), HasSubstr("the log goes on")));
  EXPECT_EQ(box_.Run({"inspect", run, "--verify"}).exit_code, 0);
  const std::string text = ReadAll(log);
  EXPECT_EQ(text.find("}{"), std::string::npos) << "a torn line stayed";
  EXPECT_GT(LargestGap(log), 1u) << "no step while the disk was full";
}

TEST_F(SmallDisk, TooSmall_IsRefusedBeforeTheStart) {
  std::vector<std::string> arguments = TinyRun(text_, disk_ + "/run", "1");
  *std::find(arguments.begin(), arguments.end(), "16") = "256";
  const Outcome outcome = box_.Run(arguments);
  EXPECT_EQ(outcome.exit_code, kNoResources) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("of disk"), HasSubstr("are free")));
  EXPECT_FALSE(Exists(disk_ + "/run"));
}

TEST_F(Interruption, MoreMemoryThanThereIs_IsRefusedBeforeTheStart) {
  const Outcome outcome =
      box_.Run({"train", text_, "--out", box_.path("run"), "--tokenizer", "bytes", "--steps", "1", "--layers", "256",
                "--heads", "64", "--width", "8192", "--hidden", "32768", "--context", "64", "--quiet"});
  EXPECT_EQ(outcome.exit_code, kNoResources) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("of memory"), HasSubstr("are available")));
  EXPECT_FALSE(Exists(box_.path("run")));
}

TEST_F(Interruption, ReadOnlyDirectory_IsSaidInOneSentence) {
  fs::create_directory(box_.path("locked"));
  fs::permissions(box_.path("locked"), fs::perms::owner_read | fs::perms::owner_exec);
  Start start{TinyRun(text_, box_.path("locked/run"), "1"), "", {}, {}, /*obeys_modes=*/true};
  const Outcome outcome = box_.Run(start);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("locked/run"), HasSubstr("ermission denied")));
  fs::permissions(box_.path("locked"), fs::perms::owner_all);
}

TEST_F(Interruption, SecondRunIntoOneDirectory_IsRefused_AndAKilledOneIsTakenOver) {
  Outcome second;
  int first = 0;
  const Outcome outcome = box_.Run(Start{Options(box_.path("run"), "1000000"), "", {}, [&](int pid) {
                                           first = pid;
                                           WaitFor([&] { return Lines(box_.path("run/log.jsonl")) > 5 || Ended(pid); });
                                           second = box_.Run({"resume", box_.path("run"), "--quiet"});
                                           kill(pid, SIGKILL);
                                         }});
  EXPECT_EQ(second.exit_code, kUsage);
  EXPECT_THAT(second.err,
              AllOf(HasSubstr("process " + std::to_string(first) + " on "), HasSubstr("is writing this run")));
  EXPECT_THAT(ReadAll(box_.path("run/lock")), ::testing::StartsWith(std::to_string(first) + " ")) << "left behind";
  // As far as to show that the lock is no obstacle.
  EXPECT_THAT(box_.Run({"resume", box_.path("run"), "--steps", "1", "--quiet"}).err, HasSubstr("--steps 1 is less"));
}

TEST_F(Interruption, Resume_SaysWhichCheckpointItSkippedAndWhy) {
  ASSERT_EQ(box_.Run(Options(box_.path("run"), "9")).exit_code, 0);
  ASSERT_EQ(box_.Run(Options(box_.path("whole"), "9")).exit_code, 0);
  const std::string damaged = box_.path("run/checkpoints/step-9/optimizer.safetensors");
  fs::resize_file(damaged, fs::file_size(damaged) - 1);
  const Outcome found = box_.Run({"inspect", box_.path("run"), "--verify"});
  EXPECT_EQ(found.exit_code, kBadInput);
  EXPECT_THAT(found.out,
              AllOf(HasSubstr("step-9/optimizer.safetensors: damaged"), HasSubstr("step-6: every hash is right")));
  const Outcome json = box_.Run({"inspect", box_.path("run"), "--verify", "--json"});
  EXPECT_EQ(json.exit_code, kBadInput);
  EXPECT_THAT(json.out, HasSubstr("optimizer.safetensors: damaged"));
  const Outcome outcome = box_.Run({"resume", box_.path("run"), "--quiet", "--samples", "0"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("checkpoint of step 9 is skipped"), HasSubstr("optimizer.safetensors: damaged")));
  EXPECT_EQ(Model("run", "9"), Model("whole", "9"));
}

TEST_F(Interruption, DamagedCache_IsRebuiltAndSaidSo) {
  ASSERT_EQ(box_.Run(TinyRun(text_, box_.path("first"), "2")).exit_code, 0);
  for (const auto& entry : fs::directory_iterator(box_.path("cache"))) fs::resize_file(entry.path(), 1000);
  const Outcome outcome = box_.Run(TinyRun(text_, box_.path("second"), "2"));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("the cached tokens were damaged and have been made anew"));
  EXPECT_EQ(Model("first", "2"), Model("second", "2"));
}

// A run of each released version, as it wrote it, is read by this one.
TEST_F(Interruption, RunsOfReleasedVersions_Load) {
  size_t versions = 0;
  for (const auto& version : fs::directory_iterator(SourceDirectory() + "/tests/released")) {
    ++versions;
    const std::string name = version.path().filename().string();
    SCOPED_TRACE(name);
    fs::copy(version.path(), box_.path(name), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const std::string run = box_.path(name + "/run");
    EXPECT_EQ(box_.Run({"inspect", run, "--verify"}).exit_code, 0);
    EXPECT_THAT(box_.Run({"inspect", run}).out, HasSubstr(ReadAll(box_.path(name + "/weights.txt"))));
    EXPECT_EQ(box_.Run({"generate", run, "-n", "5"}).exit_code, 0);
    // Its configuration names the text as it lay beside the run.
    fs::copy_file(box_.path(name + "/text.txt"), box_.path("text.txt"), fs::copy_options::overwrite_existing);
    const Outcome resumed = box_.Run({"resume", run, "--steps", "8", "--quiet", "--samples", "0"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
    // Checkpoints of both programs beside one another.
    EXPECT_EQ(box_.Run({"inspect", run, "--verify"}).exit_code, 0);
    EXPECT_EQ(box_.Run({"generate", run + "@8", "-n", "5"}).exit_code, 0);
    if (name == "0.1.0") {
      EXPECT_THAT(resumed.err, HasSubstr("the configuration is of numerics 1, this program has"));
    }
  }
  EXPECT_GE(versions, 1u);
}

}  // namespace
}  // namespace cllm::testing
