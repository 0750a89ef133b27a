#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cllm/cllm.h"
#include "run/testing/small_runs.h"

namespace cllm {

// Trainings of a tiny model through the library, in a directory that also holds the cache.
class SmallTrainings : public SmallRuns {
 protected:
  // Twelve steps; a run in `name` of the test's directory.
  TrainOptions Small(const std::string& name) {
    return {.text = {.files = {Text()}},
            .directory = root_ / name,
            .steps = 12,
            .tokenizer = "bytes",
            .layers = 1,
            .heads = 2,
            .width = 8,
            .hidden = 16,
            .context = 8,
            .batch = 4,
            .threads = 2,
            .eval_every = 6,
            .save_every = 5};
  }
  static TrainedRun Trained(const Expected<TrainedRun>& run) {
    EXPECT_TRUE(run) << run.error().message;
    return *run;
  }
  static Model Opened(const std::string& path) {
    Expected<Model> model = Model::Open(path);
    EXPECT_TRUE(model) << path << ": " << model.error().message;
    return *std::move(model);
  }
  // Of the last step that a run saved.
  static std::string HashOf(const std::string& run) { return Opened(run + "@latest").info().weights_hash; }
  // A model that is trained anew.
  Model SmallModel() { return Opened(Trained(Train(Small("model"))).directory); }
};

// Answers kStop to the first event of type What for which `when` holds.
template <typename What, typename Condition>
Watch StopAt(const Condition& when) {
  return {.on_event = [when](const Event& event) {
    const auto* what = std::get_if<What>(&event);
    return what != nullptr && when(*what) ? Next::kStop : Next::kGoOn;
  }};
}

}  // namespace cllm
