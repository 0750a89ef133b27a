#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "base/hash.h"
#include "cluster/communicator.h"
#include "model/context.h"
#include "model/parameters.h"
#include "nn/exact_accumulator.h"
#include "nn/loss.h"
#include "spheres/per_leaf.h"

namespace cllm {

// The gradient's norm is the root of a sum over chunks of this many elements, in layout order: the same bits whatever
// cuts the work.
inline constexpr size_t kNormChunk = 16384;
double NormOfChunks(std::span<const double> sums_of_squares);

// What an exchange between ranks cost in a step.
struct ExchangeCosts {
  double waiting_s = 0;   // for ranks that were still at their items
  double gradient_s = 0, weights_s = 0;  // that messages took, in which no worker worked
  uint64_t sent = 0, received = 0;  // bytes
};

// Brings the gradients of all work items together: the seam between one process and several. Sums are of integers, so
// neither their order nor the number of workers or ranks can change a bit.
// Thread-compatible: Node Zero calls it between phases; Into is called by work.
class GradientExchange {
 public:
  virtual ~GradientExchange() = default;

  virtual Rank rank() const = 0;
  // Where a worker adds the gradients of its items.
  virtual ExactAccumulator& Into(const Leaf& leaf) = 0;
  // After a step's items: sums up over the workers and the ranks, the losses too. Returns the whole gradient's norm, on
  // every rank the same. items: what became of this rank's items. Error: the lowest rank's, on every rank, and all that
  // was added is forgotten.
  virtual Result<double> Sum(const Status& items, LossSums& losses) = 0;
  // After Sum: the whole gradient in fixed point, by layout offset. Meaningful for the tensors that this rank owns. The
  // update zeroes what it has used.
  virtual std::span<int64_t> sum() = 0;
  // After the update: brings the weights that other ranks own.
  virtual Status GatherWeights(Parameters& parameters) = 0;
  // The weights were written by someone else, on all ranks alike.
  virtual void TakeWeights(const Parameters& parameters) = 0;
  // Brings the weights that other ranks own to the first as their owners have them, who may have more digits of them
  // than GatherWeights brings.
  virtual Status GatherMasters(Parameters& parameters) = 0;
  // Of the weights as all ranks must have them.
  virtual Result<Hash128> WeightsHash(const Parameters& parameters) = 0;
  // Of the last step.
  virtual ExchangeCosts costs() const = 0;
  // Forgets what was added, for a step that is refused.
  virtual void Clear() = 0;
};

// The exchange of one process: an accumulator for each cache domain, summed up chunk by chunk into the first. Keeps
// references to the spheres and to the contexts, whose tiles are its scratch.
class LocalExchange final : public GradientExchange {
 public:
  LocalExchange(const ParameterLayout& layout, Spheres& spheres, const PerLeaf<TrainingContext>& contexts);

  Rank rank() const override { return {}; }
  ExactAccumulator& Into(const Leaf& leaf) override { return *accumulators_[leaf.cache_domain]; }
  Result<double> Sum(const Status& items, LossSums& losses) override;
  std::span<int64_t> sum() override { return accumulators_.front()->values(); }
  Status GatherWeights(Parameters&) override { return {}; }
  void TakeWeights(const Parameters&) override {}
  Status GatherMasters(Parameters&) override { return {}; }
  Result<Hash128> WeightsHash(const Parameters& parameters) override;
  ExchangeCosts costs() const override { return {}; }
  void Clear() override;

  // The parts of Sum: over the workers alone, then the squares of some chunks of what is in sum().
  Status SumDomains();
  Status SquareChunks(std::span<const size_t> chunks);
  std::span<double> chunk_squares() { return chunk_squares_; }

  static size_t Bytes(const ParameterLayout& layout, size_t cache_domains);

 private:
  void SumChunk(size_t chunk);
  void SquareChunk(size_t chunk, float* scratch);
  size_t ChunkSize(size_t chunk) { return std::min(kNormChunk, sum().size() - chunk * kNormChunk); }

  Spheres& spheres_;
  const PerLeaf<TrainingContext>& contexts_;
  std::vector<std::unique_ptr<ExactAccumulator>> accumulators_;  // by cache domain
  std::vector<double> chunk_squares_;
};

}  // namespace cllm
