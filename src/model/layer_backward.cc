#include "model/layer_backward.h"

#include <cstring>

#include "kernels/norm.h"
#include "kernels/rope.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"

namespace cllm {
namespace {

// The gradient of what a branch added: that of the residual stream, less the activations that forward dropped. The
// residual stream's own gradient passes the sum unchanged.
const float* BranchGradient(const BackwardPass& pass, uint64_t place) {
  TrainingContext& ctx = pass.context;
  if (pass.dropout.rate == 0) return ctx.d_residual;
  const size_t n = pass.rows * pass.weights.shape().width;
  std::memcpy(ctx.branch, ctx.d_residual, n * sizeof(float));
  pass.dropout.Apply(ctx.branch, n, place);
  return ctx.branch;
}

// Forward: x2 = x1 + Wd (silu(g) * u), (g, u) = Wgu norm(x1). In: d_x2 in d_residual; out: d_x1.
// layer.gate_up holds (g, u) and becomes their gradient.
void FeedForwardPartBackward(const BackwardPass& pass, size_t i) {
  TrainingContext& ctx = pass.context;
  const Weights& w = pass.weights;
  const TrainingContext::Layer& layer = ctx.layers[i];
  const size_t width = w.shape().width;
  const TensorInfo &norm = w.layout().ffn_norm(i), &gate_up = w.layout().gate_up(i), &down = w.layout().down(i);
  // norm(x1) again, since forward kept only its inverse root mean squares.
  RmsNormApply(layer.residual_mid, width, w.values(norm), layer.inverse_rms_ffn, pass.rows, width, ctx.normed, width);
  const float* d_branch = BranchGradient(pass, DropoutMask::FeedForward(i));
  // d_normed = d norm(x1); the gradients of Wg, Wu and Wd leave here.
  FeedForwardBackward(
      {pass.rows, width, w.shape().hidden}, {.gate_up = w.backward(gate_up), .down = w.backward(down)},
      {.gate = gate_up.grid, .up = gate_up.grid + 1, .down = down.grid},
      {.d_y = d_branch, .x = ctx.normed, .gate_up = layer.gate_up, .d_x = ctx.d_normed, .scratch = ctx.block},
      pass.sink);
  NormBackward(pass, layer.residual_mid, norm, layer.inverse_rms_ffn);
}

// Forward: q, k, v = qkv of one sequence, RoPE on q and k, out = attention(q, k, v). In: d_out; qkv becomes its own
// gradient, that of the product's output before RoPE.
void SequenceAttentionBackward(const BackwardPass& pass, size_t i, size_t sequence, const float* d_attention) {
  const ModelShape& s = pass.weights.shape();
  const RopeTable& rope = pass.weights.rope();
  const TrainingContext::Layer& layer = pass.context.layers[i];
  const size_t first = sequence * pass.length, stride = s.qkv_width(), out_stride = s.query_width();
  float* q = layer.qkv + first * stride;
  float* k = q + s.query_width();
  float* v = k + s.kv_width();
  AttentionBackward(
      {.queries = pass.length, .heads = s.heads, .head_dim = s.head_dim, .kv_heads = s.kv_heads}, {q, k, v, stride},
      {layer.attention + first * out_stride, d_attention + first * out_stride, out_stride,
       layer.log_sum_exp + first * s.heads},
      pass.context.block);
  RopeBackward(q, stride, pass.length, s.heads, s.head_dim, 0, rope.cosines(), rope.sines());
  RopeBackward(k, stride, pass.length, s.kv_heads, s.head_dim, 0, rope.cosines(), rope.sines());
}

// Forward: x1 = x0 + Wo a, a = attention(rope(Wqkv norm(x0))). In: d_x1 in d_residual; out: d_x0.
void AttentionPartBackward(const BackwardPass& pass, size_t i) {
  TrainingContext& ctx = pass.context;
  const Weights& w = pass.weights;
  const ModelShape& s = w.shape();
  const TrainingContext::Layer& layer = ctx.layers[i];
  const size_t width = s.width, heads = s.query_width(), stride = s.qkv_width(), n = pass.rows;
  const TensorInfo &norm = w.layout().attention_norm(i), &qkv = w.layout().query_key_value(i),
                   &output = w.layout().attention_output(i);
  const float* d_branch = BranchGradient(pass, DropoutMask::Attention(i));
  // d_Wo = d_x1^T a; d_a = d_x1 Wo, in the place of d_normed, which is not needed yet.
  LinearWeightGradient(d_branch, width, PackRows(layer.attention, heads, n, heads, ctx.block, pass.sink.precision),
                       output.grid, {0, width, 0, heads}, pass.sink);
  float* d_attention = ctx.d_normed;
  LinearBackward(d_branch, width, n, w.backward(output), d_attention, heads, GemmInto::kOverwrite);
  for (size_t sequence = 0; sequence < pass.sequences; ++sequence) {
    SequenceAttentionBackward(pass, i, sequence, d_attention);
  }
  // layer.qkv is d_qkv from here on. d_Wqkv = d_qkv^T norm(x0), norm(x0) again; d norm(x0) = d_qkv Wqkv.
  RmsNormApply(layer.residual_in, width, w.values(norm), layer.inverse_rms_attention, n, width, ctx.normed, width);
  LinearWeightGradient(layer.qkv, stride, PackRows(ctx.normed, width, n, width, ctx.block, pass.sink.precision),
                       qkv.grid, {0, stride, 0, width}, pass.sink);
  LinearBackward(layer.qkv, stride, n, w.backward(qkv), ctx.d_normed, width, GemmInto::kOverwrite);
  NormBackward(pass, layer.residual_in, norm, layer.inverse_rms_attention);
}

}  // namespace

void NormBackward(const BackwardPass& pass, const float* x, const TensorInfo& weight, const float* inverse_rms) {
  TrainingContext& ctx = pass.context;
  const size_t width = pass.weights.shape().width;
  std::memset(ctx.d_norm_weight, 0, width * sizeof(float));
  RmsNormBackward(ctx.d_normed, width, x, width, pass.weights.values(weight), inverse_rms, pass.rows, width,
                  ctx.d_residual, width, ctx.d_norm_weight);
  VectorGradient(ctx.d_norm_weight, weight.grid, pass.sink);
}

void LayerBackward(const BackwardPass& pass, size_t layer) {
  FeedForwardPartBackward(pass, layer);
  AttentionPartBackward(pass, layer);
}

}  // namespace cllm
