#include "store/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/random.h"
#include "base/testing/temporary_directory.h"
#include "store/manifest.h"
#include "store/testing/checkpoint_fixture.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckpointTest : public testing::Test {
 protected:
  std::string Step(uint64_t step) const { return checkpoints_.Directory(step); }
  void Save(uint64_t step) {
    const Status status = checkpoints_.Save(step, FilesOf(step));
    ASSERT_TRUE(status.ok()) << status.message();
  }
  std::vector<std::string> Folder() { return *files_.List(folder_ / "checkpoints"); }

  TemporaryDirectory folder_;
  PosixFileSystem files_;
  Checkpoints checkpoints_{files_, folder_.path()};
};

TEST_F(CheckpointTest, Save_FilesManifestAndLatest) {
  Save(7);
  EXPECT_THAT(*files_.List(Step(7)), ElementsAre("empty", "manifest.json", "model.safetensors", "state.json"));
  EXPECT_EQ(ReadText(folder_ / "latest/state.json"), "{\"step\":7}");
  EXPECT_EQ(*files_.ReadSymlink(folder_ / "latest"), "checkpoints/step-7");
  EXPECT_TRUE(VerifyCheckpoint(Step(7)).ok());
  EXPECT_TRUE(VerifyCheckpoint(folder_ / "latest").ok());
  EXPECT_TRUE(SafetensorsFile::Open(folder_ / "latest/model.safetensors").ok());
  EXPECT_THAT(ReadText(Step(7) + "/manifest.json"), HasSubstr("\"format\": 1"));
}

TEST_F(CheckpointTest, SaveAndBest_LinksFollow) {
  Save(1);
  ASSERT_TRUE(checkpoints_.PointBest(1).ok());
  Save(2);
  EXPECT_EQ(*files_.ReadSymlink(folder_ / "best"), "checkpoints/step-1");
  EXPECT_EQ(*files_.ReadSymlink(folder_ / "latest"), "checkpoints/step-2");
  ASSERT_TRUE(checkpoints_.PointBest(2).ok());
  EXPECT_EQ(*files_.ReadSymlink(folder_ / "best"), "checkpoints/step-2");
}

TEST_F(CheckpointTest, Save_SameContent_SameBytes) {
  Save(1);
  const std::string before = ReadText(Step(1) + "/model.safetensors") + ReadText(Step(1) + "/manifest.json");
  Save(1);
  EXPECT_EQ(ReadText(Step(1) + "/model.safetensors") + ReadText(Step(1) + "/manifest.json"), before);
}

TEST_F(CheckpointTest, Save_ExistingStep_IsReplaced) {
  Save(5);
  ASSERT_TRUE(checkpoints_.Save(5, {TextFile("other", "new")}).ok());
  EXPECT_THAT(*files_.List(Step(5)), ElementsAre("manifest.json", "other"));
  EXPECT_TRUE(VerifyCheckpoint(Step(5)).ok());
  EXPECT_THAT(Folder(), ElementsAre("step-5"));
}

TEST_F(CheckpointTest, Save_RemovesWhatAnInterruptedSaveLeft) {
  ASSERT_TRUE(files_.MakeDirectory(folder_ / "checkpoints/.tmp-step-3-99").ok());
  WriteText(folder_ / "checkpoints/.tmp-step-3-99/model.safetensors", "half");
  Save(4);
  EXPECT_THAT(Folder(), ElementsAre("step-4"));
}

TEST_F(CheckpointTest, Steps_NewestFirst_OthersIgnored) {
  EXPECT_THAT(*checkpoints_.Steps(), IsEmpty());
  Save(9);
  Save(10);
  Save(100);
  for (const char* name : {"step-", "step-07", "step-x", "step-1x", "step-99999999999999999999", "other"}) {
    ASSERT_TRUE(files_.MakeDirectory(folder_ / ("checkpoints/" + std::string(name))).ok());
  }
  WriteText(folder_ / "checkpoints/step-11", "a file");
  EXPECT_THAT(*checkpoints_.Steps(), ElementsAre(100, 10, 9));
}

