#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "corpus/split_text.h"
#include "corpus/testing/text_fixture.h"
#include "train/trainer.h"

namespace cllm {

// A trainer of a tiny model on a small text.
class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "line " + std::to_string(i * 37 % 101) + " of a small text\n";
    std::filesystem::create_directory(root_ / "run");
    TextOptions options;
    options.corpus.paths = {root_.Write("text.txt", text)};
    options.cache_directory = root_ / "cache";
    auto split = SplitText::Open(options);
    EXPECT_TRUE(split.ok()) << split.status().message();
    auto corpus = Prepare(*split, tokenizer_, {.threads = 1, .progress = {}});
    EXPECT_TRUE(corpus.ok()) << corpus.status().message();
    corpus_ = std::make_unique<PreparedCorpus>(*std::move(corpus));
    plan_.shape = {.layers = 1, .heads = 2, .width = 8, .hidden = 16, .context = 8};
    plan_.step.batch = 4, plan_.step.item = 1;
    plan_.step.optimizer.matrix_rate = 0.01, plan_.step.optimizer.embedding_rate = 0.01;
    plan_.step.schedule.segments = {{.begin = 0, .end = 20}};
    plan_.eval_every = 50, plan_.save_every = 5, plan_.samples = 0, plan_.threads = 2;
  }

  std::unique_ptr<Trainer> Make(RunObserver& observer, FileSystem* files = nullptr) {
    auto trainer = Trainer::Create({.plan = plan_,
                                    .run = root_ / "run",
                                    .tokenizer = tokenizer_,
                                    .corpus = *corpus_,
                                    .files = files == nullptr ? files_ : *files,
                                    .observer = observer,
                                    .control = control_,
                                    .clock = clock_});
    EXPECT_TRUE(trainer.ok()) << trainer.status().message();
    return *std::move(trainer);
  }

  TemporaryDirectory root_;
  Tokenizer tokenizer_ = Tokenizer::Bytes();
  std::unique_ptr<PreparedCorpus> corpus_;
  TrainingPlan plan_;
  PosixFileSystem files_;
  RunControl control_;
  std::function<double()> clock_ = MonotonicSeconds;
};

}  // namespace cllm
