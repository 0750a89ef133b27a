#include "serve/dashboard/model_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "run/testing/trained_runs.h"
#include "store/checkpoint.h"

namespace cllm {
namespace {

using testing::HasSubstr;

class ModelReaders : public TrainedRuns {
 protected:
  // A run of twelve steps that saved every four, as the dashboard saw it when `step` was its newest checkpoint.
  RunSource SeenAt(uint64_t step) {
    RunChoices choices = Tiny();
    choices.save_every = 4;
    Train(choices, "a");
    const std::string path = Read("a").path;
    return {.id = "a", .path = path, .name = "a", .step = step, .checkpoint = Directory(path, step), .saved = 1};
  }
  std::string Directory(const std::string& run, uint64_t step) { return Checkpoints(files_, run).Directory(step); }
  Result<ModelReader::Continued> Continue(const RunSource& run) {
    return reader_.Continue(run, {.text = "e", .options = {.tokens = 3}}, [](const GeneratedToken&) { return true; });
  }

  ModelReader reader_;
};

TEST_F(ModelReaders, OfARemovedCheckpoint_TheNewestGoesOn) {
  const RunSource run = SeenAt(8);
  EXPECT_EQ(Continue(run)->step, 8u);
  std::filesystem::remove_all(run.checkpoint);
  RunSource later = run;
  later.saved = 2;
  const auto text = Continue(later);
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(text->step, 12u);
  EXPECT_FALSE(text->text.tokens.empty());
}

TEST_F(ModelReaders, OfADamagedCheckpoint_TheNewestWholeOneGoesOn) {
  const RunSource run = SeenAt(12);
  std::filesystem::resize_file(run.checkpoint + "/model.safetensors", 100);
  const auto text = Continue(run);
  ASSERT_TRUE(text.ok()) << text.status().message();
  EXPECT_EQ(text->step, 8u);
}

TEST_F(ModelReaders, WithoutAnyCheckpoint_IsTold) {
  const RunSource run = SeenAt(12);
  std::filesystem::remove_all(run.path + "/checkpoints");
  EXPECT_THAT(Continue(run).status().message(), HasSubstr("step-12"));
  RunSource unsaved = run;
  unsaved.checkpoint = "";
  EXPECT_THAT(Continue(unsaved).status().message(), HasSubstr("the run 'a' has no checkpoint that is whole"));
}

}  // namespace
}  // namespace cllm
