#include "model/layer.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/random.h"
#include "kernels/dropout.h"
#include "kernels/elementwise.h"
#include "kernels/norm.h"
#include "kernels/rope.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"

namespace cllm {
namespace {

// The member's share of the rows; a team has met at the end.
void NormRows(const ForwardPass& pass, const float* x, const TensorInfo& weight, float* y, float* inverse_rms) {
  const size_t width = pass.weights.shape().width;
  const Range rows = pass.team.Share(pass.rows, 1);
  RmsNorm(x + rows.begin * width, width, pass.weights.values(weight), rows.size(), width, pass.weights.norm_eps(),
          y + rows.begin * width, width, inverse_rms + rows.begin);
  pass.team.Meet();
}

// out = residual + branch in the member's share of the columns, those that it wrote in `branch`.
void AddBranch(const ForwardPass& pass, uint64_t place, const float* residual, float* branch, float* out) {
  const size_t width = pass.weights.shape().width;
  if (pass.team.size == 1) {
    const size_t n = pass.rows * width;
    pass.dropout.Apply(branch, n, place);
    if (out != residual) std::memcpy(out, residual, n * sizeof(float));
    AddTo(out, branch, n);
    return;
  }
  const Range columns = pass.team.Share(width, kPanelAlignment);
  for (size_t row = 0; row < pass.rows; ++row) {
    const size_t at = row * width + columns.begin;
    if (out != residual) std::memcpy(out + at, residual + at, columns.size() * sizeof(float));
    AddTo(out + at, branch + at, columns.size());
  }
}

// Rotates one key/value head of a segment and its query heads, and attends.
void AttendHead(const ForwardPass& pass, size_t layer, size_t segment, size_t kv_head, const LayerBuffers& b) {
  const ModelShape& s = pass.weights.shape();
  const RowSegment& rows = pass.segments[segment];
  const size_t stride = s.qkv_width(), dim = s.head_dim, group = s.heads / s.kv_heads;
  const float *cosines = pass.weights.rope().cosines(), *sines = pass.weights.rope().sines();
  float* q = b.qkv + rows.first_row * stride + kv_head * group * dim;
  float* k = b.qkv + rows.first_row * stride + s.query_width() + kv_head * dim;
  Rope(q, stride, rows.rows, group, dim, rows.first_position, cosines, sines);
  Rope(k, stride, rows.rows, 1, dim, rows.first_position, cosines, sines);
  pass.attention.Attend({.layer = layer,
                         .segment = segment,
                         .kv_head = kv_head,
                         .q = q,
                         .k = k,
                         .v = k + s.kv_width(),
                         .stride = stride,
                         .out = b.attention + rows.first_row * s.query_width() + kv_head * group * dim,
                         .out_stride = s.query_width()});
}

void AttentionPart(const ForwardPass& pass, size_t layer, const LayerBuffers& b) {
  const Weights& w = pass.weights;
  const ModelShape& s = w.shape();
  NormRows(pass, b.residual_in, w.layout().attention_norm(layer), b.normed, b.inverse_rms_attention);
  LinearForward(b.normed, s.width, pass.rows, w.forward(w.layout().query_key_value(layer)), b.qkv, s.qkv_width(),
                pass.team);
  pass.team.Meet();
  const Range heads = pass.team.Share(pass.segments.size() * s.kv_heads, 1);
  for (size_t i = heads.begin; i < heads.end; ++i) AttendHead(pass, layer, i / s.kv_heads, i % s.kv_heads, b);
  pass.team.Meet();
  LinearForward(b.attention, s.query_width(), pass.rows, w.forward(w.layout().attention_output(layer)), b.branch,
                s.width, pass.team);
  AddBranch(pass, DropoutMask::Attention(layer), b.residual_in, b.branch, b.residual_mid);
  pass.team.Meet();
}

void FeedForwardPart(const ForwardPass& pass, size_t layer, const LayerBuffers& b) {
  const Weights& w = pass.weights;
  const ModelShape& s = w.shape();
  NormRows(pass, b.residual_mid, w.layout().ffn_norm(layer), b.normed, b.inverse_rms_ffn);
  FeedForward({pass.rows, s.width, s.hidden},
              {.gate_up = w.forward(w.layout().gate_up(layer)), .down = w.forward(w.layout().down(layer))},
              {.x = b.normed, .gate_up = b.gate_up, .y = b.branch, .scratch = b.block}, pass.team);
  AddBranch(pass, DropoutMask::FeedForward(layer), b.residual_mid, b.branch, b.residual_out);
  pass.team.Meet();
}

}  // namespace

void DropoutMask::Apply(float* x, size_t n, uint64_t place) const {
  if (rate > 0) Dropout(x, n, rate, SubKey(key, place), 0);
}

void EmbedTokens(const ForwardPass& pass, std::span<const uint32_t> tokens, float* x) {
  const Weights& w = pass.weights;
  const size_t width = w.shape().width;
  const Range rows = pass.team.Share(pass.rows, 1);
  w.LookUp(tokens.subspan(rows.begin, rows.size()), x + rows.begin * width);
  pass.dropout.Apply(x, pass.rows * width, DropoutMask::kEmbedding);
  pass.team.Meet();
}

void LayerForward(const ForwardPass& pass, size_t layer, const LayerBuffers& buffers) {
  DCHECK(pass.team.size == 1 || pass.dropout.rate == 0);
  AttentionPart(pass, layer, buffers);
  FeedForwardPart(pass, layer, buffers);
}

void FinalNorm(const ForwardPass& pass, const float* residual, float* normed, float* inverse_rms) {
  NormRows(pass, residual, pass.weights.layout().final_norm(), normed, inverse_rms);
}

}  // namespace cllm
