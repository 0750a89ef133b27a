#pragma once

#include <cstdint>

#include "model/context.h"
#include "model/packed_weights.h"
#include "model/parameters.h"
#include "model/rope_table.h"
#include "nn/loss.h"

namespace cllm {

// The decoder of design section 3 over shared, read-only weights. Immutable; each call writes only the context it is
// given (and adds to the accumulator behind a GradientSink), so any number of workers run at once without a lock.
class Transformer {
 public:
  // Keeps references: parameters and packed outlive the transformer.
  Transformer(const ModelConfig& config, const Parameters& parameters, const PackedWeights& packed,
              const LossClasses& classes);

  struct Dropout {
    float rate = 0;
    uint64_t key = 0;  // of (seed, step, item)
  };

  // Forward of one sequence, the first `positions` of context.inputs; the scores of context.targets from the
  // `first_counted`-th on are added to `sums`. REQUIRES: first_counted < positions <= T.
  void Evaluate(TrainingContext& context, size_t positions, size_t first_counted, LossSums& sums) const;

  // Forward and backward of one item of `sequences` whole sequences: gradients of the mean loss go to `sink`, scores to
  // `sums`. REQUIRES: sequences <= context.sequences(); inputs and targets filled.
  void Train(TrainingContext& context, size_t sequences, float lambda, const Dropout& dropout, LossSums& sums,
             GradientSink& sink) const;

  const ModelConfig& config() const { return config_; }

  // The accumulator's grids, one or two per tensor; GridName names the tensor of a grid for messages.
  static std::vector<TileGrid> Grids(const ModelConfig& config);
  static std::string GridName(const ModelConfig& config, size_t grid);

 private:
  struct Pass;  // what one call works on

  void Forward(const Pass& pass) const;
  void AttentionPart(const Pass& pass, size_t layer) const;
  void FeedForwardPart(const Pass& pass, size_t layer) const;
  void AddBranch(const Pass& pass, uint64_t site, const float* residual, float* out) const;
  void Backward(const Pass& pass, GradientSink& sink) const;
  void FeedForwardPartBackward(const Pass& pass, size_t layer, GradientSink& sink) const;
  void AttentionPartBackward(const Pass& pass, size_t layer, GradientSink& sink) const;
  void NormBackward(const Pass& pass, const float* x, const TensorInfo& weight, const float* inverse_rms, size_t grid,
                    GradientSink& sink) const;
  const float* Weight(const TensorInfo& info) const { return parameters_.data() + info.offset; }

  ModelConfig config_;
  const Parameters& parameters_;
  const PackedWeights& packed_;
  LossClasses classes_;
  RopeTable rope_;
};

}  // namespace cllm
