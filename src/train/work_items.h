#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "model/context.h"
#include "model/transformer.h"
#include "train/step_options.h"

namespace cllm {

// Sequences of a work item when the user names none: as many as fit 512 tokens, at least one, lowered until a step has
// at least 8 items where the batch allows; 6 items are enough where more would have fewer than 128 tokens.
size_t DefaultItemSequences(size_t batch, size_t context);

// Fills out[T + 1] with the tokens of a global sequence index (step * batch + position in the batch). Thread-safe.
using SequenceReader = std::function<Status(uint64_t sequence, std::span<uint32_t> out)>;

// Which targets of a step count, where not all do.
struct ScoredTargets {
  uint64_t count = 0;  // in the step
  // Gives the targets [T] of a sequence that do not count kNoTarget. Thread-safe.
  std::function<void(uint64_t sequence, std::span<uint32_t> targets)> mask;
};

// What an item is made of: a pure function of the options, the step and the item, whoever runs it.
struct ItemContent {
  uint64_t first_sequence = 0;  // global
  size_t sequences = 0;
  uint64_t dropout_key = 0;
};
ItemContent ContentOf(const StepOptions& options, uint64_t step, size_t item);

// The items of a step: reads their tokens, runs them forward and backward, keeps their losses. Different items may run
// at once, each on a training context of its own. Keeps references.
class WorkItems {
 public:
  // Error (Usage): more items than a step may have.
  static Status Check(const StepOptions& options);
  WorkItems(const StepOptions& options, const Transformer& transformer);

  size_t count() const { return sums_.size(); }

  // Reads the item's tokens into context.inputs and context.targets; returns how many positions there are.
  // scored: null where all count.
  Result<size_t> Read(const ItemContent& content, const SequenceReader& read, const ScoredTargets* scored,
                      TrainingContext& context) const;

  // The scale of every gradient: a mean over the step's scored positions, by default all. Its limit counts the most
  // numbers that one accumulator of a tied head gets: of each position as an input, and of each as a block of targets.
  FixedScale gradient_scale(const ScoredTargets* scored = nullptr) const;
  // Forward and backward of what Read has read, if any of it is scored; the gradient goes to `sink`. Diverged if the
  // loss or the gradient is not finite or out of range; the text names step, item and tensor.
  Status Train(uint64_t step, size_t item, TrainingContext& context, GradientSink& sink);

  // Of the step that ran last; called between phases.
  LossSums Sums() const;

 private:
  const StepOptions& options_;
  const Transformer& transformer_;
  const size_t length_;  // T
  const FixedScale gradient_scale_;
  std::vector<LossSums> sums_;  // by item
};

}  // namespace cllm
