#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/testing/temporary_directory.h"
#include "monitor/testing/note_keeper.h"
#include "run/run_choices.h"

namespace cllm {

// Runs of a tiny model on a small text, in a directory that also holds the cache.
class SmallRuns : public ::testing::Test {
 protected:
  SmallRuns() { setenv("CLLM_CACHE", (root_ / "cache").c_str(), 1); }
  ~SmallRuns() override { unsetenv("CLLM_CACHE"); }

  std::string Text() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "line " + std::to_string(i * 37 % 101) + " of a small text\n";
    return root_.Write("text.txt", text);
  }
  RunChoices Tiny() {
    RunChoices choices;
    choices.text = {Text()};
    choices.tokenizer = "bytes";
    choices.layers = 1, choices.heads = 2, choices.width = 8, choices.hidden = 16, choices.context = 8;
    choices.batch = 4, choices.steps = 12, choices.save_every = 5, choices.eval_every = 6;
    choices.threads = 2, choices.samples = 1;
    return choices;
  }

  TemporaryDirectory root_;
  NoteKeeper notes_;
};

}  // namespace cllm