TEST_F(CheckpointTest, Verify_EveryTruncation_NamesTheFile) {
  Save(1);
  for (const std::string name : {"model.safetensors", "state.json", "manifest.json"}) {
    const std::string path = Step(1) + "/" + name, text = ReadText(path);
    for (size_t size = 0; size < text.size(); ++size) {
      WriteText(path, text.substr(0, size));
      const Status status = VerifyCheckpoint(Step(1));
      ASSERT_EQ(status.code(), Code::kBadInput) << name << " " << size;
      EXPECT_THAT(status.message(), HasSubstr(name));
    }
    WriteText(path, text + "x");
    EXPECT_FALSE(VerifyCheckpoint(Step(1)).ok()) << name;
    WriteText(path, text);
  }
  EXPECT_TRUE(VerifyCheckpoint(Step(1)).ok());
}

TEST_F(CheckpointTest, Verify_EveryBitFlip_NamesTheFile) {
  Save(1);
  for (const std::string name : {"model.safetensors", "state.json", "manifest.json"}) {
    const std::string path = Step(1) + "/" + name, text = ReadText(path);
    for (size_t bit = 0; bit < text.size() * 8; bit += CLLM_SWEEP_DIVISOR | 1) {
      std::string damaged = text;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      WriteText(path, damaged);
      const Status status = VerifyCheckpoint(Step(1));
      ASSERT_EQ(status.code(), Code::kBadInput) << name << " bit " << bit;
      EXPECT_THAT(status.message(), HasSubstr(Step(1)));
    }
    WriteText(path, text);
  }
}

TEST_F(CheckpointTest, Verify_MissingFile_OtherStep_NewerFormat) {
  Save(1);
  std::filesystem::copy(Step(1), Step(2));
  EXPECT_THAT(VerifyCheckpoint(Step(2)).message(), HasSubstr("expected step 2 in manifest.json, found 1"));
  std::filesystem::copy(Step(1), folder_ / "copy");
  EXPECT_TRUE(VerifyCheckpoint(folder_ / "copy").ok()) << "a copy may have any name";
  std::filesystem::remove(folder_ / "copy/state.json");
  EXPECT_THAT(VerifyCheckpoint(folder_ / "copy").message(), HasSubstr("copy/state.json: cannot be read: No such file"));
  WriteText(Step(1) + "/manifest.json", "{\"format\":2}");
  EXPECT_THAT(VerifyCheckpoint(Step(1)).message(), HasSubstr("newer program"));
  EXPECT_THAT(VerifyCheckpoint(folder_ / "absent").message(), HasSubstr("absent/manifest.json"));
}

TEST_F(CheckpointTest, Verify_HostileManifest_DoesNotLeaveTheDirectory) {
  Save(1);
  for (const std::string& name :
       std::vector<std::string>{"../step-2/x", "/etc/passwd", "..", ".", "", std::string("a\0b", 3)}) {
    WriteText(Step(1) + "/manifest.json", WriteManifest({1, {{name, 3, std::string(32, '0')}}}));
    EXPECT_THAT(VerifyCheckpoint(Step(1)).message(), HasSubstr("expected plain file names")) << name;
  }
  WriteText(Step(1) + "/manifest.json", R"({"format":1,"step":1,"files":[]})");
  EXPECT_THAT(VerifyCheckpoint(Step(1)).message(), HasSubstr("'files': expected an object"));
}

TEST_F(CheckpointTest, NewestValid_SkipsDamagedAndSaysWhy) {
  EXPECT_THAT(checkpoints_.NewestValid().status().message(), HasSubstr("found none"));
  for (uint64_t step : {1u, 2u, 3u}) Save(step);
  WriteText(Step(3) + "/state.json", "{\"step\":4}");
  std::filesystem::remove(Step(2) + "/manifest.json");
  const FoundCheckpoint found = *checkpoints_.NewestValid();
  EXPECT_EQ(found.step, 1u);
  EXPECT_EQ(found.directory, Step(1));
  ASSERT_EQ(found.skipped.size(), 2u);
  EXPECT_EQ(found.skipped[0].step, 3u);
  EXPECT_THAT(found.skipped[0].reason, HasSubstr("step-3/state.json: damaged"));
  EXPECT_THAT(found.skipped[1].reason, HasSubstr("step-2/manifest.json"));
  WriteText(Step(1) + "/empty", "x");
  const Status none = checkpoints_.NewestValid().status();
  EXPECT_EQ(none.code(), Code::kBadInput);
  EXPECT_THAT(none.message(), HasSubstr("step-1/empty: damaged: expected 0 bytes, found 1"));
}

