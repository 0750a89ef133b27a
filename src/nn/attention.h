#pragma once

#include <cstddef>
#include <span>

namespace cllm {

// Query rows handled at once: scores exist for a strip of [kQueryBlock, keys] only, never for [T, T].
inline constexpr size_t kQueryBlock = 48;

struct AttentionShape {
  size_t queries = 0;         // rows of q in this call
  size_t first_position = 0;  // position of the first query; query r sees keys 0 .. first_position + r
  size_t heads = 0;           // H, of queries
  size_t head_dim = 0;        // D
  size_t kv_heads = heads;    // K; query head h reads key/value head h / group()

  size_t keys() const { return first_position + queries; }
  size_t group() const { return heads / kv_heads; }
};

// 1 / sqrt(D), the factor on scores.
float AttentionScale(size_t head_dim);

// Floats of scratch for `keys` keys: forward alone, and backward.
size_t AttentionForwardScratch(size_t keys, size_t head_dim);
size_t AttentionBackwardScratch(size_t keys, size_t head_dim);

// Causal multi-head attention (Vaswani et al. 2017, eq. 1), softmax(q k^T / sqrt(D)) v, with key/value heads that
// several query heads share (Ainslie et al. 2023). q and out are [rows, H D], k and v [rows, K D], each with its own
// row stride. The result of a row does not depend on how many queries a call has, so cached generation equals the full
// computation bit for bit.
struct AttentionInputs {
  const float* q;
  size_t q_stride;
  const float* k;
  size_t k_stride;
  const float* v;
  size_t v_stride;
};
struct AttentionOutput {
  float* out;
  size_t stride;
  float* log_sum_exp;  // [H, queries], for backward; may be null
};
void AttentionForward(const AttentionShape& shape, const AttentionInputs& in, const AttentionOutput& to,
                      float* scratch);

// In place: q, k, v (parts of one [T, (H + 2 K) D] buffer of row stride `stride`) become their gradients.
// REQUIRES: first_position == 0.
struct AttentionGradients {
  float* q;
  float* k;
  float* v;
  size_t stride;
};
// What forward wrote, and its gradient: [T, H D] each.
struct AttentionOutputGradient {
  const float* out;
  const float* d_out;
  size_t stride;
  const float* log_sum_exp;  // [H, T]
};
void AttentionBackward(const AttentionShape& shape, const AttentionGradients& qkv, const AttentionOutputGradient& from,
                       float* scratch);

}  // namespace cllm
