#pragma once

#include <cstddef>

#include "model/context.h"
#include "model/layer.h"
#include "nn/linear.h"

namespace cllm {

// The backward pass of one item: it finds in the context what forward left there and hands each weight's gradient to
// the sink. One worker only.
struct BackwardPass {
  const Weights& weights;
  TrainingContext& context;
  size_t sequences;
  size_t rows;    // N = sequences * length
  size_t length;  // positions of a sequence
  DropoutMask dropout;
  GradientSink& sink;
};

// The gradient of a norm's input from that of its output, y = x / rms(x) * w: context.d_normed is added to
// context.d_residual through the norm, and the weight's gradient goes to the sink. x [N, C], inverse_rms [N].
void NormBackward(const BackwardPass& pass, const float* x, const TensorInfo& weight, const float* inverse_rms);

// The gradient of one layer (LayerForward), in place in context.d_residual [N, C]: in, that of the layer's output; out,
// that of its input.
void LayerBackward(const BackwardPass& pass, size_t layer);

}  // namespace cllm
