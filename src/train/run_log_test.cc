#include "train/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "corpus/testing/text_fixture.h"
#include "monitor/observer_fan_out.h"
#include "monitor/testing/note_keeper.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kDated = ",\"time\":1700000000.25}\n";  // the end of every record

// Other programs read the log: each record's keys and their order are part of its format.
class RunLogTest : public testing::Test {
 protected:
  std::string Text() const { return ReadText(path_); }
  // The record that `event` adds after the start's.
  template <typename Event>
  std::string Record(void (RunObserver::*on)(const Event&), const Event& event) {
    RunLog log(files_, path_, notes_, Clock);
    log.OnStart({});
    const size_t before = Text().size();
    (static_cast<RunObserver&>(log).*on)(event);
    return Text().substr(before);
  }
  static double Clock() { return 1700000000.2501; }
  static RunDescription Description(uint64_t step) {
    RunDescription run{.step = step, .total_steps = 100, .parameters = 5000};
    run.shape = {{"layers", uint64_t{2}}, {"base", 1e4}, {"untied", true}};
    run.batch = 4, run.item = 1, run.optimizer = "muon", run.rate = 0.25, run.embedding_rate = 0.5, run.lambda = 0.125;
    run.seed = 7, run.precision = "fp32", run.simd = "avx2", run.processor = "a \"P\"", run.workers = 3;
    run.cache_domains = 1, run.peak_gflops = 12.5, run.corpus = "text", run.training_tokens = 900;
    run.validation_tokens = 100, run.epochs = 1.5, run.numerics = 2;
    return run;
  }

  TemporaryDirectory root_;
  std::string path_ = root_ / "log.jsonl";
  PosixFileSystem files_;
  NoteKeeper notes_;
};

TEST_F(RunLogTest, Start_SaysWhatIsInUse) {
  RunLog log(files_, path_, notes_, Clock);
  log.OnStart({Description(0)});
  EXPECT_EQ(Text(),
            "{\"event\":\"run_start\",\"format\":1,\"step\":0,\"steps\":100,\"parameters\":5000,\"layers\":2,"
            "\"base\":10000.0,\"untied\":true,\"batch\":4,\"item\":1,\"optimizer\":\"muon\",\"lr\":0.25,"
            "\"embedding_lr\":0.5,\"lambda\":0.125,\"seed\":7,\"precision\":\"fp32\",\"simd\":\"avx2\","
            "\"processor\":\"a \\\"P\\\"\",\"workers\":3,\"cache_domains\":1,\"ranks\":1,\"peak_gflops\":12.5,"
            "\"corpus\":\"text\",\"training_tokens\":900,\"validation_tokens\":100,\"epochs\":1.5,\"numerics\":2" +
                kDated);
}

TEST_F(RunLogTest, Step_HasNoEventAndNoSpheres) {
  StepEvent step{.step = 3, .total = 9, .tokens = 96, .loss = 2.5, .smooth_loss = 9, .loss_token = 2.25};
  step.loss_root = 1, step.loss_form = 0.5, step.rate = 0.125, step.gradient_norm = 4, step.tokens_per_s = 1000;
  step.peak_share = 0.5, step.eta_s = 60, step.items_s = 0.25, step.reduce_s = 1, step.update_s = 2, step.pack_s = 3;
  step.elapsed_s = 7;
  step.spheres.leaves.resize(2);
  EXPECT_EQ(Record(&RunObserver::OnStep, step),
            "{\"step\":3,\"tokens\":96,\"loss\":2.5,\"loss_token\":2.25,\"loss_root\":1.0,\"loss_form\":0.5,"
            "\"lr\":0.125,\"grad_norm\":4.0,\"tok_s\":1000.0,\"peak_share\":0.5,\"eta_s\":60.0,\"items_s\":0.25,"
            "\"reduce_s\":1.0,\"update_s\":2.0,\"pack_s\":3.0,\"elapsed_s\":7.0" + kDated);
}

TEST_F(RunLogTest, Events_HaveTheirKeysInOrder) {
  EXPECT_EQ(Record(&RunObserver::OnEvaluation, {.step = 3,
                                                .loss_token = 1.5,
                                                .loss_root = 1.25,
                                                .loss_form = 0.5,
                                                .bits_per_byte = 2.5,
                                                .best = true,
                                                .whole = false, .tokens = 512}),
            "{\"event\":\"eval\",\"step\":3,\"val_nats\":1.5,\"val_root\":1.25,\"val_form\":0.5,"
            "\"bits_per_byte\":2.5,\"best\":true,\"whole\":false,\"tokens\":512" + kDated);
  EXPECT_EQ(Record(&RunObserver::OnSample, {3, "once\n"}),
            "{\"event\":\"sample\",\"step\":3,\"text\":\"once\\n\"" + kDated);
  EXPECT_EQ(Record(&RunObserver::OnSave, {3, "run/checkpoints/step-3", 0.5}),
            "{\"event\":\"checkpoint\",\"step\":3,\"seconds\":0.5" + kDated);
  EXPECT_EQ(Record(&RunObserver::OnSkippedSave, {3, "no room"}),
            "{\"event\":\"skipped_save\",\"step\":3,\"text\":\"no room\"" + kDated);
  EXPECT_EQ(Record(&RunObserver::OnNote, {"a word"}), "{\"event\":\"note\",\"step\":0,\"text\":\"a word\"" + kDated);
  EXPECT_EQ(Record(&RunObserver::OnDivergence, {3, "a loss"}),
            "{\"event\":\"diverged\",\"step\":3,\"text\":\"a loss\"" + kDated);
  EXPECT_EQ(Record(&RunObserver::OnRollback, {3, 0.5, "a loss"}),
            "{\"event\":\"rollback\",\"step\":3,\"rate_scale\":0.5" + kDated);
}

