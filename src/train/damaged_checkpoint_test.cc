#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "base/testing/temporary_directory.h"
#include "model/model_file.h"
#include "store/manifest.h"
#include "train/run_state.h"

// Every file of a checkpoint, cut short and with bits flipped: the damage is seen, named, and the checkpoint before it
// is what a run goes on from. The readers are called on the damaged file too, as nothing but the manifest protects
// them.
namespace cllm {
namespace {

using testing::HasSubstr;

constexpr size_t kPlaces = 200;

class DamagedCheckpoint : public testing::TestWithParam<const char*> {
 protected:
  DamagedCheckpoint() : parameters_(model_), optimizer_(parameters_.layout(), {}) {
    InitializeParameters(3, parameters_);
    state_.schedule.segments = {{.begin = 0, .end = 20}};
    for (const uint64_t step : {5u, 10u}) {
      state_.step = step;
      EXPECT_TRUE(checkpoints_.Save(step, CheckpointFiles(parameters_, optimizer_, state_)).ok());
    }
  }

  void ExpectSkipped(const std::string& damaged) {
    const std::string directory = checkpoints_.Directory(10);
    WriteText(directory + "/" + GetParam(), damaged);
    const Result<FoundCheckpoint> found = checkpoints_.NewestValid();
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_EQ(found->step, 5u);
    ASSERT_EQ(found->skipped.size(), 1u);
    EXPECT_EQ(found->skipped[0].step, 10u);
    EXPECT_THAT(found->skipped[0].reason, testing::AllOf(HasSubstr("/step-10/"), HasSubstr(GetParam())));
    // Each accepts or refuses; neither ends the program.
    refused_ += !ReadState(directory).ok() || !ReadMoments(directory, parameters_, optimizer_).ok() ||
                !ReadModelShape(directory + "/" + kModelFileName).ok() ||
                !ReadModel(directory + "/" + kModelFileName, parameters_).ok();
  }

  ModelShape model_{.layers = 1, .heads = 2, .width = 8, .hidden = 12, .context = 8, .vocabulary = 20};
  Parameters parameters_;
  Optimizer optimizer_;
  RunState state_;
  TemporaryDirectory run_;
  PosixFileSystem files_;
  Checkpoints checkpoints_{files_, run_.path()};
  size_t refused_ = 0;
};

TEST_P(DamagedCheckpoint, CutAnywhere_IsNamedAndSkipped) {
  const std::string whole = ReadText(checkpoints_.Directory(10) + "/" + GetParam());
  ASSERT_GT(whole.size(), kPlaces);
  for (size_t i = 0; i < kPlaces; ++i) ExpectSkipped(whole.substr(0, whole.size() * i / kPlaces));
  if (std::string(GetParam()) != kManifestName) {
    EXPECT_GT(refused_, kPlaces - 3) << "cut files are no files of their kind";
  }
}

TEST_P(DamagedCheckpoint, AnyBitFlipped_IsNamedAndSkipped) {
  const std::string whole = ReadText(checkpoints_.Directory(10) + "/" + GetParam());
  for (size_t i = 0; i < kPlaces; ++i) {
    std::string damaged = whole;
    char& byte = damaged[whole.size() * i / kPlaces + RandomBits(1, i) % (whole.size() / kPlaces)];
    byte = static_cast<char>(byte ^ (1 << RandomBits(2, i) % 8));
    ExpectSkipped(damaged);
  }
}

std::string NameOf(const testing::TestParamInfo<const char*>& tested) {
  const std::string file = tested.param;
  return file.substr(0, file.find('.'));
}

INSTANTIATE_TEST_SUITE_P(Files, DamagedCheckpoint,
                         testing::Values(kModelFileName, kOptimizerFileName, kStateFileName, kManifestName), NameOf);

}  // namespace
}  // namespace cllm
