#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/random.h"
#include "train/testing/step_fixture.h"

// A step whose loss or gradient is no usable number is refused, and nothing has changed (design section 5.5).
namespace cllm {
namespace {

using testing::HasSubstr;

constexpr ModelShape kGuarded{.layers = 2, .heads = 2, .width = 32, .hidden = 24, .context = 8, .vocabulary = 50};
constexpr size_t kBatch = 12;
constexpr uint32_t kRare = 49;     // the token that only one sequence has, as its last target
constexpr uint64_t kRareItem = 5;  // in every step

class Guard : public testing::Test {
 protected:
  Guard() {
    for (size_t v = 0; v < kGuarded.vocabulary; ++v) {
      root_.push_back(static_cast<int32_t>(v / 2));
      form_.push_back(static_cast<int32_t>(v % 2));
    }
  }

  StepOnSpheres Start(float clip = 1, OptimizerKind kind = OptimizerKind::kMuon) {
    StepOptions options;
    options.batch = kBatch;
    options.clip = clip;
    options.optimizer.kind = kind;
    options.schedule.segments = {{.end = 1000, .warmup = 4}};
    auto step = StartStep(kGuarded, options, {root_, form_}, {.leaves = 3});
    CHECK(step.ok());
    CHECK((**step).InitializeWeights(1).ok());
    return *std::move(step);
  }
  static Result<StepResult> Run(ExactStep& step, uint64_t index) {
    return step.Run(index, [](uint64_t sequence, std::span<uint32_t> out) -> Status {
      for (size_t t = 0; t < out.size(); ++t) out[t] = static_cast<uint32_t>(RandomBits(sequence, t) % kRare);
      if (sequence % kBatch == kRareItem) out.back() = kRare;
      return {};
    });
  }
  // Three steps that nothing disturbs.
  std::string UndisturbedHash() {
    const auto step = Start();
    for (uint64_t index = 0; index < 3; ++index) EXPECT_TRUE(Run(*step, index).ok());
    return WeightHash(step->parameters());
  }
  static std::vector<float> Copy(std::span<const float> values) { return {values.begin(), values.end()}; }

  // Runs a step, lets `damage` change the weights, expects the next step to be refused with a text that has all of
  // `words` and to have touched neither weights nor moments, repairs the weights, and expects the bits of a run that
  // was never disturbed.
  template <typename Damage>
  void ExpectRefused(const Damage& damage, const std::vector<std::string>& words) {
    const auto step = Start();
    ASSERT_TRUE(Run(*step, 0).ok());
    const Parameters& parameters = step->parameters();
    const std::vector<float> good(parameters.data(), parameters.data() + parameters.layout().size());
    step.ChangeWeights(damage);
    const std::string damaged = WeightHash(parameters);
    const std::vector<float> first = Copy(step->optimizer().first()), second = Copy(step->optimizer().second());

    const Result<StepResult> refused = Run(*step, 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.status().code(), Code::kDiverged);
    EXPECT_THAT(refused.status().message(), HasSubstr("step 1, "));
    for (const std::string& word : words) EXPECT_THAT(refused.status().message(), HasSubstr(word));
    EXPECT_EQ(WeightHash(parameters), damaged);
    EXPECT_EQ(Copy(step->optimizer().first()), first);
    EXPECT_EQ(Copy(step->optimizer().second()), second);

    step.ChangeWeights([&](Parameters& weights) { std::copy(good.begin(), good.end(), weights.data()); });
    for (uint64_t index = 1; index < 3; ++index) ASSERT_TRUE(Run(*step, index).ok());
    EXPECT_EQ(WeightHash(parameters), UndisturbedHash());
  }