TEST_F(CheckpointTest, Find_ByNameOrStep) {
  EXPECT_EQ(checkpoints_.Find("best").status().code(), Code::kBadInput);
  Save(10);
  Save(20);
  EXPECT_EQ(*checkpoints_.Find("best"), Step(20)) << "none is best yet";
  ASSERT_TRUE(checkpoints_.PointBest(10).ok());
  EXPECT_EQ(*checkpoints_.Find("best"), folder_ / "best");
  EXPECT_EQ(*checkpoints_.Find("latest"), folder_ / "latest");
  EXPECT_EQ(*checkpoints_.Find("10"), Step(10));
  for (const char* which : {"15", "", "x", "010", "-1", "../10"}) {
    EXPECT_THAT(checkpoints_.Find(which).status().message(), HasSubstr("there are best, latest, 20, 10")) << which;
  }
}

TEST_F(CheckpointTest, Rotate_KeepsLastNthBestAndNamed) {
  for (uint64_t step = 1; step <= 12; ++step) Save(step);
  ASSERT_TRUE(checkpoints_.PointBest(3).ok());
  ASSERT_TRUE(checkpoints_.Rotate({.keep_last = 3, .keep_every = 5, .also_keep = {2}}).ok());
  EXPECT_THAT(*checkpoints_.Steps(), ElementsAre(12, 11, 10, 5, 3, 2));
  ASSERT_TRUE(checkpoints_.Rotate({.keep_last = 0}).ok());
  EXPECT_THAT(*checkpoints_.Steps(), ElementsAre(12, 3)) << "latest and best";
}

TEST_F(CheckpointTest, Rotate_NeverRemovesTheLastValidOne) {
  for (uint64_t step = 1; step <= 6; ++step) Save(step);
  for (uint64_t step = 3; step <= 6; ++step) WriteText(Step(step) + "/state.json", "damaged");
  ASSERT_TRUE(checkpoints_.Rotate({.keep_last = 3}).ok());
  EXPECT_THAT(*checkpoints_.Steps(), ElementsAre(6, 5, 4, 2));
  WriteText(Step(2) + "/state.json", "damaged");
  EXPECT_EQ(checkpoints_.Rotate({.keep_last = 1}).code(), Code::kBadInput);
  EXPECT_THAT(*checkpoints_.Steps(), ElementsAre(6, 5, 4, 2)) << "nothing is removed while none is valid";
}

TEST_F(CheckpointTest, Save_DiskFull_SaysWhatItNeeds) {
  Save(1);
  FailingFileSystem failing(files_);
  failing.SetFreeBytes(1000);
  Checkpoints checkpoints(failing, folder_.path());
  const Status status = checkpoints.Save(2, FilesOf(2));
  EXPECT_EQ(status.code(), Code::kFailed);
  EXPECT_THAT(status.message(), HasSubstr("the checkpoint of step 2 was not saved (it needs 24576 bytes, 24.0 KiB)"));
  EXPECT_THAT(status.message(), HasSubstr("only 1000 B free"));
  EXPECT_THAT(Folder(), ElementsAre("step-1"));
}

// Fails, or kills, each call of a save in turn. After each, an undamaged checkpoint is found, links lead to undamaged
// ones, and the next save puts everything right.
class FailingSaveTest : public CheckpointTest, public testing::WithParamInterface<FailingFileSystem::Mode> {
 protected:
  // Returns whether the save went through.
  bool SaveFailingAt(uint64_t call, uint64_t step) {
    FailingFileSystem failing(files_);
    failing.FailAt(call, GetParam());
    const Status status = Checkpoints(failing, folder_.path()).Save(step, FilesOf(step));
    if (!status.ok()) {
      EXPECT_EQ(status.code(), Code::kFailed);
      EXPECT_THAT(status.message(), HasSubstr("injected failure"));
    }
    return status.ok() && failing.calls() <= call;
  }
};

