#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "model/context.h"
#include "model/packed_weights.h"
#include "model/parameters.h"
#include "model/transformer.h"
#include "spheres/spheres.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace cllm {

// Sequences of a work item when the user names none: as many as fit 512 tokens, at least one, lowered until a step has
// at least 8 items where the batch allows; 6 items are enough where more would have fewer than 128 tokens.
size_t DefaultItemSequences(size_t batch, size_t context);

// What a step is made of, apart from the model's shape. The content of item i of step t is a pure function of these,
// t and i.
struct StepOptions {
  size_t batch = 12;  // sequences
  size_t item = 1;    // sequences of an item
  float lambda = 0.1f;
  float dropout = 0;
  float clip = 1;
  uint64_t seed = 1;
  double rate_scale = 1;  // on all rates: halved by a rollback
  Precision precision = Precision::kFp32;  // of products with weights and of weight gradients
  OptimizerOptions optimizer;
  Schedule schedule;

  size_t items() const { return (batch + item - 1) / item; }
};

// Fills out[T + 1] with the tokens of a global sequence index (step * batch + position in the batch). Thread-safe.
using SequenceReader = std::function<Status(uint64_t sequence, std::span<uint32_t> out)>;

// Means over the positions of one pass, in nats per token.
struct MeanScores {
  double token = 0, root = 0, form = 0;
  uint64_t positions = 0;

  static MeanScores Of(const LossSums& sums);
  double Crystalline(float lambda) const { return token + static_cast<double>(lambda) * (root + form); }
};

enum class StepPhase { kItems, kReduce, kUpdate, kPack };
inline constexpr size_t kStepPhases = 4;

struct StepResult {
  MeanScores scores;
  double gradient_norm = 0;  // before clipping
  double rate_factor = 0;    // the schedule's
  std::array<double, kStepPhases> seconds{};
};

// Memory in bytes, computed before anything is allocated.
struct MemoryEstimate {
  size_t context_per_worker = 0;  // training context
  size_t stack_per_worker = 0;    // touched stack
  size_t contexts = 0;            // all workers, stacks included
  size_t accumulators = 0;
  size_t weights = 0;
  size_t optimizer = 0;
  size_t packs = 0;
  size_t snapshot = 0;  // of a save
  size_t update_scratch = 0;

  size_t total() const {
    return contexts + accumulators + weights + optimizer + packs + snapshot + update_scratch;
  }
};
MemoryEstimate EstimateMemory(const ModelConfig& config, const StepOptions& options, size_t workers, size_t domains,
                              size_t permits);

// One exact training step over the spheres (design section 5): items, reduction, guard, update, packing. Owns weights,
// packs, accumulators and optimizer; the workers' training contexts belong to the leaves. Thread-compatible: Node Zero
// calls it.
class ExactStep {
 public:
  // classes: the loss's partitions; kept by reference (the tokenizer outlives the step).
  static Result<std::unique_ptr<ExactStep>> Create(const ModelConfig& config, const StepOptions& options,
                                                   const LossClasses& classes, SpheresOptions spheres);

  // Runs step `step` (0-based). Diverged, with no weight touched, if a loss or gradient is not finite or out of range;
  // the text names step, item and tensor. `meanwhile` runs on Node Zero while the workers are at the items.
  Result<StepResult> Run(uint64_t step, const SequenceReader& read, const std::function<void()>& meanwhile = {});

  const Transformer& transformer() const { return transformer_; }
  Parameters& parameters() { return parameters_; }
  const PackedWeights& packed() const { return packed_; }  // of the present parameters
  Optimizer& optimizer() { return optimizer_; }
  Spheres& spheres() { return *spheres_; }
  StepOptions& options() { return options_; }
  const ModelConfig& config() const { return config_; }
  // After parameters were changed from outside (initialised, loaded).
  Status Repack();

 private:
  ExactStep(const ModelConfig& config, const StepOptions& options, const LossClasses& classes);

  Status RunItems(uint64_t step, const SequenceReader& read, const std::function<void()>& meanwhile, LossSums& sums);
  Status RunItem(uint64_t step, size_t item, const SequenceReader& read, Leaf& leaf);
  Result<double> ReduceAndNorm();
  Status Update(uint64_t step, float gradient_scale);
  void ClearGradients();

  ModelConfig config_;
  StepOptions options_;
  Parameters parameters_;
  PackedWeights packed_;
  Transformer transformer_;
  Optimizer optimizer_;
  std::unique_ptr<Spheres> spheres_;
  std::vector<std::unique_ptr<ExactAccumulator>> accumulators_;  // one per cache domain
  std::vector<double> chunk_norms_;
  std::vector<LossSums> item_sums_;
  std::vector<AlignedBuffer<float>> update_scratch_;  // one per permit, taken by flag
  std::unique_ptr<std::atomic<bool>[]> scratch_taken_;
};

}  // namespace cllm
