#include "run/ranked_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "base/file.h"
#include "base/system.h"
#include "cluster/testing/thread_team.h"
#include "run/active_run.h"
#include "run/testing/small_runs.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

class RankedRun : public SmallRuns {
 protected:
  // Trains in a directory on so many ranks; what was prepared and what came of it are those of the first.
  RunSummary TrainOn(size_t count, const RunChoices& choices, const std::string& directory) {
    Result<PreparedRun> prepared = PrepareRun(choices, MonotonicSeconds(), notes_, count);
    EXPECT_TRUE(prepared.ok()) << prepared.status().message();
    if (!others_cache_.empty()) setenv("CLLM_CACHE", others_cache_.c_str(), 1);
    RunSummary first;
    const auto outcome = ThreadTeam(count).Run([&](Communicator& ranks) {
      RankTeam team(ranks);
      RunControl control;
      std::optional<uint64_t> total;
      if (!ranks.rank().first()) {
        PreparedRun run;
        const Status shared = ShareRun(team, 1, total, run);
        ASSERT_TRUE(shared.ok()) << shared.message();
        const auto followed = FollowedRun::Begin(run, team, control);
        ASSERT_TRUE(followed.ok()) << followed.status().message();
        ASSERT_TRUE((*followed)->Train().ok());
        return;
      }
      PosixFileSystem files;
      const Status shared = ShareRun(team, 1, total, *prepared);
      ASSERT_TRUE(shared.ok()) << shared.message();
      Result<NewRunDirectory> made = MakeRunDirectory(files, directory, *prepared);
      ASSERT_TRUE(made.ok()) << made.status().message();
      const auto active = ActiveRun::Begin(*prepared, *std::move(made), files, {notes_, control, &team});
      ASSERT_TRUE(active.ok()) << active.status().message();
      const Result<RunSummary> summary = (*active)->Train();
      ASSERT_TRUE(summary.ok()) << summary.status().message();
      first = *summary;
    });
    EXPECT_TRUE(outcome.all_ended());
    return first;
  }
  std::string Weights(const std::string& run) { return ReadText(run + "/checkpoints/step-12/model.safetensors"); }

  std::string others_cache_;
};

TEST_F(RankedRun, OtherRanks_GetPlanTokenizerAndTokens_AndTheRunIsThatOfOne) {
  const RunSummary alone = TrainOn(1, Tiny(), root_ / "one");
  const RunSummary three = TrainOn(3, Tiny(), root_ / "three");
  EXPECT_EQ(three.scores.token, alone.scores.token);
  EXPECT_EQ(Weights(root_ / "three"), Weights(root_ / "one"));
  EXPECT_THAT(ReadText(root_ / "three/log.jsonl"), HasSubstr("\"ranks\":3"));
  EXPECT_THAT(ReadText(root_ / "three/log.jsonl"), HasSubstr("\"sent_bytes\":"));
  EXPECT_EQ(ReadText(root_ / "three/config.toml"), ReadText(root_ / "one/config.toml"));
}

TEST_F(RankedRun, RanksWithoutTheTokens_AreSentThem_IntoTheirCache) {
  others_cache_ = root_ / "elsewhere";
  const RunSummary two = TrainOn(2, Tiny(), root_ / "two");
  EXPECT_EQ(two.step, 12u);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(others_cache_)) {
    EXPECT_THAT(entry.path().filename().string(), testing::MatchesRegex("tokens-[0-9a-f]+\\.bin"));
    ++files;
  }
  EXPECT_EQ(files, 1u);
}

TEST_F(RankedRun, UnequalOptionsOrPrograms_AreOneSentenceOnAllRanks) {
  const auto outcome = ThreadTeam(3).Run([&](Communicator& ranks) {
    RankTeam team(ranks);
    RunChoices choices = Tiny();
    choices.threads = 1 + ranks.rank().index;
    EXPECT_TRUE(CompareRanks(team, "cllm 1", choices).ok());
    if (ranks.rank().index == 1) choices.batch = 5;
    const Status options = CompareRanks(team, "cllm 1", choices);
    EXPECT_EQ(options.code(), Code::kBadInput);
    EXPECT_THAT(options.message(), testing::AllOf(HasSubstr("`batch`"), HasSubstr("5"), HasSubstr("4")));
    choices = Tiny();
    const Status program = CompareRanks(team, ranks.rank().index == 2 ? "cllm 2" : "cllm 1", choices);
    EXPECT_EQ(program.code(), Code::kBadInput);
    EXPECT_THAT(program.message(), testing::AllOf(HasSubstr("cllm 1"), HasSubstr("cllm 2")));
  });
  EXPECT_TRUE(outcome.all_ended());
}

TEST_F(RankedRun, MoreWorkersThanItems_AreFewerSequencesAnItem) {
  RunChoices choices = Tiny();
  choices.batch.reset();
  const auto few = PrepareRun(choices, MonotonicSeconds(), notes_);
  choices.max_workers = 64;
  const auto many = PrepareRun(choices, MonotonicSeconds(), notes_);
  ASSERT_TRUE(few.ok() && many.ok());
  EXPECT_GE(many->plan.step.items(), 64u);
  EXPECT_LT(few->plan.step.items(), 64u);
}

}  // namespace
}  // namespace cllm
