#include "nn/attention.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/reductions.h"
#include "kernels/softmax.h"
#include "math/scalar.h"

namespace cllm {
namespace {

size_t RoundUp(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

size_t StripStride(size_t keys) { return RoundUp(keys, kPanelAlignment); }

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

// What the backward pass of one head works on; rows are positions.
struct Head {
  const float* q;      // [T, D], row stride `stride`
  const float* k;      // likewise
  const float* out;    // [T, D], row stride `out_stride`
  const float* d_out;  // likewise
  const float* log_sum_exp;  // [T]
  size_t stride, out_stride, head_dim, positions;
};

// Queries [begin, begin + rows) of one head: adds to d_k and d_v, writes d_q.
void BackwardBlock(const Head& h, const BackwardScratch& s, const Panels& keys, const Panels& values, size_t begin) {
  const size_t rows = std::min(kQueryBlock, h.positions - begin), visible = begin + rows, hd = h.head_dim;
  const size_t strip = StripStride(h.positions);
  const float scale = AttentionScale(hd);
  const float* q = h.q + begin * h.stride;
  const float* d_out = h.d_out + begin * h.out_stride;
  // Forward was s = q k^T, p = softmax(s scale), out = p v. The scores again, and d_p = d_out v^T.
  Gemm(rows, {.data = q, .row_stride = h.stride}, keys.SliceColumns(0, visible), s.scores, strip, GemmInto::kOverwrite);
  Gemm(rows, {.data = d_out, .row_stride = h.out_stride}, values.SliceColumns(0, visible), s.d_scores, strip,
       GemmInto::kOverwrite);
  for (size_t r = 0; r < rows; ++r) {
    const size_t t = begin + r;
    // p from the scores; d_s = scale p (d_p - sum(p d_p)), where sum(p d_p) = d_out . out.
    SoftmaxRowFromLse(s.scores + r * strip, t + 1, visible, scale, h.log_sum_exp[t]);
    const float delta = Dot(d_out + r * h.out_stride, h.out + t * h.out_stride, hd);
    SoftmaxRowBackward(s.scores + r * strip, s.d_scores + r * strip, t + 1, visible, scale, delta);
  }
  // d_v += p^T d_out; d_k += d_s^T q; d_q = d_s k. The transposes are read with a stride.
  GemmRows(visible, hd, rows, {.data = s.scores, .row_stride = 1, .depth_stride = strip}, d_out, h.out_stride, s.d_v,
           hd, GemmInto::kAdd);
  GemmRows(visible, hd, rows, {.data = s.d_scores, .row_stride = 1, .depth_stride = strip}, q, h.stride, s.d_k, hd,
           GemmInto::kAdd);
  GemmRows(rows, hd, visible, {.data = s.d_scores, .row_stride = strip}, h.k, h.stride, s.d_q + begin * hd, hd,
           GemmInto::kOverwrite);
}

void CopyRows(const float* from, size_t rows, size_t columns, float* to, size_t to_stride) {
  for (size_t t = 0; t < rows; ++t) std::memcpy(to + t * to_stride, from + t * columns, columns * sizeof(float));
}

}  // namespace

float AttentionScale(size_t head_dim) { return 1.0f / math::Sqrt(static_cast<float>(head_dim)); }

size_t AttentionForwardScratch(size_t keys, size_t head_dim) {
  return PackedSize(head_dim, keys) + kQueryBlock * StripStride(keys);
}

size_t AttentionBackwardScratch(size_t keys, size_t head_dim) {
  return 2 * PackedSize(head_dim, keys) + 2 * kQueryBlock * StripStride(keys) + 3 * RoundUp(keys * head_dim, 16);
}

void AttentionForward(const AttentionShape& shape, const AttentionInputs& in, const AttentionOutput& to,
                      float* scratch) {
  const size_t hd = shape.head_dim, stride = StripStride(shape.keys());
  const float scale = AttentionScale(hd);
  float* scores = scratch + PackedSize(hd, shape.keys());
  Panels keys;
  for (size_t head = 0; head < shape.heads; ++head) {
    const size_t column = head * hd, kv_column = head / shape.group() * hd;
    if (head % shape.group() == 0) keys = PackColumns(in.k + kv_column, in.k_stride, hd, shape.keys(), scratch);
    for (size_t begin = 0; begin < shape.queries; begin += kQueryBlock) {
      const size_t rows = std::min(kQueryBlock, shape.queries - begin);
      const size_t visible = shape.first_position + begin + rows;
      Gemm(rows, {.data = in.q + begin * in.q_stride + column, .row_stride = in.q_stride},
           keys.SliceColumns(0, visible), scores, stride, GemmInto::kOverwrite);
      for (size_t r = 0; r < rows; ++r) {
        const size_t n = shape.first_position + begin + r + 1;
        const float lse = SoftmaxRow(scores + r * stride, n, visible, scale);
        if (to.log_sum_exp != nullptr) to.log_sum_exp[head * shape.queries + begin + r] = lse;
      }
      GemmRows(rows, hd, visible, {.data = scores, .row_stride = stride}, in.v + kv_column, in.v_stride,
               to.out + begin * to.stride + column, to.stride, GemmInto::kOverwrite);
    }
  }
}

void AttentionBackward(const AttentionShape& shape, const AttentionGradients& qkv, const AttentionOutputGradient& from,
                       float* scratch) {
  DCHECK(shape.first_position == 0);
  const size_t hd = shape.head_dim, total = shape.queries;
  const BackwardScratch s(scratch, total, hd);
  for (size_t kv_head = 0; kv_head < shape.kv_heads; ++kv_head) {
    float* k = qkv.k + kv_head * hd;
    float* v = qkv.v + kv_head * hd;
    const Panels keys = PackColumns(k, qkv.stride, hd, total, s.keys);
    const Panels values = PackColumns(v, qkv.stride, hd, total, s.values);
    // Sums over the query heads that share this key/value head, in their order.
    std::memset(s.d_k, 0, total * hd * sizeof(float));
    std::memset(s.d_v, 0, total * hd * sizeof(float));
    for (size_t head = kv_head * shape.group(); head < (kv_head + 1) * shape.group(); ++head) {
      float* q = qkv.q + head * hd;
      const Head h = {.q = q, .k = k, .out = from.out + head * hd, .d_out = from.d_out + head * hd,
                      .log_sum_exp = from.log_sum_exp + head * total, .stride = qkv.stride, .out_stride = from.stride,
                      .head_dim = hd, .positions = total};
      for (size_t begin = 0; begin < total; begin += kQueryBlock) BackwardBlock(h, s, keys, values, begin);
      CopyRows(s.d_q, total, hd, q, qkv.stride);
    }
    CopyRows(s.d_k, total, hd, k, qkv.stride);
    CopyRows(s.d_v, total, hd, v, qkv.stride);
  }
}

}  // namespace cllm
