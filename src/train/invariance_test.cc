#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>

#include "base/aligned_buffer.h"
#include "base/random.h"
#include "base/testing/sanitized.h"
#include "hwy/detect_compiler_arch.h"
#include "model/testing/one_worker_model.h"
#include "train/testing/step_fixture.h"
#include "train/testing/step_task.h"

// The promise of the design's section 5: the same bits on any number of threads and in any order of work.
namespace cllm {
namespace {

#ifdef CLLM_SANITIZED
constexpr uint64_t kSteps = 2;
#else
constexpr uint64_t kSteps = 50;
#endif

constexpr size_t kItems = 128;

struct Trained {
  std::string hash;
  double first_loss = 0, last_loss = 0;
  uint64_t gradient_norm_bits = 0;  // of the last step
};

// Trains `steps` steps and expects that every leaf processed items.
Trained Train(const StepTask& task, SpheresOptions spheres, uint64_t steps) {
  const size_t leaves = spheres.leaves;
  auto created = StartStep(task.config, task.options, {task.root, task.form}, spheres);
  CHECK(created.ok());
  ExactStep& step = **created;
  CHECK(step.InitializeWeights(1).ok());
  Trained run;
  for (uint64_t s = 0; s < steps; ++s) {
    const auto result = step.Run(s, [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
      task.Read(sequence, out);
      return {};
    });
    EXPECT_TRUE(result.ok()) << result.status().message();
    if (!result.ok()) return run;
    if (s == 0) run.first_loss = result->scores.token;
    run.last_loss = result->scores.token;
    run.gradient_norm_bits = std::bit_cast<uint64_t>(result->gradient_norm);
  }
  const SphereStatistics statistics = created->spheres->Statistics();
  EXPECT_EQ(statistics.leaves.size(), leaves);
  uint64_t tokens = 0;
  for (size_t leaf = 0; leaf < statistics.leaves.size(); ++leaf) {
    // Tokens are counted by the items of forward and backward alone.
    EXPECT_GT(statistics.leaves[leaf].tokens, 0u) << "leaf " << leaf << " of " << leaves << " was idle";
    tokens += statistics.leaves[leaf].tokens;
  }
  EXPECT_EQ(tokens, steps * task.options.batch * task.config.context);
  run.hash = WeightHash(step.parameters());
  return run;
}

void ExpectSame(const Trained& expected, const Trained& found, const std::string& what) {
  EXPECT_EQ(found.hash, expected.hash) << what;
  EXPECT_EQ(found.last_loss, expected.last_loss) << what;
  EXPECT_EQ(found.gradient_norm_bits, expected.gradient_norm_bits) << what;
}

// Of 50 steps: the same for every compiler, optimisation level and SIMD target, as the shorter runs below.
std::string CommittedHash(size_t vocabulary) {
  return vocabulary == 259 ? "2596601918692efc0973199a60a5440d" : "8c0aa7f9186c724cd24a5ba94069f71b";
}

class Invariance : public testing::TestWithParam<size_t> {
 protected:
  const StepTask task_{GetParam(), kItems, 1};
};

TEST_P(Invariance, AnyNumberOfThreads_SameBits) {
  const Trained one = Train(task_, {.leaves = 1}, kSteps);
  EXPECT_LT(one.last_loss, one.first_loss);
  if (kSteps == 50) {
    EXPECT_EQ(one.hash, CommittedHash(GetParam()));
  }
  for (const size_t leaves : {2u, 3u, 4u, 7u, 8u, 16u, 32u, 63u}) {
    ExpectSame(one, Train(task_, {.leaves = leaves}, kSteps), std::to_string(leaves) + " threads");
  }
}

TEST_P(Invariance, ShuffledOrderOfWork_SameBits) {
  constexpr uint64_t kShuffledSteps = std::min<uint64_t>(kSteps, 10);
  const Trained natural = Train(task_, {.leaves = 1}, kShuffledSteps);
  for (const uint64_t shuffle : {1u, 2u}) {
    for (const size_t leaves : {1u, 5u}) {
      ExpectSame(natural, Train(task_, {.leaves = leaves, .shuffle = shuffle}, kShuffledSteps),
                 "shuffle " + std::to_string(shuffle) + ", threads " + std::to_string(leaves));
    }
  }
}

// Some targets count, some items have none that does.
TEST_P(Invariance, WithScoredSpans_SameBits_AndAnotherResult) {
  constexpr uint64_t kSpanSteps = std::min<uint64_t>(kSteps, 8);
  const auto counts = [](uint64_t sequence, size_t t) {
    return sequence % 5 != 0 && RandomBits(sequence, t / 3) % 2 == 0;
  };
  const auto train = [&](const StepTask& task, const SpheresOptions& spheres, bool masked) {
    auto created = StartStep(task.config, task.options, {task.root, task.form}, spheres);
    CHECK(created.ok() && created->step->InitializeWeights(1).ok());
    for (uint64_t s = 0; s < kSpanSteps; ++s) {
      ScoredTargets scored;
      scored.mask = [&](uint64_t sequence, std::span<uint32_t> targets) {
        for (size_t t = 0; t < targets.size(); ++t) {
          if (!counts(sequence, t)) targets[t] = kNoTarget;
        }
      };
      for (uint64_t i = s * task.options.batch; i < (s + 1) * task.options.batch; ++i) {
        for (size_t t = 0; t < task.config.context; ++t) scored.count += counts(i, t);
      }
      const auto result = created->step->Run(
          s,
          [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
            task.Read(sequence, out);
            return {};
          },
          {}, masked ? &scored : nullptr);
      EXPECT_TRUE(result.ok()) << result.status().message();
      EXPECT_EQ(result->scores.positions, masked ? scored.count : task.options.batch * task.config.context);
    }
    return WeightHash(created->step->parameters());
  };
  const std::string one = train(task_, {.leaves = 1}, true);
  for (const size_t leaves : {2u, 3u, 7u, 16u}) EXPECT_EQ(train(task_, {.leaves = leaves}, true), one) << leaves;
  EXPECT_EQ(train(task_, {.leaves = 5, .shuffle = 2}, true), one);
  EXPECT_EQ(train({GetParam(), kItems, 3}, {.leaves = 4}, true), train({GetParam(), kItems, 3}, {.leaves = 1}, true));
  EXPECT_NE(train(task_, {.leaves = 2}, false), one);
}

// bytes has 259 tokens; bpe:1024 as many as it says.
INSTANTIATE_TEST_SUITE_P(Vocabulary, Invariance, testing::Values(259, 1024),
                         [](const auto& vocabulary) { return std::to_string(vocabulary.param); });

// Of the same number of steps in bf16, on x86: the instruction and its emulation agree.
std::string CommittedBf16Hash(size_t vocabulary) {
  return vocabulary == 259 ? "1b66dbf7e9e67e6cb0360fa034778a25" : "23700015b1495b846a6966fb2017e8b6";
}

TEST_P(Invariance, Bf16_SameBits) {
  StepTask task = task_;
  task.options.precision = Precision::kBf16;
  const Trained one = Train(task, {.leaves = 1}, kSteps);
  EXPECT_LT(one.last_loss, one.first_loss);
  EXPECT_NE(one.hash, CommittedHash(GetParam()));
  if (kSteps == 50 && HWY_ARCH_X86) {
    EXPECT_EQ(one.hash, CommittedBf16Hash(GetParam()));
  }
  for (const size_t leaves : {2u, 63u}) {
    ExpectSame(one, Train(task, {.leaves = leaves}, kSteps), std::to_string(leaves) + " threads");
  }
  ExpectSame(one, Train(task, {.leaves = 5, .shuffle = 3}, kSteps), "shuffled");
}

TEST(Invariance, DropoutAndUnevenItems_SameBits) {
  StepTask task(300, 100, 3);
  task.UseAdamWAndDropout(0.2f);
  const Trained one = Train(task, {.leaves = 1}, 4);
  ExpectSame(one, Train(task, {.leaves = 4, .shuffle = 5}, 4), "4 threads");
  ExpectSame(one, Train(task, {.leaves = 33}, 4), "33 threads");
}

// The control. Item gradients of whole steps, summed in the order that `order` gives (0: natural) as floats or as the
// exact accumulator's integers; then the optimizer and the next step, as in training.
template <typename Number>
std::string HashOfSumming(const StepTask& task, uint64_t order) {
  OneWorkerModel trainee(task.config, {task.root, task.form}, 1);
  InitializeParameters(1, trainee.parameters());
  trainee.Repack();
  Optimizer optimizer(trainee.layout(), task.options.optimizer);
  AlignedBuffer<float> scratch(optimizer.ScratchFloats());
  std::vector<uint32_t> tokens(task.config.context + 1);
  for (uint64_t s = 0; s < std::min<uint64_t>(kSteps, 3); ++s) {
    std::vector<Number> sum(trainee.layout().size());
    for (uint64_t i = 0; i < kItems; ++i) {
      task.Read(s * kItems + (order == 0 ? i : Permute(order, i, kItems)), tokens);
      const OneWorkerModel::Outcome item = trainee.Train(tokens, task.options.lambda);
      for (size_t j = 0; j < sum.size(); ++j) sum[j] += static_cast<Number>(item.fixed[j] / int64_t{kItems});
    }
    std::vector<int64_t> gradient(sum.size());
    std::transform(sum.begin(), sum.end(), gradient.begin(), [](Number x) { return static_cast<int64_t>(x); });
    for (size_t job = 0; job < optimizer.jobs(); ++job) {
      optimizer.Update(job, {.count = s + 1}, gradient, trainee.parameters(), scratch.data());
    }
    trainee.Repack();
  }
  return WeightHash(trainee.parameters());
}

TEST(Invariance, Control_FloatSumsInTwoOrders_DifferWhereIntegersDoNot) {
  const StepTask task(259, kItems, 1);
  EXPECT_EQ(HashOfSumming<int64_t>(task, 0), HashOfSumming<int64_t>(task, 1));
  EXPECT_NE(HashOfSumming<float>(task, 0), HashOfSumming<float>(task, 1));
}

// The bits themselves, for every compiler, optimisation level and SIMD target. A change of them needs a new `numerics`
// number (design section 5).
TEST(Invariance, FixedTinyRuns_HaveTheCommittedHashes) {
  const StepTask muon(259, 8, 1);
  EXPECT_EQ(Train(muon, {.leaves = 2}, 5).hash, "ba41662006cc025b1e9e7ccfaab67820");
  StepTask adamw(300, 8, 3);
  adamw.UseAdamWAndDropout(0.1f);
  EXPECT_EQ(Train(adamw, {.leaves = 2}, 5).hash, "6de5881f92112c17367204368d4ff403");
}

}  // namespace
}  // namespace cllm
