#include <gtest/gtest.h>

#include <bit>
#include <mutex>
#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/testing/thread_team.h"
#include "train/testing/step_fixture.h"
#include "train/testing/step_task.h"

// The promise of invariance_test.cc over several ranks: the bits of one process, whatever the number of ranks and of
// their threads.
namespace cllm {
namespace {

struct Trained {
  std::string weights, moments;  // hashes
  uint64_t loss_bits = 0, norm_bits = 0;  // of the last step
  bool operator==(const Trained&) const = default;
};

// What a rank has in the end. moments: of one rank alone.
Trained Look(ExactStep& step, const StepResult& last) {
  const Status gathered = step.GatherMasters();
  EXPECT_TRUE(gathered.ok()) << gathered.message();
  return {.weights = WeightHash(step.parameters()),
          .moments = "",
          .loss_bits = std::bit_cast<uint64_t>(last.scores.token),
          .norm_bits = std::bit_cast<uint64_t>(last.gradient_norm)};
}

struct Run {
  size_t ranks = 1, threads = 1;
  uint64_t steps = 5;
  TeamFaults faults = {};
};

// Trains on threads as ranks; gives what the first has.
Trained Train(const StepTask& task, const Run& run) {
  Trained first;
  const auto outcome = ThreadTeam(run.ranks, run.faults).Run([&](Communicator& ranks) {
    RankTeam team(ranks);
    auto created = StartStep(task.config, task.options, {task.root, task.form}, {.leaves = run.threads}, &team);
    CHECK(created.ok() && created->step->InitializeWeights(1).ok());
    StepResult last;
    for (uint64_t s = 0; s < run.steps; ++s) {
      const auto result = created->step->Run(s, [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
        task.Read(sequence, out);
        return {};
      });
      ASSERT_TRUE(result.ok()) << result.status().message();
      last = *result;
    }
    const auto hash = created->step->WeightsHash();
    ASSERT_TRUE(hash.ok());
    const auto hashes = team.Gather(*hash);
    ASSERT_TRUE(hashes.ok());
    for (const Hash128& other : *hashes) EXPECT_EQ(other, *hash);
    const Trained trained = Look(**created, last);
    if (ranks.rank().first()) first = trained;
    // All have the same weights in fp32, and the same figures always.
    EXPECT_EQ(trained.loss_bits, std::bit_cast<uint64_t>(last.scores.token));
  });
  EXPECT_TRUE(outcome.all_ended());
  return first;
}

// As in `ranks x threads`: 1x2, 2x1, 3x1, 2x2, 4x1, and more ranks than some tensors, items or matrices.
constexpr Run kRuns[] = {{1, 2}, {2, 1}, {3, 1}, {2, 2}, {4, 1}, {9, 1}};

void ExpectSameOnAnyRanks(const StepTask& task, const std::string& committed = "") {
  const Trained alone = Train(task, {});
  if (!committed.empty()) {
    EXPECT_EQ(alone.weights, committed);
  }
  for (const Run& run : kRuns) {
    EXPECT_TRUE(Train(task, run) == alone) << run.ranks << " ranks of " << run.threads << " threads";
  }
}

TEST(RankedTraining, Muon_SameBits) {
  ExpectSameOnAnyRanks({259, 8, 1}, "ba41662006cc025b1e9e7ccfaab67820");
}

TEST(RankedTraining, AdamWWithDropoutAndUnevenItems_SameBits) {
  StepTask task(300, 8, 3);
  task.UseAdamWAndDropout(0.1f);
  ExpectSameOnAnyRanks(task, "6de5881f92112c17367204368d4ff403");
}

TEST(RankedTraining, Bf16_SameBits) {
  StepTask task(259, 8, 1);
  task.options.precision = Precision::kBf16;
  ExpectSameOnAnyRanks(task);
}

TEST(RankedTraining, GroupedHeadsAndAHeadOfItsOwn_InBf16_SameBits) {
  StepTask task(300, 12, 2);
  task.config.kv_heads = 1;
  task.config.untied = true;
  task.options.precision = Precision::kBf16;
  task.options.dropout = 0.1f;
  ExpectSameOnAnyRanks(task);
}

// Chunks of the norm, messages and tensors that overlap in every way.
TEST(RankedTraining, LargerTensors_LateMessages_SameBits) {
  StepTask task(1024, 6, 1);
  task.config.width = 64, task.config.hidden = 160;
  const Trained alone = Train(task, {.steps = 2});
  for (const uint64_t seed : {1u, 2u}) {
    EXPECT_TRUE(Train(task, {.ranks = 3, .steps = 2, .faults = {.piece_bytes = 5000, .delay = 3, .seed = seed}}) ==
                alone);
  }
}

// A refused step touches nothing, on any rank, and the next one is as if it had not been.
TEST(RankedTraining, AnErrorOfOneItem_IsThatOfAllRanks) {
  const StepTask task(259, 8, 1);
  const auto outcome = ThreadTeam(3).Run([&](Communicator& ranks) {
    RankTeam team(ranks);
    auto created = StartStep(task.config, task.options, {task.root, task.form}, {.leaves = 1}, &team);
    CHECK(created.ok() && created->step->InitializeWeights(1).ok());
    const std::string before = WeightHash(created->step->parameters());
    const auto run = [&](std::vector<uint64_t> bad) {
      return created->step->Run(0, [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
        task.Read(sequence, out);
        for (const uint64_t one : bad) {
          if (sequence == one) return BadInput("sequence " + std::to_string(sequence) + " cannot be read");
        }
        return {};
      });
    };
    for (const std::vector<uint64_t>& bad : {std::vector<uint64_t>{7}, {4, 7}, {3}, {0, 3, 6}}) {
      const auto result = run(bad);
      EXPECT_EQ(result.status().code(), Code::kBadInput);
      EXPECT_EQ(result.status().message(), "sequence " + std::to_string(bad.front()) + " cannot be read");
      EXPECT_EQ(WeightHash(created->step->parameters()), before);
    }
    ASSERT_TRUE(run({}).ok());
    const std::string after = WeightHash(created->step->parameters());
    if (ranks.rank().first()) {
      EXPECT_EQ(after, Train(task, {.steps = 1}).weights);
    }
  });
  EXPECT_TRUE(outcome.all_ended());
}

TEST(RankedTraining, MomentsAreShared) {
  // Configuration b.
  const ParameterLayout layout(
      ModelShape{.layers = 6, .heads = 6, .width = 384, .hidden = 1024, .context = 256, .vocabulary = 256});
  for (const OptimizerKind kind : {OptimizerKind::kMuon, OptimizerKind::kAdamW}) {
    const auto sizes = Optimizer::SizesOf(layout, {.kind = kind}, 4);
    EXPECT_LE(static_cast<double>(sizes.owned), 0.27 * static_cast<double>(sizes.moments));
    EXPECT_GE(4 * sizes.owned, sizes.moments);
  }
  EXPECT_EQ(Optimizer::SizesOf(layout, {}, 1).owned, Optimizer::SizesOf(layout, {}).moments);
}

TEST(RankedTraining, ASilentRank_EndsTheStepOfTheOthers) {
  const StepTask task(259, 8, 1);
  ThreadTeam(3, {.silent_rank = 2, .silent_after = 40}).Run([&](Communicator& ranks) {
    RankTeam team(ranks, 0.2);
    auto created = StartStep(task.config, task.options, {task.root, task.form}, {.leaves = 1}, &team);
    CHECK(created.ok() && created->step->InitializeWeights(1).ok());
    Status ended;
    for (uint64_t s = 0; s < 100 && ended.ok(); ++s) {
      ended = created->step->Run(s, [&](uint64_t sequence, std::span<uint32_t> out) -> Status {
        task.Read(sequence, out);
        return {};
      }).status();
    }
    EXPECT_EQ(ended.code(), Code::kFailed);
    EXPECT_FALSE(team.lost().ok());
  });
}

}  // namespace
}  // namespace cllm
