#pragma once

#include <cstddef>

// Softmax of one row; sums as in reductions.h.
namespace cllm {

// Softmax of the first `n` of x * scale, in place; x[n..padded) become 0. Returns ln(sum(exp)) + max of the scaled
// values (the log-sum-exp). REQUIRES: n >= 1.
float SoftmaxRow(float* x, size_t n, size_t padded, float scale);
// p from scores and the row's log-sum-exp: x = exp(x * scale - lse), x[n..padded) = 0: recomputation for backward.
void SoftmaxRowFromLse(float* x, size_t n, size_t padded, float scale, float lse);
// d_scores = p * (d_p - sum(p * d_p)) * scale, written over d_p; padded columns become 0. `delta` = sum(p * d_p).
void SoftmaxRowBackward(const float* p, float* d_p, size_t n, size_t padded, float scale, float delta);

}  // namespace cllm
