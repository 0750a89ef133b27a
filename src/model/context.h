#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "model/config.h"
#include "nn/exact_accumulator.h"

namespace cllm {

// The training context: everything a worker may write during forward and backward of one item of N = sequences * T
// positions. Owned by exactly one worker, allocated when the worker starts. One worker only.
class TrainingContext {
 public:
  TrainingContext(const ModelConfig& config, size_t sequences);

  struct Layer {
    float* residual_in;   // [N, C] the residual stream before attention
    float* qkv;           // [N, 3C] after RoPE; becomes its own gradient
    float* attention;     // [N, C] heads' output before the output projection
    float* log_sum_exp;   // [sequences, H, T]
    float* residual_mid;  // [N, C] the residual stream before the feed-forward part
    float* gate_up;       // [N, 2F], row stride GateUpStride(F); becomes its own gradient
    float* inverse_rms_attention;  // [N]
    float* inverse_rms_ffn;        // [N]
  };
  std::vector<Layer> layers;
  float* residual_out;       // [N, C]
  float* inverse_rms_final;  // [N]
  float* normed;             // [N, C] a norm's output, recomputed for backward
  float* branch;             // [N, C] what a branch adds to the residual stream, or its gradient
  float* d_residual;         // [N, C]
  float* d_normed;           // [N, C]
  float* d_norm_weight;      // [C]
  float* block;  // scratch of feed-forward, attention, loss or a weight gradient's input: never two at a time
  float* tile;               // kTileFloats
  std::vector<uint32_t> window;  // [T + 1] one sequence as read from the sampler
  std::vector<uint32_t> inputs;  // [N]
  std::vector<uint32_t> targets;  // [N]

  size_t sequences() const { return sequences_; }
  size_t bytes() const { return Bytes(config_, sequences_); }
  // What a context of that shape takes, computed before anything is allocated.
  static size_t Bytes(const ModelConfig& config, size_t sequences);

 private:
  static size_t BlockFloats(const ModelConfig& config, size_t positions);
  static size_t Floats(const ModelConfig& config, size_t sequences);
  float* Take(size_t floats);

  ModelConfig config_;
  size_t sequences_;
  AlignedBuffer<float> buffer_;
  size_t taken_ = 0;
};

}  // namespace cllm
