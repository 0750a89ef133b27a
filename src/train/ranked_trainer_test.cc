#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/path.h"
#include "cluster/testing/thread_team.h"
#include "store/testing/failing_file_system.h"
#include "train/run_checkpoints.h"
#include "train/testing/trainer_fixture.h"

// A run over several ranks is the run of one: its checkpoints byte for byte, its end, its errors.
namespace cllm {
namespace {

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class RankedTrainer : public TrainerTest {
 protected:
  using Hook = std::function<void(const Rank&, Trainer&)>;

  RankedTrainer() {
    plan_.step.schedule.segments = {{.begin = 0, .end = 12}};
    plan_.eval_every = 4, plan_.save_every = 3, plan_.samples = 1, plan_.threads = 1;
    plan_.step.batch = 6;
  }

  // What a rank of a run does; gives what became of it.
  Result<RunSummary> TrainRank(Communicator& ranks, const std::string& run, const std::string& checkpoint,
                               RunObserver& observer, RunControl& control) {
    RankTeam team(ranks);
    auto trainer = Trainer::Create({.plan = plan_,
                                    .run = ranks.rank().first() ? run : "",
                                    .tokenizer = tokenizer_,
                                    .corpus = *corpus_,
                                    .files = files_of(ranks.rank()),
                                    .observer = observer,
                                    .control = control,
                                    .team = &team});
    if (!trainer.ok()) return trainer.status();
    CLLM_TRY(checkpoint.empty() ? (*trainer)->Begin(nullptr)
                                : (*trainer)->Continue(ranks.rank().first() ? checkpoint : "", {}));
    return (*trainer)->Train();
  }
  FileSystem& files_of(const Rank& rank) { return rank.first() && failing_ != nullptr ? *failing_ : files_; }

  // Runs to the end on so many ranks, each with a control of its own that `ask` may use after steps; all end alike.
  using Ask = std::function<void(size_t rank, uint64_t step, RunControl& control)>;
  Result<RunSummary> TrainOn(size_t count, const std::string& run, const std::string& checkpoint = "",
                             const Ask& ask = {}) {
    std::filesystem::create_directories(run);
    std::vector<Result<RunSummary>> ends(count, Failed("did not end"));
    struct Watch : RunObserver {
      void OnStep(const StepEvent& event) override { if (ask) ask(rank, event.step, control); }
      void OnNote(const NoteEvent& event) override { if (rank == 0) notes += event.sentence + "\n"; }
      void OnSkippedSave(const SkippedSaveEvent&) override { skipped += rank == 0; }
      void OnEvaluation(const EvaluationEvent& event) override { events.push_back({'e', event.step}); }
      void OnSample(const SampleEvent& event) override { events.push_back({'t', event.step}); }
      void OnSave(const SaveEvent& event) override { events.push_back({'s', event.step}); }
      void OnRollback(const RollbackEvent& event) override { events.push_back({'r', event.step}); }
      size_t rank = 0;
      Ask ask;
      RunControl control;
      std::string notes;
      int skipped = 0;
      Events events;
    };
    const auto outcome = ThreadTeam(count).Run([&](Communicator& ranks) {
      Watch watch;
      watch.rank = ranks.rank().index;
      watch.ask = ask;
      ends[watch.rank] = TrainRank(ranks, run, checkpoint, watch, watch.control);
      if (watch.rank == 0) notes_ = watch.notes, skipped_ = watch.skipped, events_ = watch.events;
    });
    EXPECT_TRUE(outcome.all_ended());
    for (const auto& end : ends) {
      EXPECT_EQ(end.status().code(), ends[0].status().code());
      EXPECT_EQ(end.status().message(), ends[0].status().message());
      if (!end.ok() || !ends[0].ok()) continue;
      EXPECT_EQ(end->step, ends[0]->step);
      EXPECT_EQ(end->stop_signal, ends[0]->stop_signal);
      EXPECT_EQ(end->best_step, ends[0]->best_step);
      EXPECT_EQ(end->scores.token, ends[0]->scores.token);
      EXPECT_EQ(end->saved_step, ends[0]->saved_step);
    }
    return ends[0];
  }

  // Files of a checkpoint that do not tell of time.
  static std::map<std::string, std::string> Files(const std::string& run, uint64_t step) {
    std::map<std::string, std::string> files;
    for (const char* name : {kModelFileName, kOptimizerFileName}) {
      files[name] = ReadAll(run + "/checkpoints/step-" + std::to_string(step) + "/" + name);
      EXPECT_FALSE(files[name].empty()) << name;
    }
    return files;
  }
  std::string Run(const std::string& name) { return root_ / name; }

  using Events = std::vector<std::pair<char, uint64_t>>;  // of the first rank
  bool Had(char kind, uint64_t step) const { return std::ranges::count(events_, std::pair(kind, step)) != 0; }
  Events events_;
  FileSystem* failing_ = nullptr;
  std::string notes_;
  int skipped_ = 0;
};

void ExpectSameEnd(const Result<RunSummary>& a, const Result<RunSummary>& b) {
  ASSERT_TRUE(a.ok() && b.ok()) << a.status().message() << b.status().message();
  EXPECT_EQ(a->step, b->step);
  EXPECT_EQ(a->best_step, b->best_step);
  EXPECT_EQ(a->scores.token, b->scores.token);
  EXPECT_EQ(a->bits_per_byte, b->bits_per_byte);
}

TEST_F(RankedTrainer, Checkpoints_AreThoseOfOneProcess_InBothPrecisions) {
  for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
    plan_.step.precision = precision;
    const std::string suffix = precision == Precision::kFp32 ? "" : "-bf16";
    const auto alone = TrainOn(1, Run("one" + suffix));
    for (const size_t ranks : {2u, 3u}) {
      const std::string run = Run(std::to_string(ranks) + suffix);
      ExpectSameEnd(TrainOn(ranks, run), alone);
      for (const uint64_t step : {9u, 12u}) EXPECT_TRUE(Files(run, step) == Files(Run("one" + suffix), step)) << step;
    }
  }
}

TEST_F(RankedTrainer, StartedOnTwo_StoppedAndResumedOnThree_EndedOnOne) {
  for (const OptimizerKind kind : {OptimizerKind::kMuon, OptimizerKind::kAdamW}) {
    plan_.step.optimizer.kind = kind;
    plan_.step.dropout = 0.1f;
    const std::string run = Run("moved" + std::string(NameOf(kind))), whole = Run("whole" + std::string(NameOf(kind)));
    const auto alone = TrainOn(1, whole);
    // A signal of the second rank alone stops both.
    const auto first = TrainOn(2, run, "", [](size_t rank, uint64_t step, RunControl& control) {
      if (rank == 1 && step == 4) control.stop_signal = 15;
    });
    ASSERT_TRUE(first.ok()) << first.status().message();
    EXPECT_EQ(first->stop_signal, 15);
    EXPECT_EQ(first->saved_step, 4u);
    const auto second =
        TrainOn(3, run, run + "/checkpoints/step-4", [](size_t rank, uint64_t step, RunControl& control) {
          if (rank == 2 && step == 8) control.stop_signal = 2;
        });
    ASSERT_TRUE(second.ok()) << second.status().message();
    EXPECT_EQ(second->stop_signal, 2);
    ExpectSameEnd(TrainOn(1, run, run + "/checkpoints/step-8"), alone);
    EXPECT_TRUE(Files(run, 12) == Files(whole, 12));
  }
}

TEST_F(RankedTrainer, RequestsOfAnyRank_AreAnsweredByAll) {
  const auto end = TrainOn(3, Run("run"), "", [](size_t rank, uint64_t step, RunControl& control) {
    if (rank == 2 && step == 1) control.save_now = true;
    if (rank == 1 && step == 2) control.evaluate_now = true, control.sample_now = true;
  });
  ASSERT_TRUE(end.ok()) << end.status().message();
  EXPECT_TRUE(Had('s', 1));
  EXPECT_TRUE(Had('e', 2));
  EXPECT_TRUE(Had('t', 2));
  EXPECT_FALSE(Had('s', 2));
}

// The weights become useless on all ranks alike; all go back to the same checkpoint, which the first alone can read.
TEST_F(RankedTrainer, ADivergence_IsRolledBackOnAllRanks) {
  plan_.on_divergence = OnDivergence::kRollback;
  plan_.step.clip = 0;
  plan_.step.optimizer.matrix_rate = 1e30, plan_.step.optimizer.embedding_rate = 1e30;
  const auto alone = TrainOn(1, Run("one"));
  const Events expected = events_;
  const auto three = TrainOn(3, Run("three"));
  EXPECT_EQ(alone.status().code(), Code::kDiverged);
  EXPECT_EQ(three.status().code(), Code::kDiverged);
  EXPECT_TRUE(Had('r', 0));
  EXPECT_EQ(events_, expected);
}

// A rank whose memory lost a bit is found, and named.
TEST_F(RankedTrainer, OtherWeightsOnOneRank_EndTheRun) {
  plan_.step.schedule.segments = {{.begin = 0, .end = 120}};
  plan_.eval_every = plan_.save_every = 1000;
  std::filesystem::create_directories(Run("run"));
  ThreadTeam(3).Run([&](Communicator& ranks) {
    RankTeam team(ranks);
    RunObserver nobody;
    RunControl control;
    auto trainer = Trainer::Create({.plan = plan_,
                                    .run = ranks.rank().first() ? Run("run") : "",
                                    .tokenizer = tokenizer_,
                                    .corpus = *corpus_,
                                    .files = files_,
                                    .observer = nobody,
                                    .control = control,
                                    .team = &team});
    ASSERT_TRUE(trainer.ok());
    ASSERT_TRUE((*trainer)->Begin(nullptr).ok());
    if (ranks.rank().index == 2) {
      const Status changed = (*trainer)->step().LoadWeights([](Parameters& weights) -> Status {
        weights.data()[0] += 0.25f;
        return {};
      });
      ASSERT_TRUE(changed.ok());
    }
    const auto end = (*trainer)->Train();
    EXPECT_EQ(end.status().code(), Code::kFailed);
    EXPECT_NE(end.status().message().find("weights of rank 2"), std::string::npos) << end.status().message();
  });
}

TEST_F(RankedTrainer, ADiskThatIsFull_IsToldAndEndsNothing) {
  const auto alone = TrainOn(1, Run("whole"));
  for (const uint64_t call : {3u, 9u, 14u, 23u}) {
    FailingFileSystem files(files_);
    failing_ = &files;
    files.FailAt(call, FailingFileSystem::Mode::kFromThen);
    const auto end = TrainOn(2, Run("full" + std::to_string(call)));
    failing_ = nullptr;
    ASSERT_TRUE(end.ok()) << end.status().message();
    EXPECT_GT(skipped_, 0);
    EXPECT_EQ(end->step, 12u);
    EXPECT_EQ(end->scores.token, alone->scores.token);
  }
}

TEST_F(RankedTrainer, ADamagedCheckpoint_IsRefusedOnAllRanks) {
  ASSERT_TRUE(TrainOn(2, Run("run")).ok());
  const std::string checkpoint = Run("run") + "/checkpoints/step-12";
  const std::string moments = checkpoint + "/" + kOptimizerFileName;
  std::filesystem::resize_file(moments, std::filesystem::file_size(moments) / 2);
  EXPECT_EQ(TrainOn(3, Run("run"), checkpoint).status().code(), Code::kBadInput);
  std::filesystem::remove(checkpoint + "/" + kModelFileName);
  EXPECT_EQ(TrainOn(2, Run("run"), checkpoint).status().code(), Code::kBadInput);
  std::filesystem::remove(checkpoint + "/" + kStateFileName);
  EXPECT_EQ(TrainOn(2, Run("run"), checkpoint).status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
