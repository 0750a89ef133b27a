#pragma once

#include <cstdint>

#include "model/context.h"
#include "model/layer.h"
#include "model/weights.h"
#include "nn/loss.h"

namespace cllm {

// The decoder of design section 3 over shared, read-only weights, for training and evaluation. Immutable; each call
// writes only the context it is given (and adds to the accumulator behind a GradientSink), so any number of workers run
// at once without a lock.
class Transformer {
 public:
  // Keeps references: the weights outlive the transformer.
  Transformer(const Weights& weights, const LossClasses& classes);

  // Forward of one sequence, the first `positions` of context.inputs; the scores of context.targets from the
  // `first_counted`-th on are added to `sums`. REQUIRES: first_counted < positions <= T.
  void Evaluate(TrainingContext& context, size_t positions, size_t first_counted, LossSums& sums) const;

  // Forward and backward of one item of `sequences` whole sequences: gradients of the mean loss go to `sink`, scores to
  // `sums`. REQUIRES: sequences <= context.sequences(); inputs and targets filled; weights to be trained.
  void Train(TrainingContext& context, size_t sequences, float lambda, const DropoutMask& dropout, LossSums& sums,
             GradientSink& sink) const;

  const Weights& weights() const { return weights_; }

 private:
  struct Rows;  // how many rows one call works on

  void Forward(TrainingContext& context, const Rows& rows, const DropoutMask& dropout) const;
  void Backward(TrainingContext& context, const Rows& rows, const DropoutMask& dropout, GradientSink& sink) const;

  const Weights& weights_;
  LossClasses classes_;
};

}  // namespace cllm
