#include "nn/attention.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "math/scalar.h"

namespace cllm {
namespace {

size_t RoundUp(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

size_t StripStride(size_t keys) { return RoundUp(keys, kPanelAlignment); }

float ScoreScale(size_t head_dim) { return 1.0f / math::Sqrt(static_cast<float>(head_dim)); }

// The scratch of one head's backward pass, laid out one after the other.
struct BackwardScratch {
  float* keys;      // panels of k^T
  float* values;    // panels of v^T
  float* scores;    // [kQueryBlock, strip]: p
  float* d_scores;  // [kQueryBlock, strip]
  float* d_q;       // [T, head_dim] each
  float* d_k;
  float* d_v;

  BackwardScratch(float* base, size_t keys_count, size_t head_dim) {
    const size_t panels = PackedSize(head_dim, keys_count), strip = kQueryBlock * StripStride(keys_count);
    const size_t rows = RoundUp(keys_count * head_dim, 16);
    keys = base;
    values = keys + panels;
    scores = values + panels;
    d_scores = scores + strip;
    d_q = d_scores + strip;
    d_k = d_q + rows;
    d_v = d_k + rows;
  }
};

void CopyRows(const float* from, size_t rows, size_t columns, float* to, size_t to_stride) {
  for (size_t t = 0; t < rows; ++t) std::memcpy(to + t * to_stride, from + t * columns, columns * sizeof(float));
}

}  // namespace

size_t AttentionForwardScratch(size_t keys, size_t head_dim) {
  return PackedSize(head_dim, keys) + kQueryBlock * StripStride(keys);
}

size_t AttentionBackwardScratch(size_t keys, size_t head_dim) {
  return 2 * PackedSize(head_dim, keys) + 2 * kQueryBlock * StripStride(keys) + 3 * RoundUp(keys * head_dim, 16);
}

void AttentionForward(const AttentionShape& shape, const AttentionInputs& in, float* out, size_t out_stride,
                      float* log_sum_exp, float* scratch) {
  const size_t hd = shape.head_dim, stride = StripStride(shape.keys());
  const float scale = ScoreScale(hd);
  float* scores = scratch + PackedSize(hd, shape.keys());
  for (size_t head = 0; head < shape.heads; ++head) {
    const size_t column = head * hd;
    const Panels keys = PackColumns(in.k + column, in.k_stride, hd, shape.keys(), scratch);
    for (size_t begin = 0; begin < shape.queries; begin += kQueryBlock) {
      const size_t rows = std::min(kQueryBlock, shape.queries - begin);
      const size_t visible = shape.first_position + begin + rows;
      Gemm(rows, {.data = in.q + begin * in.q_stride + column, .row_stride = in.q_stride}, keys.SliceColumns(0, visible),
           scores, stride, GemmInto::kOverwrite);
      for (size_t r = 0; r < rows; ++r) {
        const size_t n = shape.first_position + begin + r + 1;
        const float lse = SoftmaxRow(scores + r * stride, n, visible, scale);
        if (log_sum_exp != nullptr) log_sum_exp[head * shape.queries + begin + r] = lse;
      }
      GemmRows(rows, hd, visible, {.data = scores, .row_stride = stride}, in.v + column, in.v_stride,
               out + begin * out_stride + column, out_stride, GemmInto::kOverwrite);
    }
  }
}

void AttentionBackward(const AttentionShape& shape, const AttentionGradients& qkv, const float* out, const float* d_out,
                       size_t out_stride, const float* log_sum_exp, float* scratch) {
  DCHECK(shape.first_position == 0);
  const size_t hd = shape.head_dim, total = shape.queries, stride = StripStride(total);
  const float scale = ScoreScale(hd);
  const BackwardScratch s(scratch, total, hd);
  for (size_t head = 0; head < shape.heads; ++head) {
    const size_t column = head * hd;
    float* q = qkv.q + column;
    float* k = qkv.k + column;
    float* v = qkv.v + column;
    const Panels keys = PackColumns(k, qkv.stride, hd, total, s.keys);
    const Panels values = PackColumns(v, qkv.stride, hd, total, s.values);
    std::memset(s.d_k, 0, total * hd * sizeof(float));
    std::memset(s.d_v, 0, total * hd * sizeof(float));
    for (size_t begin = 0; begin < total; begin += kQueryBlock) {
      const size_t rows = std::min(kQueryBlock, total - begin), visible = begin + rows;
      const float* d_o = d_out + begin * out_stride + column;
      Gemm(rows, {.data = q + begin * qkv.stride, .row_stride = qkv.stride}, keys.SliceColumns(0, visible), s.scores,
           stride, GemmInto::kOverwrite);
      Gemm(rows, {.data = d_o, .row_stride = out_stride}, values.SliceColumns(0, visible), s.d_scores, stride,
           GemmInto::kOverwrite);
      for (size_t r = 0; r < rows; ++r) {
        const size_t t = begin + r;
        SoftmaxRowFromLse(s.scores + r * stride, t + 1, visible, scale, log_sum_exp[head * total + t]);
        const float delta = Dot(d_o + r * out_stride, out + t * out_stride + column, hd);
        SoftmaxRowBackward(s.scores + r * stride, s.d_scores + r * stride, t + 1, visible, scale, delta);
      }
      GemmRows(visible, hd, rows, {.data = s.scores, .row_stride = 1, .depth_stride = stride}, d_o, out_stride, s.d_v,
               hd, GemmInto::kAdd);
      GemmRows(visible, hd, rows, {.data = s.d_scores, .row_stride = 1, .depth_stride = stride},
               q + begin * qkv.stride, qkv.stride, s.d_k, hd, GemmInto::kAdd);
      GemmRows(rows, hd, visible, {.data = s.d_scores, .row_stride = stride}, k, qkv.stride, s.d_q + begin * hd, hd,
               GemmInto::kOverwrite);
    }
    CopyRows(s.d_q, total, hd, q, qkv.stride);
    CopyRows(s.d_k, total, hd, k, qkv.stride);
    CopyRows(s.d_v, total, hd, v, qkv.stride);
  }
}

}  // namespace cllm
