#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "model/layer.h"
#include "model/shape.h"
#include "nn/exact_accumulator.h"

namespace cllm {

// The training context: everything a worker may write during forward and backward of one item of N = sequences * T
// positions. Owned by exactly one worker, allocated when the worker starts. One worker only.
class TrainingContext {
 public:
  TrainingContext(const ModelShape& shape, size_t sequences);

  // Activations of a layer that backward needs again.
  struct Layer {
    float* residual_in;   // [N, C] the residual stream before attention
    float* qkv;           // [N, (H + 2 K) D] after RoPE; backward overwrites it with its own gradient
    float* attention;     // [N, H D] heads' output before the output projection
    float* log_sum_exp;   // [sequences, H, T]
    float* residual_mid;  // [N, C] the residual stream before the feed-forward part
    float* gate_up;       // [N, 2F], row stride GateUpStride(F); backward overwrites it with its own gradient
    float* inverse_rms_attention;  // [N]
    float* inverse_rms_ffn;        // [N]
  };
  std::vector<Layer> layers;
  float* residual_out;       // [N, C]
  float* inverse_rms_final;  // [N]
  float* normed;             // [N, C] a norm's output, recomputed for backward
  float* branch;             // [N, C] what a branch adds to the residual stream, or its gradient
  float* d_residual;         // [N, C]
  float* d_normed;           // [N, C] gradient of a norm's output; in between, [N, H D], that of the heads' output
  float* d_norm_weight;      // [C]
  float* block;  // scratch of feed-forward, attention, loss or a weight gradient's input: never two at a time
  float* tile;               // kTileFloats
  std::vector<RowSegment> segments;  // [sequences] where each lies among the rows
  std::vector<uint32_t> inputs;  // [N + 1]: the last place takes the end of a window of T + 1 tokens read in place
  std::vector<uint32_t> targets;  // [N]

  size_t sequences() const { return sequences_; }
  size_t bytes() const { return Bytes(shape_, sequences_); }
  // What a context of that shape takes, computed before anything is allocated.
  static size_t Bytes(const ModelShape& shape, size_t sequences);

 private:
  static size_t BlockFloats(const ModelShape& shape, size_t positions);
  static size_t Floats(const ModelShape& shape, size_t sequences);
  float* Take(size_t floats);

  ModelShape shape_;
  size_t sequences_;
  AlignedBuffer<float> buffer_;
  size_t taken_ = 0;
};

}  // namespace cllm
