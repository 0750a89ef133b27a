#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/weights.h"
#include "spheres/team.h"

namespace cllm {

// Consecutive positions of one sequence, among the rows that go through the layers together.
struct RowSegment {
  size_t first_row = 0;
  size_t rows = 0;
  size_t first_position = 0;
};

// One key/value head of a segment, with the query heads that read it: rows of the segment, `stride` floats apart.
struct AttentionRows {
  size_t layer, segment, kv_head;
  const float* q;  // [rows, H / K * D] after RoPE
  const float* k;  // [rows, D] after RoPE
  const float* v;  // [rows, D]
  size_t stride;
  float* out;  // [rows, H / K * D]
  size_t out_stride;
};

// Where attention finds keys and values: in the rows themselves (training, evaluation) or in a cache (decoding).
// Different key/value heads and segments may be asked for at once.
class AttentionSource {
 public:
  virtual ~AttentionSource() = default;
  // Writes rows.out: each query attends to the keys of its sequence up to its own position.
  virtual void Attend(const AttentionRows& rows) = 0;
};

// The activations that a training item drops: a function of the key (of seed, step and item) and of the place in the
// model alone. Backward drops the same ones of the gradient.
struct DropoutMask {
  float rate = 0;
  uint64_t key = 0;

  // The places: what a branch adds to the residual stream, and the embedded tokens.
  static constexpr uint64_t kEmbedding = 0;
  static constexpr uint64_t Attention(size_t layer) { return 1 + 2 * layer; }
  static constexpr uint64_t FeedForward(size_t layer) { return 2 + 2 * layer; }

  void Apply(float* x, size_t n, uint64_t place) const;
};

// Rows on their way through the layers. A team shares all buffers; each member calls the same functions.
struct ForwardPass {
  const Weights& weights;
  std::span<const RowSegment> segments;  // of all rows, in order
  size_t rows;                           // N
  AttentionSource& attention;
  DropoutMask dropout = {};  // REQUIRES: none in a team of several
  Team team = {};
};

// Where a layer's forward reads and writes. Decoding uses one residual stream for all three.
struct LayerBuffers {
  const float* residual_in;      // [N, C]
  float* normed;                 // [N, C] a norm's output
  float* inverse_rms_attention;  // [N]
  float* qkv;                    // [N, (H + 2 K) D] after RoPE
  float* attention;              // [N, H D] heads' output
  float* branch;                 // [N, C] what a branch adds
  float* residual_mid;           // [N, C] after attention
  float* inverse_rms_ffn;        // [N]
  float* gate_up;                // [N, 2F], row stride GateUpStride(F)
  float* block;                  // FeedForwardScratch(N, team)
  float* residual_out;           // [N, C] after the feed-forward part
};

// x0 = E[token]: tokens [N] to x [N, C].
void EmbedTokens(const ForwardPass& pass, std::span<const uint32_t> tokens, float* x);

// One layer (design section 3):
//   x1 = x0 + Wo attention(rope(Wqkv norm(x0)));  x2 = x1 + Wd (silu(g) * u),  (g, u) = Wgu norm(x1).
// The one forward of training, evaluation and decoding: row for row the same bits, however rows are put together and
// however many members a team has. A team has met at the end.
void LayerForward(const ForwardPass& pass, size_t layer, const LayerBuffers& buffers);

// The final norm of rows [N, C] of the residual stream; a team has met at the end.
void FinalNorm(const ForwardPass& pass, const float* residual, float* normed, float* inverse_rms);

}  // namespace cllm