TEST_F(RunLogTest, End_SaysTheResultOrTheSignal) {
  EXPECT_EQ(Record(&RunObserver::OnEnd, {.step = 9,
                                         .best_step = 6,
                                         .loss_token = 1.5,
                                         .bits_per_byte = 2.5,
                                         .memorised = true,
                                         .peak_resident_bytes = 1000,
                                         .seconds = 12.5}),
            "{\"event\":\"run_end\",\"step\":9,\"best_step\":6,\"val_nats\":1.5,\"bits_per_byte\":2.5,"
            "\"memorised\":true,\"peak_resident_bytes\":1000,\"seconds\":12.5" + kDated);
  EXPECT_EQ(Record(&RunObserver::OnEnd, {.step = 9, .stop_signal = 15}),
            "{\"event\":\"run_end\",\"step\":9,\"signal\":15" + kDated);
}

TEST_F(RunLogTest, Evaluation_IsFollowedByWhatTheSpheresDid) {
  RunLog log(files_, path_, notes_, Clock);
  log.OnStart({});
  StepEvent step{.step = 3};
  step.spheres.permits = 2;
  step.spheres.leaves = {{.items = 4, .steals = 1, .tokens = 64, .bytes = 9, .busy_s = 1.5},
                         {.items = 5, .waiting_s = 0.5, .accumulation_s = 0.25}};
  step.spheres.groups = {{.level = 1, .leaves = 2, .items = 9, .steals = 1, .busy_s = 1.5, .waiting_s = 0.5}};
  log.OnStep(step);
  log.OnEvaluation({.step = 3});
  EXPECT_THAT(Text(), HasSubstr("\n{\"event\":\"spheres\",\"step\":3,\"permits\":2,\"items\":[4,5],\"steals\":[1,0],"
                                "\"tokens\":[64,0],\"bytes\":[9,0],\"busy_s\":[1.5,0.0],\"waiting_s\":[0.0,0.5],"
                                "\"accumulation_s\":[0.0,0.25],\"groups\":[{\"level\":1,\"first_leaf\":0,\"leaves\":2,"
                                "\"items\":9,\"steals\":1,\"busy_s\":1.5,\"waiting_s\":0.5}]" + kDated));
}

TEST_F(RunLogTest, BeforeTheStartAndAfterTheEnd_NothingIsWritten) {
  RunLog log(files_, path_, notes_, Clock);
  log.OnNote({"too early"});
  log.OnStart({});
  log.OnEnd({});
  log.OnNote({"too late"});
  EXPECT_TRUE(Text().ends_with("\"seconds\":0.0" + kDated));
  EXPECT_EQ(Text().find("too"), std::string::npos);
}

TEST_F(RunLogTest, Resume_DropsTheRecordsAfterItsStep) {
  {
    RunLog log(files_, path_, notes_, Clock);
    log.OnStart({Description(0)});
    for (uint64_t step = 1; step <= 5; ++step) log.OnStep({.step = step});
  }
  RunLog log(files_, path_, notes_, Clock);
  EXPECT_NE(Text().find("{\"step\":5,"), std::string::npos) << "dropped before the run goes on";
  log.OnResume({Description(3)});
  EXPECT_NE(Text().find("{\"step\":3,"), std::string::npos);
  EXPECT_EQ(Text().find("{\"step\":4,"), std::string::npos);
  EXPECT_NE(Text().find("\n{\"event\":\"resume\",\"format\":1,\"step\":3,"), std::string::npos);
}

// What could not be dropped must not stay before the records that follow.
TEST_F(RunLogTest, ResumeOnAFullDisk_DropsTheRecordsOnceItCan) {
  {
    RunLog log(files_, path_, notes_, Clock);
    log.OnStart({Description(0)});
    for (uint64_t step = 1; step <= 5; ++step) log.OnStep({.step = step});
  }
  FailingFileSystem disk(files_);
  FanOut all;
  RunLog log(disk, path_, all);
  all.Add("the log", log);
  all.Add("the notes", notes_);
  disk.FailAt(0, FailingFileSystem::Mode::kFromThen);
  all.OnResume({Description(3)});
  all.OnStep({.step = 4});
  EXPECT_THAT(notes_.sentences, ElementsAre(HasSubstr("the log goes on without the records that cannot be written: ")));
  disk.Heal();
  all.OnStep({.step = 5});
  EXPECT_EQ(Text().find("{\"step\":4,"), std::string::npos);
  EXPECT_EQ(Text().find("{\"step\":5,"), Text().rfind("{\"step\":5,"));
  EXPECT_TRUE(Text().find("{\"step\":5,") != std::string::npos);
  EXPECT_EQ(notes_.sentences.size(), 1u);
}

}  // namespace
}  // namespace cllm