  std::vector<int32_t> root_, form_;
};

TEST_F(Guard, NanInAWeight_IsRefused) {
  ExpectRefused([](Parameters& p) { p.tensor(p.layout().down(1))[7] = std::numeric_limits<float>::quiet_NaN(); },
                {"item 0", "loss", "not a finite number"});
}

TEST_F(Guard, InfinityInANorm_IsRefused) {
  ExpectRefused([](Parameters& p) { p.tensor(p.layout().final_norm())[3] = std::numeric_limits<float>::infinity(); },
                {"item 0", "loss"});
}

TEST_F(Guard, InfinityInAttention_IsRefused) {
  ExpectRefused(
      [](Parameters& p) { p.tensor(p.layout().query_key_value(0))[3] = -std::numeric_limits<float>::infinity(); },
      {"item 0"});
}

// The feed-forward part's output is zero, so the loss is finite; the gradient of `down` is d_y times a huge activation.
TEST_F(Guard, GradientOutOfRange_NamesTheTensor) {
  ExpectRefused(
      [](Parameters& p) {
        for (float& weight : p.tensor(p.layout().gate_up(1))) weight *= 1e5f;
        for (float& weight : p.tensor(p.layout().down(1))) weight = 0;
      },
      {"item 0", "layers.1.down", "out of range"});
}

// Only the target of one sequence's last position has a probability of e^-thousands.
TEST_F(Guard, LossOutOfRange_NamesTheItem) {
  ExpectRefused(
      [](Parameters& p) {
        const size_t width = kGuarded.width;
        const auto embedding = p.tensor(p.layout().embedding());
        for (size_t v = 0; v < kGuarded.vocabulary; ++v) embedding[v * width] = v == kRare ? -5000.0f : 1.0f;
      },
      {"item 5:", "loss"});
}

// What enters the gradient of one item of one step, as a fault of the machine or of the data would. The feed-forward
// part of layer 1 is set up so that its output is zero (gate), its input is the norm's weight, and d_gate is not zero:
// the loss stays finite while the gradient of gate_up is d_gate times that weight. One leaf, so that the item before
// and after do not see it.
class InjectedGradient : public Guard {
 protected:
  static constexpr uint64_t kStep = 2;

