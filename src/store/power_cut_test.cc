#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/testing/checkpoint_fixture.h"
#include "store/testing/failing_file_system.h"
#include "store/testing/power_cut_file_system.h"

// The power goes after each file-system call of a save: what is then on the disk holds a good checkpoint.
namespace cllm {
namespace {

using testing::IsEmpty;
using Survives = PowerCutFileSystem::Survives;

// Draws of what survives.
uint64_t Chances(Survives survives) { return survives == Survives::kAny ? 3 : 1; }

TEST(PowerCutFileSystem, UnsyncedBytesAndNames_AreLost) {
  TemporaryDirectory folder;
  PosixFileSystem posix;
  WriteText(folder / "there", "before");
  PowerCutFileSystem files(posix, folder.path());
  const auto write = [&](const std::string& name, const std::string& text, bool synced) {
    const auto file = *files.Create(folder / name);
    ASSERT_TRUE(file->Append(AsBytes(text)).ok());
    if (synced) {
      ASSERT_TRUE(file->Sync().ok());
    }
  };
  write("there", "after", false);
  write("unnamed", "synced bytes, unsynced name", true);
  files.Cut(Survives::kNothing, 0);
  EXPECT_EQ(*posix.List(folder.path()), std::vector<std::string>{"there"});
  EXPECT_EQ(ReadText(folder / "there"), "before");

  write("named", "unsynced bytes", false);
  ASSERT_TRUE(files.SyncDirectory(folder.path()).ok());
  ASSERT_TRUE(files.Rename(folder / "there", folder / "moved").ok());
  files.Cut(Survives::kNothing, 0);
  EXPECT_EQ(*posix.List(folder.path()), (std::vector<std::string>{"named", "there"}));
  EXPECT_EQ(ReadText(folder / "named"), "");

  ASSERT_TRUE(files.Rename(folder / "there", folder / "moved").ok());
  write("named", "unsynced bytes", false);
  files.Cut(Survives::kNames, 0);
  EXPECT_EQ(*posix.List(folder.path()), (std::vector<std::string>{"moved", "named"}));
  EXPECT_EQ(ReadText(folder / "moved"), "before");
  EXPECT_EQ(ReadText(folder / "named"), "");
}

class PowerCutTest : public testing::TestWithParam<Survives> {
 protected:
  // A run with step 1 on the disk, made anew for each cut.
  struct Saved {
    Saved() { CHECK(Checkpoints(posix, folder.path()).Save(1, FilesOf(1)).ok()); }
    TemporaryDirectory folder;
    PosixFileSystem posix;
  };
  struct Run : Saved {
    PowerCutFileSystem disk{posix, folder.path()};
    FailingFileSystem failing{disk};
    Checkpoints checkpoints{failing, folder.path()};
    Checkpoints found{posix, folder.path()};
  };

  // Runs `work` with power for `calls` calls. Returns whether that was enough.
  template <typename Work>
  static bool CutAfter(Run& run, uint64_t calls, uint64_t chance, const Work& work) {
    run.failing.FailAt(calls, FailingFileSystem::Mode::kFromThen);
    work(run.checkpoints);
    const bool finished = run.failing.calls() <= calls;
    run.disk.Cut(GetParam(), chance);
    run.failing.Heal();
    return finished;
  }

  // All that has a step's name is whole, and so are the links' targets; the next save puts the rest right.
  static void ExpectGood(Run& run, uint64_t calls, uint64_t at_least) {
    const Result<FoundCheckpoint> found = run.found.NewestValid();
    ASSERT_TRUE(found.ok()) << "call " << calls << ": " << found.status().message();
    EXPECT_GE(found->step, at_least) << calls;
    EXPECT_THAT(found->skipped, IsEmpty()) << calls;
    EXPECT_TRUE(VerifyCheckpoint(run.folder / "latest").ok()) << calls;
    ASSERT_TRUE(run.checkpoints.Save(9, FilesOf(9)).ok()) << calls;
    EXPECT_TRUE(VerifyCheckpoint(run.folder / "latest").ok()) << calls;
    const std::vector<std::string> names = *run.posix.List(run.folder / "checkpoints");
    for (const std::string& name : names) {
      EXPECT_TRUE(name.starts_with("step-")) << name << " stayed after call " << calls;
    }
  }
};

TEST_P(PowerCutTest, AfterEachCallOfASave_ACheckpointIsGood) {
  uint64_t calls = 0;
  for (bool finished = false; !finished; ++calls) {
    for (uint64_t chance = 0; chance < Chances(GetParam()); ++chance) {
      Run run;
      bool saved = false;
      finished = CutAfter(run, calls, chance << 32,
                          [&](Checkpoints& checkpoints) { saved = checkpoints.Save(2, FilesOf(2)).ok(); });
      ExpectGood(run, calls, saved ? 2 : 1);
    }
  }
  std::printf("the power was cut after each of %d file-system calls of a save\n", static_cast<int>(calls - 1));
  RecordProperty("file_system_calls", static_cast<int>(calls - 1));
  EXPECT_GT(calls, 20u);
}

TEST_P(PowerCutTest, AfterEachCallOfReplacingTheOnlyStep_ACheckpointIsGood) {
  uint64_t calls = 0;
  for (bool finished = false; !finished; ++calls) {
    for (uint64_t chance = 0; chance < Chances(GetParam()); ++chance) {
      Run run;
      finished = CutAfter(run, calls, chance << 32,
                          [&](Checkpoints& checkpoints) { (void)checkpoints.Save(1, FilesOf(1)).ok(); });
      ExpectGood(run, calls, 1);
    }
  }
  EXPECT_GT(calls, 20u);
}

// Saving, pointing `best`, and removing what is no longer kept.
TEST_P(PowerCutTest, AfterEachCallOfSaveAndRotation_ACheckpointIsGood) {
  uint64_t calls = 0;
  for (bool finished = false; !finished; ++calls) {
    for (uint64_t chance = 0; chance < Chances(GetParam()); ++chance) {
      Run run;
      bool saved = false;
      finished = CutAfter(run, calls, chance << 32, [&](Checkpoints& checkpoints) {
        saved = checkpoints.Save(2, FilesOf(2)).ok() && checkpoints.PointBest(2).ok();
        if (saved) (void)checkpoints.Rotate({.keep_last = 1}).ok();
      });
      // A checkpoint that was being removed may be half there; it is never the newest.
      const Result<FoundCheckpoint> found = run.found.NewestValid();
      ASSERT_TRUE(found.ok()) << "call " << calls << ": " << found.status().message();
      if (saved) {
        EXPECT_EQ(found->step, 2u) << calls;
        EXPECT_TRUE(VerifyCheckpoint(run.folder / "best").ok()) << calls;
      }
      EXPECT_THAT(found->skipped, IsEmpty()) << calls;
      EXPECT_TRUE(VerifyCheckpoint(run.folder / "latest").ok()) << calls;
    }
  }
  EXPECT_GT(calls, 30u);
}

std::string NameOf(const testing::TestParamInfo<Survives>& tested) {
  constexpr const char* kNames[] = {"Nothing", "NamesOnly", "AnyPart"};
  return kNames[static_cast<size_t>(tested.param)];
}

INSTANTIATE_TEST_SUITE_P(Survives, PowerCutTest, testing::Values(Survives::kNothing, Survives::kNames, Survives::kAny),
                         NameOf);

}  // namespace
}  // namespace cllm
