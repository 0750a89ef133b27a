#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "model/shape.h"
#include "train/step_options.h"

namespace cllm {

// For tests: a small model and a loss whose classes hold several tokens each.
struct StepTask {
  ModelShape config;
  StepOptions options;
  std::vector<int32_t> root, form;

  StepTask(size_t vocabulary, size_t batch, size_t item)
      : config{.layers = 2, .heads = 2, .width = 32, .hidden = 40, .context = 8, .vocabulary = vocabulary},
        root(vocabulary),
        form(vocabulary) {
    options.batch = batch;
    options.item = item;
    for (size_t v = 0; v < vocabulary; ++v) {
      root[v] = static_cast<int32_t>(v / 3);
      form[v] = static_cast<int32_t>(v % 5);
    }
    options.schedule.segments = {{.end = 1000, .warmup = 10}};
  }

  void UseAdamWAndDropout(float dropout) {
    options.optimizer.kind = OptimizerKind::kAdamW;
    options.dropout = dropout;
  }

  // Tokens that follow each other by a rule with some noise, so that there is something to learn.
  void Read(uint64_t sequence, std::span<uint32_t> out) const {
    const uint64_t key = SubKey(9, sequence);
    uint64_t token = RandomBits(key, 0) % config.vocabulary;
    for (size_t t = 0; t < out.size(); ++t) {
      out[t] = static_cast<uint32_t>(token);
      token = (7 * token + 3 + RandomBits(key, t + 1) % 4) % config.vocabulary;
    }
  }
};

}  // namespace cllm
