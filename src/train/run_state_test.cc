#include "train/run_state.h"

#include <gtest/gtest.h>

#include <string>

#include "base/path.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

class RunStateFiles : public ::testing::Test {
 protected:
  RunStateFiles() : optimizer_(ParameterLayout(model_), {}), parameters_(model_) {
    state_.step = 12;
    state_.tokens = 345;
    state_.schedule.segments = {{0, 20, 5, 1.0}, {20, 30, 5, 0.5, {{20, 0}, {30, 1.0 / 3}}}};
    state_.time_left_s = 2.5;
    state_.rate_scale = 0.5;
    state_.rollbacks = 1;
    state_.smooth_loss = 1.0 / 3;
    state_.best_nats = 2.25;
    state_.best_step = 10;
    state_.worse_evaluations = 2;
    state_.elapsed_s = 1.5;
    state_.corpus_hash = "abc";
    state_.tokenizer_hash = "def";
    for (size_t i = 0; i < parameters_.layout().size(); ++i) parameters_.data()[i] = static_cast<float>(i) * 0.125f;
    for (size_t i = 0; i < optimizer_.first().size(); ++i) optimizer_.first()[i] = static_cast<float>(i) * 0.5f;
    for (size_t i = 0; i < optimizer_.second().size(); ++i) optimizer_.second()[i] = static_cast<float>(i) * 0.25f;
  }

  std::string Save() {
    Checkpoints checkpoints(files_, run_.path());
    const Status status = checkpoints.Save(state_.step, CheckpointFiles(parameters_, optimizer_, state_));
    EXPECT_TRUE(status.ok()) << status.message();
    return checkpoints.Directory(state_.step);
  }

  ModelShape model_{.layers = 1, .heads = 2, .width = 8, .hidden = 12, .context = 8, .vocabulary = 20};
  Optimizer optimizer_;
  Parameters parameters_;
  RunState state_;
  TemporaryDirectory run_;
  PosixFileSystem files_;
};

TEST_F(RunStateFiles, State_RoundTrips) {
  const Result<RunState> read = ReadState(Save());
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->step, 12u);
  EXPECT_EQ(read->tokens, 345u);
  EXPECT_EQ(read->time_left_s, 2.5);
  ASSERT_EQ(read->schedule.segments.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    const ScheduleSegment &found = read->schedule.segments[i], &written = state_.schedule.segments[i];
    EXPECT_EQ(found.begin, written.begin);
    EXPECT_EQ(found.end, written.end);
    EXPECT_EQ(found.warmup, written.warmup);
    EXPECT_EQ(found.factor, written.factor);
    EXPECT_EQ(found.pace, written.pace);
  }
  EXPECT_EQ(read->rate_scale, 0.5);
  EXPECT_EQ(read->rollbacks, 1u);
  EXPECT_EQ(read->smooth_loss, 1.0 / 3);
  EXPECT_EQ(read->best_nats, 2.25);
  EXPECT_EQ(read->best_step, 10u);
  EXPECT_EQ(read->worse_evaluations, 2u);
  EXPECT_EQ(read->elapsed_s, 1.5);
  EXPECT_EQ(read->corpus_hash, "abc");
  EXPECT_EQ(read->tokenizer_hash, "def");
}

TEST_F(RunStateFiles, WeightsAndMoments_RoundTrip) {
  const std::string directory = Save();
  Parameters weights(model_);
  const Status model = ReadModel(directory + "/" + kModelFileName, weights);
  ASSERT_TRUE(model.ok()) << model.message();
  Optimizer other(ParameterLayout(model_), {});
  const Status moments = ReadMoments(directory, parameters_, other);
  ASSERT_TRUE(moments.ok()) << moments.message();
  const auto& tensors = parameters_.layout().tensors();
  size_t with_second = 0;
  for (size_t t = 0; t < tensors.size(); ++t) {
    const TensorInfo& info = tensors[t];
    for (size_t i = info.offset; i < info.offset + info.size(); ++i) {
      ASSERT_EQ(weights.data()[i], parameters_.data()[i]) << info.name << " " << i;
      ASSERT_EQ(other.first()[i], optimizer_.first()[i]) << info.name << " " << i;
    }
    if (!optimizer_.UsesAdamW(info)) continue;
    ++with_second;
    for (size_t i = 0; i < info.size(); ++i) {
      ASSERT_EQ(other.second_of(info)[i], optimizer_.second_of(info)[i]) << info.name << " " << i;
    }
  }
  EXPECT_GT(with_second, 0u);
}

TEST_F(RunStateFiles, Moments_OfAnotherOptimizer_AreRefused) {
  const std::string directory = Save();
  Optimizer adamw(ParameterLayout(model_), {.kind = OptimizerKind::kAdamW});
  EXPECT_EQ(ReadMoments(directory, parameters_, adamw).code(), Code::kBadInput);
}

TEST_F(RunStateFiles, State_CutAtAnyByte_IsRefused) {
  const std::string path = Save() + "/state.json";
  const std::string whole = ReadText(path);
  for (size_t size = 0; size + 2 < whole.size(); ++size) {
    WriteText(path, whole.substr(0, size));
    EXPECT_EQ(ReadState(ParentPath(path)).status().code(), Code::kBadInput) << size;
  }
}

TEST_F(RunStateFiles, Schedule_WithAGap_IsRefused) {
  state_.schedule.segments[1].begin = 21;
  EXPECT_EQ(ReadState(Save()).status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