TEST_P(FailingSaveTest, EveryCall_TheFormerCheckpointSurvives) {
  Save(1);
  ASSERT_TRUE(checkpoints_.PointBest(1).ok());
  uint64_t call = 0;
  for (; !SaveFailingAt(call, 2); ++call) {
    const Result<FoundCheckpoint> found = checkpoints_.NewestValid();
    ASSERT_TRUE(found.ok()) << "call " << call << ": " << found.status().message();
    EXPECT_THAT(found->skipped, IsEmpty()) << "no half-written checkpoint has a step's name; call " << call;
    EXPECT_TRUE(VerifyCheckpoint(Step(1)).ok()) << call;
    EXPECT_TRUE(VerifyCheckpoint(folder_ / "latest").ok()) << call;
    EXPECT_TRUE(VerifyCheckpoint(folder_ / "best").ok()) << call;
    ASSERT_TRUE(checkpoints_.Save(2, FilesOf(2)).ok()) << call;
    EXPECT_TRUE(VerifyCheckpoint(Step(2)).ok()) << call;
    EXPECT_THAT(Folder(), ElementsAre("step-1", "step-2")) << call;
    EXPECT_EQ(*files_.ReadSymlink(folder_ / "latest"), "checkpoints/step-2") << call;
    std::filesystem::remove_all(Step(2));
    ASSERT_TRUE(ReplaceSymlink(files_, "checkpoints/step-1", folder_ / "latest").ok());
  }
  EXPECT_GT(call, 20u) << "a save has more calls than that";
}

TEST_P(FailingSaveTest, EveryCall_ReplacingAStep_OneOfBothSurvives) {
  Save(1);
  uint64_t call = 0;
  for (; !SaveFailingAt(call, 1); ++call) {
    ASSERT_TRUE(VerifyCheckpoint(Step(1)).ok()) << call;
    ASSERT_TRUE(VerifyCheckpoint(folder_ / "latest").ok()) << call;
  }
  EXPECT_GT(call, 20u);
}

TEST_P(FailingSaveTest, EveryCall_FirstSaveEver_LeavesNoDamagedStep) {
  uint64_t call = 0;
  for (; !SaveFailingAt(call, 1); ++call) {
    const std::vector<uint64_t> steps = *checkpoints_.Steps();
    for (uint64_t step : steps) EXPECT_TRUE(VerifyCheckpoint(Step(step)).ok()) << call;
    std::filesystem::remove_all(folder_ / "checkpoints");
  }
  EXPECT_GT(call, 20u);
}

INSTANTIATE_TEST_SUITE_P(Modes, FailingSaveTest,
                         testing::Values(FailingFileSystem::Mode::kOnce, FailingFileSystem::Mode::kFromThen));

TEST_F(CheckpointTest, Save_KilledAtRandomMoments_NewestValidIsWhole) {
  Save(1);
  for (uint64_t round = 0; round < 12; ++round) {
    const uint64_t first = checkpoints_.NewestValid()->step + 1;
    int saved[2];  // a byte after the child's first save, so that it comes to one on a machine of any speed
    ASSERT_EQ(pipe(saved), 0);
    const pid_t child = fork();
    if (child == 0) {
      for (uint64_t step = first;; ++step) {
        if (!checkpoints_.Save(step, FilesOf(step)).ok() || !checkpoints_.Rotate({.keep_last = 2}).ok()) _exit(1);
        if (step == first && write(saved[1], "s", 1) != 1) _exit(1);
      }
    }
    close(saved[1]);
    char byte = 0;
    EXPECT_EQ(read(saved[0], &byte, 1), 1) << "the child's own save failed";
    close(saved[0]);
    usleep(static_cast<useconds_t>(2000 + RandomBits(3, round) % 20000));
    kill(child, SIGKILL);
    int exit_status = 0;
    waitpid(child, &exit_status, 0);
    ASSERT_TRUE(WIFSIGNALED(exit_status)) << "the child's own save failed";
    const Result<FoundCheckpoint> found = checkpoints_.NewestValid();
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_TRUE(VerifyCheckpoint(folder_ / "latest").ok());
    EXPECT_EQ(ReadText(found->directory + "/state.json"), "{\"step\":" + std::to_string(found->step) + "}");
  }
  EXPECT_GT(checkpoints_.NewestValid()->step, 1u) << "the children saved";
}

}  // namespace
}  // namespace cllm
