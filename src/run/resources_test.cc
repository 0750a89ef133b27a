#include "run/resources.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/temporary_directory.h"
#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

constexpr size_t kHuge = size_t{1} << 55;  // more than any machine has

TEST(Resources, MemoryThatIsNotThere_IsRefusedWithBothNumbers) {
  ExpectError(CheckMemory("the party", kHuge, "invite fewer"), Code::kNoResources,
              {"the party needs ", " of memory, ", " are available; invite fewer"});
  EXPECT_TRUE(CheckMemory("the party", 1, "").ok());
}

TEST(Resources, RunThatDoesNotFit_IsToldWhatToChoose) {
  MemoryEstimate memory;
  memory.weights = kHuge;
  ExpectError(CheckRunMemory(memory), Code::kNoResources, {"the run needs", "`width`", "`threads`"});
}

TEST(Resources, CheckpointsThatDoNotFitTheDisk_AreRefused_WhereverTheRunIsToLie) {
  TemporaryDirectory root;
  PosixFileSystem files;
  MemoryEstimate memory;
  memory.checkpoint = kHuge / 8;
  const std::string run = root / "not/yet/there";
  ExpectError(CheckDisk(files, run, memory), Code::kNoResources, {run, "checkpoints need", "are free"});
  memory.checkpoint = 1000;
  EXPECT_TRUE(CheckDisk(files, run, memory).ok());
  EXPECT_FALSE(std::filesystem::exists(root / "not")) << "a check makes nothing";
}

TEST(Resources, TrainingMemory_GrowsWithThreads) {
  const ModelShape shape{.layers = 1, .heads = 2, .width = 16, .hidden = 32, .context = 32};
  StepOptions options;
  options.batch = 16;
  const MemoryEstimate one = TrainingMemory(shape, options, 1), seven = TrainingMemory(shape, options, 7);
  EXPECT_EQ(one.workers, 1u);
  EXPECT_EQ(seven.workers, 7u);
  EXPECT_EQ(seven.contexts, 7 * one.contexts);
  EXPECT_EQ(seven.weights, one.weights);
}

}  // namespace
}  // namespace cllm
