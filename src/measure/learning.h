#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

// Whether training on a number of threads learns at all, and the same: a small model on a text.
namespace cllm::measure {

// A text is cut after so many bytes, and is too short with fewer than these.
inline constexpr size_t kMostLearnedBytes = size_t{1} << 20;
inline constexpr size_t kLeastLearnedBytes = 8192;

struct LearningTask {
  std::string_view text = {};  // its last tenth is held back
  size_t steps = 200;
  size_t batch = 64;  // sequences, one to an item: at least the threads
  std::string precision = {}, optimizer = {};
};

// A validation loss in nats per byte after so many steps.
struct LearningPoint {
  uint64_t step = 0;
  double validation = 0;
};

struct LearningResult {
  double training_loss = 0;           // of the last step, nats per byte
  std::vector<LearningPoint> points;  // before the first step, every tenth of the steps, after the last
  std::string weights_hash;           // XXH3 of the final weights
  uint64_t not_finite = 0;            // numbers among them that are no numbers or infinite

  double validation_loss() const { return points.back().validation; }
};

// Nats per byte of a text when each byte is guessed by its frequency in the text alone: what a model reaches that has
// learned nothing of what follows what.
double UnigramEntropy(std::string_view text);

// Trains 2 layers of width 64 on single bytes. Error: BadInput for a text that is too short, Diverged, Usage for an
// unknown precision or optimizer.
Result<LearningResult> Learn(const LearningTask& task, size_t threads);

// Numbers that are not finite.
uint64_t CountNotFinite(std::span<const float> numbers);

}  // namespace cllm::measure
