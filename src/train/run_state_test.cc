#include "train/run_state.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace cllm {
namespace {

namespace fs = std::filesystem;

class RunStateFiles : public ::testing::Test {
 protected:
  RunStateFiles() : optimizer_(model_, {}), parameters_(model_) {
    std::string name = (fs::temp_directory_path() / "cllm-state-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    run_ = name;
    state_.step = 12;
    state_.tokens = 345;
    state_.schedule.segments = {{0, 20, 5, 1.0}, {20, 30, 5, 0.5}};
    state_.rate_scale = 0.5;
    state_.rollbacks = 1;
    state_.smooth_loss = 1.0 / 3;
    state_.best_nats = 2.25;
    state_.best_step = 10;
    state_.worse_evaluations = 2;
    state_.elapsed_s = 1.5;
    state_.corpus_hash = "abc";
    state_.tokenizer_hash = "def";
    for (size_t i = 0; i < optimizer_.first().size(); ++i) optimizer_.first()[i] = static_cast<float>(i) * 0.5f;
    for (size_t i = 0; i < optimizer_.second().size(); ++i) optimizer_.second()[i] = static_cast<float>(i) * 0.25f;
  }
  ~RunStateFiles() override { fs::remove_all(run_); }

  std::string Save() {
    Checkpoints checkpoints(files_, run_);
    const Status status = checkpoints.Save(state_.step, CheckpointFiles(model_, parameters_, optimizer_, state_));
    EXPECT_TRUE(status.ok()) << status.message();
    return checkpoints.Directory(state_.step);
  }

  ModelConfig model_{.layers = 1, .heads = 2, .width = 8, .hidden = 12, .context = 8, .vocabulary = 20};
  Optimizer optimizer_;
  Parameters parameters_;
  RunState state_;
  std::string run_;
  PosixFileSystem files_;
};

TEST_F(RunStateFiles, StateAndMoments_RoundTrip) {
  const std::string directory = Save();
  const Result<RunState> read = ReadState(directory);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->step, 12u);
  EXPECT_EQ(read->tokens, 345u);
  ASSERT_EQ(read->schedule.segments.size(), 2u);
  EXPECT_EQ(read->schedule.segments[1].end, 30u);
  EXPECT_EQ(read->schedule.segments[1].factor, 0.5);
  EXPECT_EQ(read->rate_scale, 0.5);
  EXPECT_EQ(read->smooth_loss, 1.0 / 3);
  EXPECT_EQ(read->best_step, 10u);
  EXPECT_EQ(read->corpus_hash, "abc");
  Optimizer other(model_, {});
  const Status moments = ReadMoments(directory, parameters_, other);
  ASSERT_TRUE(moments.ok()) << moments.message();
  for (const TensorInfo& info : parameters_.layout().tensors()) {
    for (size_t i = info.offset; i < info.offset + info.size(); ++i) EXPECT_EQ(other.first()[i], optimizer_.first()[i]);
  }
}

TEST_F(RunStateFiles, Moments_OfAnotherOptimizer_AreRefused) {
  const std::string directory = Save();
  Optimizer adamw(model_, {.kind = OptimizerKind::kAdamW});
  EXPECT_EQ(ReadMoments(directory, parameters_, adamw).code(), Code::kBadInput);
}

TEST_F(RunStateFiles, State_CutAtAnyByte_IsRefused) {
  const std::string path = Save() + "/state.json";
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  const std::string whole = content.str();
  for (size_t size = 0; size + 2 < whole.size(); ++size) {
    std::ofstream(path, std::ios::trunc) << whole.substr(0, size);
    EXPECT_EQ(ReadState(fs::path(path).parent_path().string()).status().code(), Code::kBadInput) << size;
  }
}

TEST_F(RunStateFiles, Schedule_WithAGap_IsRefused) {
  state_.schedule.segments[1].begin = 21;
  EXPECT_EQ(ReadState(Save()).status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