  // Runs steps 0 to 3 with the norm's weight at `value` during item kRareItem of step kStep, and that step again.
  void ExpectOneItemRefused(float value, float down, const std::string& words) {
    StepOptions options;
    options.batch = kBatch;
    options.schedule.segments = {{.end = 1000, .warmup = 4}};
    const auto created = StartStep(kGuarded, options, {root_, form_}, {.leaves = 1});
    ASSERT_TRUE(created.ok());
    ExactStep& step = **created;
    CHECK(step.InitializeWeights(1).ok());
    std::span<float> norm;  // written to behind the step's back: the fault
    created->ChangeWeights([&](Parameters& weights) {
      const ParameterLayout& layout = weights.layout();
      const auto gate_up = weights.tensor(layout.gate_up(1));
      std::fill_n(gate_up.begin(), gate_up.size() / 2, 0.0f);  // the gate's rows come first
      for (float& weight : gate_up.subspan(gate_up.size() / 2)) weight = 1e-38f;
      for (float& weight : weights.tensor(layout.down(1))) weight = down;
      norm = weights.tensor(layout.ffn_norm(1));
    });
    const std::vector<float> kept = Copy(norm);
    uint64_t injected_step = kStep;
    const SequenceReader read = [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
      for (size_t t = 0; t < out.size(); ++t) out[t] = static_cast<uint32_t>(RandomBits(sequence, t) % kRare);
      if (sequence == injected_step * kBatch + kRareItem) {
        std::fill(norm.begin(), norm.end(), value);
      } else {
        std::copy(kept.begin(), kept.end(), norm.begin());
      }
      return {};
    };
    // The weights are the same at each step: what is refused must leave them so.
    const std::string before = WeightHash(step.parameters());
    const Result<StepResult> refused = step.Run(kStep, read);
    std::copy(kept.begin(), kept.end(), norm.begin());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.status().code(), Code::kDiverged);
    EXPECT_THAT(refused.status().message(), testing::AllOf(HasSubstr("step 2, item 5:"), HasSubstr(words)));
    EXPECT_EQ(WeightHash(step.parameters()), before);
    for (const float moment : step.optimizer().first()) ASSERT_EQ(moment, 0.0f);
    injected_step = 1000;
    EXPECT_TRUE(step.Run(kStep, read).ok()) << "without the fault the step is fine";
    EXPECT_NE(WeightHash(step.parameters()), before);
  }
};

TEST_F(InjectedGradient, Nan_IsRefused) {
  ExpectOneItemRefused(std::numeric_limits<float>::quiet_NaN(), 1, "not a finite number");
}

TEST_F(InjectedGradient, Infinity_IsRefused) { ExpectOneItemRefused(1e38f, 1e30f, "gradient of layers.1.gate_up"); }

TEST_F(InjectedGradient, HugeValue_IsRefused) { ExpectOneItemRefused(1e9f, 1e32f, "gradient of layers.1.gate_up"); }

// Clipping leaves a gradient alone whose norm is below the limit, and scales it to the limit otherwise; the momentum
// after the first step is the gradient that was used.
TEST_F(Guard, Clipping_ScalesOnlyWhatIsAboveTheLimit) {
  const auto free = Start(0);
  const double norm = Run(*free, 0)->gradient_norm;
  ASSERT_GT(norm, 0.1);
  const std::vector<float> unclipped = Copy(free->optimizer().first());

  const auto below = Start(static_cast<float>(norm * 1.01));
  ASSERT_TRUE(Run(*below, 0).ok());
  EXPECT_EQ(Copy(below->optimizer().first()), unclipped);
  EXPECT_EQ(WeightHash(below->parameters()), WeightHash(free->parameters()));

  const float limit = static_cast<float>(norm / 4);
  const auto above = Start(limit);
  EXPECT_EQ(Run(*above, 0)->gradient_norm, norm);  // reported before clipping
  const double factor = static_cast<double>(limit) / norm;
  for (size_t j = 0; j < unclipped.size(); ++j) {
    const double expected = factor * static_cast<double>(unclipped[j]);
    ASSERT_NEAR(above->optimizer().first()[j], expected, 1e-6 * std::abs(expected) + 1e-30) << j;
  }
}

// With the default limit of 1: a model whose gradient norm is below 1.
TEST_F(Guard, NormBelowOne_IsLeftAlone) {
  const auto run = [&](float clip) {
    const auto step = Start(clip, OptimizerKind::kAdamW);
    step.ChangeWeights([](Parameters& weights) {
      for (float& weight : weights.tensor(weights.layout().final_norm())) weight = 0.1f;
    });
    EXPECT_LT(Run(*step, 0)->gradient_norm, 1);
    return WeightHash(step->parameters());
  };
  EXPECT_EQ(run(1), run(0));
}

// A reader's error is no divergence: it comes back as it is, and the step can be run again.
TEST_F(Guard, ReaderFails_ItsErrorIsReturnedAndNothingChanges) {
  const auto step = Start();
  const std::string before = WeightHash(step->parameters());
  const auto failed = step->Run(0, [](uint64_t sequence, std::span<uint32_t> out) -> Status {
    if (sequence == 7) return BadInput("tokens.bin is damaged");
    std::fill(out.begin(), out.end(), 1u);
    return {};
  });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.status().code(), Code::kBadInput);
  EXPECT_EQ(failed.status().message(), "tokens.bin is damaged");
  EXPECT_EQ(WeightHash(step->parameters()), before);
  for (uint64_t index = 0; index < 3; ++index) ASSERT_TRUE(Run(*step, index).ok());
  EXPECT_EQ(WeightHash(step->parameters()), UndisturbedHash());
}

TEST(StepItems, TooMany_IsAUsageError) {
  const std::vector<int32_t> classes(kGuarded.vocabulary);
  StepOptions options;
  options.batch = 5000;
  const auto step = StartStep(kGuarded, options, {classes, classes}, {.leaves = 1});
  ASSERT_FALSE(step.ok());
  EXPECT_EQ(step.status().code(), Code::kUsage);
  EXPECT_THAT(step.status().message(), HasSubstr("5000 work items a step, expected at most 4096"));
}

}  // namespace
}  // namespace cllm
