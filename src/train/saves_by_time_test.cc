#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "store/testing/failing_file_system.h"
#include "train/testing/trainer_fixture.h"

// Checkpoints that the clock asks for: when they come, and that nothing but the directory knows of them.
namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A clock that goes on with every step, and while a file system writes.
class TestClock : public RunObserver {
 public:
  void OnStep(const StepEvent& event) override {
    now += step_s;
    if (on_step) on_step(event.step);
  }
  void OnSave(const SaveEvent& event) override { saves.push_back(event.step); }
  void OnSkippedSave(const SkippedSaveEvent& event) override { skipped.push_back(event.step); }
  void OnNote(const NoteEvent& event) override { notes.push_back(event.sentence); }
  void OnRollback(const RollbackEvent& event) override { rollbacks.push_back(event.step); }

  double now = 5000, step_s = 0;
  std::function<void(uint64_t step)> on_step;
  std::vector<uint64_t> saves, skipped, rollbacks;
  std::vector<std::string> notes;
};

constexpr auto kCopyAll = std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks;

class SavesByTime : public TrainerTest {
 protected:
  SavesByTime() {
    plan_.save_every = 1000;
    clock_ = [this] { return time_.now; };
  }
  std::unique_ptr<Trainer> Begun(FileSystem* files = nullptr) {
    std::filesystem::remove_all(root_ / "run");
    std::filesystem::create_directory(root_ / "run");
    auto trainer = Make(time_, files);
    EXPECT_TRUE(trainer->Begin(nullptr).ok());
    return trainer;
  }
  std::string Train(Trainer& trainer) {
    const Result<RunSummary> summary = trainer.Train();
    EXPECT_TRUE(summary.ok()) << summary.status().message();
    return WeightHash(trainer.step().parameters());
  }
  std::string TrainAnew() { return Train(*Begun()); }
  std::vector<uint64_t> Steps() { return *Checkpoints(files_, root_ / "run").Steps(); }

  TestClock time_;
};

TEST_F(SavesByTime, FastSteps_HaveNone) {
  time_.step_s = 1;
  TrainAnew();
  EXPECT_THAT(time_.saves, ElementsAre(0, 20));
}

// Steps of 90 seconds: a fourth would put six minutes at risk.
TEST_F(SavesByTime, SlowSteps_AreSavedBeforeFiveMinutesAreAtRisk) {
  time_.step_s = 90;
  TrainAnew();
  EXPECT_THAT(time_.saves, ElementsAre(0, 3, 6, 9, 12, 15, 18, 20));
  EXPECT_THAT(time_.notes, IsEmpty());
}

TEST_F(SavesByTime, RegularSaves_StartTheTimeAnew) {
  plan_.save_every = 2;
  time_.step_s = 90;
  TrainAnew();
  EXPECT_THAT(time_.saves, ElementsAre(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20));
}

TEST_F(SavesByTime, BitsAreTheSame) {
  time_.step_s = 1;
  const std::string undisturbed = TrainAnew();
  time_.step_s = 301;
  EXPECT_EQ(TrainAnew(), undisturbed);
  time_.step_s = 170;
  EXPECT_EQ(TrainAnew(), undisturbed);
}

TEST_F(SavesByTime, ARunThatIsGoneOnWith_HasTheSameBits) {
  time_.step_s = 1;
  const std::string undisturbed = TrainAnew();
  time_.step_s = 160;
  // As a kill in step 9 would leave it: the newest checkpoint is one by time.
  time_.on_step = [&](uint64_t step) {
    if (step == 9) std::filesystem::copy(root_ / "run", root_ / "killed", kCopyAll);
  };
  TrainAnew();
  time_.on_step = {};
  std::filesystem::remove_all(root_ / "run");
  std::filesystem::rename(root_ / "killed", root_ / "run");
  ASSERT_EQ(Steps(), (std::vector<uint64_t>{8, 0}));
  const auto trainer = Make(time_);
  ASSERT_TRUE(trainer->Continue(Checkpoints(files_, root_ / "run").Directory(Steps().front()), {}).ok());
  EXPECT_EQ(Train(*trainer), undisturbed);
}

// Of those by time the newest stays; three regular ones stay for rollbacks.
TEST_F(SavesByTime, Rotation_KeepsRegularOnes) {
  plan_.save_every = 4;
  plan_.step.schedule.segments = {{.begin = 0, .end = 19}};
  time_.step_s = 301;  // each step is saved
  TrainAnew();
  EXPECT_EQ(Steps(), (std::vector<uint64_t>{19, 16, 12, 8}));
}

// Where a rollback goes to must not depend on the clock: to the same regular checkpoint, and to the same bits.
TEST_F(SavesByTime, Rollbacks_GoToRegularOnes) {
  plan_.on_divergence = OnDivergence::kRollback;
  plan_.save_every = 5;
  std::map<double, std::string> weights;
  for (const double step_s : {1.0, 301.0}) {
    time_.step_s = step_s;
    time_.rollbacks.clear();
    bool poisoned = false;
    const auto trainer = Begun();
    time_.on_step = [&](uint64_t step) {
      if (step != 13 || std::exchange(poisoned, true)) return;
      const Status status = trainer->step().LoadWeights([](Parameters& own) -> Status {
        own.data()[0] = std::numeric_limits<float>::quiet_NaN();
        return {};
      });
      ASSERT_TRUE(status.ok());
    };
    weights[step_s] = Train(*trainer);
    EXPECT_THAT(time_.rollbacks, ElementsAre(10)) << step_s;
  }
  EXPECT_EQ(weights[1], weights[301]);
}

// Passes on, and lets the clock go on while a checkpoint is written.
class SlowDisk : public FailingFileSystem {
 public:
  SlowDisk(FileSystem& files, TestClock& clock, double seconds)
      : FailingFileSystem(files), clock_(clock), seconds_(seconds) {}
  Result<bool> MakeDirectory(const std::string& path) override {
    if (path.find(".tmp-") != std::string::npos) clock_.now += seconds_;
    return FailingFileSystem::MakeDirectory(path);
  }

 private:
  TestClock& clock_;
  double seconds_;
};

// Saves of 8 seconds come after 800, not after 300: 90 a step are 8 steps.
TEST_F(SavesByTime, DearSaves_AreRarer_AndTold) {
  SlowDisk disk(files_, time_, 8);
  time_.step_s = 90;
  Train(*Begun(&disk));
  EXPECT_THAT(time_.saves, ElementsAre(0, 8, 16, 20));
  EXPECT_THAT(time_.notes, ElementsAre(HasSubstr("a save took 8.0s: so that saves by time cost at most one part in a "
                                                 "hundred, there is one after 13m20s without, not after 5m00s")));
}

TEST_F(SavesByTime, FailedSaves_AreTriedAgainAfterAMinute) {
  FailingFileSystem disk(files_);
  time_.step_s = 25;
  time_.on_step = [&](uint64_t step) {
    if (step == 3) disk.FailAt(0, FailingFileSystem::Mode::kFromThen);
    if (step == 17) disk.Heal();
  };
  Train(*Begun(&disk));
  EXPECT_THAT(time_.skipped, ElementsAre(12, 14, 16));
  EXPECT_THAT(time_.saves, ElementsAre(0, 18, 20));
}

}  // namespace
}  // namespace cllm
