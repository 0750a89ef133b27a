#include "run/checkpoint_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "run/testing/trained_runs.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CheckpointRecords : public TrainedRuns {};

TEST_F(CheckpointRecords, SayWhichIsWholeAndWhichIsBest) {
  const RunSummary summary = Train(Tiny(), "a");
  const std::vector<CheckpointRecord> before = ListCheckpoints(root_ / "a");
  ASSERT_GE(before.size(), 2u);
  EXPECT_EQ(before.front().step, 12u);
  for (const CheckpointRecord& each : before) {
    EXPECT_TRUE(each.valid) << each.reason;
    EXPECT_EQ(each.best, each.step == summary.best_step) << each.step;
    uint64_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(each.path)) {
      if (entry.path().filename() != kManifestName) bytes += entry.file_size();
    }
    EXPECT_EQ(each.bytes, bytes);
  }
  fs::resize_file(before.front().path + "/model.safetensors", 100);
  fs::remove(before.back().path + "/manifest.json");
  const std::vector<CheckpointRecord> after = ListCheckpoints(root_ / "a");
  EXPECT_FALSE(after.front().valid);
  EXPECT_THAT(after.front().reason, HasSubstr("found 100"));
  EXPECT_FALSE(after.back().valid);
  EXPECT_THAT(after.back().reason, HasSubstr("manifest.json"));
}

TEST_F(CheckpointRecords, OfNoRun_AreNone) { EXPECT_THAT(ListCheckpoints(root_ / "nothing"), IsEmpty()); }

}  // namespace
}  // namespace cllm
