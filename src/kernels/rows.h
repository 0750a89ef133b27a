#pragma once

#include <cstddef>
#include <cstdint>

// Row-wise kernels of the model, forward then backward. Matrices are row-major with a row stride in floats; T is rows
// (positions), C columns. Cross-lane sums use 16 virtual lanes (element i goes to lane i % 16, in order of i, by fused
// multiply-add where a product is summed) and one fixed tree (lanes i and i+8, then +4, +2, +1), on every target.
namespace cllm {

float Sum(const float* x, size_t n);
float Dot(const float* x, const float* y, size_t n);
float SumSquares(const float* x, size_t n);
float MaxValue(const float* x, size_t n);      // -inf for n = 0, +0 for -0; NaN are skipped or returned
bool AllFinite(const float* x, size_t n);

void AddTo(float* y, const float* x, size_t n);               // y += x
void Scale(float* x, float factor, size_t n);                 // x *= factor
void MultiplyAdd(float* y, float a, const float* x, size_t n);  // y = fma(a, x, y)

// RMSNorm (Zhang, Sennrich 2019): y[t] = x[t] * inverse_rms[t] * weight; inverse_rms = 1/sqrt(mean(x^2) + eps).
// x, y [T, C]; weight [C]; inverse_rms [T] is written.
void RmsNorm(const float* x, size_t x_stride, const float* weight, size_t rows, size_t columns, float eps, float* y,
             size_t y_stride, float* inverse_rms);
// y = x * inverse_rms * weight with inverse_rms known: recomputation for backward, the same bits as RmsNorm.
void RmsNormApply(const float* x, size_t x_stride, const float* weight, const float* inverse_rms, size_t rows,
                  size_t columns, float* y, size_t y_stride);
// Adds the gradient of x to d_x and of weight to d_weight [C] (chain over rows, in order).
void RmsNormBackward(const float* d_y, size_t d_y_stride, const float* x, size_t x_stride, const float* weight,
                     const float* inverse_rms, size_t rows, size_t columns, float* d_x, size_t d_x_stride,
                     float* d_weight);

// RoPE (Su et al. 2021) on adjacent pairs: for each row t and each head of head_dim columns, pair (2j, 2j+1) is rotated
// by the angle of position first_position + t: (a, b) becomes (fma(-b, sine, a cosine), fma(a, sine, b cosine)).
// cosines, sines: [positions, head_dim / 2] tables.
void Rope(float* x, size_t x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
          const float* cosines, const float* sines);
// The inverse rotation: the gradient.
void RopeBackward(float* d_x, size_t d_x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
                  const float* cosines, const float* sines);

// SwiGLU (Shazeer 2020): h = silu(gate) * up, silu(x) = x * sigmoid(x); all [T, n] with their strides. gate is finite.
void SwiGlu(const float* gate, const float* up, size_t stride, size_t rows, size_t n, float* h, size_t h_stride);
// In place: gate and up are replaced by their gradients; d_h is replaced by h (which the weight gradient needs), the
// same bits as SwiGlu's.
void SwiGluBackward(float* d_h, size_t d_h_stride, float* gate, float* up, size_t stride, size_t rows, size_t n);

// Softmax of the first `n` of x * scale, in place; x[n..padded) become 0. Returns ln(sum(exp)) + max of the scaled
// values (the log-sum-exp). REQUIRES: n >= 1.
float SoftmaxRow(float* x, size_t n, size_t padded, float scale);
// p from scores and the row's log-sum-exp: x = exp(x * scale - lse), x[n..padded) = 0: recomputation for backward.
void SoftmaxRowFromLse(float* x, size_t n, size_t padded, float scale, float lse);
// d_scores = p * (d_p - sum(p * d_p)) * scale, written over d_p; padded columns become 0. `delta` = sum(p * d_p).
void SoftmaxRowBackward(const float* p, float* d_p, size_t n, size_t padded, float scale, float delta);

// The crystalline loss of one position (design section 4). In: logits[V]; root[V], form[V] class ids of each token;
// target. Out: the three scores; logits replaced by `scale` times the gradient
// (1 + 2 lambda) p_v - [v = t] - lambda p_v ([root_v = root_t] / P_A + [form_v = form_t] / P_B).
struct CrystallineScores {
  float token;  // -ln p_t, nats
  float root;   // -ln sum of p over the target's root class
  float form;   // -ln sum of p over the target's form class
};
CrystallineScores CrystallineRow(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                                 size_t target, float lambda, float scale);
// The scores alone; logits are used as scratch.
CrystallineScores CrystallineRowScores(float* logits, const int32_t* root, const int32_t* form, size_t vocabulary,
                                       size_t target);

// Multiplies x[i] by 0 or 1/(1-rate) by the random bits of (key, first + i): dropout and its own backward.
void Dropout(float* x, size_t n, float rate, uint64_t key, uint64_t first);

}  // namespace cllm
